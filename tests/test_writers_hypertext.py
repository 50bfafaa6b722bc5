"""document.html and document.md, read with other people's parsers and shown by a real browser."""

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from browser import dump_dom, needs_browser, screenshot
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from writers_sample import HOSTILE, block, cell, document, hostile_table, scan

from document.types import NOT_IN_TEXT, BlockKind, Document, Page, Table, TextBlock
from document.writers.html import write_html
from document.writers.markdown import escaped, write_markdown
from document.writers.original import Original
from document.writers.safe import plain


class Reader(HTMLParser):
    """Tables as grids of (text, row span, column span), ids, links, and every other text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[list[tuple[str, int, int]]]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self._cell: list[str] | None = None
        self._spans = (1, 1)
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        assert not any(name.startswith("on") for name in values)
        self.tags.add(tag)
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values["href"]] if "href" in values else []
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._cell, self._spans = [], (int(values.get("rowspan", 1)), int(values.get("colspan", 1)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self._cell is not None:
            self._cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None:
            self.tables[-1][-1].append(("".join(self._cell).strip(), *self._spans))
            self._cell = None


def as_grid(table: Table) -> list[list[tuple[str, int, int]]]:
    rows: list[list[tuple[str, int, int]]] = [[] for _ in range(table.n_rows)]
    for c in sorted(table.cells, key=lambda c: (c.row, c.col)):
        rows[c.row].append((plain(c.reading.text), c.row_span, c.col_span))
    return rows


def prose(of: Document) -> list[str]:
    blocks = [b for b in of.blocks if isinstance(b, TextBlock) and b.kind not in NOT_IN_TEXT]
    return [plain(b.reading.text) for b in blocks]


# --- html -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page() -> str:
    return write_html(document())["document.html"].decode()


def test_html_has_every_table_with_its_spans_and_every_text(page: str) -> None:
    read = Reader(page)
    assert read.tables == [as_grid(table) for table in document().tables]
    assert set(prose(document())) <= {text.strip() for text in read.texts}


def test_each_cell_links_to_its_place_and_back(page: str) -> None:
    read = Reader(page)
    assert len(read.ids) == len(set(read.ids))
    assert {link.removeprefix("#") for link in read.links} <= set(read.ids)
    filled = [c for t in document().tables for c in t.cells if plain(c.reading.text)]
    assert sum(link.startswith("#at-") and "-r" in link for link in read.links) == len(filled)


def test_the_contents_name_each_table_once_and_entries_keep_their_page_numbers() -> None:
    entry = replace(block(BlockKind.TOC, "收入支出决算总表", 1, 40, 50), toc_page=7)
    title = block(BlockKind.HEADING, "收入支出 决算总表", 1, 60, 70, level=1)
    made = replace(document(), blocks=(entry, title, *document().blocks))
    html = write_html(made)["document.html"].decode()
    (contents,) = re.findall(r"<nav.*?</nav>", html)
    assert contents.count("收入支出决算总表") == 1
    assert "第一部分 概况" in contents
    assert '<span class="number">7</span>' in html
    assert "收入支出决算总表 …… 7" in write_markdown(made)["document.md"].decode()


def test_html_holds_no_script_and_forbids_it(page: str) -> None:
    assert "default-src 'none'" in page
    assert not Reader(page).tags & {"script", "img", "iframe", "object", "base", "form"}
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e\u200b]", page)


def test_doubts_and_failed_pages_can_be_seen(page: str) -> None:
    assert re.search(r'<td[^>]*class="doubt"[^>]*title="[^"]*与下级科目合计不符', page)
    assert "page 3: &lt;b&gt;damaged&lt;/b&gt;" in page


def test_html_shows_the_pages_where_the_source_is_at_hand(tmp_path: Path) -> None:
    pixels = np.full((842, 595), 200, np.uint8)

    def draw(page: Page, dpi: float) -> np.ndarray:
        return pixels

    original = Original(scan(tmp_path / "a.pdf", document()), draw)
    made = write_html(document(), original)["document.html"].decode()
    assert made.count('<image href="data:image/jpeg;base64,') == 2


@needs_browser
def test_a_browser_shows_it_and_runs_nothing(page: str, tmp_path: Path) -> None:
    file = tmp_path / "document.html"
    file.write_text(page, encoding="utf-8")
    picture = screenshot(file, tmp_path)
    yellow = (np.abs(picture.astype(int) - (0xFF, 0xE6, 0x99)).max(2) < 12).sum()
    assert yellow > 300  # the doubtful cell
    dom = dump_dom(file, tmp_path)
    assert "<title>青石县水利局2024年度决算</title>" in dom  # no script of a cell has changed it
    assert Reader(dom).tables == [as_grid(table) for table in document().tables]


# --- markdown ---------------------------------------------------------------------------------------------


def rendered(markdown: str) -> str:
    return str(MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table").render(markdown))


def test_markdown_comes_out_as_the_document_says() -> None:
    read = Reader(rendered(write_markdown(document())["document.md"].decode()))
    assert read.tables == [as_grid(table) for table in document().tables]
    shown = {text.strip() for text in read.texts}
    assert set(prose(document())) <= shown
    assert "公开01表 收入支出决算总表（单位：万元）" in shown
    assert not read.tags & {"script", "img", "a", "ol", "ul", "em", "code"}


def test_headings_keep_their_levels() -> None:
    html = rendered(write_markdown(document())["document.md"].decode())
    assert "<h2>第一部分 概况</h2>" in html
    assert "<h3>二、收入</h3>" in html


def test_a_table_without_merged_cells_is_a_pipe_table() -> None:
    table = Table(
        "b1", (1,), 2, 2, (cell(0, 0, "甲"), cell(0, 1, "乙|丙"), cell(1, 0, "1", amount="1"), cell(1, 1, ""))
    )
    made = Document(document().source, document().pages, (table,))
    markdown = write_markdown(made)["document.md"].decode()
    assert "<table>" not in markdown
    assert Reader(rendered(markdown)).tables == [as_grid(table)]


@given(st.one_of(st.sampled_from(HOSTILE), st.text(alphabet="#*_`[]()<>|\\!&~+-1.)=:@a 中$^\"'{}", max_size=25)))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    html = rendered(f"{escaped(text)}\n")
    read = Reader(html)
    assert "".join(read.texts).strip() == plain(text)
    assert read.tags <= {"p"}


def test_hostile_cells_stay_in_their_cells() -> None:
    made = Document(document().source, document().pages, (hostile_table(),))
    read = Reader(rendered(write_markdown(made)["document.md"].decode()))
    assert read.tables == [as_grid(hostile_table())]
