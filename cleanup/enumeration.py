"""Enumerations before labels (一、 二十三、): marks and numerals mended from the label and the sequence."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cleanup.lexicon import Lexicon, any_year, key_of
from cleanup.numeral_runs import Counted, numbers_by_place
from cleanup.table_roles import TableRoles
from document.types import Cell, Correction, Reading, Rule, Table

_DIGITS = "零一二三四五六七八九"
NUMERALS = _DIGITS[1:] + "十"
_MARKED = re.compile(rf"(\S{{1,3}}?)、(.+)|([{NUMERALS}]{{1,3}})[：:，,.．](.+)", re.S)
_LOST_MARK = re.compile(rf"([{NUMERALS}]{{1,3}})\s*([：:，,.．。;；·•]?)\s*(\S.*)", re.S)
_BEGINS = re.compile(r"([1-9])\s?[.、．]?\s?[\u4e00-\u9fff]{2}")
_LOST_POINT = re.compile(r"([1-9])\s?([\u4e00-\u9fff]\S{3,})")
_MOST = 99


def numeral(number: int) -> str:
    """1–99 in Chinese numerals: 23 → 二十三."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十"
    return head + (_DIGITS[ones] if ones else "")


_NUMERALS = ("", *(numeral(n) for n in range(1, _MOST + 1)))
_VALUES = {text: n for n, text in enumerate(_NUMERALS) if n}


def value_of(text: str) -> int | None:
    """The number a Chinese numeral says, 1–99, or None."""
    return _VALUES.get(text)


@dataclass(frozen=True, slots=True)
class _Item:
    """One label of a column."""

    cell: Cell
    number: int | None
    label: str
    may_count: bool
    """It has a mark after its numeral, or is a dictionary entry that may have lost both."""
    row: int
    """Its place among the rows that count."""
    numeral: str = ""
    """What stands before the mark."""


def counted_points(texts: Iterable[str]) -> frozenset[int]:
    """The numbers 1–9 that labels begin with, with a point or without one: 1.因公出国, 2公务接待费."""
    return frozenset(int(m.group(1)) for m in map(_BEGINS.match, texts) if m)


def mend_mark(reading: Reading, words: Lexicon, beside: frozenset[int] | None = None) -> Reading:
    """十卫生健康支出, 十：卫生健康支出 → 十、卫生健康支出, where what follows is a dictionary entry.

    ``beside``: the numbers that the labels of its column begin with (``counted_points``); a lone digit is a stroke or
    belongs to the neighbour, and gets no point. None: it stands in running text.
    """
    digit = _LOST_POINT.fullmatch(reading.text)
    if digit and beside is not None and not {int(digit.group(1)) - 1, int(digit.group(1)) + 1} & beside:
        digit = None
    if digit and any_year(key_of(digit.group(2))) in words.texts and not words.is_known(key_of(reading.text)):
        return _changed(reading, f"{digit.group(1)}.{digit.group(2)}", 0.95)
    match = _LOST_MARK.fullmatch(reading.text)
    if match is None or value_of(match.group(1)) is None or words.is_known(key_of(reading.text)):
        return reading
    core, least = any_year(key_of(match.group(3))), 2 if match.group(2) else 4
    if len(core) < least or core not in words.texts or core[0] in NUMERALS:
        return reading
    return _changed(reading, f"{match.group(1)}、{match.group(3)}", 0.97)


