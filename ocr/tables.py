"""Words into cells (表格填充): regions cut at the rules, ink nobody read, and the filled tables of one page."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from document.geometry import Box
from document.types import BLANK, Cell, Character, Reading, TextLine
from ocr.align import align_grids
from ocr.ink import darkness, pixels_of, text_darkness
from ocr.pieces import part_of_line, pieces
from ocr.types import FilledGrid, Grid, GridCell, PageImage, Pixels

__all__ = ["TableOptions", "align_grids", "fill_grids", "join_lines", "reading_order", "split_regions", "unread_cells"]


class TableOptions(BaseModel):
    """How regions, ink and lines meet cells. Lengths are points unless they say otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    inset: float = Field(0.6, ge=0, le=5, description="kept clear of a rule's middle when trimming (points)")
    overhang: float = Field(
        0.4, ge=0, le=1, description="a region reaching less than this over a rule is trimmed, not cut (heights)"
    )
    ink: float = Field(0.55, gt=0, le=1, description="darkness of unread ink against the page's text (0–1)")
    ink_inset: float = Field(1.3, ge=0, le=10, description="border of a cell where unread ink is rule (points)")
    low: float = Field(0.45, gt=0, le=1, description="lowest unread character (type heights)")
    high: float = Field(1.7, gt=0, le=5, description="highest unread character (type heights)")
    max_cells: int = Field(400, ge=0, le=100000, description="unread boxes reported a page at most")


DEFAULT = TableOptions()

_WHOLE_AMOUNT = re.compile(r"[-+]?[\d,，]{1,20}\.\d{1,2}%?")


# -- regions ---------------------------------------------------------------------------------------------


def split_regions(
    regions: tuple[Box, ...], grids: tuple[Grid, ...], options: TableOptions = DEFAULT
) -> tuple[Box, ...]:
    """The detector's ``regions``, cut at rules between cells and trimmed so that no rule is inside.

    A region that reaches less than ``options.overhang`` of its height over a rule is only trimmed: that is
    the detector's margin. Regions outside every grid come back as they are, in the same order.
    """
    return tuple(part for region in regions for part in _split_region(region, grids, options))


def _split_region(region: Box, grids: tuple[Grid, ...], options: TableOptions) -> list[Box]:
    """The parts of one region."""
    x, y = region.center
    grid = next((g for g in grids if g.box.contains(x, y)), None)
    if grid is None:
        return [region]
    parts = [part for cell in grid.cells if (part := _part(region, cell.box, options)) is not None]
    return sorted(parts, key=lambda b: (b.top, b.left)) or [region]


def _part(region: Box, cell: Box, options: TableOptions) -> Box | None:
    """What of ``region`` belongs to ``cell``: None where only a margin reaches in."""
    common = region.intersection(cell)
    if common is None:
        return None
    least = min(region.height, region.width, cell.height) * options.overhang
    wide = common.width >= min(least, cell.width * 0.6)
    tall = common.height >= min(region.height, cell.height) * 0.5
    inner = _inset(cell, options.inset)
    return common.intersection(inner) if wide and tall else None


def _inset(box: Box, by: float) -> Box:
    """The box without a border of ``by``, never inside out."""
    x, y = min(by, box.width / 2), min(by, box.height / 2)
    return box.grown(-x, -y)


# -- unread ink ------------------------------------------------------------------------------------------


def unread_cells(
    image: PageImage, grids: tuple[Grid, ...], regions: tuple[Box, ...], options: TableOptions = DEFAULT
) -> tuple[Box, ...]:
    """Boxes of ink in cells that no region covers, in points: a lone 1 in a row of column numbers (栏次).

    Ink counts when it is as dark as the text that was detected, stands clear of the rules, and is as high as
    a character: specks, remnants of rules and pale residue of a watermark do not. Without a detected region
    there is nothing to compare with, and nothing is reported.
    """
    inside = [r for r in regions if any(g.box.contains(*r.center) for g in grids)]
    if not inside:
        return ()
    unit = image.dpi / 72
    dark = darkness(image.grey, unit)
    size = float(np.median([min(r.height, r.width) for r in inside]))
    least = options.ink * text_darkness(dark, inside, unit)
    covered = _covered_mask(dark, regions, unit)
    found = [
        box
        for grid in grids
        for cell in grid.cells
        if (box := _unread(dark, covered, cell.box, unit, size, least, options)) is not None
    ]
    return tuple(found[: options.max_cells])


