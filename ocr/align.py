"""Tables without rules, or with horizontal rules only (无线表, 三线表), by the alignment of their lines.

Conservative: what is missed stays text that a person can read, what is invented tears text apart. So a table
without rules must have columns that stay apart over at least three rows and a column of amounts; between
horizontal rules the alignment alone is enough. Prose in two columns, tables of contents and the captions
above a table are none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from document.geometry import Box
from document.types import TextLine
from ocr import patterns
from ocr.heads import centred_edges, centred_spans, head_spans
from ocr.levelrules import level_ruled_grid
from ocr.pieces import pieces
from ocr.rows import Row, Segment, build_rows
from ocr.spans import merged
from ocr.types import Grid, GridCell, Ruling, Rulings


class AlignOptions(BaseModel):
    """When lines count as a table. Lengths are points or type sizes (em), as said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_rows: int = Field(3, ge=2, le=50, description="rows a table without rules has at least")
    min_cols: int = Field(3, ge=2, le=50, description="columns a table without rules has at least")
    gutter: float = Field(0.9, gt=0, le=10, description="width of the gap between columns (em)")
    crossing: float = Field(
        0.15, ge=0, le=0.5, description="share of rows whose text may cross a gutter: headers (0–1)"
    )
    row_gap: float = Field(2.4, gt=0, le=20, description="a wider gap between rows ends a table without rules (em)")
    amounts: float = Field(0.6, gt=0, le=1, description="share of numbers that makes a column one of amounts (0–1)")
    cell_length: float = Field(14.0, gt=0, le=200, description="mean characters a cell; prose has more")
    rule_length: float = Field(100.0, gt=0, le=2000, description="shortest horizontal rule of a table (points)")
    rule_ends: float = Field(6.0, ge=0, le=50, description="how far the ends of a table's rules differ (points)")
    max_lines: int = Field(1500, ge=10, le=100000, description="lines looked at on a page")


DEFAULT = AlignOptions()

_APART = -0.5
"""Pieces of a line stay apart, though the widths of their characters are rough (em)."""
_SHRINK = 1.2
"""What boxes of pieces have around the ink, points."""

_NUMBER = re.compile(r"[-+(（]?\d{1,3}(?:[,，]?\d{3}){0,6}(?:[.．]\d{1,6})?[)）]?%?|[-+]?\d{1,18}(?:[.．]\d{1,6})?%?")
_LEADERS = re.compile(r"[.．·•…]{4}|(?:\. ){3}|…")


@dataclass(frozen=True, slots=True)
class _Band:
    """Consecutive rows that may be a table, between two heights, with the heights of rules between them."""

    rows: tuple[Row, ...]
    top: float
    bottom: float
    rules: tuple[float, ...] = ()
    extent: tuple[float, float] | None = None
    """Left and right end of the rules."""


def align_grids(
    lines: tuple[TextLine, ...], rulings: Rulings, taken: tuple[Box, ...], options: AlignOptions = DEFAULT
) -> tuple[Grid, ...]:
    """Tables that ``lines`` make by standing in columns, from top to bottom; ``taken`` boxes are ruled tables.

    In points, as the lines. A grid found this way has ``ruled`` False.
    """
    level = [k for k in lines[: options.max_lines] if abs(k.angle) < 5 and not _within(k.box, taken)]
    rows = build_rows(level, near=options.gutter) if level else ()
    finer = build_rows([p for k in level for p in pieces(k)], near=_APART) if level else ()
    groups = [part for g in _rule_groups(rulings, taken, options) for part in _between_captions(g, rows, options)]
    grids: list[Grid] = []
    for rules in sorted(groups, key=lambda g: -g[0].length):
        if any(g.box.contains((r.start + r.end) / 2, r.position) for g in grids for r in rules):
            continue  # rules over some columns of a table that is known
        grid = _level_ruled(rules, finer, rulings, taken, options)
        if grid is None and len(rules) >= 3 and (band := _ruled_band(rules, finer)) is not None:
            grid = _grid(band, options)
        grids += [grid] if grid is not None else []
    taken = taken + tuple(g.box for g in grids)
    free = [row for row in rows if not any(_within(s.box, taken) for s in row)]
    grids += [g for band in _free_bands(free, taken, options) if (g := _grid(band, options)) is not None]
    return tuple(sorted(grids, key=lambda g: (g.box.top, g.box.left)))


def _within(box: Box, taken: Sequence[Box]) -> bool:
    """Whether the middle of ``box`` lies in one of ``taken``."""
    return any(t.contains(*box.center) for t in taken)


# -- where a table may be --------------------------------------------------------------------------------


