"""A table as rows and columns of numbers (金额网格): what each amount is called, across and down.

The identities speak of 合计, 基本支出, 2080501; this says which column and row those are. Blank cells count as
zero, as they do in print; a text that should be a number and is none counts as unread.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from cleanup.table_roles import CODE, TableRoles, table_roles
from document.types import Cell, Table

_ENUMERATOR = re.compile(
    r"^(?:(?P<han>[一二三四五六七八九十]{1,3})[、.，]|（(?P<inhan>[一二三四五六七八九十]{1,3})）"
    r"|(?P<digit>\d{1,2})[.、．](?!\d)|（(?P<indigit>\d{1,2})）|(?P<ring>[①-⑳]))"
)
_RANKS = {"han": 1, "inhan": 2, "digit": 3, "indigit": 4, "ring": 5}
PARTIAL = 9
"""Rank of 其中: rows, which are never summed."""
PLAIN = 0
"""Rank of a label without enumerator."""
_PARTIAL = re.compile(r"^(?:其中|内[:：]|#)")
_LABEL_HEAD = re.compile(r"项目$|名称|科目|编码|代码|备注|单位$|类别|说明|行次|序号|^[类款项]$|物品|形式|依据|品目")
_CODE_HEAD = re.compile(r"编码|代码|科目码")
_ZERO_MARKS = frozenset({"-", "--", "—", "——", "－", "/", "／", "无", "0"})
MAX_CELLS = 60_000
"""A larger table is not searched for identities: no disclosure has one."""


@dataclass(frozen=True, slots=True)
class Amount:
    """One position that holds an amount."""

    value: Decimal
    """Zero for a blank and for an unread text."""
    blank: bool
    unread: bool = False
    """There is a text, but it is no number."""


@dataclass(frozen=True, slots=True)
class Label:
    """A row's label, its enumerator taken off."""

    text: str
    rank: int
    """PLAIN, 1 for 一、 … 5 for ①, PARTIAL for 其中."""
    col: int
    ordinal: int | None = None
    """The enumerator's number: 3 for 三、."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One label column with the amount columns that belong to it; wide tables have several side by side."""

    label_col: int
    amount_cols: tuple[int, ...]
    code_col: int | None = None


@dataclass(frozen=True, slots=True)
class AmountGrid:
    """A table's amounts by place. Rows and columns are 0-based grid positions."""

    amounts: dict[tuple[int, int], Amount]
    labels: dict[tuple[int, int], Label]
    """By row and every column that the label's cell covers; the body only."""
    codes: dict[tuple[int, int], str]
    """Subject codes by row and column."""
    panels: tuple[Panel, ...]
    heads: dict[int, tuple[tuple[int, int], ...]]
    """For each amount column, the anchors (row, col) of the head cells above it, top first."""
    head_texts: dict[tuple[int, int], str]
    body_rows: tuple[int, ...]
    section_rows: frozenset[int]
    """Body rows that hold one text over all columns: they begin a new section."""

    def head(self, col: int) -> str:
        """The lowest head text of a column, normalised."""
        return self.head_texts.get(self.heads[col][-1], "") if self.heads.get(col) else ""

    def label(self, row: int, panel: Panel) -> Label | None:
        """The row's label in this panel; a total's label may stand further left, with merged blanks between."""
        own = self.labels.get((row, panel.label_col))
        if own is not None:
            return own
        for col in range(panel.label_col - 1, -1, -1):
            if (row, col) in self.amounts:
                return None
            if (row, col) in self.labels:
                return self.labels[row, col]
        return None


@lru_cache(maxsize=1 << 15)
def plain(text: str) -> str:
    """A label for comparison: NFKC, no white space, full-width brackets and colons, no leading year."""
    compact = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text[:200]))
    compact = compact.translate(str.maketrans("()::", "（）：："))
    return re.sub(r"^20\d{2}年?度?(?=.)", "", compact)


@lru_cache(maxsize=1 << 15)
def parse_label(text: str, col: int) -> Label | None:
    """The label without its enumerator, or None for a text without letters."""
    ring = re.match(r"\s*([①-⑳])", text)  # before NFKC makes it a plain digit
    compact = (ring.group(1) if ring else "") + plain(text[ring.end() :] if ring else text)
    found = _ENUMERATOR.match(compact)
    rank, ordinal = PLAIN, None
    if found and found.end() < len(compact):
        kind = found.lastgroup or "han"
        rank, ordinal = _RANKS[kind], _ordinal(found.group(kind))
        compact = compact[found.end() :]
    compact = compact.rstrip("：")
    if _PARTIAL.match(compact):
        rank = PARTIAL
    return Label(compact, rank, col, ordinal) if any(c.isalpha() for c in compact) else None


_HAN = {c: i for i, c in enumerate("一二三四五六七八九", 1)}


def _ordinal(text: str) -> int:
    if text.isdigit() and text.isascii():
        return int(text)
    if len(text) == 1 and "①" <= text <= "⑳":
        return ord(text) - ord("①") + 1
    tens, ten, ones = text.partition("十")
    if not ten:
        return _HAN.get(text, 0)
    return 10 * _HAN.get(tens, 1) + _HAN.get(ones, 0)


