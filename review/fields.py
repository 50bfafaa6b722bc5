"""A document as the desk sees it: one field for each cell, each text, and each table as a whole."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from document.geometry import Box
from document.types import NOT_IN_TEXT, Cell, Correction, Document, Reading, Rule, Table, TextBlock
from review.types import FieldKind, ReasonKind


class FieldKey(NamedTuple):
    """A field's place in a document; row and column are -1 for a text and for a table as a whole."""

    block: int
    """Index in ``Document.blocks``."""
    row: int = -1
    col: int = -1


@dataclass(frozen=True, slots=True)
class Field:
    """One field with where it stands and what the machine says of it."""

    key: FieldKey
    kind: FieldKind
    block_id: str
    page: int
    box: Box
    reading: Reading
    amount: str | None = None
    verified_by: tuple[str, ...] = ()
    row_span: int = 1
    col_span: int = 1
    table: str = ""
    """Title or number of the table it is in."""
    row_label: str = ""
    column_label: str = ""
    in_text: bool = True
    """Whether it is part of the clean text: running heads and page numbers are not."""


_DIGITS = re.compile(r"[\d\s]*")
_CODE = re.compile(r"\d{3,9}")
LABEL_LENGTH = 80
"""Characters of a label that are kept: it tells where a field stands, it is no value."""


def fields_of(document: Document) -> tuple[Field, ...]:
    """Every field, in reading order; a table's own comes before its cells."""
    found: list[Field] = []
    for index, block in enumerate(document.blocks):
        found.extend(_of_table(index, block) if isinstance(block, Table) else [_of_text(index, block)])
    return tuple(found)


def table_name(table: Table) -> str:
    """What a table is called: its title, else its number."""
    return (table.title or table.number or "")[:200]


def _of_text(index: int, block: TextBlock) -> Field:
    key, in_text = FieldKey(index), block.kind not in NOT_IN_TEXT
    return Field(key, FieldKind.TEXT, block.id, block.pages[0], block.box, block.reading, in_text=in_text)


def _of_table(index: int, table: Table) -> Iterable[Field]:
    name, page = table_name(table), table.pages[0]
    boxes = [c.box for c in table.cells if c.page == page] or [c.box for c in table.cells]
    whole = Reading(name, name, 1.0, table.needs_review, table.reasons)
    box = Box.around(boxes) if boxes else Box(0, 0, 0, 0)
    yield Field(FieldKey(index), FieldKind.TABLE, table.id, page, box, whole, table=name)
    head, amounts = header_rows(table), amount_columns(table)
    columns, rows = column_labels(table, head), row_labels(table, amounts)
    for cell in table.cells:
        is_amount = cell.amount is not None or (cell.row >= head and cell.col in amounts and cell.col_span == 1)
        yield Field(
            FieldKey(index, cell.row, cell.col),
            FieldKind.AMOUNT if is_amount else FieldKind.LABEL,
            table.id,
            cell.page,
            cell.box,
            cell.reading,
            cell.amount,
            cell.verified_by,
            cell.row_span,
            cell.col_span,
            name,
            rows.get((cell.row, cell.col), ""),
            columns.get(cell.col, "") if cell.row >= head else "",
        )


def header_rows(table: Table) -> int:
    """Rows above the first with an amount or a code."""
    body = [c.row for c in table.cells if c.amount is not None or _CODE.fullmatch(c.reading.text.strip())]
    return min(body, default=min(1, table.n_rows))


def amount_columns(table: Table) -> frozenset[int]:
    """Columns that hold amounts rather than words."""
    numbers: dict[int, int] = defaultdict(int)
    for cell in table.cells:
        if cell.col_span == 1 and cell.reading.text:
            numbers[cell.col] += 1 if cell.amount is not None else -1 if _has_letters(cell.reading.text) else 0
    head = header_rows(table)
    for cell in table.cells:  # the heads' words say nothing about the body
        if cell.row < head and cell.col_span == 1 and cell.reading.text and _has_letters(cell.reading.text):
            numbers[cell.col] += 1
    with_amount = {cell.col for cell in table.cells if cell.amount is not None and cell.row >= head}
    return frozenset(col for col in with_amount if numbers[col] > 0)


