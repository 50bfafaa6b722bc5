"""document.pdf, read with poppler, PDFium and MuPDF against the document, and looked at against the source."""

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pymupdf
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pdf_a import problems
from writers_sample import accounts, block, cell, document, original, reading, scan

from document.exceptions import OutputError
from document.geometry import Box
from document.types import BlockKind, Cell, Document, Origin, Page, Table
from document.writers.glyphless import Glyphs, program
from document.writers.lines import Ink, ink_of, placed
from document.writers.pdf import write_pdf
from document.writers.safe import plain

needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")


def pdf_of(of: Document, source: Path, folder: Path) -> Path:
    out = folder / "document.pdf"
    out.write_bytes(write_pdf(of, original(source))["document.pdf"])
    return out


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("pdf")
    source = scan(folder / "source.pdf", document())
    return source, pdf_of(document(), source, folder)


def characters(of: Document, number: int) -> Counter[str]:
    texts = [c.reading.text for t in of.tables for c in t.cells if c.page == number]
    texts += [b.reading.text for b in of.blocks if not isinstance(b, Table) and b.pages[0] == number]
    return Counter("".join(re.sub(r"\s", "", plain(text)) for text in texts))


def pixels(path: Path, number: int, dpi: int = 72) -> np.ndarray:
    with pymupdf.open(path) as pdf:
        pixmap = pdf[number - 1].get_pixmap(dpi=dpi)
        return np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width, pixmap.n).copy()


def poppler(path: Path, *options: str) -> str:
    done = subprocess.run(["pdftotext", *options, str(path), "-"], check=True, capture_output=True, timeout=600)
    assert not done.stderr
    return done.stdout.decode()


# --- every text, by every reader --------------------------------------------------------------------------


@needs_poppler
def test_poppler_reads_exactly_the_document(made: tuple[Path, Path]) -> None:
    pages = poppler(made[1], "-raw").split("\f")
    for number in (1, 2):
        assert Counter(re.sub(r"\s", "", pages[number - 1])) == characters(document(), number)


def test_pdfium_and_mupdf_read_exactly_the_document(made: tuple[Path, Path]) -> None:
    pdfium, mupdf = pypdfium2.PdfDocument(made[1]), pymupdf.open(made[1])
    for number in (1, 2):
        for text in (pdfium[number - 1].get_textpage().get_text_range(), mupdf[number - 1].get_text()):
            assert Counter(re.sub(r"\s", "", text)) == characters(document(), number)


@needs_poppler
@pytest.mark.parametrize("options", [(), ("-raw",), ("-layout",)])
def test_table_cells_copy_in_order_with_spaces_between(made: tuple[Path, Path], options: tuple[str, ...]) -> None:
    lines = [" ".join(line.split()) for line in poppler(made[1], *options).splitlines()]
    assert "合计 37,188.34 100%" in lines
    assert "2101102 事业单位医疗 -20.50 0.55%" in lines
    assert (
        lines.index("科目编码 科目名称") < lines.index("合计 37,188.34 100%") < lines.index("2210201 住房公积金 820.66")
    )


def wide_table() -> Document:
    """A table as budgets have them: wide gaps between names and amounts, blank columns, short and long names."""
    edges = (40, 100, 250, 320, 390, 460, 555)
    names = ("行政运行", "机关事业单位职业年金缴费支出", "抚恤", "住房公积金", "一", "其他社会保障和就业支出")
    cells = []
    for row in range(24):
        amount = f"{row * 37 + 1}.{row % 10}0"
        texts = (f"2080{row:03}", names[row % 6], amount, amount if row % 3 else "", "", amount if row % 4 else "")
        for col, text in enumerate(texts):
            box = Box(edges[col], 100 + 22 * row, edges[col + 1], 122 + 22 * row)
            cells.append(Cell(row, col, 1, box, reading(text), amount=text if col > 1 and text else None))
    table = Table("b1", (1,), 24, 6, tuple(cells))
    return replace(document(), pages=document().pages[:1], blocks=(table,))


def wide_scan(path: Path) -> Path:
    """The page of ``wide_table``: names at the left of their cells, amounts at the right, of one type size."""
    pixel = np.full((1684, 1190), 255, np.uint8)
    for one in wide_table().tables[0].cells:
        width = sum(9 if ord(c) > 255 else 4.5 for c in one.reading.text)
        left = one.box.right - 4 - width if one.amount else one.box.left + 4
        for x in np.arange(left, left + width - 1, 4.5):
            pixel[round(2 * one.box.top) + 14 : round(2 * one.box.top) + 32, round(2 * x) : round(2 * x) + 7] = 20
    put(pixel[::2, ::2], 0, path)
    return path


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wide")
    return pdf_of(wide_table(), wide_scan(folder / "source.pdf"), folder)


