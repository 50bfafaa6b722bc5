"""Where tables without upright rules may be (无线表, 三线表), and which are tables; ``ocr.levelrules`` makes them.

Conservative: what is missed stays text that a person can read, what is invented tears text apart. So a table
without rules must have columns that stay apart over at least three rows and a column of amounts; between
horizontal rules the alignment alone is enough. Prose in two columns, tables of contents and the captions
above a table are none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from pydantic import BaseModel, ConfigDict, Field

from document.geometry import Box
from document.types import TextLine
from ocr import patterns
from ocr.levelrules import Stretch, level_ruled_grid
from ocr.pieces import pieces, trimmed
from ocr.rows import Row, Segment, build_rows
from ocr.types import Grid, Ruling, Rulings


class AlignOptions(BaseModel):
    """When lines count as a table. Lengths are points or type sizes (em), as said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_rows: int = Field(3, ge=2, le=50, description="rows a table without rules has at least")
    min_cols: int = Field(3, ge=2, le=50, description="columns a table without rules has at least")
    gutter: float = Field(0.9, gt=0, le=10, description="width of the gap between columns (em)")
    row_gap: float = Field(2.4, gt=0, le=20, description="a wider gap between rows ends a table without rules (em)")
    amounts: float = Field(0.6, gt=0, le=1, description="share of numbers that makes a column one of amounts (0–1)")
    cell_length: float = Field(14.0, gt=0, le=200, description="mean characters a cell; prose has more")
    rule_length: float = Field(100.0, gt=0, le=2000, description="shortest horizontal rule of a table (points)")
    rule_ends: float = Field(6.0, ge=0, le=50, description="how far the ends of a table's rules differ (points)")
    max_lines: int = Field(1500, ge=10, le=100000, description="lines looked at on a page")


DEFAULT = AlignOptions()

_APART = -0.5
"""Pieces of a line stay apart, though the widths of their characters are rough (em)."""
_ONE_RULE = 3.0
"""Level rules nearer than this are one, points."""

_INNER = 4.0
"""A label that begins this far right of the first column's is one of an inner column, type sizes."""
_ALIGNED = 4.0
"""Labels of one column begin no further apart, points."""
_LABELS = 4
"""Labels that show where those of a column begin, at least."""

_NUMBER = re.compile(r"[-+(（]?\d{1,3}(?:[,，]?\d{3}){0,6}(?:[.．]\d{1,6})?[)）]?%?|[-+]?\d{1,18}(?:[.．]\d{1,6})?%?")
_AMOUNT = re.compile(r"\d[.．]\d\d(?!\d)|^(?!20\d\d年)\d{3,7}(?!\d)")
"""An amount, or a code at the beginning."""
_LEADERS = re.compile(r"[.．·•…]{4}|(?:\. ){3}|…")


def align_grids(
    lines: tuple[TextLine, ...], rulings: Rulings, taken: tuple[Box, ...], options: AlignOptions = DEFAULT
) -> tuple[Grid, ...]:
    """Tables that ``lines`` make by standing in columns, from top to bottom; ``taken`` boxes are ruled tables.

    In points, as the lines. A grid found this way has ``ruled`` False.
    """
    level = [k for k in lines[: options.max_lines] if abs(k.angle) < 5 and not _within(k.box, taken)]
    rows = build_rows(level, near=options.gutter) if level else ()
    finer = build_rows([trimmed(p) for k in level for p in pieces(k)], near=_APART) if level else ()
    groups = [part for g in _rule_groups(rulings, taken, options) for part in _between_captions(g, rows, options)]
    grids: list[Grid] = []
    for rules in sorted(groups, key=lambda g: -g[0].length):
        if any(g.box.contains((r.start + r.end) / 2, r.position) for g in grids for r in rules):
            continue  # rules over some columns of a table that is known
        stretch = _ruled_stretch(rules, finer, rulings, taken, options)
        grids += [grid] if stretch is not None and (grid := level_ruled_grid(stretch)) is not None else []
    taken = taken + tuple(g.box for g in grids)
    for run in _free_runs([row for row in rows if not any(_within(s.box, taken) for s in row)], taken, options):
        grid = level_ruled_grid(_free_stretch(run, finer))
        grids += [grid] if grid is not None and _is_table(grid, run, options) else []
    return tuple(sorted(grids, key=lambda g: (g.box.top, g.box.left)))


def without_lone_heads(
    grids: tuple[Grid, ...], lines: tuple[TextLine, ...], options: AlignOptions = DEFAULT
) -> tuple[Grid, ...]:
    """The ruled ``grids`` without those that are a head alone, over a body without upright rules: a dark ground, say.

    A head has no amounts and no codes, and a row with some stands near below it in no grid. Its rules stay, and the
    whole table is found by them (``align_grids``).
    """
    boxes = [g.box for g in grids]
    free = [k for k in lines[: options.max_lines] if not _within(k.box, boxes) and _AMOUNT.search(k.text)]
    return tuple(g for g in grids if not _is_lone_head(g, lines, free, options))


