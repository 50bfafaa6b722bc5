"""Gutters (列间空白): the stretches between columns of text that hardly a row crosses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ocr.rows import Row

__all__ = ["find_gutters"]

_STEP = 0.5
"""How finely gaps between columns are looked for, points."""
_SHRINK = 1.2
"""What boxes of pieces have around the ink, points."""
_WIDE = 0.9
"""A gap this wide parts columns by itself, type sizes."""
_LONGEST = 20_000
"""Wider rows than this are no page's, points."""

Counts = NDArray[np.float64]


def find_gutters(rows: Sequence[Row], size: float, crossing: float) -> tuple[float, ...]:
    """The middles of the gutters between the columns of ``rows``, from left to right, in points.

    ``size`` is the type size in points, ``crossing`` the share of rows (0–1) whose text may cross a gutter, as a head
    over two columns does. A gap narrower than the type parts columns where several pieces are aligned to it.
    """
    several = [row for row in rows if len(row) >= 2]
    if len(several) < 2:
        return ()
    left = min(s.box.left for row in several for s in row)
    count = _crossings(several, left)
    runs = _runs(count <= crossing * len(several), left)
    gaps = (_clearest(count, run, left) for run in runs if _is_gutter(run, several, size))
    return tuple((a + b) / 2 for a, b in gaps)


def _crossings(rows: Sequence[Row], left: float) -> Counts:
    """How many rows have text at each step from ``left`` on."""
    right = max(s.box.right for row in rows for s in row)
    count = np.zeros(int(min(right - left, _LONGEST) / _STEP) + 1)
    for row in rows:
        mark = np.zeros(len(count), dtype=np.bool_)
        for s in row:
            first, last = (s.box.left + _SHRINK - left) / _STEP, (s.box.right - _SHRINK - left) / _STEP
            mark[int(first) : int(np.ceil(last))] = True
        count += mark
    return count


def _runs(empty: NDArray[np.bool_], left: float) -> list[tuple[float, float]]:
    """The inner runs of True from ``left`` on, in points."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], empty.astype(np.int8), [0]])))
    inner = [(a, b) for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True) if a > 0 and b < len(empty)]
    return [(left + a * _STEP, left + b * _STEP) for a, b in inner]


def _is_gutter(run: tuple[float, float], rows: Sequence[Row], size: float) -> bool:
    """Whether a gap parts columns: a wide one does, and a narrow one that pieces are aligned to."""
    if run[1] - run[0] >= _WIDE * size + 2 * _SHRINK:
        return True
    if run[1] - run[0] < 2 * _STEP:
        return False
    ends = sum(abs(s.box.right - run[0]) <= 3 for row in rows for s in row)
    starts = sum(abs(s.box.left - run[1]) <= 3 for row in rows for s in row)
    return max(ends, starts) >= max(3, 0.3 * len(rows))


def _clearest(count: Counts, run: tuple[float, float], left: float) -> tuple[float, float]:
    """The part of a gap that the fewest rows cross."""
    first, last = (round((x - left) / _STEP) for x in run)
    part = count[first:last]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (part == part.min()).astype(np.int8), [0]])))
    a, b = max(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True), key=lambda e: e[1] - e[0])
    return left + (first + a) * _STEP, left + (first + b) * _STEP
