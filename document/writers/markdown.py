"""``document.md``: headings, paragraphs and real tables in GitHub's Markdown.

A table without merged cells is a pipe table; one with merged cells is HTML, which Markdown takes as it stands, for
pipe tables know no spans. Every character that Markdown could take for markup is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from document.types import NOT_IN_TEXT, BlockKind, Cell, Document, Table, TextBlock
from document.writers.checks import document_name
from document.writers.grid import fitted_rows, header_rows, table_heading
from document.writers.html_table import table_html
from document.writers.original import Original
from document.writers.safe import amount_of, plain

_MARKUP = re.compile(r"([\\`*_{}\[\]()#!|~<>&$^=:@])")
"""ASCII punctuation with a meaning anywhere in a line; ``:`` and ``@`` because addresses become links."""
_AT_START = re.compile(r"^(\d{1,9})([.)])|^([-+])")
"""What makes a line a list item at its start."""


def write_markdown(document: Document, original: Original | None = None) -> Mapping[str, bytes]:
    """The text as ``document.md``. Raises ContractError."""
    parts = [f"# {escaped(document_name(document))}"]
    for block in document.blocks:
        if isinstance(block, Table):
            parts += [f"**{escaped(_caption(block))}**", _table(block)]
        elif block.kind not in NOT_IN_TEXT and plain(block.reading.text):
            parts.append(_text(block))
    return {"document.md": ("\n\n".join(parts) + "\n").encode()}


def escaped(text: str) -> str:
    """The text as one line that Markdown shows as it is."""
    line = _MARKUP.sub(r"\\\1", plain(text))
    return _AT_START.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", line)


def _text(block: TextBlock) -> str:
    if block.kind is BlockKind.HEADING:
        return f"{'#' * min(6, (block.level or 1) + 1)} {escaped(block.reading.text)}"
    number = f" …… {block.toc_page}" if block.toc_page is not None else ""
    return escaped(block.reading.text) + number


def _caption(table: Table) -> str:
    unit = f"（单位：{plain(table.unit)}）" if table.unit else ""
    return table_heading(table) + unit


def _table(table: Table) -> str:
    rows = fitted_rows(table)
    merged = any(cell.row_span > 1 or cell.col_span > 1 for row in rows for cell in row)
    if merged or not rows:
        return table_html(rows, header_rows(rows), _html_text)
    return "\n".join(_pipe_rows(rows, table.n_cols))


def _pipe_rows(rows: Sequence[Sequence[Cell]], n_cols: int) -> list[str]:
    lines = [_pipe_row(row, n_cols) for row in rows]
    numeric = {cell.col for row in rows for cell in row if amount_of(cell) is not None}
    rule = "|" + "|".join(" ---: " if col in numeric else " --- " for col in range(n_cols)) + "|"
    return [lines[0], rule, *lines[1:]]


def _pipe_row(row: Sequence[Cell], n_cols: int) -> str:
    texts = [""] * n_cols
    for cell in row:
        texts[cell.col] = escaped(cell.reading.text)
    return "| " + " | ".join(texts) + " |"


def _html_text(cell: Cell) -> str:
    return escape(plain(cell.reading.text))
