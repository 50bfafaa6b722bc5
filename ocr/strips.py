"""Strips (残线小格): a row or two of a table without upright rules, cut into cells by what a removed mark left.

A stroke of a watermark that stays may run from one level rule to the next as an upright rule does. With the two rules
it makes a grid of its own, and the table would come out in pieces: rows above, the strip, rows below. But a strip has
no sides, and the level rules go on above or below it, more of them than it has itself; those of a real table with open
sides are crossed by its upright rules from end to end.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from ocr.types import Grid, Ruling, Rulings

__all__ = ["StripOptions", "without_strips"]


class StripOptions(BaseModel):
    """When a grid is a strip of a taller stack of level rules."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    touch: float = Field(3.0, ge=0, le=20, description="a rule this near to an edge lies on it (points)")
    ends: float = Field(6.0, ge=0, le=50, description="how far the ends of one table's level rules differ (points)")
    step: float = Field(2.5, ge=1, le=10, description="the next rule of a stack is no further (rows of the strip)")
    share: float = Field(0.5, gt=0, lt=1, description="share of the stack's rules that a strip has at most (0–1)")


DEFAULT = StripOptions()


def without_strips(grids: Sequence[Grid], rulings: Rulings, options: StripOptions = DEFAULT) -> tuple[Grid, ...]:
    """The ``grids`` without those that are strips among the level ``rulings`` of one page, all in points."""
    return tuple(g for g in grids if not _is_strip(g, [o for o in grids if o is not g], rulings, options))


def _is_strip(grid: Grid, others: Sequence[Grid], rulings: Rulings, options: StripOptions) -> bool:
    """Whether a grid has open sides, few of the level rules around it, and no column in common with others."""
    if _has_side(grid.box.left, grid, rulings, options) or _has_side(grid.box.right, grid, rulings, options):
        return False
    stack = _stack(grid, rulings.horizontal, options)
    own = sum(_is_inside(y, grid, options) for y in stack)
    if own >= options.share * len(stack):
        return False
    near = [o for o in others if any(_is_inside(y, o, options) for y in stack)]
    return not any(_share_column(grid, o, options) for o in near)


def _has_side(x: float, grid: Grid, rulings: Rulings, options: StripOptions) -> bool:
    """Whether an upright rule runs along most of one side of a grid."""
    covered = sum(
        min(r.end, grid.box.bottom) - max(r.start, grid.box.top)
        for r in rulings.vertical
        if abs(r.position - x) <= options.touch and r.end > grid.box.top and r.start < grid.box.bottom
    )
    return covered > grid.box.height / 2


def _stack(grid: Grid, level: Sequence[Ruling], options: StripOptions) -> list[float]:
    """The heights of the level rules with the grid's ends that follow each other closely, its own among them."""
    box = grid.box
    same = [r for r in level if abs(r.start - box.left) <= options.ends and abs(r.end - box.right) <= options.ends]
    heights = _apart(sorted(r.position for r in same), options.touch)
    step = options.step * box.height / grid.n_rows
    return [
        *_near(box.top, [y for y in reversed(heights) if y < box.top - options.touch], step),
        *(y for y in heights if _is_inside(y, grid, options)),
        *_near(box.bottom, [y for y in heights if y > box.bottom + options.touch], step),
    ]


def _near(start: float, heights: Sequence[float], step: float) -> list[float]:
    """The first of the ``heights``, going away from ``start``, each within a ``step`` of the one before."""
    found: list[float] = []
    for y in heights:
        if abs(y - start) > step:
            break
        found.append(y)
        start = y
    return found


def _apart(heights: Sequence[float], least: float) -> list[float]:
    """Rising heights, those nearer than ``least`` to the one before as one: a double rule."""
    return [y for n, y in enumerate(heights) if n == 0 or y - heights[n - 1] > least]


def _is_inside(y: float, grid: Grid, options: StripOptions) -> bool:
    return grid.box.top - options.touch <= y <= grid.box.bottom + options.touch


def _share_column(one: Grid, other: Grid, options: StripOptions) -> bool:
    """Whether two grids have an inner column edge at the same place: parts of one table with open sides."""
    return any(abs(a - b) <= options.touch for a in one.col_edges[1:-1] for b in other.col_edges[1:-1])
