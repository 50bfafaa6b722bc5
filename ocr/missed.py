"""Lines of type that the detector did not see (漏检的行): ink as high as type, in a row, where no region lies.

What is left of a watermark or a bend of the sheet makes a detector pass over a line that anyone can read; no
confidence shows it, for nothing was read. The ink does. Such a line is read at its place without detection.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from document.geometry import Box
from ocr.ink import Ink, pixels_of
from ocr.types import Grid, Pixels

_TYPE = 0.78
"""Height of the type, of the box in which a line is found: boxes have a margin."""
_LEAST_LINES = 5
"""Lines on a page that tell how high its type is."""
_GAP = 0.9
"""Widest gap between characters of a line, in type heights."""
_SHORTEST = 4.0
"""Shortest line that is looked for, in type heights: strokes of a watermark and specks are shorter in every row."""
_LOW, _HIGH = 0.5, 1.7
"""Lowest and highest line, in type heights: rules and dots are lower, pictures higher."""
_SPARSE, _DENSE = 0.08, 0.7
"""Share (0–1) of a line's place that ink fills: bars and shades fill all."""
_INKED = 60
"""Ink (of 255) in about a square point from which it counts."""
_MARGIN = 0.22
"""Paper kept above and below, in type heights."""


def missed_lines(ink: Ink, found: Sequence[Box], grids: Sequence[Grid]) -> list[Box]:
    """Where lines of type stand that none of the boxes ``found`` covers, outside the grids; straight points.

    A line that runs at a slant may come in pieces that share characters.
    """
    if len(found) < _LEAST_LINES:
        return []
    size = _TYPE * float(np.median([box.height for box in found]))
    side = max(1, round(ink.unit))
    free, cell = _free(ink, found, grids, side), size * ink.unit / side
    inked = np.asarray(free >= _INKED, dtype=np.uint8)
    closed = cv2.morphologyEx(inked, cv2.MORPH_CLOSE, np.ones((1, max(3, round(_GAP * cell))), np.uint8))
    runs = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((1, max(5, round(_SHORTEST * cell))), np.uint8))
    if not runs.any():
        return []
    _, _, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    lines = []
    for left, top, width, height, _ in stats[1:].tolist():
        share = float(free[top : top + height, left : left + width].mean()) / 255
        at_edge = left == 0 or top == 0 or left + width == runs.shape[1] or top + height == runs.shape[0]
        if not at_edge and _LOW * cell <= height <= _HIGH * cell and _SPARSE <= share <= _DENSE:
            box = Box(left, top, left + width, top + height).scaled(side / ink.unit)
            lines.append(box.grown(0, _MARGIN * size))
    return [line for line in lines if _in_text(line, found, size)]


def _free(ink: Ink, found: Sequence[Box], grids: Sequence[Grid], side: int) -> Pixels:
    """The share (of 255) of each square of ``side`` pixels that is ink, outside the boxes and the grids."""
    dark = np.asarray(cv2.threshold(ink.dark, ink.least - 1, 255, cv2.THRESH_BINARY)[1], dtype=np.uint8)
    for box in (*found, *(grid.box.grown(2, 2) for grid in grids)):
        dark[pixels_of(box, ink.unit, dark.shape)] = 0
    height, width = (length // side for length in dark.shape)
    # whole pixels into one: several times as quick
    cut = dark[: height * side, : width * side]
    return np.asarray(cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


_NEAR = 4.0
"""How far above or below a missed line the next line is at most, in type heights."""


def _in_text(line: Box, found: Sequence[Box], size: float) -> bool:
    """Whether lines of about the same type stand over or under it or beside it: words in pictures stand alone."""
    for box in found:
        alike = 0.6 * size <= _TYPE * box.height <= 1.6 * size
        common = min(line.right, box.right) - max(line.left, box.left)
        apart = max(box.top - line.bottom, line.top - box.bottom)
        if alike and apart <= _NEAR * size and (common >= 0.3 * min(line.width, box.width) or apart < 0):
            return True
    return False