def wide_rows() -> list[str]:
    rows: dict[int, list[str]] = {}
    for one in wide_table().tables[0].cells:
        rows.setdefault(one.row, []).append(one.reading.text)
    return [" ".join(filter(None, row)) for row in rows.values()]


@needs_poppler
@pytest.mark.parametrize("options", [(), ("-raw",), ("-layout",)])
def test_poppler_takes_rows_for_rows_however_wide_the_gaps(wide: Path, options: tuple[str, ...]) -> None:
    lines = [" ".join(line.split()) for line in poppler(wide, *options).splitlines()]
    assert [line for line in lines if line] == wide_rows()


def test_pdfium_and_mupdf_take_rows_for_rows(wide: Path) -> None:
    pdfium = pypdfium2.PdfDocument(wide)[0].get_textpage().get_text_range()
    with pymupdf.open(wide) as pdf:
        words = pdf[0].get_text("words")
        sorted_words = pdf[0].get_text("words", sort=True)
    assert [" ".join(line.split()) for line in pdfium.splitlines()] == wide_rows()
    assert [word[4] for word in words] == " ".join(wide_rows()).split()
    assert [word[4] for word in sorted_words] == " ".join(wide_rows()).split()


def test_a_cells_text_begins_and_is_found_in_its_cell(wide: Path) -> None:
    with pymupdf.open(wide) as pdf:
        words = pdf[0].get_text("words")
    filled = [cell for cell in wide_table().tables[0].cells if cell.reading.text]
    for one, (left, top, right, bottom, text, *_) in zip(filled, words, strict=True):
        assert text == one.reading.text
        assert one.box.contains(left, (top + bottom) / 2)
        assert not any(
            other.box.contains((left + right) / 2, one.box.center[1])
            for other in filled
            if other.row == one.row and other.col != one.col
        )


def test_equal_amounts_side_by_side_are_found_each_in_its_cell(wide: Path) -> None:
    amounts = [cell for cell in wide_table().tables[0].cells if cell.amount and cell.row % 12 == 5]
    with pymupdf.open(wide) as pdf:
        for one in amounts:
            hits = pdf[0].search_for(one.reading.text)
            assert any(one.box.contains(hit.x0, (hit.y0 + hit.y1) / 2) for hit in hits)


def test_search_finds_the_corrected_text_in_its_place(made: tuple[Path, Path]) -> None:
    page = pymupdf.open(made[1])[1]
    found = page.search_for("事业单位医疗")
    target = next(c.box for c in accounts().cells if c.reading.text == "事业单位医疗")
    assert len(found) == 1
    assert target.contains(*((found[0].x0 + found[0].x1) / 2, (found[0].y0 + found[0].y1) / 2))
    assert not page.search_for("事业单位医疗人")


def test_a_paragraph_lies_on_its_lines(made: tuple[Path, Path]) -> None:
    page = pymupdf.open(made[1])[0]
    lines = [
        span["bbox"]
        for b in page.get_text("dict")["blocks"]
        for line in b.get("lines", ())
        for span in line["spans"]
        if 105 < span["bbox"][1] < 175
    ]
    assert len(lines) == 3
    for number, (_, top, _, bottom) in enumerate(lines):
        assert abs((top + bottom) / 2 - (110 + 20 * number + 5)) < 3


# --- the page stays what it was ---------------------------------------------------------------------------


def test_the_pages_look_as_before_and_the_picture_is_the_same_bytes(made: tuple[Path, Path]) -> None:
    source, out = made
    for number in (1, 2, 3):
        assert np.array_equal(pixels(source, number), pixels(out, number))
    with pymupdf.open(source) as old, pymupdf.open(out) as new:
        for number in range(3):
            images = [pdf.extract_image(pdf[number].get_images()[0][0])["image"] for pdf in (old, new)]
            assert images[0] == images[1]


def test_the_file_hardly_grows(made: tuple[Path, Path]) -> None:
    source, out = made
    assert out.stat().st_size - source.stat().st_size < 12_000


def test_the_same_document_gives_the_same_bytes(made: tuple[Path, Path], tmp_path: Path) -> None:
    assert pdf_of(document(), made[0], tmp_path).read_bytes() == made[1].read_bytes()


# --- turned pages -----------------------------------------------------------------------------------------


