"""Captions are a few words: one character lost or misread before the body's name is known, anything else stays."""

from __future__ import annotations

import pytest

from cleanup.captions import mend_captions
from document.geometry import Box
from document.types import BlockKind, Document, Meta, Origin, Page, Reading, Rule, Source, TextBlock

BODY = "某县水利局"


def mended(text: str, *others: str, origin: Origin = Origin.SCAN, entity: str | None = BODY) -> Reading:
    blocks = tuple(
        TextBlock(f"b{i}", BlockKind.PARAGRAPH, (1,), Box(0, 0, 9, 9), Reading(t, t))
        for i, t in enumerate((text, *others))
    )
    page = Page(1, origin, 595, 842)
    once = mend_captions(Document(Source("a.pdf", "0" * 64, 1), (page,), blocks, Meta(entity=entity)))
    assert mend_captions(once) == once
    found = once.blocks[0]
    assert isinstance(found, TextBlock)
    return found.reading


@pytest.mark.parametrize("read", ["部名称", "部内名称", "部门名林", "部广名称"])
def test_one_lost_or_misread_character_comes_back(read: str) -> None:
    found = mended(f"{read}：{BODY}")
    assert (found.text, found.raw) == (f"部门名称：{BODY}", f"{read}：{BODY}")
    assert found.corrections[0].rule is Rule.FIXED_LABEL


def test_another_caption_tells_the_body() -> None:
    assert mended(f"单拉名称：{BODY}", f"单位名称：{BODY}", entity=None).text == f"单位名称：{BODY}"
    assert mended(f"单拉名称：{BODY}", entity=None).text == f"单拉名称：{BODY}"


@pytest.mark.parametrize(
    "printed",
    [
        f"部门名称：{BODY}",
        f"项目名称：{BODY}",
        f"填表单位：{BODY}",
        "部件名称：水泵机组",
        f"名称：{BODY}",
        f"部名称{BODY}",
    ],
)
def test_anything_else_stays(printed: str) -> None:
    assert mended(printed).text == printed


def test_born_digital_text_stays() -> None:
    assert mended(f"部名称：{BODY}", origin=Origin.TEXT_LAYER).text == f"部名称：{BODY}"
