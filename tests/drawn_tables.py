"""Tables drawn in code, with the cells they have: for tests of rulings, grids and filling."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from ocr.types import Grid, PageImage, Pixels

Span = tuple[int, int, int, int]
"""Row, column, row span, column span."""


@dataclass(frozen=True)
class DrawnTable:
    """A table in points: edges and merged cells."""

    rows: tuple[float, ...]
    cols: tuple[float, ...]
    cells: tuple[Span, ...]

    def moved(self, x: float, y: float) -> DrawnTable:
        return DrawnTable(tuple(r + y for r in self.rows), tuple(c + x for c in self.cols), self.cells)

    def box(self, cell: Span) -> tuple[float, float, float, float]:
        row, col, row_span, col_span = cell
        return self.cols[col], self.rows[row], self.cols[col + col_span], self.rows[row + row_span]


@dataclass(frozen=True)
class Scan:
    """How a page is printed and scanned."""

    dpi: float = 200
    thickness: float = 0.6
    ink: int = 0
    skew: float = 0.0
    noise: float = 0.0
    broken: float = 0.0
    """Share of each rule wiped out in gaps of up to 5 points."""
    dotted: float = 0.0
    """From dot to dot, points; a dot is half as long. 0: rules drawn through."""
    double: bool = False
    bilevel: bool = False
    text: bool = True
    open_sides: bool = False
    speckles: int = 0
    width: float = 400
    height: float = 300
    seed: int = 1


def regular(n_rows: int, n_cols: int, row: float = 16, col: float = 60, merges: tuple[Span, ...] = ()) -> DrawnTable:
    """A table of equal rows and columns at (30, 40), with ``merges``."""
    rows = tuple(40 + row * i for i in range(n_rows + 1))
    cols = tuple(30 + col * i for i in range(n_cols + 1))
    return DrawnTable(rows, cols, tiling(n_rows, n_cols, merges))


def tiling(n_rows: int, n_cols: int, merges: tuple[Span, ...]) -> tuple[Span, ...]:
    """Every position in exactly one cell, row by row; merges that overlap an earlier one are left out."""
    owner = np.zeros((n_rows, n_cols), dtype=bool)
    cells: list[Span] = []
    for row, col, row_span, col_span in merges:
        part = owner[row : row + row_span, col : col + col_span]
        if part.shape == (row_span, col_span) and not part.any():
            part[:] = True
            cells.append((row, col, row_span, col_span))
    cells += [(r, c, 1, 1) for r in range(n_rows) for c in range(n_cols) if not owner[r, c]]
    return tuple(sorted(cells))


@st.composite
def tables(draw: st.DrawFn, max_rows: int = 7, max_cols: int = 6) -> DrawnTable:
    """Tables of random edges and merges in which every row and column edge is printed somewhere."""
    heights = draw(st.lists(st.floats(10, 32), min_size=2, max_size=max_rows))
    widths = draw(st.lists(st.floats(24, 60), min_size=3, max_size=max_cols))
    n_rows, n_cols = len(heights), len(widths)
    merge = st.tuples(
        st.integers(0, n_rows - 1),
        st.integers(0, n_cols - 1),
        st.integers(1, min(3, n_rows)),
        st.integers(1, min(3, n_cols)),
    )
    cells = tiling(n_rows, n_cols, tuple(draw(st.lists(merge, max_size=4))))
    table = DrawnTable(
        tuple(30 + float(v) for v in np.cumsum([0.0, *heights])),
        tuple(25 + float(v) for v in np.cumsum([0.0, *widths])),
        cells,
    )
    assume({r for r, _, _, _ in cells} == set(range(n_rows)) and {c for _, c, _, _ in cells} == set(range(n_cols)))
    return table


def spans_of(grid: Grid) -> tuple[Span, ...]:
    """The cells of a found grid."""
    return tuple(sorted((c.row, c.col, c.row_span, c.col_span) for c in grid.cells))


def page(drawn: DrawnTable | tuple[DrawnTable, ...], scan: Scan = Scan()) -> PageImage:
    """A picture of tables, printed and scanned as ``scan`` says."""
    drawn = (drawn,) if isinstance(drawn, DrawnTable) else drawn
    random = np.random.default_rng(scan.seed)
    over = 4
    unit = scan.dpi / 72 * over
    canvas = np.full((round(scan.height * unit), round(scan.width * unit)), 255, dtype=np.uint8)
    for table in drawn:
        _rule(canvas, table, scan, unit, random)
        if scan.text:
            _write(canvas, table, unit, random)
    pixels = cv2.resize(canvas, None, fx=1 / over, fy=1 / over, interpolation=cv2.INTER_AREA)
    return photograph(pixels, scan)


def photograph(pixels: Pixels, scan: Scan) -> PageImage:
    """The printed page turned, noisy, with specks, and in black and white where ``scan`` says."""
    random = np.random.default_rng(scan.seed + 1)
    height, width = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), scan.skew, 1)
    image = cv2.warpAffine(pixels, turn, (width, height), flags=cv2.INTER_LINEAR, borderValue=255).astype(np.float64)
    image += random.normal(0, scan.noise, image.shape) if scan.noise else 0
    for x, y in zip(
        random.integers(0, width - 3, scan.speckles), random.integers(0, height - 3, scan.speckles), strict=True
    ):
        image[y : y + random.integers(1, 4), x : x + random.integers(1, 4)] = 30
    if scan.bilevel:
        image = np.where(image < 150, 0, 255)
    grey = np.clip(image, 0, 255).astype(np.uint8)
    return PageImage(1, grey, scan.dpi, np.eye(3), width * 72 / scan.dpi, height * 72 / scan.dpi)


def _rule(canvas: Pixels, table: DrawnTable, scan: Scan, unit: float, random: np.random.Generator) -> None:
    shifts = (-0.6, 0.6) if scan.double else (0.0,)
    for cell in table.cells:
        left, top, right, bottom = table.box(cell)
        for shift in shifts:
            for edge, ends in (((top, True), (left, right)), ((bottom, True), (left, right))):
                _line(canvas, edge[0] + shift, ends, True, scan, unit, random)
            for x in (left, right):
                if scan.open_sides and x in (table.cols[0], table.cols[-1]):
                    continue
                _line(canvas, x + shift, (top, bottom), False, scan, unit, random)


def _line(
    canvas: Pixels,
    at: float,
    ends: tuple[float, float],
    level: bool,
    scan: Scan,
    unit: float,
    random: np.random.Generator,
) -> None:
    start, end = ends
    dots = [(float(at), float(at) + scan.dotted / 2) for at in np.arange(start, end, scan.dotted or end - start)]
    for low, high in dots if scan.dotted else _whole_parts(start, end, scan.broken, random):
        first, last = round((at - scan.thickness / 2) * unit), max(round((at + scan.thickness / 2) * unit), 1)
        reach = 0.0 if scan.dotted else scan.thickness / 2
        a, b = round((low - reach) * unit), round((high + reach) * unit)
        rows, cols = (slice(first, last), slice(a, b)) if level else (slice(a, b), slice(first, last))
        canvas[rows, cols] = np.minimum(canvas[rows, cols], scan.ink)


def _whole_parts(start: float, end: float, broken: float, random: np.random.Generator) -> list[tuple[float, float]]:
    """What is left of a rule; the gaps lie inside it, apart from each other."""
    gaps = int(broken * (end - start) / 3.0)
    marks = sorted(random.uniform(start + 4, end - 7, gaps).tolist()) if end - start > 16 else []
    parts, at = [], start
    for mark in marks:
        if mark > at + 4:
            parts.append((at, mark))
            at = mark + 3.0
    return [*parts, (at, end)]


def _write(canvas: Pixels, table: DrawnTable, unit: float, random: np.random.Generator) -> None:
    for number, cell in enumerate(table.cells):
        left, _, right, bottom = table.box(cell)
        if number % 4 == 3 or right - left < 18:
            continue
        text = f"{random.integers(1, 99)}.{random.integers(0, 9)}"
        place = (round((left + 2) * unit), round((bottom - 3) * unit))
        cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, unit * 0.22, (20,), max(1, round(unit * 0.5)))


def rougher(scan: Scan, **changes: object) -> Scan:
    """A scan with some things changed."""
    return replace(scan, **changes)  # type: ignore[arg-type]
