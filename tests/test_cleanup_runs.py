"""Opening and closing along rows and columns give what OpenCV's kernels give, whatever their length."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanup.runs import closed, opened


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    length=st.integers(2, 90),
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    black=st.floats(0.005, 0.9),
    seed=st.integers(0, 99),
)
@pytest.mark.parametrize("across", [True, False])
def test_the_same_as_morphology_with_a_kernel_of_that_length(
    across: bool, length: int, height: int, width: int, black: float, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    image = np.where(chance.random((height, width)) < black, chance.integers(0, 255, (height, width)), 255)
    image = image.astype(np.uint8)
    kernel = np.ones((1, length) if across else (length, 1), np.uint8)
    for pixels in (image, 255 - image):
        assert np.array_equal(opened(pixels, length, across), cv2.morphologyEx(pixels, cv2.MORPH_OPEN, kernel))
        assert np.array_equal(closed(pixels, length, across), cv2.morphologyEx(pixels, cv2.MORPH_CLOSE, kernel))
