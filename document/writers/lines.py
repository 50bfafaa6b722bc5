"""Where the lines of a text stand in its box: measured on the page's pixels, or estimated from the box alone.

A cell's box is the cell, not its text, and a paragraph's box says nothing of its lines; both can be seen in the ink.
Where the ink does not fit the text (a watermark over it, a seal) the text is laid into the box by its size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from document.exceptions import QingzhangError
from document.geometry import Box
from document.types import Page
from document.writers.glyphless import em_width, text_width
from document.writers.original import Original, Pixels

INK_DPI = 100.0
_INSET = 1.5
"""Points at a cell's edge that may belong to its rules."""
_GAP = 0.9
"""Points without ink that part two lines; strokes of one character can be further apart, but not of a whole line."""
_LEAST = 3.0
"""Points: a line of text is no lower."""
_DARK = (0.5, 0.7)
_SIZES = (0.55, 2.2)
"""What the type size may be of the height of its ink: from tight Chinese print to figures set wide."""


@dataclass(frozen=True, slots=True)
class Run:
    """Text on one line of the upright page, in points."""

    text: str
    left: float
    baseline: float
    """At ``left``."""
    size: float
    width: float
    slope: float = 0.0
    """How far the line falls per point to the right."""

    @property
    def box(self) -> Box:
        """Where it stands, from the tops of its characters to their feet."""
        fall = self.slope * self.width
        top, bottom = self.baseline - 0.88 * self.size, self.baseline + 0.12 * self.size
        return Box(self.left, top + min(0.0, fall), self.left + self.width, bottom + max(0.0, fall))


@dataclass(frozen=True, slots=True)
class Ink:
    """Where a page has ink: ``(height, width)`` each, true for print; ``scale`` pixels are a point."""

    dark: tuple[NDArray[np.bool_], ...]
    """By stricter and stricter measure: what is lighter than print drops out."""
    scale: float
    slope: float = 0.0
    """How far a row of print falls per point to the right."""


def ink_of(pixels: Pixels, dpi: float, slope: float) -> Ink:
    """The ink of an upright page: what is darker than so much of the way from the paper to the darkest print.

    Most watermarks are lighter than that; where they are not, the lines found will not fit the text.
    """
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    darkest, paper = np.percentile(grey, (0.05, 80))
    return Ink(tuple(grey < paper - share * (paper - darkest) for share in _DARK), dpi / 72, slope)


def page_ink(page: Page, original: Original) -> Ink | None:
    """The ink of a page of the source, or None where it cannot be drawn: boxes alone have to do."""
    try:
        return ink_of(original.draw(page, INK_DPI), INK_DPI, -math.tan(math.radians(page.skew_degrees)))
    except QingzhangError:
        return None


def placed(text: str, box: Box, ink: Ink | None, justified: bool = True) -> list[Run]:
    """The text in its box as runs, one a line, in reading order; empty for a blank text.

    ``justified``: whether a line's text is as wide as its ink (not so where leaders run to a page number).
    """
    if not text or box.width <= 0 or box.height <= 0:
        return []
    if ink is not None:
        for dark in ink.dark:
            runs = _on_ink(text, _lines(dark, ink, box), box.center[0], ink.slope, justified)
            if runs:
                return runs
    return _in_box(text, box, ink.slope if ink else 0.0)


# --- by ink -----------------------------------------------------------------------------------------------


def _lines(dark: NDArray[np.bool_], ink: Ink, box: Box) -> list[Box]:
    """The lines of ink in a box, top to bottom; on sloping pages measured along the slope from the box's middle."""
    inner = box.grown(-min(_INSET, box.width / 4), -min(_INSET, box.height / 4)).scaled(ink.scale)
    top, bottom = max(0, math.floor(inner.top)), min(dark.shape[0], math.ceil(inner.bottom))
    left, right = max(0, math.floor(inner.left)), min(dark.shape[1], math.ceil(inner.right))
    if bottom - top < 2 or right - left < 2:
        return []
    level = _levelled(dark[top:bottom, left:right], ink.slope)
    level[level.mean(axis=1) > 0.8] = False  # a rule
    spans = _spans(np.asarray(level.any(axis=1)), round(_GAP * ink.scale))
    found = []
    for first, last in spans:
        columns = np.flatnonzero(level[first:last].any(axis=0))
        found.append(Box(left + columns[0], top + first, left + columns[-1] + 1, top + last).scaled(1 / ink.scale))
    return [line for line in found if line.height >= _LEAST]