def _covered_mask(dark: Pixels, regions: Iterable[Box], unit: float) -> NDArray[np.bool_]:
    """Where regions already lie."""
    mask = np.zeros(dark.shape, dtype=np.bool_)
    for region in regions:
        mask[pixels_of(region.grown(0.5), unit, dark.shape)] = True
    return mask


def _unread(
    dark: Pixels,
    covered: NDArray[np.bool_],
    cell: Box,
    unit: float,
    size: float,
    least: float,
    options: TableOptions,
) -> Box | None:
    """The box around uncovered characters in one cell, or None."""
    inner = _inset(cell, options.ink_inset)
    rows, cols = pixels_of(inner, unit, dark.shape)
    ink = (dark[rows, cols] >= max(least, 1)) & ~covered[rows, cols]
    if not ink.any():
        return None
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    boxes = [b for b in stats[1:].tolist() if _is_character(b, ink.shape, size * unit, options)]
    if not boxes:
        return None
    around = Box.around(Box(x, y, x + w, y + h) for x, y, w, h, _ in boxes)
    box = Box(
        (around.left + cols.start) / unit,
        (around.top + rows.start) / unit,
        (around.right + cols.start) / unit,
        (around.bottom + rows.start) / unit,
    )
    return box.grown(size * 0.2).intersection(_inset(cell, options.inset))


def _is_character(stats: list[int], shape: tuple[int, ...], size: float, options: TableOptions) -> bool:
    """Whether a connected piece (x, y, width, height, area; pixels) may be a character or digit."""
    x, y, width, height, area = stats
    if not options.low * size <= height <= options.high * size or width > options.high * size:
        return False
    edge = x == 0 or y == 0 or x + width == shape[1] or y + height == shape[0]
    return not edge and area >= 0.12 * width * height


# -- lines into cells ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Placed:
    """A line, or part of one, and the cell it lies in."""

    grid: int
    cell: int
    line: TextLine


def fill_grids(
    grids: tuple[Grid, ...], lines: tuple[TextLine, ...], page_number: int
) -> tuple[tuple[FilledGrid, ...], tuple[TextLine, ...]]:
    """The ``grids`` with their words, and the lines that lie in none, in the order given.

    A line that spans cells is cut between its characters. The lines of a cell are joined in reading order.
    """
    placed: dict[tuple[int, int], list[TextLine]] = {}
    outside: list[TextLine] = []
    for line in lines:
        parts = _place(line, grids)
        if not parts:
            outside.append(line)
        for part in parts:
            placed.setdefault((part.grid, part.cell), []).append(part.line)
    filled = tuple(
        FilledGrid(
            grid,
            tuple(_cell(c, placed.get((g, i), []), page_number) for i, c in enumerate(grid.cells)),
        )
        for g, grid in enumerate(grids)
    )
    return filled, tuple(outside)


def _place(line: TextLine, grids: tuple[Grid, ...]) -> list[_Placed]:
    """The cells a line lies in, with its part in each; nothing for a line outside every grid."""
    for number, grid in enumerate(grids):
        if grid.box.contains(*line.box.center):
            whole = (line,) if grid.ruled else _by_cell(line, grid)
            return [_Placed(number, cell, part) for piece in whole for cell, part in _parts(piece, grid)]
    return []


def _by_cell(line: TextLine, grid: Grid) -> tuple[TextLine, ...]:
    """The pieces of a line, those that lie in one cell together: without upright rules the detector parts no cells."""
    parts = pieces(line)
    if len(parts) == 1:
        return parts
    homes = groupby(parts, key=lambda p: _cell_at(grid, *p.box.center))
    groups = [tuple(group) for _, group in homes]
    if len(groups) == 1:
        return (line,)
    return tuple(g[0] if len(g) == 1 else _rejoined(line, g) for g in groups)


def _rejoined(line: TextLine, parts: tuple[TextLine, ...]) -> TextLine:
    """Pieces side by side as one part of their line."""
    first = line.characters.index(parts[0].characters[0])
    last = line.characters.index(parts[-1].characters[-1])
    return part_of_line(line, first, last + 1)


def _parts(line: TextLine, grid: Grid) -> list[tuple[int, TextLine]]:
    """The line cut at the rules it crosses, with the number of the cell of each part."""
    main = _cell_at(grid, *line.box.center)
    if not line.characters or line.box.cover(grid.cells[main].box) > 0.98 or abs(line.angle) > 10:
        return [(main, line)]
    if not grid.ruled and _WHOLE_AMOUNT.fullmatch(line.text.strip()):
        return [(main, line)]  # an edge that no rule shows may lie a little inside it
    cells = _cells_of_characters(line, grid)
    runs = [(cell, [i for i, _ in group]) for cell, group in groupby(enumerate(cells), key=lambda p: p[1])]
    if len(runs) == 1:
        return [(runs[0][0], line)]
    return [(cell, part_of_line(line, run[0], run[-1] + 1)) for cell, run in runs]


