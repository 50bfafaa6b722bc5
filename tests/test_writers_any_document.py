"""Every format of any document that the contract allows: an independent reader opens it and finds the same values."""

import csv
import io
import re
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pymupdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_writers_alto import found, parsed, text_of
from test_writers_hypertext import Reader, as_grid, rendered
from writers_sample import HOSTILE, block, document, original, reading, scan

from document.amounts import parse_amount
from document.geometry import Box
from document.json import dump, load
from document.types import NOT_IN_TEXT, BlockKind, Cell, Document, Meta, Origin, Page, PageWatermark, Table, TextBlock
from document.writers.amounts_csv import write_amounts_csv
from document.writers.csv_tables import write_csv_tables
from document.writers.formats import Format, write_format
from document.writers.html import write_html
from document.writers.markdown import write_markdown
from document.writers.pdf import write_pdf
from document.writers.report import write_report
from document.writers.report_archive import archive_report, entry_of
from document.writers.safe import is_formula, plain, spreadsheet_text
from document.writers.text import write_text
from document.writers.xlsx import write_xlsx

TEXTS = st.one_of(
    st.sampled_from(["", " ", "合计", "1,614.45", "-20.50", "95%", "0", "2080505", "0.00", "－3", "□", "A" * 40_000]),
    st.sampled_from(HOSTILE),
    st.text(max_size=12),
)


@st.composite
def tables(draw: st.DrawFn, pages: int) -> Table:
    """A grid of merged and single cells, over one or two pages; from one position up."""
    n_rows, n_cols = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    first = draw(st.integers(1, pages))
    turn = draw(st.integers(1, n_rows)) if first < pages else n_rows
    free = {(row, col) for row in range(n_rows) for col in range(n_cols)}
    cells = []
    for row, col in sorted(free):
        if (row, col) not in free:
            continue
        limit = turn if row < turn else n_rows
        wide, high = draw(st.integers(1, n_cols - col)), draw(st.integers(1, limit - row))
        while not all((r, c) in free for r in range(row, row + high) for c in range(col, col + wide)):
            wide = high = 1
        free -= {(r, c) for r in range(row, row + high) for c in range(col, col + wide)}
        page = first if row < turn else first + 1
        box = Box(40 + 100 * col, 60 + 24 * row, 40 + 100 * (col + wide), 60 + 24 * (row + high))
        cells.append(draw(filled(Cell(row, col, page, box, row_span=high, col_span=wide))))
    shown = (first, first + 1) if turn < n_rows else (first,)
    title, number, unit = (draw(st.one_of(st.none(), TEXTS.filter(lambda t: len(t) < 50))) for _ in range(3))
    return Table("b1", shown, n_rows, n_cols, tuple(cells), title, number, unit, needs_review=draw(st.booleans()))


