"""``document.html``: the text with real tables in one file; each cell is a link to its place on the page.

The places are maps of the pages at the end of the file: the page's picture, where the source file is at hand, with
a box for every text; a click on a box leads back. No script, nothing from a network, and a policy that forbids both.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from importlib.resources import files

from document.geometry import Box
from document.types import NOT_IN_TEXT, BlockKind, Cell, Document, Page, Reading, Table, TextBlock
from document.writers.checks import block_anchor, cell_anchor, document_name
from document.writers.grid import fitted_rows, header_rows, pages_in_words, table_heading
from document.writers.html_table import table_html
from document.writers.original import Original
from document.writers.pictures import page_picture
from document.writers.safe import notes_on, plain

PICTURE_DPI = 80.0
MAX_PICTURES = 100
"""Pages that are shown as pictures; a longer document would be too heavy for a browser."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def write_html(document: Document, original: Original | None = None) -> Mapping[str, bytes]:
    """The text as ``document.html``. Raises ContractError."""
    name = escape(document_name(document))
    parts = [
        "<!DOCTYPE html>",
        '<html lang="zh-CN"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{name}</title><style>{_style()}</style></head>",
        f"<body><h1>{name}</h1>",
        _contents(document),
        "<main>",
        *(_block(place, block) for place, block in enumerate(document.blocks)),
        "</main>",
        *_maps(document, original),
        "</body></html>",
    ]
    return {"document.html": ("\n".join(part for part in parts if part) + "\n").encode()}


@cache
def _style() -> str:
    return files("document.writers").joinpath("templates/document.css").read_text(encoding="utf-8")


def _contents(document: Document) -> str:
    links = [f'<a href="#{anchor}">{escape(text)}</a>' for anchor, text in _headings(document)]
    return f'<nav aria-label="目录">{"".join(links)}</nav>' if links else ""


def _headings(document: Document) -> Iterator[tuple[str, str]]:
    """Anchors and texts for the contents: tables, and headings of the first two levels that are no table's title."""
    titles = {_compact(table.title) for table in document.tables if table.title}
    for place, block in enumerate(document.blocks):
        if isinstance(block, Table):
            yield block_anchor(place), f"{table_heading(block)}（第{pages_in_words(block.pages)}页）"
        elif _is_in_contents(block) and _compact(block.reading.text) not in titles:
            yield block_anchor(place), plain(block.reading.text)


def _is_in_contents(block: TextBlock) -> bool:
    return block.kind is BlockKind.HEADING and (block.level or 1) <= 2


def _compact(text: str) -> str:
    """The text without white space and differences of width."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _block(place: int, block: Table | TextBlock) -> str:
    if isinstance(block, Table):
        return _table(place, block)
    text = plain(block.reading.text)
    if block.kind in NOT_IN_TEXT or not text:
        return ""
    tag = f"h{min(6, (block.level or 1) + 1)}" if block.kind is BlockKind.HEADING else "p"
    anchor = block_anchor(place)
    kind = block.kind.value if block.kind in (BlockKind.NOTE, BlockKind.TOC) else ""
    opening = f'<{tag} id="{anchor}"{_marks(block.reading, kind)}>'
    number = f' <span class="number">{block.toc_page}</span>' if block.toc_page is not None else ""
    return f'{opening}<a href="#at-{anchor}">{escape(text)}</a>{number}</{tag}>'


def _table(place: int, table: Table) -> str:
    rows = fitted_rows(table)
    unit = f"　单位：{plain(table.unit)}" if table.unit else ""
    caption = f"<caption>{escape(table_heading(table) + unit)}</caption>"
    body = table_html(
        rows,
        header_rows(rows),
        lambda cell: _linked(cell, cell_anchor(place, cell)),
        lambda cell: f' id="{cell_anchor(place, cell)}"{_marks(cell.reading)}',
    )
    return f'<div class="wide" id="{block_anchor(place)}">{body.replace("<table>", f"<table>{caption}", 1)}</div>'


def _linked(cell: Cell, anchor: str) -> str:
    text = escape(plain(cell.reading.text))
    return f'<a href="#at-{anchor}">{text}</a>' if text else ""


def _marks(reading: Reading, kind: str = "") -> str:
    """Class and title for what is to be said of the reading."""
    notes = notes_on(reading)
    state = "doubt" if reading.needs_review else "corrected" if notes else ""
    classes = " ".join(word for word in (kind, state) if word)
    title = f' title="{escape("；".join(notes))}"' if notes else ""
    return (f' class="{classes}"' if classes else "") + title


# --- maps of the pages ------------------------------------------------------------------------------------


def _maps(document: Document, original: Original | None) -> Iterator[str]:
    by_page: dict[int, list[str]] = defaultdict(list)
    for place, block in enumerate(document.blocks):
        if isinstance(block, Table):
            for cell in block.cells:
                by_page[cell.page].append(_rect(cell_anchor(place, cell), cell.box, cell.reading, not original))
        elif block.kind not in NOT_IN_TEXT and plain(block.reading.text):
            by_page[block.pages[0]].append(_rect(block_anchor(place), block.box, block.reading, not original))
    yield '<section class="maps"><h2>各页位置</h2>'
    for page in document.pages:
        yield _map(page, by_page[page.number], original)
    yield "</section>"


def _map(page: Page, rects: list[str], original: Original | None) -> str:
    heading = f'<h3 id="page-{page.number}">第{page.number}页</h3>'
    if page.error is not None:
        return f'{heading}<p class="doubt">未能读取：{escape(plain(page.error))}</p>'
    size = f"{page.width:g} {page.height:g}"
    draw = original.draw if original and page.number <= MAX_PICTURES else None
    picture = page_picture(draw, page, PICTURE_DPI, quality=50)
    image = f'<image href="{picture}" width="{page.width:g}" height="{page.height:g}"/>' if picture else ""
    return f'{heading}<svg class="map" viewBox="0 0 {size}" role="img">{image}{"".join(rects)}</svg>'


def _rect(anchor: str, box: Box, reading: Reading, with_text: bool) -> str:
    """A box on the map that leads back to the text; with the text in it where there is no picture below."""
    text = plain(reading.text)
    kind = ' class="doubt"' if reading.needs_review else ""
    rect = (
        f'<rect id="at-{anchor}"{kind} x="{box.left:g}" y="{box.top:g}" width="{box.width:g}" height="{box.height:g}">'
        f"<title>{escape(text)}</title></rect>"
    )
    return f'<a href="#{anchor}">{rect}{_shown(text, box) if with_text else ""}</a>'


def _shown(text: str, box: Box) -> str:
    if not text or box.width <= 2:
        return ""
    size = min(10.0, box.height * 0.7, 1.6 * box.width / len(text) ** 0.9)
    fit = f' textLength="{box.width - 2:g}" lengthAdjust="spacingAndGlyphs"' if len(text) * size > box.width else ""
    return (
        f'<text x="{box.left + 1:g}" y="{box.center[1] + size / 3:g}" font-size="{size:.2f}"{fit}>{escape(text)}</text>'
    )