def mend_sequence(table: Table, roles: TableRoles, words: Lexicon) -> Table:
    """The table with numerals mended that break their column's sequence: 王十、 after 二十九、.

    Only where the neighbours on both sides (or two before it) count on; two broken ones beside each other where those
    around both do. An entry whose numeral was lost whole (一般公共服务支出 above 二、外交支出) gets it back.
    Idempotent.
    """
    columns: dict[int, list[_Item]] = defaultdict(list)
    sections: list[_Item] = []
    for cell in table.cells:
        if cell.reading.text and cell.amount is None:
            whole = cell.col == 0 and cell.col_span == table.n_cols > 1
            (sections if whole else columns[cell.col]).append(_item(cell, words))
    # rows of one text over the whole table follow each other, whatever stands between them
    sections = [replace(item, row=n) for n, item in enumerate(sections)]
    runs = [*((items, roles.header_rows) for items in columns.values()), (sections, 0)]
    mended = {
        (item.cell.row, item.cell.col): _renumbered(item, number)
        for items, first in runs
        for item, number in _misnumbered(items, first)
    }
    if not mended:
        return table
    return replace(table, cells=tuple(mended.get((c.row, c.col), c) for c in table.cells))


def _item(cell: Cell, words: Lexicon) -> _Item:
    text = mend_mark(cell.reading, words).text
    match = _MARKED.fullmatch(text)
    if match:
        before, label = match.group(1) or match.group(3), match.group(2) or match.group(4)
        return _Item(cell, value_of(before), label, True, cell.row, before)
    bare = text.lstrip("、.·， ")
    may_count = text.startswith("、") or words.is_known(any_year(key_of(bare)))
    return _Item(cell, None, bare, may_count, cell.row)


def _misnumbered(items: Sequence[_Item], first_row: int) -> list[tuple[_Item, int]]:
    """Items with the numbers that they must have: first what the whole column says, then what neighbours do."""
    counted = [
        Counted(k.row, k.number, k.numeral, bool(k.numeral) or k.cell.reading.text.startswith("、"), k.may_count)
        for k in items
    ]
    said = numbers_by_place(counted, _NUMERALS, first_row)
    counting = [replace(item, number=said.get(i, item.number)) for i, item in enumerate(items)]
    return [*((items[i], number) for i, number in said.items()), *_breaks(counting)]


def _breaks(items: Sequence[_Item]) -> list[tuple[_Item, int]]:
    """Items whose numeral is not what their neighbours say it is, with the right number; from the end up."""
    found = []
    numbers = [item.number for item in items]
    for i in range(len(items) - 1, -1, -1):
        expected = _expected(items, numbers, i)
        if items[i].may_count and expected is not None and numbers[i] != expected:
            numbers[i] = expected
            found.append((items[i], expected))
    return found


def _expected(items: Sequence[_Item], numbers: Sequence[int | None], i: int) -> int | None:
    """The number between the neighbours, where both sides or the two on one side agree on it."""
    back, two_back, ahead, two_ahead = (_beside(items, numbers, i, n) for n in (-1, -2, 1, 2))
    if back is not None and ahead == back + 2:
        return back + 1
    if back is not None and two_ahead == back + 3:  # 二十一、 十、 十三、 二十四、
        return back + 1
    if two_back is not None and ahead == two_back + 3:
        return two_back + 2
    text = items[i].cell.reading.text
    if back is None and ahead is not None and two_ahead == ahead + 1:
        lost = text.startswith("、") or ahead == 2
        return ahead - 1 if lost and ahead > 1 else None
    if ahead is None and numbers[i] is None and "、" in text[:4] and back is not None and two_back == back - 1:
        return back + 1
    return None


def _beside(items: Sequence[_Item], numbers: Sequence[int | None], i: int, step: int) -> int | None:
    """The number of the item ``step`` rows on, None where there is none or a row lies between."""
    j = i + step
    if not 0 <= j < len(items) or items[j].row != items[i].row + step:
        return None
    return numbers[j]


def _renumbered(item: _Item, number: int) -> Cell:
    text = f"{numeral(number)}、{item.label}"
    return replace(item.cell, reading=_changed(item.cell.reading, text, 0.97))


def _changed(reading: Reading, text: str, score: float) -> Reading:
    record = Correction(reading.text, text, Rule.FIXED_LABEL, score, "sequence")
    return replace(reading, text=text, corrections=(*reading.corrections, record))