def _rule_groups(rulings: Rulings, taken: Sequence[Box], options: AlignOptions) -> list[list[Ruling]]:
    """Horizontal rules outside ``taken`` with the same ends, from top to bottom."""
    groups: list[list[Ruling]] = []
    for rule in sorted(rulings.horizontal, key=lambda r: r.position):
        middle = (rule.start + rule.end) / 2
        if rule.length < options.rule_length or any(t.grown(2).contains(middle, rule.position) for t in taken):
            continue
        home = next((g for g in groups if _same_ends(g[0], rule, options.rule_ends)), None)
        if home is None:
            groups.append([rule])
        else:
            home.append(rule)
    return [g for g in groups if len(g) >= 2]


def _between_captions(rules: list[Ruling], rows: Sequence[Row], options: AlignOptions) -> list[list[Ruling]]:
    """The rules of each table: captions (单位：万元) between two rules stand above the next table."""
    parts = [[rules[0]]]
    captions = [_middle(row) for row in rows if any(_is_caption(s) for s in row)]
    for above, rule in pairwise(rules):
        if any(above.position < middle < rule.position for middle in captions):
            parts.append([])
        parts[-1].append(rule)
    return [part for part in parts if len(part) >= 2]


def _level_ruled(
    rules: list[Ruling], rows: Sequence[Row], rulings: Rulings, taken: Sequence[Box], options: AlignOptions
) -> Grid | None:
    """The table of a head and a body between level rules, by its head.

    The last of three or more rules ends it; with two it goes on over the page, to the last row that is near.
    """
    levels = [r.position for r in rules]
    extent = min(r.start for r in rules), max(r.end for r in rules)
    below = [row for row in rows if _middle(row) > levels[1]]
    bottom = levels[-1] if len(levels) > 2 else _end_of_body(levels[1], below, taken, options)
    inside = [row for row in rows if levels[0] < _middle(row) < bottom]
    parts = [s for row in inside for s in row]
    if not parts or any(s.box.left < extent[0] - s.em or s.box.right > extent[1] + s.em for s in parts):
        return None
    if sum(len(s.text) for s in parts) > options.cell_length * len(parts):
        return None
    partial = [
        r.position
        for r in rulings.horizontal
        if levels[0] < r.position < bottom
        and extent[0] - 3 <= r.start
        and r.end <= extent[1] + 3
        and options.rule_ends < r.length < extent[1] - extent[0] - options.rule_ends
    ]
    return level_ruled_grid(inside, levels if len(levels) == 2 else levels[:-1], partial, bottom, extent)


def _end_of_body(start: float, rows: Sequence[Row], taken: Sequence[Box], options: AlignOptions) -> float:
    """Where a body ends that no rule ends: below the last row before a caption, a wide gap, prose or another table."""
    bottom = start
    for number, row in enumerate(rows):
        if number == len(rows) - 1 and patterns.is_page_number("".join(s.text for s in row)):
            break
        size = max(s.em for s in row)
        prose = len(row) == 1 and len(row[0].text) > 2 * options.cell_length
        if _top(row) - bottom > options.row_gap * size or prose or any(_is_caption(s) for s in row):
            break
        if any(bottom <= t.center[1] <= _middle(row) for t in taken):
            break
        bottom = _bottom(row) + 1
    return bottom


def _same_ends(one: Ruling, other: Ruling, tolerance: float) -> bool:
    """Whether two rules begin and end at the same places."""
    return abs(one.start - other.start) <= tolerance and abs(one.end - other.end) <= tolerance


def _ruled_band(rules: list[Ruling], rows: Sequence[Row]) -> _Band | None:
    """The rows between the first and the last rule; None where text sticks out: leaders of dots, underlined words."""
    top, bottom = rules[0].position, rules[-1].position
    left, right = min(r.start for r in rules), max(r.end for r in rules)
    inside = tuple(row for row in rows if top < _middle(row) < bottom)
    if not inside or any(s.box.left < left - s.em or s.box.right > right + s.em for row in inside for s in row):
        return None
    return _Band(inside, top, bottom, tuple(r.position for r in rules), (left, right))


def _middle(row: Row) -> float:
    """The height of a row's middle."""
    return median(s.box.center[1] for s in row)


def _free_bands(rows: Sequence[Row], taken: Sequence[Box], options: AlignOptions) -> list[_Band]:
    """Runs of rows near each other in several pieces; a short piece alone may stand between two such rows."""
    runs: list[list[Row]] = [[]]
    for row in rows:
        if runs[-1] and not _near(runs[-1][-1], row, taken, options):
            runs.append([])
        if any(_is_caption(s) for s in row) or (len(row) == 1 and len(row[0].text) > options.cell_length):
            runs.append([])
        elif len(row) >= 2 or runs[-1]:
            runs[-1].append(row)
    whole = [run[: 1 + max((i for i, row in enumerate(run) if len(row) >= 2), default=-1)] for run in runs]
    return [
        _Band(tuple(run), min(map(_top, run)) - 1, max(map(_bottom, run)) + 1)
        for run in whole
        if len(run) >= options.min_rows
    ]


