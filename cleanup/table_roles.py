"""What the rows and columns of a table are for: heads, codes, line numbers, labels, amounts."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

from document.types import Cell, Table

CODE = re.compile(r"[235]\d{2}(?:\d{2}){0,2}")
"""A subject code: functional 2xx, economic 3xx and 5xx; 3, 5 or 7 digits."""
_ALIKE = str.maketrans("OoQDlIi|丨SsBZzbgq〇", "000011111558226990")
_NOISE = re.compile(r"[\s.,·'`、，。]+")
_CODE_LIKE = re.compile(r"[\dOoQDlIi|丨SsBZzbgq〇\s.,·'`、，。]{3,12}")
_DECIMAL = re.compile(r"[-+]?[\d,]+\.\d+%?")
_GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+")
"""1,859,600 is an amount in 元, and 2,080,501 no code."""
_POINTED = re.compile(r"[-+]?[1-9]\d{0,2}(?:[.,]\d{3})+[.,]\d{2}")
"""31.490.40: 31,490.40 as a fax shows it, where no head says that the column holds codes."""
_CODES_TO_ONE_MISREAD = 4
"""Codes in a column to each 2080.06 that is a misread one; with fewer, amounts have slipped under the head."""
_INTEGER = re.compile(r"\d{1,3}")
_CODE_HEAD = re.compile(r"编码|代码|科目码")
_LINE_HEAD = re.compile(r"^(?:行次|序号)$")
_FIRST_ROW = re.compile(r"^(?:栏次|行次|合计|总计|小计|[一二三四五六七八九十]{1,3}、)")
_LEVELS = ("类", "款", "项")


@dataclass(frozen=True, slots=True)
class TableRoles:
    """Roles of one table's rows and columns; rows and columns are 0-based."""

    header_rows: int
    code_columns: frozenset[int]
    line_columns: frozenset[int]
    """行次, 序号: 1, 2, 3 …"""
    numbering_rows: frozenset[int]
    """栏次: a row that only numbers the columns."""
    level_columns: tuple[int, ...] = ()
    """Columns of 类, 款, 项 where a code is printed in three pieces; empty otherwise."""

    def is_header(self, cell: Cell) -> bool:
        """Whether the cell belongs to the table's head."""
        return cell.row < self.header_rows

    def is_body_row(self, cell: Cell) -> bool:
        """Whether the cell lies below the head and in no row that numbers the columns."""
        return cell.row >= self.header_rows and cell.row not in self.numbering_rows

    def is_amount_place(self, cell: Cell) -> bool:
        """Whether a number in this cell is an amount, not a code, a line number or a column number."""
        return (
            self.is_body_row(cell)
            and cell.col not in self.code_columns
            and cell.col not in self.line_columns
            and cell.col not in self.level_columns
        )


def code_form(text: str) -> str:
    """The text as a code where it looks like one: letters for digits, spaces and marks inside taken back."""
    if CODE.fullmatch(text) or not _CODE_LIKE.fullmatch(text):
        return text
    if _DECIMAL.fullmatch(text) or _GROUPED.fullmatch(text):
        return text
    pieces = [p for p in text.split() if len(p) > 1]
    digits = _NOISE.sub("", pieces[0] if len(pieces) == 1 else text).translate(_ALIKE)
    return digits if CODE.fullmatch(digits) else text


def digits_of(text: str) -> str:
    """The digits of a part of a code, letters taken for digits; "" where something else stands in it."""
    digits = "".join(text.split()).translate(_ALIKE)
    return digits if digits.isascii() and digits.isdigit() else ""


