"""The lattice of a repeating pattern: found where copies repeat, never nearer together than copies may be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanup.lattice import Lattice, find_lattices
from cleanup.watermark_model import lattice_points
from ocr.types import Pixels

SHORTEST, LEAST = 62.5, 0.3
HERE = np.array([[1.0, 0, 0], [0, 1.0, 0]])


def repeated(lattice: Lattice, seed: int, missing: float = 0.0) -> Pixels:
    """A page (height 700, width 520) with some strokes at each lattice point; ``missing`` is the share left out."""
    chance = np.random.default_rng(seed)
    copy = (chance.random((20, 40)) < 0.3).astype(np.uint8).repeat(2, axis=0)[:24] * np.uint8(160)
    page = np.zeros((700, 520), np.uint8)
    for x, y in lattice_points(lattice, HERE, page.shape):
        left, top = round(float(x)), round(float(y))
        if 0 <= left <= 520 - 40 and 0 <= top <= 700 - 24 and chance.random() >= missing:
            page[top : top + 24, left : left + 40] = copy
    return page


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(across=st.integers(80, 150), down=st.integers(70, 150), shift=st.integers(0, 40))
def test_the_lattice_that_copies_lie_on_is_found(across: int, down: int, shift: int) -> None:
    drawn = Lattice((float(across), 0.0), (float(shift), float(down)))
    ratios = [
        lattice.cell_area / drawn.cell_area for lattice in find_lattices(repeated(drawn, across), SHORTEST, LEAST)
    ]
    # two cells side by side repeat as well as one does
    assert any(ratio == pytest.approx(cells, rel=0.03) for ratio in ratios for cells in (1, 2))


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(pitch=st.integers(26, 60), across=st.integers(80, 250), missing=st.floats(0, 0.7), seed=st.integers(0, 99))
def test_no_vector_is_shorter_than_copies_may_be_apart(pitch: int, across: int, missing: float, seed: int) -> None:
    """Rows of a table lie near: the difference of two repetitions, a row, must not come back as a lattice."""
    rows = repeated(Lattice((float(across), 0.0), (0.0, float(pitch))), seed, missing)
    for lattice in find_lattices(rows, SHORTEST, LEAST):
        assert min(np.hypot(*lattice.first), np.hypot(*lattice.second)) > 0.9 * SHORTEST