def _is_caption(segment: Segment) -> bool:
    """Whether a piece belongs above a table (部门名称：, 单位：万元), or has the dots of a table of contents."""
    text = patterns.plain(segment.text[:300])
    caption = patterns.unit(text) or patterns.entity(text) or patterns.table_number(text)
    return caption is not None or bool(_LEADERS.search(text))


def _top(row: Row) -> float:
    return min(s.box.top for s in row)


def _bottom(row: Row) -> float:
    return max(s.box.bottom for s in row)


def _near(before: Row, row: Row, taken: Sequence[Box], options: AlignOptions) -> bool:
    """Whether a row follows another closely enough, with no other table between."""
    size = max(s.em for s in before + row)
    if _middle(row) - _middle(before) > options.row_gap * size:
        return False
    return not any(_middle(before) < t.center[1] < _middle(row) for t in taken)


# -- columns and rows ------------------------------------------------------------------------------------


def _grid(band: _Band, options: AlignOptions) -> Grid | None:
    """The table in a band, or None where its rows are no table."""
    exact = _headed(band, options)
    gutters = _gutters(band, options) if exact is None else [(x, x) for x in exact[1:-1]]
    if not gutters or not _is_table(band, gutters, options):
        return None
    left = min(s.box.left for row in band.rows for s in row) - 1
    right = max(s.box.right for row in band.rows for s in row) + 1
    if band.extent is not None:
        left, right = min(left, band.extent[0]), max(right, band.extent[1])
    cols = exact or (left, *((a + b) / 2 for a, b in gutters), right)
    rows = _row_edges(band)
    cells = _cells(band, rows, cols)
    return Grid(Box(left, rows[0], right, rows[-1]), len(rows) - 1, len(cols) - 1, cells, rows, cols, ruled=False)


def _gutters(band: _Band, options: AlignOptions) -> list[tuple[float, float]]:
    """The stretches between columns that hardly a row's text crosses."""
    several = [row for row in band.rows if len(row) >= 2]
    if len(several) < 2:
        return []
    size = median(s.em for row in several for s in row)
    left = min(s.box.left for row in several for s in row)
    right = max(s.box.right for row in several for s in row)
    count = np.zeros(int(min(right - left, 20000) / _STEP) + 1)
    inset = _SHRINK if band.rules else 0.0
    for row in several:
        mark = np.zeros(len(count), dtype=np.bool_)
        for s in row:
            mark[int((s.box.left + inset - left) / _STEP) : int(np.ceil((s.box.right - inset - left) / _STEP))] = True
        count += mark
    runs = _runs(count <= options.crossing * len(several), left)
    return [_clearest(count, run, left) for run in runs if _is_gutter(run, band, several, size, options)]


_STEP = 0.5
"""How finely the gaps between columns are looked for, points."""


def _runs(empty: np.typing.NDArray[np.bool_], left: float) -> list[tuple[float, float]]:
    """The inner runs of True from ``left`` on, in points."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], empty.astype(np.int8), [0]])))
    inner = [(a, b) for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True) if a > 0 and b < len(empty)]
    return [(left + a * _STEP, left + b * _STEP) for a, b in inner]


def _is_gutter(run: tuple[float, float], band: _Band, rows: Sequence[Row], size: float, options: AlignOptions) -> bool:
    """Whether a gap parts columns: a wide one does; between rules also a narrow one that pieces are aligned to."""
    if run[1] - run[0] >= options.gutter * size:
        return True
    if not band.rules or run[1] - run[0] < 2 * _STEP:
        return False
    ends = sum(abs(s.box.right - run[0]) <= 3 for row in rows for s in row)
    starts = sum(abs(s.box.left - run[1]) <= 3 for row in rows for s in row)
    return max(ends, starts) >= max(3, 0.3 * len(rows))


def _clearest(count: np.typing.NDArray[np.float64], run: tuple[float, float], left: float) -> tuple[float, float]:
    """The part of a gap that the fewest rows cross."""
    first, last = (round((x - left) / _STEP) for x in run)
    part = count[first:last]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (part == part.min()).astype(np.int8), [0]])))
    a, b = max(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True), key=lambda e: e[1] - e[0])
    return left + (first + a) * _STEP, left + (first + b) * _STEP


def _headed(band: _Band, options: AlignOptions) -> tuple[float, ...] | None:
    """The column edges that the centred names of a head between two rules give; None where hardly any fit."""
    if band.extent is None:
        return None
    for top, bottom in [*pairwise(band.rules)][:_HEAD]:
        parts = sorted(
            (s.box for row in band.rows for s in row if top < s.box.center[1] < bottom), key=lambda b: b.left
        )
        names = merged((b.left, b.right) for b in parts)
        edges = centred_edges([(a + b) / 2 for a, b in names], *band.extent) if len(names) >= options.min_cols else None
        if edges is not None and _parts_columns(band, edges, options):
            return edges
    return None


_HEAD = 4
"""Rows of a head at most."""


def _parts_columns(band: _Band, edges: Sequence[float], options: AlignOptions) -> bool:
    """Whether hardly a row's words cross any of the inner ``edges``."""
    several = [row for row in band.rows if len(row) >= 2]
    most = options.crossing * len(several)
    return all(
        sum(any(s.box.left + 3 < x < s.box.right - 3 for s in row) for row in several) <= most for x in edges[1:-1]
    )


