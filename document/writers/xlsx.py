"""``document.xlsx``: a sheet per table, its cells merged as printed, amounts as numbers; contents and checks first.

Cells to be reviewed are yellow and corrected ones blue, each with a comment that says why. The same document gives
the same bytes: the dates that the format asks for are fixed.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import quote_sheetname
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from document.types import Cell, Document, Origin, Reading, Table
from document.writers.checks import Field, Tally, document_name, fields_of, for_review, holding, tally
from document.writers.grid import fitted_rows, header_rows, pages_in_words, table_heading, table_names
from document.writers.original import Original
from document.writers.safe import amount_of, is_formula, is_percent, notes_on, plain

CONTENTS = "目录与核对"
_LONGEST_NAME = 31
_LONGEST_TEXT = 32_000
"""Characters of one cell: the format allows 32,767, escapes included."""
_DIGITS = 15
"""Decimal digits that a number of the format holds exactly."""
_LISTED = 1000
"""Fields for review that the first sheet lists; all are coloured in their own."""
_EPOCH = datetime(2000, 1, 1)
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_THIN = Side(style="thin", color="FF999999")
_BORDER = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_REVIEW = PatternFill("solid", start_color="FFFFE699")
_CORRECTED = PatternFill("solid", start_color="FFDDEBF7")
_HEADER = PatternFill("solid", start_color="FFEDEDED")
_BOLD = Font(bold=True)
_LINK = Font(underline="single", color="FF0563C1")


def write_xlsx(document: Document, original: Original | None = None) -> Mapping[str, bytes]:
    """The workbook as ``document.xlsx``. Raises ContractError."""
    book = openpyxl.Workbook()
    names = table_names(document.tables, _LONGEST_NAME - 1)
    contents = book.active
    assert isinstance(contents, Worksheet)
    contents.title = CONTENTS
    _write_contents(contents, document, names)
    for name, table in zip(names, document.tables, strict=True):
        _write_table(book.create_sheet(name), table)
    return {"document.xlsx": _saved(book)}


def _saved(book: openpyxl.Workbook) -> bytes:
    """The workbook's bytes with every date fixed."""
    book.properties.creator = "qingzhang"
    book.properties.created = _EPOCH
    first, second = io.BytesIO(), io.BytesIO()
    book.save(first)
    with zipfile.ZipFile(first) as old, zipfile.ZipFile(second, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", data)
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, data)
    return second.getvalue()


# --- a table ----------------------------------------------------------------------------------------------


def _write_table(sheet: Worksheet, table: Table) -> None:
    rows = fitted_rows(table)
    headers = header_rows(rows)
    for row in rows:
        for cell in row:
            _write_cell(sheet, cell, is_header=cell.row < headers)
    _set_sizes(sheet, table)
    if headers:
        sheet.freeze_panes = f"A{headers + 1}"
        sheet.print_title_rows = f"1:{headers}"
    _fit_to_paper(sheet, wide=table.n_cols > 6)
    if table.needs_review:
        sheet.sheet_properties.tabColor = "FFFFC000"


def _write_cell(sheet: Worksheet, cell: Cell, is_header: bool) -> None:
    row, col = cell.row + 1, cell.col + 1
    last_row, last_col = row + cell.row_span - 1, col + cell.col_span - 1
    for line in range(row, last_row + 1):  # a merged cell shows the borders of all it covers
        for column in range(col, last_col + 1):
            sheet.cell(line, column).border = _BORDER
    target = sheet.cell(row, col)
    is_number = _put(target, cell)
    across = "right" if is_number else "center" if is_header or cell.col_span > 1 else None
    target.alignment = Alignment(horizontal=across, vertical="center", wrap_text=True)
    if is_header:
        target.font = _BOLD
    _mark(target, cell.reading, _HEADER if is_header else None)
    if (last_row, last_col) != (row, col):
        sheet.merge_cells(start_row=row, start_column=col, end_row=last_row, end_column=last_col)


def _put(target: Any, cell: Cell) -> bool:
    """Write the cell's value; whether it is a number. A number too long for the format stays text, exact."""
    amount = amount_of(cell)
    if amount is None or len(amount.as_tuple().digits) > _DIGITS:
        _put_text(target, cell.reading.text)
        return False
    percent = is_percent(cell.reading)
    target.value = amount / 100 if percent else amount
    target.number_format = number_format(amount, "," in cell.reading.text or "，" in cell.reading.text, percent)
    return True


def number_format(amount: Decimal, separated: bool, percent: bool) -> str:
    """Excel's format that shows the number as it is printed."""
    exponent = amount.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    whole = "#,##0" if separated else "0"
    return whole + ("." + "0" * decimals if decimals > 0 else "") + ("%" if percent else "")


def _put_text(target: Any, text: str) -> None:
    """Write a text that stays one, whatever it begins with, also when it is edited."""
    cleaned = _ESCAPE.sub("_x005F_", plain(text)[:_LONGEST_TEXT])
    if not cleaned:
        return
    target.value = cleaned
    target.data_type = "s"
    target.number_format = "@"
    target.quotePrefix = is_formula(cleaned)