def _cell_at(grid: Grid, x: float, y: float) -> int:
    """The number of the cell at, or nearest to, a point."""

    def distance(cell: GridCell) -> float:
        box = cell.box
        return max(box.left - x, x - box.right, 0) + max(box.top - y, y - box.bottom, 0)

    inside = next((i for i, cell in enumerate(grid.cells) if cell.box.contains(x, y)), None)
    return min(range(len(grid.cells)), key=lambda i: distance(grid.cells[i])) if inside is None else inside


def _cells_of_characters(line: TextLine, grid: Grid) -> list[int]:
    """For each character the number of its cell.

    Text that goes on over a rule without a gap has run over its own cell and stays there: cells keep a margin,
    so between two of them there is a gap.
    """
    y = line.box.center[1]
    cells: list[int] = []
    for number, character in enumerate(line.characters):
        here = _cell_at(grid, (character.left + character.right) / 2, y)
        if cells and here != cells[-1] and _runs_over(line.characters, number, cells):
            here = cells[-1]
        cells.append(here)
    return cells


def _runs_over(characters: tuple[Character, ...], number: int, cells: list[int]) -> bool:
    """Whether character ``number`` goes on with the text of the cell before it, over the rule.

    An amount does not: right-aligned, it may touch the rule, and the next cell's words begin at once.
    """
    if not _follows_closely(characters[number - 1], characters[number]):
        return False
    so_far = "".join(c.text for c, cell in zip(characters, cells, strict=False) if cell == cells[-1])
    return not (_WHOLE_AMOUNT.fullmatch(so_far.strip()) and characters[number].text not in "0123456789%.")


def _follows_closely(before: Character, here: Character) -> bool:
    """Whether there is no gap between two characters of a line."""
    return here.left - before.right <= 0.3 * max(here.right - here.left, 1e-6)


def _cell(cell: GridCell, lines: list[TextLine], page_number: int) -> Cell:
    """The cell with its lines joined."""
    ordered = reading_order(lines)
    return Cell(
        row=cell.row,
        col=cell.col,
        page=page_number,
        box=cell.box,
        reading=_reading(ordered),
        row_span=cell.row_span,
        col_span=cell.col_span,
        lines=ordered,
    )


def _reading(lines: tuple[TextLine, ...]) -> Reading:
    """The joined text of ordered lines; its confidence is that of the least sure one."""
    text = join_lines(lines)
    if not text:
        return BLANK
    return Reading(text=text, raw=text, confidence=min(line.confidence for line in lines))


def reading_order(lines: Iterable[TextLine]) -> tuple[TextLine, ...]:
    """Lines from top to bottom, and from left to right where they stand beside each other."""
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda item: item.box.center[1]):
        middle = line.box.center[1]
        if rows and middle < _row_bottom(rows[-1]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return tuple(line for row in rows for line in sorted(row, key=lambda item: item.box.left))


def _row_bottom(row: list[TextLine]) -> float:
    """How far down the middle of a line may lie to stand beside the lines of a row."""
    first = row[0].box
    return first.center[1] + 0.5 * min(line.box.height for line in row)


def join_lines(lines: Sequence[TextLine]) -> str:
    """The texts of ordered lines as one: no space between Chinese characters, one between Latin words.

    A number that goes on in the next line of its cell goes on without a space; two numbers side by side
    keep one.
    """
    text = ""
    before: TextLine | None = None
    for line in lines:
        piece = line.text.strip()
        if text and piece and before is not None:
            text += _separator(text[-1], piece[0], before, line)
        text += piece
        before = line if piece else before
    return text


def _separator(last: str, first: str, before: TextLine, line: TextLine) -> str:
    """What stands between two pieces of a cell's text."""
    beside = line.box.center[1] < _row_bottom([before])
    if _is_digit(last) and _is_digit(first):
        return " " if beside else ""
    return " " if _is_latin(last) and _is_latin(first) else ""


def _is_digit(char: str) -> bool:
    """A digit, or a sign that belongs to a number."""
    return char.isdigit() or char in ",.%，．"


def _is_latin(char: str) -> bool:
    """A letter or digit that takes half a square: Latin, Greek, Cyrillic, 0–9."""
    return char.isalnum() and unicodedata.east_asian_width(char) not in ("W", "F")