@needs_poppler
@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_text_lies_on_the_ink_of_turned_pages(rotate: int, turn: int, tmp_path: Path) -> None:
    """``rotate`` is the file's /Rotate, ``turn`` what was still to turn: a word lies where its ink is."""
    box = Box(60, 100, 260, 120)
    page = Page(1, Origin.SCAN, 595, 842, rotation=turn)
    of = replace(
        document(), pages=(page,), blocks=(replace(block(BlockKind.PARAGRAPH, "水利局决算" * 4, 1, 100, 120), box=box),)
    )
    source = tmp_path / "turned.pdf"
    pixel = np.full((842, 595), 255, np.uint8)
    for left in range(70, 250, 8):
        pixel[105:115, left : left + 6] = 0
    put(np.rot90(pixel, (turn + rotate) // 90), rotate, source)
    out = pdf_of(of, source, tmp_path)
    assert np.array_equal(pixels(source, 1), pixels(out, 1))
    ink = np.argwhere(pixels(out, 1)[:, :, 0] < 128)
    word = re.search(r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)<', poppler(out, "-bbox"))
    assert word is not None
    assert word[5] == "水利局决算" * 4
    (top, left), (bottom, right) = ink.min(0), ink.max(0) + 1
    assert [float(v) for v in word.groups()[:4]] == pytest.approx([left, top, right, bottom], abs=4)


def put(stored: np.ndarray, rotate: int, path: Path) -> None:
    """One page that is a picture, its media box away from the origin, its resources inherited."""
    rows, cols = stored.shape
    image = pymupdf.Pixmap(pymupdf.csGRAY, cols, rows, np.ascontiguousarray(stored).tobytes(), False)
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=cols, height=rows)
        page.insert_image(page.rect, stream=image.tobytes("png"))
        page.wrap_contents()
        shift = pdf.get_new_xref()
        pdf.update_object(shift, "<<>>")
        pdf.update_stream(shift, b"1 0 0 1 30 50 cm\n")
        own = " ".join(f"{xref} 0 R" for xref in page.get_contents())
        pdf.xref_set_key(page.xref, "Contents", f"[{shift} 0 R {own}]")
        pdf.xref_set_key(page.xref, "MediaBox", f"[30 50 {30 + cols} {50 + rows}]")
        resources = pdf.xref_get_key(page.xref, "Resources")[1]
        parent = int(pdf.xref_get_key(page.xref, "Parent")[1].split()[0])
        pdf.xref_set_key(parent, "Resources", resources)
        pdf.xref_set_key(page.xref, "Resources", "null")
        pdf.xref_set_key(page.xref, "Rotate", str(rotate))
        pdf.save(path)


# --- what the source had ----------------------------------------------------------------------------------


def test_another_programs_invisible_layer_is_replaced(tmp_path: Path) -> None:
    source = scan(tmp_path / "a.pdf", document())
    with pymupdf.open(source) as pdf:
        pdf[0].insert_text((100, 150), "OLD LAYER", render_mode=3)
        pdf[0].insert_text((100, 700), "STAMP", render_mode=0)
        pdf.save(tmp_path / "b.pdf")
    out = pdf_of(document(), tmp_path / "b.pdf", tmp_path)
    with pymupdf.open(out) as pdf:
        text = pdf[0].get_text()
    assert "OLD" not in text
    assert "STAMP" in text  # what can be seen stays
    assert np.array_equal(pixels(tmp_path / "b.pdf", 1), pixels(out, 1))


@needs_poppler
def test_a_born_digital_pages_text_is_found_once(tmp_path: Path) -> None:
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=595, height=842)
        page.insert_text((80, 120), "Internal only Total 12.50", fontsize=12)
        pdf.save(tmp_path / "a.pdf")
    of = replace(
        document(),
        pages=(Page(1, Origin.TEXT_LAYER, 595, 842),),
        blocks=(block(BlockKind.PARAGRAPH, "Total 12.50", 1, 108, 124),),
    )
    out = pdf_of(of, tmp_path / "a.pdf", tmp_path)
    assert np.array_equal(pixels(tmp_path / "a.pdf", 1), pixels(out, 1))
    found = [
        poppler(out),
        pypdfium2.PdfDocument(out)[0].get_textpage().get_text_range(),
        pymupdf.open(out)[0].get_text(),
    ]
    assert [" ".join(text.split()) for text in found] == ["Total 12.50"] * 3