def _is_table(band: _Band, gutters: list[tuple[float, float]], options: AlignOptions) -> bool:
    """Whether rows and columns look like a table's."""
    texts = [[_column(s, gutters) for s in row] for row in band.rows]
    lengths = [len(s.text) for row in band.rows for s in row]
    if sum(lengths) / len(lengths) > options.cell_length:
        return False
    columns = [[s.text for row in band.rows for s in row if _column(s, gutters) == c] for c in range(len(gutters) + 1)]
    several = sum(len(set(t)) >= 2 for t in texts)
    if several < max(2, 0.6 * len(band.rows)):
        return False
    if band.rules:
        return True
    amounts = [c for c in columns[1:] if _are_amounts(c, options)]
    return bool(amounts) and len(columns) >= options.min_cols and len(band.rows) >= options.min_rows


def _column(segment: Segment, gutters: list[tuple[float, float]]) -> int:
    """The number of the column a piece's middle lies in."""
    return sum(segment.box.center[0] > (a + b) / 2 for a, b in gutters)


def _are_amounts(texts: Sequence[str], options: AlignOptions) -> bool:
    """Whether a column holds amounts: numbers mostly, and not only the rising small ones of page numbers."""
    numbers = [t.strip() for t in texts if _NUMBER.fullmatch(t.strip()[:40])]
    if len(numbers) < 2 or len(numbers) < options.amounts * (len(texts) - 1):
        return False
    if any(c in t for t in numbers for c in ".,%，．"):
        return True
    values = [int(digits) for t in numbers if (digits := re.sub(r"\D", "", t))]
    return not (max(values) < 1000 and all(a <= b for a, b in pairwise(values)))


def _row_edges(band: _Band) -> tuple[float, ...]:
    """The heights between rows: the rules where they part the rows, else halfway between the lines."""
    middles = [_middle(row) for row in band.rows]
    inner = [r for r in band.rules if band.top < r < band.bottom]
    if len(inner) >= 2 and len(inner) + 1 >= 0.5 * len(middles):
        edges = [band.top, *inner, band.bottom]
        kept = [a for a, b in pairwise(edges) if any(a < m < b for m in middles)]
        return (*kept, band.bottom)
    return (band.top, *((a + b) / 2 for a, b in pairwise(middles)), band.bottom)


def _cells(band: _Band, rows: Sequence[float], cols: Sequence[float]) -> tuple[GridCell, ...]:
    """The cells, row by row; a header over several columns spans them."""
    lines = [[s for row in band.rows for s in row if a <= s.box.center[1] < b] for a, b in pairwise(rows)]
    leaf = next((n for n, here in enumerate(lines[:_HEAD]) if len(here) >= len(cols) - 1), 0)
    cells: list[GridCell] = []
    for number, (top, bottom) in enumerate(pairwise(rows)):
        spans = _row_spans(lines[number], cols, bool(band.rules), number < leaf)
        col = 0
        while col < len(cols) - 1:
            span = spans.get(col) or _span(col, cols, lines[number])
            cells.append(GridCell(number, col, 1, span, Box(cols[col], top, cols[col + span], bottom)))
            col += span
    return tuple(cells)


def _row_spans(segments: Sequence[Segment], cols: Sequence[float], ruled: bool, head: bool) -> dict[int, int]:
    """The columns that a centred head, or a label centred over the first ones, takes in: first column to number."""
    if not ruled:
        return {}
    row = tuple(sorted(segments, key=lambda s: s.box.left))
    spans = head_spans(row, cols) if head else None
    if spans is None:
        return centred_spans(row, cols)
    return {sum(spans[:n]): span for n, span in enumerate(spans)}


def _span(col: int, cols: Sequence[float], segments: Sequence[Segment]) -> int:
    """How many columns the piece that begins in column ``col`` runs over: those it covers the middle of a gutter of."""
    end = col + 1
    while end < len(cols) - 1 and any(
        s.box.left < cols[end] - s.em / 2 and s.box.right > cols[end] + s.em / 2 for s in segments
    ):
        end += 1
    return end - col
