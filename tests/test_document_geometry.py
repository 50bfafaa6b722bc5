"""Boxes under the moves that the pipeline makes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from document.geometry import Box

coordinate = st.floats(-1000, 1000, allow_nan=False)
size = st.floats(0, 500)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, top = draw(coordinate), draw(coordinate)
    return Box(left, top, left + draw(size), top + draw(size))


def test_a_box_must_not_be_inside_out() -> None:
    with pytest.raises(ValueError, match="inside out"):
        Box(10, 0, 5, 5)


@given(boxes(), boxes())
def test_the_common_part_lies_in_both(a: Box, b: Box) -> None:
    common = a.intersection(b)
    if common is not None:
        assert common.left >= a.left
        assert common.right <= b.right
        assert common.area <= min(a.area, b.area) + 1e-9
    assert (common is None) == (b.intersection(a) is None)


@given(boxes(), st.floats(-30, 30))
def test_turning_forth_and_back_still_covers_the_box(box: Box, degrees: float) -> None:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle), 3], [np.sin(angle), np.cos(angle), -7], [0, 0, 1]])
    back = box.transformed(turn).transformed(np.linalg.inv(turn))
    assert back.left <= box.left + 1e-6
    assert back.right >= box.right - 1e-6
    assert back.top <= box.top + 1e-6
    assert back.bottom >= box.bottom - 1e-6


def test_cover_is_the_share_inside_the_other() -> None:
    assert Box(0, 0, 10, 10).cover(Box(5, 0, 20, 10)) == 0.5
    assert Box(0, 0, 10, 10).cover(Box(20, 20, 30, 30)) == 0


def test_around_asks_for_boxes() -> None:
    assert Box.around([Box(0, 0, 1, 1), Box(5, -2, 6, 0)]) == Box(0, -2, 6, 1)
    with pytest.raises(ValueError, match="no boxes"):
        Box.around([])