def test_scripts_and_attached_files_stay_behind(tmp_path: Path) -> None:
    source = scan(tmp_path / "a.pdf", document())
    with pymupdf.open(source) as pdf:
        pdf.embfile_add("x.exe", b"MZ")
        pdf.xref_set_key(pdf.pdf_catalog(), "OpenAction", "<</S/JavaScript/JS(app.alert(1))>>")
        for uri in ("https://x.invalid/", "https://y.invalid/"):
            pdf[0].insert_link({"kind": pymupdf.LINK_URI, "from": pymupdf.Rect(0, 0, 9, 9), "uri": uri})
        (xref, *_), *_ = pdf[0].annot_xrefs()
        pdf.xref_set_key(xref, "A", "<</S/Launch/F(calc.exe)>>")
        pdf.save(tmp_path / "b.pdf")
    data = pdf_of(document(), tmp_path / "b.pdf", tmp_path).read_bytes()
    with pymupdf.open("pdf", data) as pdf:
        assert pdf.embfile_count() == 0
        assert pdf.xref_get_key(pdf.pdf_catalog(), "OpenAction")[0] == "null"
        assert [link.get("uri") for link in pdf[0].get_links()] == ["https://y.invalid/"]
    assert b"app.alert" not in data
    assert b"calc.exe" not in data


def test_a_picture_becomes_a_pdf(tmp_path: Path) -> None:
    with pymupdf.open(scan(tmp_path / "a.pdf", document())) as pdf:
        pdf[0].get_pixmap(dpi=72).save(tmp_path / "a.png")
    out = pdf_of(first_page(), tmp_path / "a.png", tmp_path)
    with pymupdf.open(out) as pdf:
        assert pdf[0].search_for("科目名称")


def test_without_the_source_it_says_what_is_missing() -> None:
    with pytest.raises(OutputError, match="--source"):
        write_pdf(document())


def test_a_broken_source_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj trailer<</Root 1 0 R>>")
    with pytest.raises(OutputError):
        write_pdf(document(), original(tmp_path / "a.pdf"))


# --- for archives -----------------------------------------------------------------------------------------


def test_a_scan_is_marked_as_pdf_a(made: tuple[Path, Path]) -> None:
    data = made[1].read_bytes()
    with pymupdf.open("pdf", data) as pdf:
        packet = pdf.get_xml_metadata()
        catalog = pdf.xref_object(pdf.pdf_catalog())
        kind, identity = pdf.xref_get_key(-1, "ID")
        assert not pdf.is_encrypted
        assert {k: v for k, v in pdf.metadata.items() if v} == {
            "format": "PDF 1.7",
            "title": "青石县水利局2024年度决算",
            "producer": "qingzhang",
        }
    assert "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" in packet
    assert "青石县水利局2024年度决算" in packet
    assert "/OutputIntents" in catalog
    assert kind == "array"
    assert len(re.findall(r"<[0-9a-f]{32}>", identity)) == 2


def test_a_scan_keeps_the_rules_of_pdf_a(made: tuple[Path, Path]) -> None:
    assert problems(made[1].read_bytes()) == []
    assert problems(made[0].read_bytes())  # the source as it was does not


def colours(path: Path, **keys: str) -> Path:
    """A page in colour with a stamp that lets the paper through, as scanners' software lays them; keys of its image."""
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=595, height=842)
        rng = np.random.default_rng(1)
        paper = rng.integers(180, 255, (421, 297, 3), np.uint8)
        stamp = np.dstack([rng.integers(0, 255, (60, 60), np.uint8) for _ in range(4)])
        for pixel, place, alpha in ((paper, page.rect, False), (stamp, pymupdf.Rect(300, 600, 400, 700), True)):
            rows, cols = pixel.shape[:2]
            image = pymupdf.Pixmap(pymupdf.csRGB, cols, rows, np.ascontiguousarray(pixel).tobytes(), alpha)
            page.insert_image(place, stream=image.tobytes("png"))
        for key, value in keys.items():
            pdf.xref_set_key(page.get_images()[0][0], key, value)
        pdf.save(path)
    return path


def first_page() -> Document:
    return replace(document(), pages=document().pages[:1])


def is_marked(data: bytes) -> bool:
    with pymupdf.open("pdf", data) as pdf:
        return "pdfaid:part>" in pdf.get_xml_metadata()


def test_a_scan_in_colour_with_a_see_through_stamp_is_one_too(tmp_path: Path) -> None:
    data = pdf_of(first_page(), colours(tmp_path / "a.pdf"), tmp_path).read_bytes()
    assert is_marked(data)
    assert problems(data) == []