def _mark(target: Any, reading: Reading, plain_fill: PatternFill | None) -> None:
    notes = notes_on(reading)
    if notes:
        comment = Comment("\n".join(notes)[:_LONGEST_TEXT], "清账")
        comment.width, comment.height = 260, 30 + 20 * len(notes)
        target.comment = comment
    fill = _REVIEW if reading.needs_review else _CORRECTED if notes else plain_fill
    if fill is not None:
        target.fill = fill


def _set_sizes(sheet: Worksheet, table: Table) -> None:
    """Columns and rows as large as printed, by the smallest cell that stands in one alone."""
    widths: dict[int, float] = {}
    heights: dict[int, float] = {}
    for cell in table.cells:
        if cell.col_span == 1:
            widths[cell.col] = min(widths.get(cell.col, 1e9), cell.box.width)
        if cell.row_span == 1:
            heights[cell.row] = min(heights.get(cell.row, 1e9), cell.box.height)
    for col, points in widths.items():
        sheet.column_dimensions[get_column_letter(col + 1)].width = min(60.0, max(6.0, points / 5.0))
    for row, points in heights.items():
        sheet.row_dimensions[row + 1].height = min(300.0, max(15.0, 1.15 * points))


def _fit_to_paper(sheet: Worksheet, wide: bool) -> None:
    sheet.page_setup.orientation = "landscape" if wide else "portrait"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


# --- contents and checks ----------------------------------------------------------------------------------


def _write_contents(sheet: Worksheet, document: Document, names: Sequence[str]) -> None:
    fields = list(fields_of(document))
    _heading(sheet, document_name(document))
    for line in _about(document, tally(fields)):
        _append(sheet, line)
    _contents_table(sheet, document, names)
    _identities(sheet, document)
    _to_review(sheet, for_review(document))
    for letter, width in zip("ABCDEFGHI", (8, 18, 60, 10, 10, 8, 8, 10, 10), strict=True):
        sheet.column_dimensions[letter].width = width
    _fit_to_paper(sheet, wide=True)


def _about(document: Document, total: Tally) -> list[list[object]]:
    failed = [page for page in document.pages if page.origin is Origin.FAILED]
    lines: list[list[object]] = [
        ["来源", document.source.name],
        ["页数", len(document.pages)],
        ["表格", len(document.tables)],
        ["字段", total.fields],
        ["待复核", total.for_review],
        ["已更正", total.corrected],
        ["已核对", total.verified],
    ]
    return lines + [["失败", f"第{page.number}页：{page.error or ''}"] for page in failed]


def _contents_table(sheet: Worksheet, document: Document, names: Sequence[str]) -> None:
    _heading(sheet, "目录", gap=True)
    _append(sheet, ["序号", "表号", "表名", "单位", "页", "行", "列", "待复核", "已核对"], bold=True)
    for place, (name, table) in enumerate(zip(names, document.tables, strict=True), 1):
        one = tally([Field(c.reading, c.page, "", "", c) for c in table.cells])
        title = table.title or table_heading(table)
        size = [table.n_rows, table.n_cols, one.for_review, one.verified]
        _append(sheet, [place, table.number, title, table.unit, pages_in_words(table.pages), *size])
        link = sheet.cell(sheet.max_row, 3)
        link.hyperlink = Hyperlink(ref=link.coordinate, location=f"{quote_sheetname(name)}!A1")
        _put_text(link, title)
        link.font = _LINK
        if table.needs_review:
            _append(sheet, ["", "待复核", "；".join(table.reasons)])
            sheet.cell(sheet.max_row, 3).fill = _REVIEW


def _identities(sheet: Worksheet, document: Document) -> None:
    _heading(sheet, "勾稽关系：成立", gap=True)
    for name, count in holding(document) or [("（无）", 0)]:
        _append(sheet, [count, "格", name])


def _to_review(sheet: Worksheet, fields: Sequence[Field]) -> None:
    _heading(sheet, f"待复核：{len(fields)}处", gap=True)
    for field in fields[:_LISTED]:
        reasons = "；".join(field.reading.reasons) or "置信度低"
        _append(sheet, [f"第{field.page}页", field.reading.text, f"{field.place}：{reasons}"])


def _heading(sheet: Worksheet, text: str, gap: bool = False) -> None:
    _append(sheet, [text], row=(sheet.max_row + 2) if gap else 1, bold=True)


def _append(sheet: Worksheet, values: Sequence[object], row: int | None = None, bold: bool = False) -> None:
    """Write values below what is there, or in ``row``: numbers as numbers, everything else as harmless text."""
    row = row or sheet.max_row + 1
    for column, value in enumerate(values, 1):
        target = sheet.cell(row, column)
        if isinstance(value, int):
            target.value = value
        else:
            _put_text(target, str(value or ""))
        if bold:
            target.font = _BOLD