def read_grid(table: Table) -> AmountGrid | None:
    """The table's amounts, or None for one without any."""
    if len(table.cells) > MAX_CELLS or table.n_cols > 200:
        return None
    roles = table_roles(table)
    body = [c for c in table.cells if c.row >= roles.header_rows and c.row not in roles.numbering_rows]
    codes = _codes(body, roles)
    columns = _amount_columns(table, body, roles)
    if not columns and not any(cell.amount is not None for cell in body):
        return None
    heads, head_texts = _heads(table, roles)
    labels = _labels(body, roles, columns)
    return AmountGrid(
        amounts={
            (c.row, c.col): _amount(c)
            for c in body
            if (c.col in columns and c.col_span == 1) or c.amount is not None  # the latter in forms
        },
        labels=labels,
        codes=codes,
        panels=_panels(labels, codes, columns, table.n_cols),
        heads={col: heads.get(col, ()) for col in columns},
        head_texts=head_texts,
        body_rows=tuple(sorted({c.row for c in body})),
        section_rows=_sections(body, table.n_cols),
    )


def _amount(cell: Cell) -> Amount:
    text = "".join(cell.reading.text.split())
    if cell.amount is not None and not text.endswith("%"):
        return Amount(Decimal(cell.amount), blank=False)
    if not text or text in _ZERO_MARKS:
        return Amount(Decimal(0), blank=True)
    return Amount(Decimal(0), blank=False, unread=True)


def _codes(body: Iterable[Cell], roles: TableRoles) -> dict[tuple[int, int], str]:
    """Codes whole, and those printed in three columns 类, 款, 项 (placed at the 项 column)."""
    found: dict[tuple[int, int], str] = {}
    pieces: dict[int, dict[int, str]] = defaultdict(dict)
    for cell in body:
        text = "".join(cell.reading.text.split())
        if cell.col in roles.code_columns and CODE.fullmatch(text):
            found[cell.row, cell.col] = text
        if cell.col in roles.level_columns:
            pieces[cell.row][cell.col] = text
    for row, parts in pieces.items():
        code = "".join(parts.get(col, "") for col in roles.level_columns)
        if CODE.fullmatch(code):
            found[row, roles.level_columns[-1]] = code
    return found


def _amount_columns(table: Table, body: list[Cell], roles: TableRoles) -> frozenset[int]:
    """Columns whose body holds amounts, or holds nothing under a head that names an amount."""
    numbers: dict[int, int] = defaultdict(int)
    words: dict[int, int] = defaultdict(int)
    for cell in body:
        if cell.col_span > 1:
            continue
        numbers[cell.col] += cell.amount is not None
        words[cell.col] += cell.amount is None and any(c.isalpha() for c in cell.reading.text)
    heads, texts = _heads(table, roles)
    closed = roles.code_columns | roles.line_columns | set(roles.level_columns)
    found = set()
    for col in range(table.n_cols):
        head = texts.get(heads[col][-1], "") if heads.get(col) else ""
        blank_amount = not words[col] and head != "" and not _LABEL_HEAD.search(head)
        if col in closed or _CODE_HEAD.search(head):
            continue
        if numbers[col] > words[col] or (not numbers[col] and blank_amount):
            found.add(col)
    return frozenset(found) if any(numbers[col] for col in found) else frozenset()


def _heads(
    table: Table, roles: TableRoles
) -> tuple[dict[int, tuple[tuple[int, int], ...]], dict[tuple[int, int], str]]:
    """For each column the head cells above it (top first), and their normalised texts."""
    chains: dict[int, list[tuple[int, int]]] = defaultdict(list)
    texts: dict[tuple[int, int], str] = {}
    for cell in sorted(table.cells, key=lambda c: (c.row, c.col)):
        text = plain(cell.reading.text)
        if cell.row >= roles.header_rows or cell.row in roles.numbering_rows or not text:
            continue
        texts[cell.row, cell.col] = text
        for col in range(cell.col, min(cell.col + cell.col_span, table.n_cols)):
            chains[col].append((cell.row, cell.col))
    return {col: tuple(chain) for col, chain in chains.items()}, texts


def _labels(body: Iterable[Cell], roles: TableRoles, columns: frozenset[int]) -> dict[tuple[int, int], Label]:
    found: dict[tuple[int, int], Label] = {}
    for cell in body:
        if cell.col in columns and cell.col_span == 1:
            continue
        label = parse_label(cell.reading.text, cell.col) if cell.amount is None else None
        if label is None or cell.col in roles.line_columns:
            continue
        for col in range(cell.col, cell.col + min(cell.col_span, 200)):
            if col not in columns:
                found[cell.row, col] = label
    return found


def _panels(
    labels: dict[tuple[int, int], Label],
    codes: dict[tuple[int, int], str],
    columns: frozenset[int],
    n_cols: int,
) -> tuple[Panel, ...]:
    """Each run of amount columns with the label column nearest on its left."""
    label_cols = {col for _, col in labels}
    code_cols = {col for _, col in codes}
    panels: list[Panel] = []
    label_col: int | None = None
    code_col: int | None = None
    run: list[int] = []
    for col in range(n_cols + 1):
        if col in columns:
            run.append(col)
            continue
        if run and label_col is not None:
            panels.append(Panel(label_col, tuple(run), code_col))
        if run:
            code_col = None
        run = []
        if col in code_cols:
            code_col = col
        elif col in label_cols:
            label_col = col
    return tuple(panels)


def _sections(body: Iterable[Cell], n_cols: int) -> frozenset[int]:
    return frozenset(c.row for c in body if c.col == 0 and c.col_span == n_cols and c.reading.text)
