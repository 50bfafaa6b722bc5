"""The story of one document, whole: pages chosen, read, put together; failures stay where they happened."""

import json
from dataclasses import astuple
from pathlib import Path

import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from document.exceptions import EmptyDocument
from document.json import dump, to_json, validate
from document.types import Origin, Status
from document.writers.text import write_text
from flows.document import clean_document, finish, look, outline, prepare, read_page
from flows.evidence import letters, once, sample, spread
from flows.options import Mode, RunOptions, chosen_pages
from flows.tasks import failures
from ocr.engine import EngineName, EngineOptions, load_engine

NULL = RunOptions(engine=EngineOptions(name=EngineName.NULL))
ROWS = (("科目编码", "科目名称", "合计"), ("208", "社会保障和就业支出", "12.50"), ("221", "住房保障支出", "7.50"))


def born_digital(path: Path, pages: int = 2, giant: int | None = None) -> Path:
    """A small budget with a ruled table and a sentence on each page."""
    document = pymupdf.open()
    for number in range(1, pages + 1):
        side = 14_390 if number == giant else None
        page = document.new_page(width=side or 595, height=side or 842)
        page.insert_text((180, 70), "2024年部门预算公开表", fontname="china-s", fontsize=16)
        for r, row in enumerate(ROWS):
            for c, text in enumerate(row):
                cell = pymupdf.Rect(60 + 150 * c, 100 + 24 * r, 210 + 150 * c, 124 + 24 * r)
                page.draw_rect(cell)
                font = "helv" if text[0].isdigit() else "china-s"
                page.insert_text((cell.x0 + 5, cell.y1 - 7), text, fontname=font, fontsize=10)
        page.insert_text(
            (60, 260), f"第{'一二三四五六七八'[number - 1]}页的预算按规定编制。", fontname="china-s", fontsize=12
        )
    document.save(path)
    return path


@pytest.fixture(scope="module")
def budget(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return born_digital(tmp_path_factory.mktemp("budget") / "预算.pdf")


def test_a_born_digital_budget_comes_out_whole(budget: Path) -> None:
    document = clean_document(budget, replace_options(merge_tables=False))
    validate(to_json(document))
    assert document.status is Status.COMPLETE
    assert {p.origin for p in document.pages} == {Origin.TEXT_LAYER}
    text = write_text(document)
    assert text.count("\f") == 1
    assert text.count("208\t社会保障和就业支出\t12.50") == 2
    assert "第二页的预算按规定编制。" in text
    amounts = [c.amount for c in document.tables[0].cells if c.amount]
    assert {"12.50", "7.50"} <= set(amounts)


def replace_options(**changes: object) -> RunOptions:
    return NULL.model_copy(update=changes)


def test_the_same_file_gives_the_same_bytes_page_by_page_or_in_one(budget: Path) -> None:
    engine = load_engine(NULL.engine)
    plan = prepare(budget, NULL, engine)
    backwards = {n: read_page(plan, n, engine) for n in reversed(plan.numbers)}
    assert dump(finish(plan, [backwards[n] for n in plan.numbers])) == dump(clean_document(budget, NULL))


def scanned(path: Path, source: Path, dpi: int, turn: int = 0) -> Path:
    """The pages of a document as pictures."""
    with pymupdf.open(source) as pages, pymupdf.open() as document:
        for page in pages:
            picture = page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY)
            new = document.new_page(width=page.rect.width, height=page.rect.height)
            new.insert_image(new.rect, pixmap=picture, rotate=turn)
        document.save(path)
    return path


@pytest.mark.parametrize("kind", ["text", "scan"])
def test_a_page_reads_the_same_from_what_it_showed_before(tmp_path: Path, budget: Path, kind: str) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(budget.read_bytes()) if kind == "text" else scanned(path, budget, dpi=200)
    engine = load_engine(NULL.engine)
    plan, seen = prepare(path, NULL, engine), look(outline(path, NULL), 2)
    assert seen is not None
    assert seen.as_read
    content = read_page(plan, 2, engine)
    path.unlink()
    assert content.page.origin is (Origin.TEXT_LAYER if kind == "text" else Origin.SCAN)
    assert read_page(plan, 2, engine, seen) == content, "and without the file"


@pytest.mark.parametrize(
    ("dpi", "turn", "as_read"), [(150, 0, True), (200, 0, True), (300, 0, False), (200, 90, False)]
)
def test_a_sample_in_lower_resolution_or_on_its_side_is_not_what_is_read(
    tmp_path: Path, budget: Path, dpi: int, turn: int, as_read: bool
) -> None:
    found = outline(scanned(tmp_path / "a.pdf", budget, dpi, turn), NULL)
    seen = look(found, found.sample[0])
    assert seen is not None
    assert seen.as_read is as_read


def test_mode_scan_reads_the_picture_even_where_there_is_text(budget: Path) -> None:
    document = clean_document(budget, replace_options(mode=Mode.SCAN))
    assert {p.origin for p in document.pages} == {Origin.SCAN}
    assert "预算" not in write_text(document), "the null engine reads nothing"


