"""document.json: the contract, both ways, and the clean text written from it."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from document.exceptions import ContractError
from document.geometry import Box
from document.json import dump, from_json, load, to_json, validate
from document.types import (
    BLANK,
    BlockKind,
    Cell,
    Correction,
    Document,
    DocumentKind,
    Meta,
    Origin,
    Page,
    PageWatermark,
    Reading,
    Rule,
    Source,
    Status,
    Table,
    TextBlock,
)
from document.writers.text import write_text

BOX = Box(10, 20, 110, 40)


def reading(text: str) -> Reading:
    return Reading(text, text, 0.9)


def cell(row: int, col: int, text: str, page: int = 1, **kwargs: int) -> Cell:
    return Cell(row, col, page, BOX, reading(text) if text else BLANK, **kwargs)


def document(*blocks: TextBlock | Table, pages: int = 2) -> Document:
    return Document(
        source=Source("表.pdf", "0" * 64, pages),
        pages=tuple(
            Page(n, Origin.SCAN, 595.32, 841.92, watermark=PageWatermark("仅供内部审核", 0.12))
            for n in range(1, pages + 1)
        ),
        blocks=blocks,
        meta=Meta("青石县水利局", 2024, DocumentKind.BUDGET),
    )


def text(content: str, kind: BlockKind = BlockKind.PARAGRAPH, page: int = 1) -> TextBlock:
    return TextBlock(f"b{page}", kind, (page,), BOX, reading(content))


CORRECTED = replace(
    text("卫生健康支出"),
    reading=Reading(
        "卫生健康支出",
        "卫生键康支出",
        0.8,
        needs_review=True,
        reasons=("与词典相近",),
        corrections=(Correction("卫生键康支出", "卫生健康支出", Rule.SUBJECT_NAME, 0.97, "subjects@1"),),
    ),
)
TABLE = Table(
    "t1",
    (1, 2),
    3,
    3,
    (
        cell(0, 0, "项目", col_span=2),
        cell(0, 2, "金额"),
        cell(1, 0, "208"),
        cell(1, 1, "社会保障\n支出"),
        cell(1, 2, "1.00"),
        cell(2, 0, "221", page=2),
        cell(2, 1, "", page=2),
        cell(2, 2, "2.00", page=2),
    ),
    title="表一",
    unit="万元",
)


def test_json_and_back_is_the_same_document() -> None:
    original = document(CORRECTED, TABLE)
    assert load(dump(original)) == original


def test_the_same_document_gives_the_same_bytes() -> None:
    assert dump(document(CORRECTED, TABLE)) == dump(document(CORRECTED, TABLE))


def test_what_does_not_fit_the_contract_is_named() -> None:
    data = to_json(document(TABLE))
    del data["blocks"][0]["cells"][2]["raw"]
    with pytest.raises(ContractError, match="blocks/0"):
        validate(data)
    with pytest.raises(ContractError, match="not JSON"):
        load("{")


@given(st.text(max_size=40))
def test_any_text_survives_json(content: str) -> None:
    content = content.encode("utf-8", "ignore").decode()
    original = document(text(content))
    assert from_json(json.loads(json.dumps(to_json(original)))) == original


def test_a_failed_page_makes_the_document_partial() -> None:
    whole = document(TABLE)
    failed = replace(whole, pages=(whole.pages[0], Page(2, Origin.FAILED, 1, 1, error="page 2: too large")))
    assert whole.status is Status.COMPLETE
    assert failed.status is Status.PARTIAL
    assert load(dump(failed)).status is Status.PARTIAL


def test_clean_text_has_rows_with_tabs_and_a_form_feed_between_pages() -> None:
    written = write_text(document(text("一、概况", BlockKind.HEADING), TABLE, text("第二页。", page=2)))
    first, second = written.split("\f")
    assert first.strip() == "一、概况\n\n项目\t\t金额\n208\t社会保障 支出\t1.00"
    assert second.strip("\n") == "221\t\t2.00\n\n第二页。"


def test_an_entry_of_the_contents_keeps_its_page_number() -> None:
    entry = replace(text("一、概况", BlockKind.TOC), toc_page=3)
    assert load(dump(document(entry))) == document(entry)
    assert "一、概况\t3" in write_text(document(entry))


@pytest.mark.parametrize("kind", ["header", "footer", "page_number", "seal", "figure"])
def test_what_is_no_text_of_the_document_stays_out(kind: str) -> None:
    assert "不要" not in write_text(document(text("不要", BlockKind(kind)), text("要")))


@given(st.text(max_size=60))
def test_no_text_can_forge_rows_or_pages(content: str) -> None:
    written = write_text(document(text(content), pages=1))
    assert written.count("\n") == 1
    assert "\f" not in written
    assert "\t" not in written