def _is_lone_head(grid: Grid, lines: Sequence[TextLine], free: Sequence[TextLine], options: AlignOptions) -> bool:
    inside = [k for k in lines if grid.box.contains(*k.box.center)]
    if not inside or any(_AMOUNT.search(k.text) for k in inside):
        return False
    reach = options.row_gap * median(k.box.height for k in inside)
    return any(
        grid.box.left < k.box.center[0] < grid.box.right and 0 < k.box.center[1] - grid.box.bottom < reach for k in free
    )


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


def _ruled_stretch(
    rules: list[Ruling], rows: Sequence[Row], rulings: Rulings, taken: Sequence[Box], options: AlignOptions
) -> Stretch | None:
    """What lies between level rules; None where text sticks out (leaders of dots, underlined words) or is prose.

    The last of three or more rules ends it; two, or more that have a head between them and amounts below, begin one
    that goes on, to the last row that is near.
    """
    levels = _from_first_text(_apart([r.position for r in rules]), rows)
    if len(levels) < 2:
        return None
    rules = [r for r in rules if r.position >= levels[0]]
    extent = min(r.start for r in rules), max(r.end for r in rules)
    end = _end_of_body(levels[-1], [row for row in rows if _middle(row) > levels[-1]], taken, options)
    closed = len(levels) > 2 and (_amounts(rows, levels[0], levels[-1]) or not _amounts(rows, levels[-1], end))
    bottom = levels[-1] if closed else end
    inside = tuple(row for row in rows if levels[0] < _middle(row) < bottom)
    parts = [s for row in inside for s in row]
    if not parts or any(s.box.left < extent[0] - s.em or s.box.right > extent[1] + s.em for s in parts):
        return None
    if sum(len(s.text) for s in parts) > options.cell_length * len(parts):
        return None
    partial = tuple(
        r
        for r in rulings.horizontal
        if levels[0] < r.position < bottom
        and extent[0] - 3 <= r.start
        and r.end <= extent[1] + 3
        and options.rule_ends < r.length < extent[1] - extent[0] - options.rule_ends
    )
    return Stretch(inside, levels[:-1] if closed else levels, bottom, extent, partial, closed)


def _amounts(rows: Sequence[Row], top: float, bottom: float) -> bool:
    """Whether amounts or codes stand between two heights."""
    return any(_AMOUNT.search(s.text) for row in rows if top < _middle(row) < bottom for s in row)


def _apart(levels: Sequence[float]) -> tuple[float, ...]:
    """Rising heights of rules, those of one rule (the edge of a dark ground is drawn beside it) as one."""
    kept: list[float] = []
    for level in levels:
        if not kept or level - kept[-1] > _ONE_RULE:
            kept.append(level)
    return tuple(kept)


def _from_first_text(levels: tuple[float, ...], rows: Sequence[Row]) -> tuple[float, ...]:
    """The heights of a table's rules, those above the last one with no text below it left out.

    A rule under the running head (页眉) is as wide as the table that goes on right below it, and a table has no empty
    row at its top. Of two rules around amounts the upper one is needed, as nothing else would say where they end.
    """
    while len(levels) > 2 and not _has_text(rows, levels[0], levels[1]):
        if len(levels) == 3 and _amounts(rows, levels[1], levels[2]):
            break
        levels = levels[1:]
    return levels


def _has_text(rows: Sequence[Row], top: float, bottom: float) -> bool:
    """Whether anything but specks stands between two heights."""
    return any(c.isalnum() for row in rows if top < _middle(row) < bottom for s in row for c in s.text)


def _end_of_body(start: float, rows: Sequence[Row], taken: Sequence[Box], options: AlignOptions) -> float:
    """Where a body ends that no rule ends: below the last row before a caption, a wide gap, prose or another table."""
    bottom = start
    for number, row in enumerate(rows):
        text = "".join(s.text for s in row)
        if not any(c.isalnum() for c in text):
            continue  # specks
        if patterns.is_page_number(text) and not any(
            c.isalnum() for r in rows[number + 1 :] for s in r for c in s.text
        ):
            break
        if _top(row) - bottom > options.row_gap * max(s.em for s in row) or _is_apart(row, options):
            break
        if any(bottom <= t.center[1] <= _middle(row) for t in taken):
            break
        bottom = _bottom(row) + 1
    return bottom


def _is_apart(row: Row, options: AlignOptions) -> bool:
    """Whether a row belongs to no table: a caption, a note, a title, prose."""
    if any(_is_caption(s) for s in row):
        return True
    text = row[0].text
    prose = len(text) > 2 * options.cell_length or patterns.ends_sentence(text) or patterns.is_note(text)
    return len(row) == 1 and (prose or patterns.is_table_title(text))