def test_mode_text_fails_the_page_that_has_no_text_layer(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    document = pymupdf.open(born_digital(tmp_path / "b.pdf"))
    document.new_page()
    document.save(path)
    result = clean_document(path, replace_options(mode=Mode.TEXT))
    assert result.status is Status.PARTIAL
    assert [p.origin for p in result.pages] == [Origin.TEXT_LAYER, Origin.TEXT_LAYER, Origin.FAILED]
    assert "--mode" in (result.pages[2].error or "")


def test_a_giant_page_fails_alone(tmp_path: Path) -> None:
    path = born_digital(tmp_path / "a.pdf", pages=3, giant=2)
    result = clean_document(path, replace_options(mode=Mode.SCAN, dpi=150))
    assert [p.origin for p in result.pages] == [Origin.SCAN, Origin.FAILED, Origin.SCAN]
    assert "too large" in (result.pages[1].error or "")
    (failure,) = failures(result)
    assert (failure.page, failure.error[:5]) == (2, "14390")  # whoever shows it names the page first
    assert json.loads(dump(result))["status"] == "partial"


def test_an_engine_that_breaks_leaves_a_failed_page(budget: Path) -> None:
    class Broken:
        def find(self, image: object) -> object:
            raise RuntimeError("no memory")

    plan = prepare(budget, replace_options(mode=Mode.SCAN), load_engine(NULL.engine))
    content = read_page(plan, 1, Broken())  # type: ignore[arg-type]
    assert content.page.origin is Origin.FAILED
    assert "no memory" in (content.page.error or "")


def test_only_the_pages_asked_for(budget: Path) -> None:
    document = clean_document(budget, replace_options(pages="2-end"))
    assert [p.number for p in document.pages] == [2]
    assert document.source.page_count == 2
    with pytest.raises(EmptyDocument, match="--pages"):
        prepare(budget, replace_options(pages="7"), load_engine(NULL.engine))


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        (None, (1, 2, 3, 4, 5)),
        ("2", (2,)),
        ("2,4-end", (2, 4, 5)),
        ("4-end,1-2,2", (1, 2, 4, 5)),
        ("9", ()),
        ("3-2", ()),
    ],
)
def test_page_lists(pages: str | None, expected: tuple[int, ...]) -> None:
    assert chosen_pages(pages, 5) == expected


@pytest.mark.parametrize("pages", ["", "x", "1;2", "-3", "1--2", "2-"])
def test_what_is_no_page_list_is_refused(pages: str) -> None:
    with pytest.raises(ValueError, match="2,13-end"):
        RunOptions(pages=pages)


@given(st.integers(1, 2000), st.integers(2, 20))
def test_a_sample_has_both_ends_and_no_page_twice(count: int, size: int) -> None:
    sample = spread(range(1, count + 1), size)
    assert len(sample) == min(count, size) == len(set(sample))
    assert sample[0] == 1
    assert sample[-1] == count
    assert list(sample) == sorted(sample)


def test_a_sample_hears_the_turned_page_among_many() -> None:
    sizes = dict.fromkeys(range(1, 41), (595, 842)) | {23: (842, 595)}
    chosen = sample(sizes)
    assert 23 in chosen
    assert len(chosen) == 10
    assert sample({}) == ()
    assert len(sample({n: (n, n) for n in range(1, 30)})) <= 10


@pytest.mark.parametrize(
    ("read", "phrase"),
    [("内部资料内部资料内", "内部资料"), ("征求意见稿", "征求意见稿"), ("：=二", "二"), ("", ""), ("草稿草稿", "草稿")],
)
def test_a_phrase_is_said_once_and_without_signs(read: str, phrase: str) -> None:
    assert once(letters(read)) == phrase


def test_options_cannot_be_changed_or_misspelt() -> None:
    with pytest.raises(ValueError, match="frozen"):
        NULL.dpi = 100  # type: ignore[misc]
    with pytest.raises(ValueError, match="Extra inputs"):
        RunOptions(resolution=100)  # type: ignore[call-arg]


def test_a_scan_of_a_point_for_each_pixel_is_read_as_its_sheet_of_paper(budget: Path, tmp_path: Path) -> None:
    """The same picture, once on A4 and once on a page of 1,654 × 2,339 points, as some scanning programs make it."""
    with pymupdf.open(budget) as source:
        picture = source[0].get_pixmap(dpi=200)
    tables = []
    for name, dpi in (("sheet.pdf", 200), ("points.pdf", 72)):
        document = pymupdf.open()
        page = document.new_page(width=picture.width * 72 / dpi, height=picture.height * 72 / dpi)
        page.insert_image(page.rect, pixmap=picture)
        document.save(tmp_path / name)
        tables.append(clean_document(tmp_path / name, NULL))
    sheet, points = tables
    assert points.pages[0].width == picture.width
    assert len(sheet.tables[0].cells) == 9
    factor = 200 / 72
    for cell, larger in zip(sheet.tables[0].cells, points.tables[0].cells, strict=True):
        assert astuple(larger.box.scaled(1 / factor)) == pytest.approx(astuple(cell.box), abs=0.5)
