"""Boxes, and how they move between pixels and the page.

One coordinate rule for the whole project: a box is in PDF points (1/72 inch), origin top left, x to the
right, y down, on the page as shown upright. Pixels never leave ``ocr/`` and ``cleanup/watermark``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""A 3×3 homography; points are columns ``(x, y, 1)``."""


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle, in points unless the name that holds it says pixels; origin top left.

    Raises ValueError when right is left of left, or bottom above top.
    """

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        if not (self.right >= self.left and self.bottom >= self.top):
            raise ValueError(f"a box must not be inside out: {self}")

    @property
    def width(self) -> float:
        """Right minus left."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Bottom minus top."""
        return self.bottom - self.top

    @property
    def area(self) -> float:
        """Width times height."""
        return self.width * self.height

    @property
    def center(self) -> tuple[float, float]:
        """The middle, as ``(x, y)``."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def as_tuple(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return self.left, self.top, self.right, self.bottom

    def contains(self, x: float, y: float) -> bool:
        """Whether the point lies inside or on the edge."""
        return self.left <= x <= self.right and self.top <= y <= self.bottom

    def intersection(self, other: Box) -> Box | None:
        """The common part, or None when the boxes do not touch."""
        # most pairs of boxes on a page lie apart, and a page asks of tens of thousands
        if self.right < other.left or other.right < self.left or self.bottom < other.top or other.bottom < self.top:
            return None
        left, top = max(self.left, other.left), max(self.top, other.top)
        return Box(left, top, min(self.right, other.right), min(self.bottom, other.bottom))

    def cover(self, other: Box) -> float:
        """The share (0–1) of this box that lies inside ``other``."""
        common = self.intersection(other)
        return common.area / self.area if common and self.area > 0 else 0.0

    def grown(self, x: float, y: float | None = None) -> Box:
        """The box with ``x`` added at left and right and ``y`` (default: x) at top and bottom."""
        y = x if y is None else y
        return Box(self.left - x, self.top - y, self.right + x, self.bottom + y)

    def scaled(self, factor: float) -> Box:
        """The box with every coordinate times ``factor`` (> 0): points to pixels and back."""
        return Box(self.left * factor, self.top * factor, self.right * factor, self.bottom * factor)

    def transformed(self, matrix: Matrix) -> Box:
        """The upright box around the four corners after the homography ``matrix``."""
        corners = np.array(
            [
                [self.left, self.right, self.right, self.left],
                [self.top, self.top, self.bottom, self.bottom],
                [1, 1, 1, 1],
            ],
            dtype=np.float64,
        )
        x, y, w = matrix @ corners
        x, y = x / w, y / w
        return Box(float(x.min()), float(y.min()), float(x.max()), float(y.max()))

    @staticmethod
    def around(boxes: Iterable[Box]) -> Box:
        """The smallest box around all ``boxes``; ValueError when there are none."""
        found = list(boxes)
        if not found:
            raise ValueError("no boxes to put a box around")
        return Box(
            min(b.left for b in found),
            min(b.top for b in found),
            max(b.right for b in found),
            max(b.bottom for b in found),
        )