def _same_ends(one: Ruling, other: Ruling, tolerance: float) -> bool:
    """Whether two rules begin and end at the same places."""
    return abs(one.start - other.start) <= tolerance and abs(one.end - other.end) <= tolerance


def _middle(row: Row) -> float:
    """The height of a row's middle."""
    return median(s.box.center[1] for s in row)


def _free_runs(rows: Sequence[Row], taken: Sequence[Box], options: AlignOptions) -> list[list[Row]]:
    """Runs of rows near each other in several pieces; a short piece alone may stand between two such rows.

    So may some above the first: the name of a group of its columns, and a tall name of the head's two rows.
    """
    runs: list[list[Row]] = [[]]
    above: list[Row] = []
    for row in rows:
        if runs[-1] and not _near(runs[-1][-1], row, taken, options):
            runs.append([])
        if _is_apart(row, options):
            runs.append([])
        elif len(row) >= 2 or runs[-1]:
            if not runs[-1] and all(_near(a, b, taken, options) for a, b in pairwise([*above, row])):
                first = next((n for n, name in enumerate(above) if _names_group(name[0], row)), len(above))
                runs[-1] += above[first:]
            runs[-1].append(row)
        above = [*above[-1:], row] if len(row) == 1 and not _is_apart(row, options) else []
    whole = [run[: _last_of_run(run)] for run in runs]
    return [run for run in whole if len(run) >= options.min_rows]


def _last_of_run(run: Sequence[Row]) -> int:
    """How many rows of a run are a table's: to the last in several pieces, and the labels below without an amount.

    Such a label begins where those of an inner column do: at the left of a table headings begin, too.
    """
    end = 1 + max((i for i, row in enumerate(run) if len(row) >= 2), default=-1)
    if not end:
        return 0
    left = min(s.box.left for row in run[:end] for s in row)
    inner = [s.box.left for row in run[:end] for s in row if s.box.left > left + _INNER * s.em]
    while end < len(run) and sum(abs(x - run[end][0].box.left) < _ALIGNED for x in inner) >= _LABELS:
        end += 1
    return end


def _names_group(name: Segment, row: Row) -> bool:
    """Whether a name stands over some columns of the row below it: as large, and neither at its left nor its middle."""
    left, right = row[0].box.left, row[-1].box.right
    off = abs(name.box.center[0] - (left + right) / 2) > max(2 * name.em, 0.03 * (right - left))
    return name.box.left > left + 2 * name.em and off and name.em < 1.2 * median(s.em for s in row)


def _free_stretch(run: Sequence[Row], finer: Sequence[Row]) -> Stretch:
    """The stretch of a run of rows, in the ``finer`` pieces."""
    top, bottom = min(map(_top, run)) - 1, max(map(_bottom, run)) + 1
    extent = min(s.box.left for row in run for s in row) - 1, max(s.box.right for row in run for s in row) + 1
    inside = tuple(row for row in finer if top < _middle(row) < bottom)
    return Stretch(inside, (top,), bottom, extent)


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


# -- whether it is one -----------------------------------------------------------------------------------


def _is_table(grid: Grid, rows: Sequence[Row], options: AlignOptions) -> bool:
    """Whether rows and columns that no rules show look like a table's."""
    parts = [s for row in rows for s in row]
    if len(grid.col_edges) - 1 < options.min_cols or grid.n_rows < options.min_rows:
        return False
    if sum(len(s.text) for s in parts) > options.cell_length * len(parts):
        return False
    columns = [[s.text for s in parts if a <= s.box.center[0] < b] for a, b in pairwise(grid.col_edges)]
    filled = [len({_column(s, grid) for s in row}) for row in rows]
    headed = max(filled[:4]) >= options.min_cols
    several = sum(n >= 2 for n in filled) >= (options.min_rows if headed else 0.6 * len(rows))
    return several and any(_are_amounts(c, options) for c in columns[1:])


def _column(segment: Segment, grid: Grid) -> int:
    """The number of the column a piece's middle lies in."""
    return sum(segment.box.center[0] >= x for x in grid.col_edges[1:-1])


def _are_amounts(texts: Sequence[str], options: AlignOptions) -> bool:
    """Whether a column holds amounts: numbers mostly, and not only the rising small ones of page numbers."""
    numbers = [t.strip() for t in texts if _NUMBER.fullmatch(t.strip()[:40])]
    if len(numbers) < 2 or len(numbers) < options.amounts * (len(texts) - 1):
        return False
    if any(c in t for t in numbers for c in ".,%，．"):
        return True
    values = [int(digits) for t in numbers if (digits := re.sub(r"\D", "", t))]
    return not (max(values) < 1000 and all(a <= b for a, b in pairwise(values)))