def column_labels(table: Table, head: int) -> dict[int, str]:
    """For each column the heads above it, uppermost first, joined by /; rows that count the columns left out."""
    found: dict[int, list[str]] = defaultdict(list)
    for cell in sorted((c for c in table.cells if c.row < head), key=lambda c: (c.row, c.col)):
        text = "".join(cell.reading.text.split())
        if _DIGITS.fullmatch(text):
            continue
        for col in range(cell.col, min(cell.col + cell.col_span, table.n_cols)):
            if text not in found[col]:
                found[col].append(text)
    return {col: "/".join(texts)[:LABEL_LENGTH] for col, texts in found.items()}


def row_labels(table: Table, amounts: frozenset[int]) -> dict[tuple[int, int], str]:
    """For each cell the nearest words on its left in its row, a code before them where there is one."""
    rows: dict[int, list[Cell]] = defaultdict(list)
    for cell in table.cells:
        rows[cell.row].append(cell)
    found: dict[tuple[int, int], str] = {}
    for cells in rows.values():
        label = code = ""
        for cell in sorted(cells, key=lambda c: c.col):
            found[cell.row, cell.col] = f"{code} {label}".strip()[:LABEL_LENGTH]
            text = "".join(cell.reading.text.split())
            if cell.amount is not None or not text or (cell.col in amounts and cell.col_span == 1):
                continue
            if _CODE.fullmatch(text):
                code = text
            elif _has_letters(text):
                label = text
    return found


def _has_letters(text: str) -> bool:
    return any(c.isalpha() for c in text)


# --- reasons -----------------------------------------------------------------------------------------------

_CLASSES: Sequence[tuple[ReasonKind, re.Pattern[str]]] = (
    (ReasonKind.MOVED, re.compile(r"^重新识别后")),
    (ReasonKind.AUDIT, re.compile(r"^抽查")),
    (ReasonKind.COPY, re.compile(r"^与《.*数字不同")),
    (ReasonKind.STRUCTURE, re.compile(r"缺行|行列|跳到|两项内容|表格结构|多数勾稽关系不成立|竖线|横线|错位")),
    (ReasonKind.SUM, re.compile(r"不符|互换了位置|应为[\d.,-]+%")),
    (ReasonKind.DICTIONARY, re.compile(r"相近，未能确定|标准名称|只差一字")),
    (ReasonKind.FORM, re.compile(r"小数|千分位|空格，|应为金额|按形近的数字读|表格线|数字前后")),
    (ReasonKind.UNCLEAR, re.compile(r"可能是|识别不清|把握不足")),
)
"""By the words that ``cleanup`` writes, in the order in which they are tried."""
_GRAVEST = (
    ReasonKind.MOVED,
    ReasonKind.STRUCTURE,
    ReasonKind.SUM,
    ReasonKind.COPY,
    ReasonKind.FORM,
    ReasonKind.DICTIONARY,
    ReasonKind.UNCLEAR,
    ReasonKind.OTHER,
    ReasonKind.AUDIT,
)


def reason_kind(reason: str) -> ReasonKind:
    """The class of one reason."""
    return next((kind for kind, pattern in _CLASSES if pattern.search(reason)), ReasonKind.OTHER)


def worst_reason(reasons: Iterable[str]) -> ReasonKind:
    """The gravest class among the reasons; OTHER for none."""
    kinds = {reason_kind(reason) for reason in reasons}
    return next((kind for kind in _GRAVEST if kind in kinds), ReasonKind.OTHER)


_RULE_WORDS = {
    Rule.WATERMARK_RESIDUE: "去掉水印残留",
    Rule.WHITE_SPACE: "空白",
    Rule.WIDTH: "全半角",
    Rule.NUMBER_FORMAT: "数字格式",
    Rule.TRADITIONAL: "繁体形近字",
    Rule.SUBJECT_NAME: "科目名称",
    Rule.SUBJECT_CODE: "科目编码",
    Rule.FIXED_LABEL: "固定文字",
    Rule.PHRASE: "固定语句",
    Rule.DEBRIS: "污点",
    Rule.IDENTITY: "勾稽关系",
    Rule.REVIEWER: "人工复核",
}


def correction_words(correction: Correction) -> str:
    """A correction for an operator: 事业单位医疗人 → 事业单位医疗（科目名称，0.97）."""
    before, after = correction.before or "（空）", correction.after or "（空）"
    return f"{before} → {after}（{_RULE_WORDS[correction.rule]}，{correction.score:.2f}）"
