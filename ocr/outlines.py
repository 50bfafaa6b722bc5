"""Outlines (外框) drawn around a table a little outside its own border, by browsers and by reports.

Such a frame has its own left and right rule, and nothing between them and the table: the level rules of the
table end at the table's border. Taken for columns, the gaps would shift every cell. A blank row or column of
the table, however narrow, has the rules of the table run through it, and stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from ocr.types import Ruling

__all__ = ["Leveled", "OutlineOptions", "without_outline"]

Bools = NDArray[np.bool_]

Leveled = tuple[float, Ruling]
"""A rule with its straightened level: y of a horizontal, x of a vertical one."""


class OutlineOptions(BaseModel):
    """What makes a frame an outline. Lengths are points."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    nearest: float = Field(1.4, gt=0, le=10, description="rules nearer than this are one double rule (points)")
    farthest: float = Field(7.0, gt=0, le=50, description="an outline lies no further outside the table (points)")
    stray: float = Field(
        0.5, ge=0, le=1, description="rules of the table that may run over its border, against those that end (0–1)"
    )
    min_rules: int = Field(3, ge=2, le=50, description="level rules that must end at the table's own border")


DEFAULT = OutlineOptions()


@dataclass(frozen=True, slots=True)
class _Strip:
    """The gap between the outline and the table's border on one side."""

    middle: float
    side: int
    """-1 left, 1 right."""

    def passed_by(self, low: float, high: float) -> bool:
        """Whether a level rule from ``low`` to ``high`` runs into the outline."""
        return low < self.middle if self.side < 0 else high > self.middle


def without_outline(
    rows: Sequence[Leveled], cols: Sequence[Leveled], lean: float, middle: float, options: OutlineOptions = DEFAULT
) -> tuple[list[Leveled], list[Leveled]]:
    """The rules of one table, ``rows`` horizontal and ``cols`` vertical, without those of an outline around it.

    ``lean`` is the slope of the vertical rules, 0 at the height ``middle``. Each side is judged for itself;
    without an outline all rules come back.
    """
    ends = _ends(
        [(y, _straight(r.start, y, lean, middle), _straight(r.end, y, lean, middle)) for y, r in rows], options
    )
    strips = [s for side in (-1, 1) if (s := _strip(rows, cols, ends, side, options)) is not None]
    if not strips:
        return list(rows), list(cols)
    outer = np.array([all(s.passed_by(*e) for s in strips) for e in ends], dtype=np.bool_)
    outline = outer & _beside_own(rows, ~outer, options)
    return (
        [row for row, out in zip(rows, outline.tolist(), strict=True) if not out],
        [col for col in cols if not any((col[0] - s.middle) * s.side > 0 for s in strips)],
    )


def _ends(rows: Sequence[tuple[float, float, float]], options: OutlineOptions) -> list[tuple[float, float]]:
    """Where each rule (level, start, end) begins and ends together with those in one line with it: it may be broken."""
    if not rows:
        return []
    level, start, end = np.array(rows).T
    same = np.abs(level[:, None] - level[None, :]) <= options.nearest / 2
    starts, ends = np.where(same, start, np.inf).min(axis=1), np.where(same, end, -np.inf).max(axis=1)
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _straight(x: float, y: float, lean: float, middle: float) -> float:
    """Where a place on the page lies when the vertical rules stand upright."""
    return x - lean * (y - middle)


def _strip(
    rows: Sequence[Leveled],
    cols: Sequence[Leveled],
    ends: Sequence[tuple[float, float]],
    side: int,
    options: OutlineOptions,
) -> _Strip | None:
    """The gap on one ``side`` that only the rules of an outline reach over; None where there is none."""
    levels = sorted({level for level, _ in cols}, key=lambda level: -side * level)
    if len(levels) < 4:
        return None
    border = next((v for v in levels if abs(v - levels[0]) >= options.nearest), levels[0])
    if not options.nearest <= abs(border - levels[0]) <= options.farthest:
        return None
    strip = _Strip((border + levels[0]) / 2, side)
    outer = np.array([strip.passed_by(*e) for e in ends], dtype=np.bool_)
    stray = outer & ~_beside_own(rows, ~outer, options)
    own = int((~outer).sum())
    return strip if own >= options.min_rules and stray.sum() <= options.stray * own else None


def _beside_own(rows: Sequence[Leveled], own: Bools, options: OutlineOptions) -> Bools:
    """Whether each level rule has one of the table's ``own`` beside it, as far off as an outline may be."""
    levels = np.array([level for level, _ in rows])
    if not own.any():
        return np.zeros(len(rows), dtype=np.bool_)
    return np.asarray(np.abs(levels[:, None] - levels[own][None, :]).min(axis=1) <= options.farthest)
