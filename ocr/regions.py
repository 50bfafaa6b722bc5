"""What is to be read on a page: the detector's regions, brought into line with the ink and with the grid."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from document.geometry import Box
from ocr.engine import Region
from ocr.ink import Ink, ink_of, pixels_of
from ocr.missed import missed_lines
from ocr.tables import split_regions, unread_cells
from ocr.types import Grid, PageImage, Pixels

Bools = NDArray[np.bool_]

_REACH = 1.7
"""How far beyond its ends a region looks for ink of its own line, in its heights: a character and its gap."""
_STEPS = 3
"""Times a box is widened at most."""
_GAP = 0.65
"""Widest gap between characters of one word, in heights: 一 般 公 共 is set this wide in titles."""
_INK = 0.55
"""Darkness of a line's ink against the page's text, 0–1: paler is residue of a watermark."""
_THIN = 0.39
"""The same of a thin level stroke: the printed 一 and 二 of 宋体 are half as dark as other strokes on a poor scan."""
_SAME_TYPE = 1.6
"""How many times as high as the other a region may be to be one line with it: headings over text are not."""
_MARGIN = 0.08
"""Paper kept beyond the ink, in heights."""


def regions_to_read(image: PageImage, grids: tuple[Grid, ...], found: tuple[Region, ...]) -> tuple[Region, ...]:
    """Level regions reaching to the ends of their ink and cut at the rules between cells; lines, and ink in cells,
    that the detector overlooked; turned regions as found.

    All in straight points. A region that is cut keeps its score; one that the detector overlooked has the score 0.
    """
    turned = tuple(r for r in found if r.corners)
    level = without_overlaps(
        [Region(part, score=r.score) for r in found if not r.corners for part in split_regions((r.box,), grids)]
    )
    ink = ink_of(image, [r.box for r in level], _INK)
    missed = missed_lines(ink, [r.box for r in level], grids)
    level = without_overlaps((*level, *(Region(box, score=0.0) for box in missed))) if missed else level
    boxes = reaching(ink, tuple(r.box for r in level), grids)
    level = tuple(Region(box, score=r.score) for box, r in zip(boxes, level, strict=True))
    return level + turned + tuple(Region(box, score=0.0) for box in unread_cells(image, grids, boxes))


def without_overlaps(regions: Sequence[Region]) -> tuple[Region, ...]:
    """Level regions of which no two lie on the same characters of one line, from top to bottom.

    A detector draws a line whole and a part of it again (三、国防支出 and 三、国防), or two parts that share
    characters; read apart, the shared characters would stand twice in the text. What overlaps by a character is one.
    """
    kept: list[Region] = []
    for region in sorted(regions, key=lambda r: (r.box.left, r.box.top)):
        while (same := next((k for k in kept if _share_characters(k.box, region.box)), None)) is not None:
            kept.remove(same)
            region = Region(Box.around((same.box, region.box)), score=max(same.score, region.score))
        kept.append(region)
    return tuple(sorted(kept, key=lambda r: (r.box.top, r.box.left)))


def _share_characters(one: Box, other: Box) -> bool:
    """Whether two boxes lie on one line of type and have at least most of a character in common."""
    common = one.intersection(other)
    if common is None:
        return False
    lower, higher = sorted((one.height, other.height))
    if higher > _SAME_TYPE * lower:
        return False
    return common.height >= 0.6 * lower and common.width >= 0.8 * lower


def reaching(ink: Ink, boxes: tuple[Box, ...], grids: tuple[Grid, ...]) -> tuple[Box, ...]:
    """The boxes, each widened to ink at its ends that the detector left out, most often a thin 一.

    Never over a rule of its table, nor into another box.
    """
    return tuple(_reached(box, boxes, grids, ink.dark, ink.unit, ink.least) for box in boxes)


def _reached(box: Box, boxes: Sequence[Box], grids: tuple[Grid, ...], dark: Pixels, unit: float, least: float) -> Box:
    """One box widened until no ink of its line is in reach: what lies beyond two lost characters is lost as well."""
    limit = _room(box, boxes, grids)
    for _ in range(_STEPS):
        near = box.grown(_REACH * box.height, 0).intersection(limit)
        wide = _widened(box, near or box, dark, unit, least)
        if wide == box:
            break
        box = wide
    return box


def _room(box: Box, boxes: Sequence[Box], grids: tuple[Grid, ...]) -> Box:
    """How far a box may grow: to the next boxes in its line, and to the rules of its cell."""
    reach = _STEPS * _REACH * box.height
    room = Box(max(0.0, box.left - reach), box.top, box.right + reach, box.bottom)
    x, y = box.center
    cell = next((c.box for g in grids if g.box.contains(x, y) for c in g.cells if c.box.contains(x, y)), None)
    if cell is not None and cell.width > 4:
        room = room.intersection(cell.grown(-1.3, 0)) or box
    left, right = min(room.left, box.left), max(room.right, box.right)
    for other in boxes:
        if other.top > box.bottom or other.bottom < box.top:  # most: a page has a hundred lines
            continue
        shared = min(box.bottom, other.bottom) - max(box.top, other.top)
        if other is box or shared < 0.3 * min(box.height, other.height):
            continue
        if other.left < box.left and left < other.right < x:
            left = min(box.left, other.right)
        if other.right > box.right and x < other.left < right:
            right = max(box.right, other.left)
    return Box(left, box.top, right, box.bottom)


def _widened(box: Box, room: Box, dark: Pixels, unit: float, least: float) -> Box:
    left = box.left - _grown(
        _strip(Box(room.left, box.top, box.left, box.bottom), dark, unit)[:, ::-1], box, unit, least
    )
    right = box.right + _grown(_strip(Box(box.right, box.top, room.right, box.bottom), dark, unit), box, unit, least)
    return Box(max(room.left, left), box.top, min(room.right, right), box.bottom)


def _strip(box: Box, dark: Pixels, unit: float) -> Pixels:
    return dark[pixels_of(box, unit, dark.shape)]


def _grown(strip: Pixels, box: Box, unit: float, least: float) -> float:
    """Points to add at one end, from the strip beyond it; its first column is next to the box."""
    height = box.height * unit
    if min(strip.shape) < 2:
        return 0.0
    pieces = sorted(_pieces(strip >= least, height) + _thin_pieces(strip >= least * _THIN / _INK, height))
    end = seen = 0
    for first, last, is_stroke in pieces:
        if first - seen > _GAP * height:
            break
        seen = max(seen, last)
        end = seen if is_stroke else end  # a 、 alone is a speck; with a stroke beyond it, both belong to the line
    return (end + _MARGIN * height) / unit if end else 0.0


def _pieces(ink: Bools, line: float) -> list[tuple[int, int, bool]]:
    """Connected ink that may belong to a line: first and last column, and whether it is a stroke or only a 、."""
    found = []
    for x, y, w, h, _ in _components(ink):
        stroke = _is_stroke(y, w, h, line, ink.shape[0])
        if stroke or (0.1 * line <= max(w, h) < 0.3 * line and y + h / 2 > 0.4 * ink.shape[0]):
            found.append((x, x + w, stroke))
    return found


def _thin_pieces(ink: Bools, line: float) -> list[tuple[int, int, bool]]:
    """As ``_pieces``, for paler ink: only what is long, thin and level, and lies by itself."""
    return [
        (x, x + w, True)
        for x, y, w, h, _ in _components(ink)
        if (w >= 0.3 * line or (x == 0 and w >= 0.1 * line))
        and h <= min(0.25 * line, 0.6 * w)
        and _on_the_line(y, h, ink.shape[0])
    ]


def _components(ink: Bools) -> list[list[int]]:
    """Left, top, width, height and area of each piece of connected ink."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    return [list(row) for row in stats[1:].tolist()]


def _is_stroke(top: int, width: int, height: int, line: float, rows: int) -> bool:
    """Whether a piece may be part of a character of this line: no speck, no rule through it, no line below it."""
    if max(width, height) < 0.3 * line:
        return False
    return _on_the_line(top, height, rows) and not (height >= rows - 1 and width < 0.2 * line)


def _on_the_line(top: int, height: int, rows: int) -> bool:
    """Whether a piece lies at the height of the line's own type, not at its edges."""
    return 0.15 * rows < top + height / 2 < 0.85 * rows
