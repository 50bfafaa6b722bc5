"""Columns that only the seams of the level rules betray (隐含列), in a scan.

A table drawn cell by cell has its level rules put together from pieces, and where two pieces meet the print
is a little lighter: nothing on one rule, but the same place on all of them. A column whose cells are all
merged with their neighbours (the form 项目支出绩效目标表 has one) shows nowhere else, yet whoever reads the
file counts it. ``ocr.layergrids`` does the same for the drawings of born-digital pages.

Measured on scans at 150–300 dpi: a hidden column's dip is 10 to 20 times the scatter of the other places,
and no other place of ten tables came to more than 5 times; a fax (one bit a pixel) shows nothing: there, and where a
scan has lost its seams, ``cleanup.known_forms`` takes the columns of a form that the catalogue knows.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from ocr.layergrids import with_seams
from ocr.types import Grid, PageImage, Pixels, Ruling, Rulings

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class SeamOptions(BaseModel):
    """When a light place common to the rules of a table is a seam."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_rules: int = Field(10, ge=4, le=200, description="level rules a table must have for a common dip to show")
    wide: float = Field(0.6, gt=0, le=1, description="share of the table's width such a rule runs over (0–1)")
    dip: float = Field(0.025, gt=0, le=1, description="how much lighter the rules are at a seam (0–1)")
    scatter: float = Field(8.0, gt=1, le=100, description="the same against the scatter of the other places")
    clear: float = Field(3.5, ge=0, le=20, description="nearer to a column's edge nothing is looked for (points)")
    max_seams: int = Field(3, ge=0, le=20, description="more dips than this are a pattern, not seams")


DEFAULT = SeamOptions()


def with_hidden_columns(
    image: PageImage, grids: tuple[Grid, ...], rulings: Rulings, options: SeamOptions = DEFAULT
) -> tuple[Grid, ...]:
    """The ``grids`` with a column edge wherever the level rules of one have a seam in common.

    ``image`` is the straight page they and the ``rulings`` were found on. A table with few rules, or without
    seams, comes back as it is.
    """
    if image.bilevel:
        return grids
    return tuple(_divided(image, grid, rulings, options) for grid in grids)


def _divided(image: PageImage, grid: Grid, rulings: Rulings, options: SeamOptions) -> Grid:
    """One grid with its hidden columns."""
    rules = [r for r in rulings.horizontal if _runs_through(r, grid, options)]
    if len(rules) < options.min_rules:
        return grid
    x = np.arange(grid.box.left, grid.box.right, 72 / image.dpi, dtype=np.float64)
    free = np.abs(x[:, None] - np.array(grid.col_edges)).min(axis=1) > options.clear
    dip = _common_dip(_profiles(image, grid, rules, rulings.vertical, x), free)
    return with_seams(grid, [(at, row) for at in _lowest(x, dip, free, options) for row in grid.row_edges])


def _runs_through(rule: Ruling, grid: Grid, options: SeamOptions) -> bool:
    """Whether a level rule belongs to the grid and runs over most of it."""
    inside = grid.box.top - 3 <= rule.position <= grid.box.bottom + 3
    return inside and min(rule.end, grid.box.right) - max(rule.start, grid.box.left) >= options.wide * grid.box.width


def _profiles(image: PageImage, grid: Grid, rules: list[Ruling], upright: tuple[Ruling, ...], x: Floats) -> Floats:
    """(rules, places): the darkness of each rule at the places ``x``, along the lean of the ``upright`` rules."""
    lean = float(np.median([r.slope for r in upright])) if upright else 0.0
    dark = np.asarray(255 - image.grey, dtype=np.uint8)
    middle = grid.box.center[1]
    return np.array([_profile(dark, rule, x + lean * (rule.position - middle), image.dpi / 72) for rule in rules])


def _common_dip(profiles: Floats, free: Bools) -> Floats:
    """How much darker (+) or lighter (-) than around it each place is on all rules: the mean without the extremes.

    What lies near a column's edge (not ``free``) is crossed by upright rules, and left out.
    """
    weight = free.astype(np.float64)[None]
    around = _blurred(profiles * weight) / np.maximum(_blurred(weight), 1e-6)
    change = np.sort(np.clip(profiles / np.maximum(around, 1.0) - 1, -1, 1), axis=0)
    cut = len(profiles) // 4
    mean = change[cut : len(profiles) - cut].mean(axis=0)[None]
    return np.where(free, np.asarray(cv2.blur(mean, (3, 1)), dtype=np.float64)[0], 0.0)


def _blurred(rows: Floats) -> Floats:
    """The mean of 19 places around each."""
    return np.asarray(cv2.blur(rows, (19, 1), borderType=cv2.BORDER_REPLICATE), dtype=np.float64)


def _profile(dark: Pixels, rule: Ruling, x: Floats, unit: float) -> Floats:
    """The darkness of ``rule`` summed across it, at each x; its mean where it does not run."""
    y = rule.position + rule.slope * (x - (rule.start + rule.end) / 2)
    column = np.clip((x * unit).astype(np.intp), 0, dark.shape[1] - 1)
    row = np.clip((y * unit).astype(np.intp), 3, dark.shape[0] - 4)
    total = np.asarray(sum(dark[row + step, column].astype(np.float64) for step in range(-3, 4)))
    runs = (x > rule.start + 1) & (x < rule.end - 1)
    return np.where(runs, total, total[runs].mean() if runs.any() else 0.0)


def _lowest(x: Floats, dip: Floats, free: Bools, options: SeamOptions) -> list[float]:
    """The places of the dips deep enough, one for each; none where there are too many."""
    scatter = 1.48 * float(np.median(np.abs(dip[free]))) if free.any() else 0.0
    deep = free & (dip <= -max(options.dip, options.scatter * scatter))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], deep.astype(np.int8), [0]])))
    runs = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    if len(runs) > options.max_seams:
        return []
    return [float(x[a + int(np.argmin(dip[a:b]))]) for a, b in runs]
