"""``document.txt``: the clean text that parsers read.

Reading order, one paragraph a line, an empty line between blocks, tables as tab-separated rows (a merged cell's
text stands in its first position, the others are empty), an entry of the table of contents with its page number
after a tab, a form feed between source pages. No watermark, running header, page number, seal or figure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from document.types import NOT_IN_TEXT, Cell, Document, Table, TextBlock
from document.writers.grid import fitted_rows
from document.writers.safe import plain

FORM_FEED = "\f"


def write_text(document: Document) -> str:
    """The clean text of the document; the same document gives the same text. Raises ContractError."""
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
    text = plain(block.reading.text)
    return text if block.toc_page is None else f"{text}\t{block.toc_page}"


def _table_rows(table: Table) -> Iterator[tuple[int, list[str]]]:
    """The rows of each source page, as lines; one that merged cells cover stands with the row above it."""
    by_page: dict[int, list[str]] = defaultdict(list)
    page = table.pages[0]
    for cells in fitted_rows(table):
        page = cells[0].page if cells else page
        by_page[page].append(_row_line(cells, table.n_cols))
    yield from by_page.items()


def _row_line(cells: Sequence[Cell], n_cols: int) -> str:
    texts = [""] * n_cols
    for cell in cells:
        texts[cell.col] = plain(cell.reading.text)
    return "\t".join(texts)
