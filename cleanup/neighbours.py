"""What a cell's neighbours say of it (邻格): a blank where all others have a word, a target without its unit.

No confidence shows such an error: where nothing was read there is nothing to be unsure of, and 95 is as good a number
as 95%. But tables repeat themselves, down a column and along a row, and one cell that is unlike its neighbours in a
way that print seldom is, is for a person to look at. Texts stay as they are.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from cleanup.amount_grid import PARTIAL, PLAIN, AmountGrid, plain, read_grid
from cleanup.completeness import flagged
from cleanup.table_roles import TableRoles, table_roles
from document.amounts import parse_amount
from document.types import Cell, Document, Table

PEERS = 3
"""Rows that have a word in a column, and else just what the row with a blank has, from which the blank is odd; and as
many for each such blank."""
SHORT = 2
"""Characters of such a word: longer ones leave ink or a found line behind where they are lost."""
LEAST_TARGETS = 4
"""Targets in a form, most of them with a unit, from which one without is odd."""
WITH_UNIT = 0.75
LOST_WORD = "同类各行此列都有文字，此格空白"
NO_UNIT = "指标值没有单位或百分号，同表其他指标值有"
LONE_ORDINAL = "编号前没有上一号，可能多读了数字或缺行"
BLANK_TWIN = "同一行另一处相同名称的格有数，此格空白"
LONE_CHARACTER = "名称只读出一个字，可能不全"
NO_SIGN = "指标值前没有≥或≤，同列其他指标值有"
OWN = frozenset({LOST_WORD, NO_UNIT, NO_SIGN, LONE_ORDINAL, BLANK_TWIN, LONE_CHARACTER})
"""The doubts that are said here: a second look does not take them for those of others."""
_REMARK = re.compile(r"备注|说明|原因|附注|其中")
_IN_PERCENT = re.compile(r"(?:率|比例|比重|占比|满意度)$")
_UNIT_COLUMN = re.compile(r"^(?:计量)?单位$")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_WORD = re.compile(r"[\u4e00-\u9fff]{2}")
_TARGET = re.compile(r"[≥≤＞＜><=＝]\s?\d[\d,]{0,15}(?:\.\d{1,4})?(?P<unit>\S{0,12})")
_BARE_TARGET = re.compile(r"\d[\d,]{0,15}(?:\.\d{1,4})?(?![\d,.年月日号分])\S{1,8}")
_WHOLE = re.compile(r"100\s?[%％]")
Place = tuple[int, int]


def note_odd_ones(document: Document) -> Document:
    """The document with cells flagged that are unlike their neighbours; idempotent."""
    return replace(document, blocks=tuple(_noted(b) if isinstance(b, Table) else b for b in document.blocks))


def _noted(table: Table) -> Table:
    doubts = find_odd_ones(table)
    if not doubts:
        return table
    cells = tuple(flagged(c, *doubts[c.row, c.col]) if (c.row, c.col) in doubts else c for c in table.cells)
    return replace(table, cells=cells)


def find_odd_ones(table: Table) -> Mapping[Place, tuple[str, ...]]:
    """The places of cells unlike their neighbours, with the doubts in words."""
    roles, grid = table_roles(table), read_grid(table)
    found: dict[Place, list[str]] = defaultdict(list)
    for place in lone_blanks(table, roles, grid):
        found[place].append(LOST_WORD)
    for place in _targets_without_unit(table):
        found[place].append(NO_UNIT)
    for place in _targets_without_sign(table):
        found[place].append(NO_SIGN)
    for place in _lone_ordinals(grid) if grid is not None else ():
        found[place].append(LONE_ORDINAL)
    for place in _blank_twins(table):
        found[place].append(BLANK_TWIN)
    for place in _lone_characters(table, grid) if grid is not None else ():
        found[place].append(LONE_CHARACTER)
    return {place: tuple(words) for place, words in found.items()}


# --- blanks -----------------------------------------------------------------------------------------------


def lone_blanks(table: Table, roles: TableRoles, grid: AmountGrid | None) -> tuple[Place, ...]:
    """Blanks in a column of short words (是, 1), in rows that are filled as others are which have a word there.

    Only left of the amounts: of lists side by side the shorter one ends in blanks.
    """
    amounts = frozenset(grid.heads) if grid is not None else frozenset[int]()
    columns = _word_columns(table, roles, amounts)
    rows = _filled(table, roles, columns, amounts)
    doubted = {c.col for c in table.cells if c.row in rows and _is_doubted_elsewhere(c)}
    texts = {(c.row, c.col): c.reading.text.strip() for c in table.cells}
    blanks = {(c.row, c.col) for c in table.cells if not c.reading.text.strip() and (c.row_span, c.col_span) == (1, 1)}
    found = []
    for col in columns:
        alike = {row: filled - (doubted - {col}) for row, filled in rows.items()}
        lacking = Counter(filled for filled in alike.values() if col not in filled)
        having = Counter(f for row, f in alike.items() if col in f and 0 < len(texts.get((row, col), "")) <= SHORT)
        for row, filled in alike.items():
            odd = filled and (row, col) in blanks and having[filled | {col}] >= PEERS * lacking[filled]
            found += [(row, col)] if odd else []
    return tuple(sorted(found))


def _is_doubted_elsewhere(cell: Cell) -> bool:
    """Whether the cell was flagged for another doubt than those said here."""
    reasons = cell.reading.reasons
    return cell.reading.needs_review and not (reasons and OWN.issuperset(reasons))


def _word_columns(table: Table, roles: TableRoles, amounts: frozenset[int]) -> frozenset[int]:
    """Columns left of the amounts without codes and remarks, which are there or not as it happens."""
    remarks = {
        col
        for c in table.cells
        if c.row < roles.header_rows and _REMARK.search(plain(c.reading.text))
        for col in range(c.col, c.col + min(c.col_span, table.n_cols))
    }
    closed = amounts | roles.code_columns | set(roles.level_columns) | remarks
    return frozenset(range(min(amounts, default=table.n_cols))) - closed


def _filled(
    table: Table, roles: TableRoles, columns: frozenset[int], amounts: frozenset[int]
) -> dict[int, frozenset[int]]:
    """For each body row the word columns that have a text in it, merged cells in each of their places.

    Rows with a word in a column of amounts are heads printed again, and left out.
    """
    found: dict[int, set[int]] = defaultdict(set)
    heads: set[int] = set()
    for cell in table.cells:
        if cell.row < roles.header_rows or cell.row in roles.numbering_rows or not cell.reading.text.strip():
            continue
        across = range(cell.col, cell.col + min(cell.col_span, table.n_cols))
        if cell.amount is None and not amounts.isdisjoint(across) and _WORD.search(cell.reading.text):
            heads.add(cell.row)
        for row in range(cell.row, cell.row + min(cell.row_span, table.n_rows)):
            found[row] |= columns.intersection(across)
    return {row: frozenset(filled) for row, filled in found.items() if row not in heads}


def _blank_twins(table: Table) -> Iterator[Place]:
    """A blank right of a label that stands twice in its row and has a number the other time: a form in two halves."""
    rows: dict[int, dict[int, Cell]] = defaultdict(dict)
    for cell in table.cells:
        rows[cell.row][cell.col] = cell
    for row, cells in rows.items():
        beside: dict[str, list[Cell]] = defaultdict(list)
        for cell in cells.values():
            value = cells.get(cell.col + cell.col_span)
            if value is not None and _WORD.search(cell.reading.text):
                beside[plain(cell.reading.text)].append(value)
        for values in beside.values():
            filled = sum(parse_amount(v.reading.text) is not None for v in values)
            blank = [v.col for v in values if not v.reading.text.strip()]
            if len(values) == 2 and filled == len(blank) == 1:
                yield row, blank[0]


# --- targets ----------------------------------------------------------------------------------------------


def _targets_without_unit(table: Table) -> Iterator[Place]:
    """≥95 where the form's other targets are ≥95%, ≤300元, and for a 合格率 where it prints any %."""
    targets = [(c, m["unit"]) for c in table.cells if (m := _TARGET.fullmatch(c.reading.text.strip()))]
    having = sum(bool(unit) for _, unit in targets)
    twins = {(c.row, c.reading.text.strip()) for c, unit in targets if unit}
    percents = any("%" in c.reading.text for c in table.cells)
    apart = any(_UNIT_COLUMN.search(plain(c.reading.text)) for c in table.cells)
    shares = {c.row for c in table.cells if percents and not apart and _IN_PERCENT.search(c.reading.text.strip())}
    for cell, unit in targets:
        beside = any(row == cell.row and text.startswith(cell.reading.text.strip()) for row, text in twins)
        usual = len(targets) >= LEAST_TARGETS and having >= WITH_UNIT * len(targets)
        if not unit and (beside or usual or cell.row in shares):
            yield cell.row, cell.col


