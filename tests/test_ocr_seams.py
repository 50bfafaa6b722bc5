"""A column that is merged everywhere shows in the seams of the level rules, and nowhere else is one found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ocr.grid import build_grids
from ocr.rulings import find_rulings
from ocr.seams import with_hidden_columns
from ocr.types import Grid, PageImage
from tests.drawn_tables import Scan, page, regular

TABLE = regular(14, 4, row=14, col=80)
SEAM = 30 + 80 * 2 + 37.0
"""Between the third and the fourth column edge, points."""


def scanned(light: int, seed: int = 1, noise: float = 6) -> PageImage:
    """A table whose level rules are lighter by ``light`` grey levels at one place."""
    image = page(TABLE, Scan(width=400, height=300, text=False))
    pixels = image.pixels.astype(np.int64)
    x = round(SEAM * image.dpi / 72)
    for row in TABLE.rows:
        y = round(row * image.dpi / 72)
        part = pixels[y - 3 : y + 4, x : x + 2]
        part[part < 200] += light
    pixels += np.random.default_rng(seed).normal(0, noise, pixels.shape).astype(np.int64)
    return replace(image, pixels=np.clip(pixels, 0, 255).astype(np.uint8))


def columns(image: PageImage) -> Grid:
    rulings = find_rulings(image)
    (grid,) = with_hidden_columns(image, build_grids(rulings), rulings)
    return grid


def test_a_seam_on_all_rules_is_a_column() -> None:
    grid = columns(scanned(70))
    assert grid.n_cols == 5
    assert min(abs(edge - SEAM) for edge in grid.col_edges) < 1.0
    assert {c.col_span for c in grid.cells if c.col == 2} == {2}
    assert sum(c.row_span * c.col_span for c in grid.cells) == grid.n_rows * grid.n_cols


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_seam(seed: int) -> None:
    assert columns(scanned(0, seed, noise=12)).n_cols == 4


def test_a_fax_has_no_seams() -> None:
    image = replace(scanned(70), bilevel=True)
    assert columns(image).n_cols == 4


def test_few_rules_say_nothing() -> None:
    image = page(regular(4, 4), Scan(noise=5))
    rulings = find_rulings(image)
    grids = build_grids(rulings)
    assert with_hidden_columns(image, grids, rulings) == grids