def table_roles(table: Table) -> TableRoles:
    """The roles, from the head's words and from what the columns hold."""
    header_rows = _header_rows(table)
    numbering = _numbering_rows(table, header_rows)
    head: dict[int, list[str]] = defaultdict(list)
    body: dict[int, list[str]] = defaultdict(list)
    for cell in table.cells:
        text = "".join(cell.reading.text.split())
        if not text or cell.row in numbering:
            continue
        if cell.row < header_rows:
            for col in range(cell.col, min(cell.col + cell.col_span, table.n_cols)):
                head[col].append(text)
        elif cell.col_span == 1:
            body[cell.col].append(text)
    columns = range(table.n_cols)
    levels = _level_columns(head)
    codes = frozenset(c for c in columns if c not in levels and _is_code_column(head[c], body[c]))
    lines = frozenset(c for c in columns if c not in codes and _is_line_column(head[c], body[c]))
    return TableRoles(header_rows, codes, lines, numbering, levels)


def _header_rows(table: Table) -> int:
    """Rows above the first with a code, an amount, or the words that only begin a body row."""
    rows: dict[int, list[str]] = defaultdict(list)
    for cell in table.cells:
        rows[cell.row].append("".join(cell.reading.text.split()))
    for row in sorted(rows):
        texts = [t for t in rows[row] if t]
        ends = any(CODE.fullmatch(code_form(t)) or _DECIMAL.fullmatch(t) or _GROUPED.fullmatch(t) for t in texts)
        if ends or (texts and _FIRST_ROW.match(texts[0]) and row > 0 and not _is_head(texts)):
            return row
    return min(1, table.n_rows)


def _is_head(texts: list[str]) -> bool:
    """Whether a row that begins with 合计 names columns (合计 因公出国费 公务接待费) rather than sums rows."""
    words = [t for t in texts[1:] if any(c.isalpha() for c in t)]
    return len(words) >= 2 and len(words) == len(texts) - 1 and texts[0] in ("合计", "小计", "总计")


def _numbering_rows(table: Table, header_rows: int) -> frozenset[int]:
    """Body rows that hold only 1, 2, 3 … besides 栏次."""
    rows: dict[int, list[str]] = defaultdict(list)
    for cell in table.cells:
        text = "".join(cell.reading.text.split())
        if text and cell.row <= header_rows + 1:
            rows[cell.row].append(text)
    return frozenset(row for row, texts in rows.items() if _numbers_columns(texts))


def _numbers_columns(texts: list[str]) -> bool:
    numbers = [int(t) for t in texts if _INTEGER.fullmatch(t)]
    words = [t for t in texts if not _INTEGER.fullmatch(t)]
    steps = sum(b == a + 1 for a, b in pairwise(numbers))
    named = "栏次" in words
    if named and numbers and set(words) <= {"栏次", "行次"}:
        return True  # 栏次, a number that was lost, 栏次, 2
    counting = len(numbers) >= 2 and steps >= max(1, (0.3 if named else 0.6) * (len(numbers) - 1))
    return counting and (named or len(words) <= 1)


def _level_columns(head: dict[int, list[str]]) -> tuple[int, ...]:
    found = [next((c for c in sorted(head) if level in head[c]), None) for level in _LEVELS]
    columns = [c for c in found if c is not None]
    return tuple(columns) if len(columns) == len(_LEVELS) and columns == sorted(columns) else ()


def _is_code_column(head: list[str], body: list[str]) -> bool:
    codes = sum(bool(CODE.fullmatch(code_form(t))) for t in body)
    pointed = sum(bool(_POINTED.fullmatch(t)) for t in body)
    if any(_CODE_HEAD.search(t) for t in head):
        decimals = sum(bool(_DECIMAL.fullmatch(t)) for t in body)
        return codes >= 0.5 * len(body) and _CODES_TO_ONE_MISREAD * decimals <= codes
    return codes - pointed >= 2 and codes - pointed >= 0.6 * len(body)


def _is_line_column(head: list[str], body: list[str]) -> bool:
    if any(_LINE_HEAD.match(t) for t in head):
        return True
    numbers = [int(t) for t in body if _INTEGER.fullmatch(t)]
    steps = sum(b == a + 1 for a, b in pairwise(numbers))
    return len(numbers) >= 5 and len(numbers) >= 0.9 * len(body) and steps >= 0.9 * (len(numbers) - 1)
