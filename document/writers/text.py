"""``document.txt``: the clean text that parsers read.

Reading order, one paragraph a line, an empty line between blocks, tables as tab-separated rows (a merged cell's
text stands in its first position, the others are empty), an entry of the table of contents with its page number
after a tab, a form feed between source pages. No watermark, running header, page number, seal or figure.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from document.types import NOT_IN_TEXT, Cell, Document, Table, TextBlock

FORM_FEED = "\f"
_WHITE = re.compile(r"[\s\x00-\x1f\x7f\u0085\u2028\u2029]+")
"""White space and control characters: inside a cell or a paragraph they would be taken for structure."""


def write_text(document: Document) -> str:
    """The clean text of the document; the same document gives the same text."""
    by_page: dict[int, list[str]] = defaultdict(list)
    for block in document.blocks:
        if isinstance(block, Table):
            for page, rows in _table_rows(block):
                by_page[page].append("\n".join(rows))
        elif block.kind not in NOT_IN_TEXT:
            by_page[block.pages[0]].append(_paragraph(block))
    pages = ("\n\n".join(by_page[page.number]) for page in document.pages)
    return f"\n{FORM_FEED}\n".join(pages) + "\n"


def _paragraph(block: TextBlock) -> str:
    text = one_line(block.reading.text)
    return text if block.toc_page is None else f"{text}\t{block.toc_page}"


def _table_rows(table: Table) -> Iterator[tuple[int, list[str]]]:
    """The rows of each source page, as lines."""
    rows: dict[int, list[Cell]] = defaultdict(list)
    for cell in table.cells:
        rows[cell.row].append(cell)
    by_page: dict[int, list[str]] = defaultdict(list)
    for row in range(table.n_rows):
        cells = rows[row]
        page = cells[0].page if cells else table.pages[0]
        by_page[page].append(_row_line(cells, table.n_cols))
    yield from by_page.items()


def _row_line(cells: list[Cell], n_cols: int) -> str:
    texts = [""] * n_cols
    for cell in cells:
        texts[cell.col] = one_line(cell.reading.text)
    return "\t".join(texts)


def one_line(text: str) -> str:
    """The text without line breaks, tabs or control characters."""
    return _WHITE.sub(" ", text).strip()
