"""The reports, read as HTML, counted by hand, and shown by a real browser; the archive's is sorted by its clicks."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from browser import dump_dom, needs_browser, printed, screenshot
from writers_sample import HOSTILE, document, original, scan

from document.exceptions import PageTooLarge
from document.types import Document, Page
from document.writers.checks import correction_groups, fields_of, for_review, holding, tally
from document.writers.original import Original
from document.writers.report import write_report
from document.writers.report_archive import archive_report, entry_of
from document.writers.report_page import bars, script_hash

GOOD, POOR, FAILED = (0x2F, 0x9E, 0x44), (0xD9, 0x48, 0x0F), (0x8B, 0, 0)


def text_of(html: str) -> str:
    without = re.sub(r"<(style|script|title)>.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", without)).split())


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Original:
    path = scan(tmp_path_factory.mktemp("report") / "a.pdf", document())
    plain = original(path)

    def compare(page: Page) -> tuple[np.ndarray, np.ndarray]:
        return plain.draw(page, 72.0), np.full((842, 595), 255, np.uint8)

    return replace(plain, compare=compare)


@pytest.fixture(scope="module")
def page(source: Original) -> str:
    return write_report(document(), source)["report.html"].decode()


def test_the_counts_are_the_documents() -> None:
    total = tally(list(fields_of(document())))
    assert (total.for_review, total.corrected, total.verified) == (1, 1, 1)
    assert total.fields == 15 + 12 + 4 + len(HOSTILE)
    assert [field.reading.text for field in for_review(document())] == ["820.66"]
    assert holding(document()) == [("合计＝各类之和", 1)]
    (group,) = correction_groups(document())
    assert (group.name, group.count) == ("科目名称", 1)


def test_the_report_tells_everything_in_words(page: str) -> None:
    said = text_of(page)
    for expected in (
        "青石县水利局2024年度决算",
        "青石<县>.pdf",
        "1 处待复核",
        "“仅供内部审核”，见于 2 页（第1–2页），平均覆盖页面的 11.0%",
        "公开01表 收入支出决算总表",
        "合计＝各类之和 1 格",
        "与下级科目合计不符（差 0.30） 1 处",
        "其他存疑 无",
        "事业单位医疗人 → 事业单位医疗",
        "第3页未能读取 ：page 3: <b>damaged</b>",
        "第5行第3列",
    ):
        assert expected in said, expected


def test_pages_and_doubts_are_pictured(page: str) -> None:
    assert page.count('<img src="data:image/jpeg;base64,') == 2 + 2 + 1  # pages, before and after, the doubt
    assert re.findall(r'class="page (\w+)"', page) == ["good", "fair" if len(HOSTILE) > 6 else "poor", "failed"]


def test_without_the_source_there_are_no_pictures_and_all_words() -> None:
    bare = write_report(document())["report.html"].decode()
    assert "<img" not in bare
    assert "与下级科目合计不符" in bare


def test_a_page_that_cannot_be_drawn_leaves_the_report_whole(source: Original) -> None:
    def refuse(page: Page, dpi: float) -> np.ndarray:
        raise PageTooLarge("too large")

    html = write_report(document(), Original(source.path, refuse))["report.html"].decode()
    assert "<img" not in html
    assert "与下级科目合计不符" in html


def test_the_same_values_give_the_same_bytes(page: str, source: Original) -> None:
    assert write_report(document(), source)["report.html"].decode() == page


def hostile() -> Document:
    """Markup in every field that a report shows."""
    bad = "</title><script>document.title='x'</script>{{7*7}}"
    mark = replace(document().pages[0], watermark=replace(document().pages[0].watermark, text=bad))
    table = replace(document().tables[0], title=bad, number=bad, unit=bad, needs_review=True, reasons=(bad,))
    meta = replace(document().meta, entity=bad)
    return replace(document(), pages=(mark,), blocks=(table,), meta=meta, source=replace(document().source, name=bad))


def test_markup_in_the_document_is_only_text() -> None:
    for html in (
        write_report(hostile())["report.html"].decode(),
        archive_report([entry_of(hostile(), "<a>")]).decode(),
    ):
        assert "<script>document.title" not in html
        assert "{{7*7}}" in unescape(html)
        assert "default-src 'none'" in html


@needs_browser
def test_a_browser_shows_the_pages_in_their_colours(page: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    pixels = screenshot(file, tmp_path, "1240,1600").astype(int)
    for colour in (GOOD, FAILED):
        assert (np.abs(pixels - colour).max(2) < 8).sum() > 500, colour


@needs_browser
def test_it_prints_on_few_pages_in_readable_columns(source: Original, tmp_path: Path) -> None:
    title = "一般公共预算财政拨款基本支出决算明细表（不含上年结转）"
    doubtful = [
        replace(
            c, reading=replace(c.reading, needs_review=True, reasons=("“事业单位医疗”与“行政单位医疗”相近，未能确定",))
        )
        for c in document().tables[0].cells
    ]
    table = replace(document().tables[0], title=title, cells=tuple(doubtful))
    file = tmp_path / "report.html"
    file.write_bytes(write_report(replace(document(), blocks=(table,)), source)["report.html"])
    with pymupdf.open(printed(file, tmp_path)) as pdf:
        assert pdf.page_count <= 5
        lines = "".join(page.get_text() for page in pdf).splitlines()
    assert sum(len(line.strip()) == 1 for line in lines) < 60  # no column of single characters


# --- archive ----------------------------------------------------------------------------------------------


def archive() -> str:
    one = entry_of(document(), "b", "b/report.html")
    other = replace(entry_of(document(), "a"), name="白石镇", pages=9)
    return archive_report([one, other]).decode()


def test_the_archive_lists_every_document_with_its_sums() -> None:
    said = text_of(archive())
    assert "2 份文件 12 页 2 页未能读取" in said
    assert 'href="b/report.html"' in archive()
    assert "仅供内部审核" in said


def test_its_one_script_is_the_one_the_policy_names() -> None:
    html = archive()
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert f"script-src '{script_hash(script)}'" in unescape(html)


@needs_browser
def test_a_click_sorts_by_a_column(tmp_path: Path) -> None:
    """The click comes from a second script, let in by its own hash: the report's own policy stays in force."""
    click = "document.querySelectorAll('th button')[3].click(); document.querySelectorAll('th button')[3].click();"
    html = unescape(archive()).replace("script-src '", f"script-src '{script_hash(click)}' '")
    file = tmp_path / "report.html"
    file.write_text(html.replace("</body>", f"<script>{click}</script></body>"), encoding="utf-8")
    names = re.findall(r'<tr><td data-value="([^"]*)"', dump_dom(file, tmp_path))
    assert names == ["白石镇", "青石县水利局2024年度决算"]
    file.write_text(html, encoding="utf-8")
    names = re.findall(r'<tr><td data-value="([^"]*)"', dump_dom(file, tmp_path))
    assert names == ["青石县水利局2024年度决算", "白石镇"]


def test_five_hundred_documents_are_one_page_of_modest_size() -> None:
    one = entry_of(document(), "b", "b/report.html")
    assert len(archive_report([replace(one, folder=f"b{n}") for n in range(500)])) < 500_000


def test_bars_are_measured_by_the_longest() -> None:
    assert [bar.share for bar in bars([("a", 2), ("b", 4), ("c", 0)])] == [0.5, 1.0, 0.0]
    assert bars([("a", 0)])[0].share == 0.0
    assert bars([]) == ()
