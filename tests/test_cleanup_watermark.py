"""The watermark comes off and the ink stays: measured against the clean original, with negative controls."""

from __future__ import annotations

import pickle

import pytest

from cleanup.watermark import WatermarkOptions, find_watermark, remove_watermark, watermark_tile
from tests.drawn_watermarks import Mark, differences, document

CASES = {
    "grey over": Mark(),
    "dark over": Mark(colour=(90, 90, 90), opacity=0.85),
    "under": Mark(colour=(170, 170, 170), opacity=1, over=False),
    "blue": Mark(colour=(220, 90, 40), opacity=0.5),
    "stacked red": Mark("内部资料\n严禁外传", -20, 22, (60, 60, 230), 0.4, period=(190, 150)),
    "another phrase and angle": Mark(text="征求意见稿", angle=45, size=30, period=(200, 160)),
}


@pytest.mark.parametrize("name", CASES)
def test_removal_gives_paper_back_and_keeps_ink(name: str) -> None:
    drawn = document(CASES[name], pages=4, seed=3)
    watermark = find_watermark([page for page, _ in drawn])
    assert watermark is not None
    page, clean = drawn[2]
    cleaned = remove_watermark(page, watermark)
    lost, wrong = differences(cleaned.image.pixels, clean, cleaned.mask)
    before, _ = differences(page.pixels, clean, cleaned.mask)
    assert before > 25
    assert abs(lost) < 5
    assert wrong < 45
    assert 0.03 < cleaned.coverage < 0.2


def test_pages_without_watermark_come_out_as_they_went_in() -> None:
    drawn = document(None, pages=5, seed=4)
    assert find_watermark([page for page, _ in drawn]) is None
    page = drawn[0][0]
    assert remove_watermark(page, None).image.pixels is page.pixels


def test_page_that_lacks_the_document_watermark_is_left_alone() -> None:
    watermark = find_watermark([page for page, _ in document(Mark(), pages=5, seed=3)])
    page = document(None, pages=1, seed=9)[0][0]
    cleaned = remove_watermark(page, watermark)
    assert cleaned.image.pixels is page.pixels
    assert not cleaned.mask.any()


def test_watermark_is_small_and_picklable() -> None:
    watermark = find_watermark([page for page, _ in document(Mark(), pages=4, seed=5)])
    assert watermark is not None
    packed = pickle.dumps(watermark)
    assert len(packed) < 200_000
    assert pickle.loads(packed) == watermark
    assert watermark_tile(watermark).shape[1] > 2 * watermark_tile(watermark).shape[0]


def test_switched_off_nothing_is_looked_for() -> None:
    pages = [page for page, _ in document(Mark(), pages=3, seed=6)]
    assert find_watermark(pages, WatermarkOptions(enabled=False)) is None
