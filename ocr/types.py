"""Values that pass inside ``ocr/`` (and to ``cleanup/watermark``): pixels, rulings, grids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from document.geometry import Box, Matrix
from document.types import Cell, TextLine

if TYPE_CHECKING:
    from ocr.bow import Bow

Pixels = NDArray[np.uint8]
"""``(height, width)`` grey or ``(height, width, 3)`` in OpenCV's order blue, green, red; 255 is white."""


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page as pixels, upright and straight.

    The straight page has its own points: pixel · 72 / dpi. Lines, rulings and grids are found in these
    straight points; ``on_page`` maps them to points on the upright source page, for the boxes that leave.
    """

    number: int
    """1-based page number."""
    pixels: Pixels
    """Never written to: a step that changes pixels makes a new array."""
    dpi: float
    to_page: Matrix
    """3×3, straight points to points on the upright source page; of a sheet laid flat, once its ``bow`` is back."""
    width: float
    height: float
    """The upright source page, points."""
    rotation: int = 0
    """Clockwise turn applied to the source page: 0, 90, 180, 270."""
    skew_degrees: float = 0.0
    """Counter-clockwise skew found and taken out."""
    bilevel: bool = False
    """Whether the scan has one bit a pixel (a fax)."""
    scale: float = 1.0
    """Points of the page for one straight point: 1 but where the page does not say how large its paper is."""
    bow: Bow | None = None
    """The bow that was taken out of a curled sheet, in shares of the picture."""

    def on_page(self, box: Box) -> Box:
        """Where a box in straight points lies on the upright source page."""
        if self.bow is not None:
            height, width = self.pixels.shape[:2]
            box = self.bow.around(box, width * 72 / self.dpi, height * 72 / self.dpi)
        return box.transformed(self.to_page)

    @property
    def grey(self) -> Pixels:
        """Lightness, ``(height, width)``."""
        if self.pixels.ndim == 2:
            return self.pixels
        import cv2

        return np.asarray(cv2.cvtColor(self.pixels, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Ruling:
    """A straight ruling line: horizontal ones at y = position from x = start to end, vertical likewise."""

    position: float
    """At the middle of the line."""
    start: float
    end: float
    thickness: float = 0.5
    slope: float = 0.0
    """Change of position along the line, points per point: what skew is left (positive: down to
    the right; for a vertical line, to the right going down)."""

    def at(self, along: float) -> float:
        """The position at the place ``along`` the line (x of a horizontal, y of a vertical one)."""
        return self.position + self.slope * (along - (self.start + self.end) / 2)

    @property
    def length(self) -> float:
        """End minus start."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Rulings:
    """The ruling lines of one page, in straight points."""

    horizontal: tuple[Ruling, ...] = ()
    vertical: tuple[Ruling, ...] = ()


@dataclass(frozen=True, slots=True)
class GridCell:
    """One cell of a grid, before it has text."""

    row: int
    col: int
    row_span: int
    col_span: int
    box: Box


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one printed table on one page, found from rulings or alignment."""

    box: Box
    n_rows: int
    n_cols: int
    cells: tuple[GridCell, ...]
    """Row-major; every grid position is covered by exactly one."""
    row_edges: tuple[float, ...] = ()
    """n_rows + 1 y positions."""
    col_edges: tuple[float, ...] = ()
    """n_cols + 1 x positions."""
    ruled: bool = True


@dataclass(frozen=True, slots=True)
class FilledGrid:
    """A grid with its words: a table on one page, before the document is put together."""

    grid: Grid
    cells: tuple[Cell, ...]
    """One for each cell of the grid, in the same order; boxes in straight points."""


@dataclass(frozen=True, slots=True)
class ReadPage:
    """What one page gave: everything the layout step needs, in straight points."""

    image: PageImage | None
    lines: tuple[TextLine, ...]
    rulings: Rulings
    grids: tuple[Grid, ...] = ()