@st.composite
def filled(draw: st.DrawFn, cell: Cell) -> Cell:
    text = draw(TEXTS)
    amount = parse_amount(text)
    doubt = draw(st.booleans())
    said = reading(text, needs_review=doubt, reasons=(draw(st.sampled_from(HOSTILE)),) if doubt else ())
    return replace(cell, reading=said, amount=amount.decimal_string if amount else None)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Pages, some of them failed, with text of every kind and tables; also nothing at all."""
    count = draw(st.integers(1, 3))
    blocks: list[Table | TextBlock] = []
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(["table", *BlockKind]))
        if kind == "table":
            blocks.append(draw(tables(count)))
        else:
            level = draw(st.integers(1, 4)) if kind == BlockKind.HEADING else None
            made = block(BlockKind(kind), draw(TEXTS), draw(st.integers(1, count)), 300, 360, level)
            blocks.append(replace(made, toc_page=7 if kind == BlockKind.TOC else None))
    used = {cell.page for b in blocks for cell in (b.cells if isinstance(b, Table) else ())}
    used |= {b.pages[0] for b in blocks}
    failed = Page(1, Origin.FAILED, 0, 0, error=draw(st.sampled_from(HOSTILE)))
    mark = PageWatermark(draw(st.sampled_from([None, *HOSTILE])), 0.1)
    pages = tuple(
        replace(failed, number=n)
        if n not in used and draw(st.booleans())
        else Page(n, Origin.SCAN, 595, 842, watermark=mark)
        for n in range(1, count + 1)
    )
    meta = Meta(draw(st.sampled_from([None, *HOSTILE])), draw(st.sampled_from([None, 2024])))
    return Document(replace(document().source, page_count=count), pages, tuple(blocks), meta)


slow = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@slow
@given(documents())
def test_json_comes_back_as_it_was(of: Document) -> None:
    data = write_format(Format.JSON, of)["document.json"].decode("utf-8")
    again = load(data)
    assert dump(again) == data
    if not re.search(r"\\ud[89a-f]", repr(of)):  # halves of surrogate pairs come out as question marks
        assert again == of


@slow
@given(documents())
def test_text_has_its_pages_and_the_rows_of_its_tables(of: Document) -> None:
    text = write_text(of)
    assert not re.search(r"[\x00-\x08\x0b\x0d-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff]", text)
    pages = text.split("\f")
    assert len(pages) == len(of.pages)
    for table in of.tables:
        page = next((c.page for c in table.cells if c.row == 0), table.pages[0])
        assert sum(line.count("\t") == table.n_cols - 1 for line in pages[page - 1].split("\n"))


@slow
@given(documents())
def test_csv_tables_have_every_cell_in_its_position(of: Document) -> None:
    files = write_csv_tables(of)
    assert len(files) == len(of.tables)
    for table, data in zip(of.tables, files.values(), strict=True):
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
        assert {len(row) for row in rows} == {table.n_cols}
        for cell in table.cells:
            said = rows[cell.row][cell.col]
            if cell.amount is None:
                assert said == spreadsheet_text(cell.reading.text)
            else:
                assert Decimal(said.rstrip("%")) == Decimal(cell.amount)
        assert not any(is_formula(field) and not re.fullmatch(r"-[\d.]+%?", field) for row in rows for field in row)


@slow
@given(documents())
def test_amounts_are_all_there_and_nothing_else(of: Document) -> None:
    lines = list(csv.DictReader(io.StringIO(write_amounts_csv(of).decode("utf-8-sig"))))
    assert all(None not in line and None not in line.values() for line in lines)
    known = Counter((c.page, Decimal(c.amount)) for t in of.tables for c in t.cells if c.amount is not None)
    assert Counter((int(line["page"]), Decimal(line["amount"])) for line in lines) <= known


@slow
@given(documents())
def test_a_workbook_opens_with_the_same_cells(of: Document) -> None:
    book = openpyxl.load_workbook(io.BytesIO(write_xlsx(of)["document.xlsx"]))
    assert len(book.sheetnames) == len({name.casefold() for name in book.sheetnames}) == 1 + len(of.tables)
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in book.sheetnames)
    assert not any(c.data_type == "f" for sheet in book for row in sheet.iter_rows() for c in row)
    for sheet, table in zip(book.worksheets[1:], of.tables, strict=True):
        merged = {(r.min_row, r.min_col, r.max_row, r.max_col) for r in sheet.merged_cells.ranges}
        spans = {(c.row + 1, c.col + 1, c.row + c.row_span, c.col + c.col_span) for c in table.cells}
        assert merged == {span for span in spans if span[:2] != span[2:]}
        for cell in table.cells:
            value = sheet.cell(cell.row + 1, cell.col + 1).value
            if cell.amount is None:
                text = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", plain(cell.reading.text))
                assert (value or "") == text[:32_000] or len(text) > 32_000
            else:
                percent = cell.reading.text.endswith("%")
                assert Decimal(repr(value)) == Decimal(cell.amount) / (100 if percent else 1)


@slow
@given(documents())
def test_html_and_markdown_have_the_same_tables_and_no_tags_of_the_text(of: Document) -> None:
    html = write_html(of)["document.html"].decode("utf-8")
    markdown = rendered(write_markdown(of)["document.md"].decode("utf-8"))
    for page in (html, markdown):
        read = Reader(page)
        assert read.tables == [as_grid(table) for table in of.tables]
        assert not read.tags & {"script", "img", "iframe", "object", "form"}
        shown = [" ".join(text.split()) for text in read.texts]
        for item in of.blocks:
            if isinstance(item, TextBlock) and item.kind not in NOT_IN_TEXT and plain(item.reading.text):
                number = f" …… {item.toc_page}" if item.toc_page and page is markdown else ""
                assert " ".join(plain(item.reading.text).split()) + number in shown
    ids = Reader(html).ids
    assert len(ids) == len(set(ids))


@slow
@given(documents())
def test_alto_fits_its_schema_with_every_text(of: Document) -> None:
    root = parsed(of)
    assert len(found(root, ".//a:Page")) == len(of.pages)
    cells = [c.reading.text for table in of.tables for c in table.cells]
    texts = [*cells, *(b.reading.text for b in of.blocks if isinstance(b, TextBlock))]
    assert Counter(text_of(b) for b in found(root, ".//a:TextBlock")) == Counter(
        " ".join(plain(text).split()) for text in texts
    )


@slow
@given(documents())
def test_reports_are_pages_without_tags_of_the_text(of: Document) -> None:
    for page in (write_report(of)["report.html"].decode("utf-8"), archive_report([entry_of(of, "a")]).decode("utf-8")):
        read = Reader(page)
        assert not read.tags & {"iframe", "object", "form", "link"}
        assert page.count("<script") == page.count("<script>")
        assert not re.search(r"(src|href)=\"(?!data:|a/|#)", page)
        assert not re.search(r"[\x00-\x08\x0b\x0e-\x1f\x7f\u202e]", page)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents())
def test_a_pdf_holds_exactly_the_text(tmp_path_factory: pytest.TempPathFactory, of: Document) -> None:
    source = scan(tmp_path_factory.mktemp("any") / "a.pdf", replace(of, blocks=()))
    with pymupdf.open("pdf", write_pdf(of, original(source))["document.pdf"]) as pdf:
        for number, page in enumerate(of.pages, 1):
            texts = [c.reading.text for t in of.tables for c in t.cells if c.page == number]
            texts += [b.reading.text for b in of.blocks if isinstance(b, TextBlock) and b.pages[0] == number]
            wanted = Counter("".join(re.sub(r"\s", "", plain(text)) for text in texts))
            said = Counter(re.sub(r"\s", "", pdf[number - 1].get_text()))
            assert page.origin is Origin.FAILED or said == wanted