def _targets_without_sign(table: Table) -> Iterator[Place]:
    """544万元 in a column of targets with ≥ or ≤, where it is the only one without: their thin strokes fall out.

    Not where its row says the same again (年度指标值 5家, 全年完成值 5家): strokes seldom fall out twice.
    """
    signed: Counter[int] = Counter()
    bare: dict[int, list[Place]] = defaultdict(list)
    said = Counter((c.row, c.reading.text.strip()) for c in table.cells)
    for cell in table.cells:
        text = cell.reading.text.strip()
        if _TARGET.fullmatch(text):
            signed[cell.col] += 1
        elif _BARE_TARGET.fullmatch(text) and not _WHOLE.fullmatch(text):
            bare[cell.col].append((cell.row, cell.col))
    texts = {(c.row, c.col): c.reading.text.strip() for c in table.cells}
    for col, places in bare.items():
        once = said[places[0][0], texts[places[0]]] == 1
        if len(places) == 1 and signed[col] >= LEAST_TARGETS and once:
            yield places[0]


# --- enumerators ------------------------------------------------------------------------------------------


def _lone_ordinals(grid: AmountGrid) -> Iterable[Place]:
    """7.本年支出合计 in a column where nothing counts 6.: the digit is a stray, or a row was lost."""
    if not grid.head_texts:
        return  # the piece of a table: what comes before stands elsewhere
    counted: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for (row, col), label in sorted(grid.labels.items()):
        is_section = row in grid.section_rows or label.rank in (PLAIN, PARTIAL)
        if label.col == col and label.ordinal is not None and not is_section:
            counted[col, label.rank].append((row, label.ordinal))
    for (col, _), items in counted.items():
        row, ordinal = items[0]
        if len(items) > 1 or ordinal == 1:
            continue
        yield row, col
        above = grid.labels.get((row - 1, col))
        if ordinal == 2 and above is not None and above.col == col and above.rank == PLAIN:
            yield row - 1, col  # it may have lost its ①


def _lone_characters(table: Table, grid: AmountGrid) -> Iterable[Place]:
    """合 before amounts: the name of a row has more than one character."""
    cells = {(c.row, c.col): c for c in table.cells}
    for panel in grid.panels:
        names = [label.text for (_, col), label in grid.labels.items() if col == panel.label_col]
        if 2 * sum(len(name) > 1 for name in names) <= len(names):
            continue  # 是, 否: a column of marks
        for row in grid.body_rows:
            label = grid.labels.get((row, panel.label_col))
            if label is None or not _HAN.fullmatch(cells[row, label.col].reading.text.strip()):
                continue
            if any((row, col) in grid.amounts and not grid.amounts[row, col].blank for col in panel.amount_cols):
                yield row, label.col