def _levelled(dark: NDArray[np.bool_], slope: float) -> NDArray[np.bool_]:
    """The crop with its columns moved so that sloping rows lie level; the middle column stays."""
    height, width = dark.shape
    shifts = np.rint(slope * (np.arange(width) - width / 2)).astype(int)
    if not shifts.any():
        return dark.copy()
    rows = np.arange(height)[:, None] + shifts[None, :]
    taken = np.take_along_axis(dark, rows.clip(0, height - 1), axis=0)
    return np.asarray(taken & (rows >= 0) & (rows < height))


def _spans(has_ink: NDArray[np.bool_], gap: int) -> list[tuple[int, int]]:
    """Stretches of rows with ink, those closer than ``gap`` rows joined."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], has_ink.astype(np.int8), [0]))))
    joined: list[tuple[int, int]] = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if joined and first - joined[-1][1] <= gap:
            joined[-1] = joined[-1][0], last
        else:
            joined.append((first, last))
    return joined


def _on_ink(text: str, lines: Sequence[Box], middle: float, slope: float, justified: bool) -> list[Run]:
    """The text dealt out over lines of ink by their widths, or nothing where its size would not fit theirs."""
    if not lines:
        return []
    height = sorted(line.height for line in lines)[len(lines) // 2]
    size = sum(line.width for line in lines) / text_width(text)
    if not justified and len(lines) == 1:
        size = min(size, height * 1.1)
    elif not _SIZES[0] <= size / height <= _SIZES[1]:
        return []
    parts = _dealt(text, [line.width for line in lines])
    return [_run(part, line, size, slope, middle) for part, line in zip(parts, lines, strict=True) if part]


def _dealt(text: str, widths: Sequence[float]) -> list[str]:
    """The text cut into one part for each line, each part's share of it nearest to the line's share of the width."""
    total = text_width(text)
    ends = np.cumsum(widths) / sum(widths) * total
    parts, at, reached = [], 0, 0.0
    for end in ends[:-1]:
        start = at
        while at < len(text) and reached + em_width(text[at]) / 2 <= end:
            reached += em_width(text[at])
            at += 1
        parts.append(text[start:at])
    return [*parts, text[at:]]


def _run(text: str, line: Box, size: float, slope: float, middle: float) -> Run:
    """A run over the ink of a line, levelled about x = ``middle``.

    Chinese characters reach below the baseline, figures do not.
    """
    chinese = any(em_width(character) == 1.0 for character in text)
    height = line.height if chinese else line.height / 0.75
    below = 0.12 * line.height if chinese else 0.0
    baseline = line.bottom - below + slope * (line.left - middle)
    return Run(text, line.left, baseline, max(1.0, height), min(line.width, size * text_width(text) * 1.02), slope)


# --- by the box -------------------------------------------------------------------------------------------


def _in_box(text: str, box: Box, slope: float) -> list[Run]:
    """The text laid into the box: as large as fits on as few lines as it needs, in the middle of its height."""
    ems = text_width(text)
    inside = max(1.0, box.width - 2 * min(_INSET, box.width / 4))
    size = min(12.0, 0.8 * box.height)
    if ems * size > inside:
        size = min(size, math.sqrt(box.height * inside / (1.3 * ems)))
    count = max(1, math.ceil(ems * size / inside - 0.02))
    pitch = box.height / count
    size = min(size, pitch)
    width = min(inside, ems * size / count)
    runs = []
    for number, part in enumerate(_dealt(text, [1.0] * count)):
        middle = box.top + (number + 0.5) * pitch
        left = box.left + (box.width - width) / 2 if count == 1 and ems * size < 0.3 * inside else box.left + 1
        runs.append(Run(part, left, middle + 0.38 * size - slope * width / 2, size, width, slope))
    return [run for run in runs if run.text]