def test_so_is_one_whose_old_layer_was_taken_off(tmp_path: Path) -> None:
    with pymupdf.open(scan(tmp_path / "a.pdf", document())) as pdf:
        for page in pdf.pages(0, 2):
            page.insert_text((100, 150), "OLD LAYER", render_mode=3)
        pdf.save(tmp_path / "b.pdf")
    data = pdf_of(document(), tmp_path / "b.pdf", tmp_path).read_bytes()
    assert is_marked(data)
    assert problems(data) == []


@pytest.mark.parametrize(
    "keys",
    [{"Interpolate": "true"}, {"ColorSpace": "/DeviceCMYK"}, {"Alternates": "[]"}, {"OPI": "<<>>"}, {"F": "(x.jpg)"}],
)
def test_what_the_standard_does_not_take_is_not_marked(keys: dict[str, str], tmp_path: Path) -> None:
    data = pdf_of(first_page(), colours(tmp_path / "a.pdf", **keys), tmp_path).read_bytes()
    assert problems(data)
    assert not is_marked(data)


def test_what_has_foreign_fonts_is_not_called_an_archive_file(tmp_path: Path) -> None:
    with pymupdf.open(scan(tmp_path / "a.pdf", document())) as pdf:
        pdf[0].insert_text((100, 700), "STAMP")
        pdf.save(tmp_path / "b.pdf")
    assert not is_marked(pdf_of(document(), tmp_path / "b.pdf", tmp_path).read_bytes())


# --- the font and the lines -------------------------------------------------------------------------------


def test_the_font_is_one_that_freetype_takes_and_small() -> None:
    data = program()
    assert len(data) < 800
    font = pymupdf.Font(fontbuffer=data)
    assert font.glyph_count == 3


def test_codes_lead_back_to_their_characters_also_beyond_the_basic_plane() -> None:
    glyphs = Glyphs.of(["甲A𠮷"])
    assert re.findall(r"<(\w+)> <(\w+)>", glyphs.to_unicode().decode())[1:] == [
        ("0001", "0020"),
        ("0002", "0041"),
        ("0003", "7532"),
        ("0004", "D842DFB7"),
    ]
    assert glyphs.encoded("𠮷甲?") == "00040003"


def drawn(*bars: Box, slope: float = 0.0) -> Ink:
    """A page of 300 × 200 points with bars of ink, at 144 dots per inch."""
    page = np.full((400, 600), 255, np.uint8)
    y, x = np.mgrid[0:400, 0:600]
    for bar in bars:
        left, top, right, bottom = bar.scaled(2).as_tuple()
        level = y - slope * (x - 300)
        page[(x % 8 < 6) & (x >= left) & (x < right) & (level >= top) & (level < bottom)] = 30
    return ink_of(page, 144, slope)


@pytest.mark.parametrize("slope", [0.0, 0.02, -0.03])
def test_lines_are_found_in_the_ink_also_on_sloping_pages(slope: float) -> None:
    ink = drawn(Box(60, 40, 240, 50), Box(60, 60, 150, 70), slope=slope)
    runs = placed("一二三四五六七八九十甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午"[:27], Box(50, 30, 250, 80), ink)
    assert [len(run.text) for run in runs] == [18, 9]
    for run, bottom in zip(runs, (50, 70), strict=True):
        assert run.left == pytest.approx(60, abs=1)
        assert run.baseline == pytest.approx(bottom - 1.2 + slope * (run.left - 150), abs=1)


def test_ink_that_does_not_fit_the_text_is_not_followed() -> None:
    smear = drawn(Box(40, 32, 260, 78))
    (run,) = placed("12", Box(40, 30, 260, 80), smear)
    assert run.width < 20


@given(
    st.text(min_size=1, max_size=60).map(plain).filter(bool),
    st.floats(5, 200),
    st.floats(4, 60),
    st.booleans(),
)
def test_all_text_is_placed_in_order_inside_its_box(text: str, width: float, height: float, justified: bool) -> None:
    box = Box(50, 50, 50 + width, 50 + height)
    runs = placed(text, box, None, justified)
    assert "".join(run.text for run in runs) == text
    for run in runs:
        assert box.left <= run.left
        assert run.left + run.width <= box.right + 0.01
        assert box.top <= run.baseline <= box.bottom + 0.01


def test_merged_and_blank_cells_are_no_trouble(tmp_path: Path) -> None:
    table = Table("b1", (1,), 1, 2, (cell(0, 0, ""), replace(cell(0, 1, ""), reading=reading(" "))))
    of = replace(document(), blocks=(table,))
    assert pdf_of(of, scan(tmp_path / "a.pdf", of), tmp_path).stat().st_size > 0
