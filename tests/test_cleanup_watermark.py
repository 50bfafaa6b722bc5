"""The watermark comes off and the ink stays: measured against a scan without it, with negative controls."""

from __future__ import annotations

import pickle
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleanup.lattice import Lattice
from cleanup.watermark import CleanPage, Watermark, WatermarkOptions, find_watermark, remove_watermark, watermark_tile
from cleanup.watermark_evidence import WORK_DPI, bare_paper, darkness, relative
from cleanup.watermark_find import _best, _Witness
from cleanup.watermark_locate import present
from cleanup.watermark_model import lay
from ocr.types import PageImage, Pixels
from tests.drawn_watermarks import (
    Mark,
    as_page,
    bend,
    difference,
    document,
    draw_coverage,
    draw_form,
    draw_page,
    mix,
    mottled,
    move,
    scan,
)

drawn = lru_cache(maxsize=32)(document)
"""Pages with the watermark, each with the same scan without it."""


@lru_cache(maxsize=32)
def found(mark: Mark | None, pages: int = 3, seed: int = 3) -> Watermark | None:
    return find_watermark([page for page, _ in drawn(mark, pages, seed)])


def cleaned(mark: Mark, pages: int = 3, seed: int = 3) -> tuple[CleanPage, PageImage, Pixels]:
    page, clean = drawn(mark, pages, seed)[pages // 2]
    return remove_watermark(page, found(mark, pages, seed)), page, clean


# paper, ink, rules: the most that may differ under the mask, of 255. What lies under 80 or 85 % of grey keeps a
# sixth of its contrast, and compression noise is amplified with it.
CASES = {
    "grey over": (Mark(), (5, 34, 34)),
    "dark over": (Mark(colour=(90, 90, 90), opacity=0.85), (7, 40, 40)),
    "faint": (Mark(colour=(150, 150, 150), opacity=0.3), (3, 14, 12)),
    "under": (Mark(colour=(170, 170, 170), opacity=1, over=False), (4, 14, 14)),
    "blue": (Mark(colour=(220, 90, 40), opacity=0.5), (4, 20, 20)),
    "stacked red": (Mark("内部资料\n严禁外传", -20, 22, (60, 60, 230), 0.4, period=(190, 150)), (4, 16, 16)),
    "level": (Mark("内部资料 严禁外传", 0, 18, period=(180, 90)), (5, 36, 36)),
    "once on a page": (Mark("征求意见稿", 40, 60, tiled=False), (5, 40, 55)),
}


@pytest.mark.parametrize("name", CASES)
def test_paper_comes_back_and_ink_and_rules_stay(name: str) -> None:
    mark, (paper, ink, rules) = CASES[name]
    result, page, clean = cleaned(mark)
    before = difference(page.pixels, clean, result.mask)
    after = difference(result.image.pixels, clean, result.mask)
    assert before.paper > 20
    assert after.paper < paper
    assert after.ink < ink
    assert after.rules < rules
    assert 0.015 < result.coverage < 0.2


@pytest.mark.parametrize("name", ["grey over", "blue"])
def test_pixels_outside_the_watermark_are_not_touched(name: str) -> None:
    result, page, _ = cleaned(CASES[name][0])
    far = cv2.dilate(result.mask.astype(np.uint8), np.ones((15, 15), np.uint8)) == 0
    assert np.array_equal(result.image.pixels[far], page.pixels[far])


@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(
    text=st.sampled_from(["仅供内部审核", "征求意见稿", "内部资料\n严禁外传", "草案 不得转发"]),
    angle=st.integers(-60, 60),
    colour=st.sampled_from([(110, 110, 110), (60, 60, 220), (210, 110, 50), (60, 160, 240), (170, 170, 170)]),
    opacity=st.floats(0.35, 0.8),
    over=st.booleans(),
)
def test_any_phrase_angle_colour_and_opacity(
    text: str, angle: int, colour: tuple[int, int, int], opacity: float, over: bool
) -> None:
    mark = Mark(text, float(angle), 24, colour, opacity, over, period=(190, 150))
    result, page, clean = cleaned(mark, seed=8)
    before = difference(page.pixels, clean, result.mask)
    after = difference(result.image.pixels, clean, result.mask)
    assert after.paper < 6
    assert after.paper < 0.3 * before.paper
    assert after.ink < 36
    assert after.rules < 36


@pytest.mark.parametrize("pages", [1])
def test_few_pages_are_enough(pages: int) -> None:
    result, _, clean = cleaned(Mark(), pages, seed=7)
    assert difference(result.image.pixels, clean, result.mask).paper < 5
    assert result.coverage > 0.06


def test_a_page_of_the_document_may_lie_crooked_or_on_its_head() -> None:
    page, clean = drawn(Mark(), 3, 3)[1]
    turn = cv2.getRotationMatrix2D((page.pixels.shape[1] / 2, page.pixels.shape[0] / 2), 1.3, 1)
    for change in (lambda p: move(p, turn), lambda p: np.ascontiguousarray(p[::-1, ::-1])):
        result = remove_watermark(replace(page, pixels=change(page.pixels)), found(Mark()))
        assert difference(result.image.pixels, change(clean), result.mask).paper < 7
        assert result.coverage > 0.06


def test_of_two_layouts_that_explain_bent_sheets_badly_the_one_counts_that_the_pages_show() -> None:
    """What bent sheets share is blurred, and a layout of every second copy may seem to explain it better."""
    page, right = drawn(Mark(), 3, 3)[1][0], found(Mark())
    assert right is not None
    assert right.lattice is not None
    (x, y), second = right.lattice.first, right.lattice.second
    half = replace(right, lattice=Lattice((2 * x, 2 * y), second))
    align = np.array([[1.0, 0, 0], [0, 1.0, 0]])
    blurred = lay(half, WORK_DPI, align, tuple(round(side * WORK_DPI / page.dpi) for side in page.pixels.shape[:2]))
    blurred[: len(blurred) // 2] = 0
    light = relative(page.pixels, bare_paper(page))
    dark = darkness(light)
    witness = _Witness(page, align, light, dark, dark, None)
    assert _best([half, right], blurred, lambda: [witness]) is right
    assert _best([half, right], lay(half, WORK_DPI, align, blurred.shape), list) is half


@pytest.mark.parametrize("seed", [1, 4])
def test_copies_on_a_bowed_sheet_are_found_where_they_lie(seed: int) -> None:
    """A photograph bends a page by more than a copy is moved by least squares; no map of the whole page fits it."""
    page, clean = drawn(Mark(), 3, 3)[1]
    pixels, bare = bend(page.pixels, seed), bend(clean, seed)
    everywhere = np.ones(bare.shape, dtype=bool)
    result = remove_watermark(replace(page, pixels=pixels), found(Mark()))
    before, after = (difference(p, bare, everywhere).paper for p in (pixels, result.image.pixels))
    assert after < 0.15 * before


def test_the_end_of_a_copy_at_the_edge_of_a_straightened_page_is_seen() -> None:
    """Above the edge the picture is white by straightening or as the sheet lay, not for lack of the watermark."""
    page, mark = drawn(Mark(), 3, 3)[1][0], found(Mark())
    assert mark is not None
    height, width = page.pixels.shape[:2]
    coverage, dark = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
    coverage[100:400, 100:140] = dark[100:400, 100:140] = 255
    coverage[:66, 500:520], dark[50:66, 500:520] = 255, 255
    at_the_edge = slice(50, 66), slice(500, 520)
    assert not present(coverage, dark, page, mark, WatermarkOptions())[at_the_edge].any()
    level = np.roll(coverage, -30, axis=0), np.roll(dark, -30, axis=0)
    assert present(*level, page, mark, WatermarkOptions())[20:36, 500:520].all(), "20 pixels (10 points) of white"
    lower = np.eye(3)
    lower[1, 2] = -50 * 72 / page.dpi
    straightened = replace(page, to_page=page.to_page @ lower)
    assert present(coverage, dark, straightened, mark, WatermarkOptions())[at_the_edge].all()


def test_a_faint_one_that_stands_once_is_found_though_the_pages_have_nothing_else_in_common() -> None:
    mark = Mark("草案", 45, 110, (200, 200, 200), 0.6, tiled=False)
    result, page, clean = cleaned(mark, seed=9)
    assert difference(page.pixels, clean, result.mask).paper > 20
    assert difference(result.image.pixels, clean, result.mask).paper < 5
    watermark = found(mark, seed=9)
    assert watermark is not None
    assert watermark.lattice is None
    assert watermark.pages >= 2


@pytest.mark.parametrize("quarters", [0, 1])
def test_a_page_of_another_size_has_its_copies_further_apart_or_turned_with_it(quarters: int) -> None:
    apart = Mark(period=(195, 104))
    clean = draw_page(77)[:1050]
    marked = mix(clean, draw_coverage(apart)[:1050], apart)
    plain, pixels = (np.ascontiguousarray(np.rot90(scan(side, 77)[0], quarters)) for side in (clean, marked))
    result = remove_watermark(as_page(pixels), found(Mark()))
    assert difference(pixels, plain, result.mask).paper > 20
    assert difference(result.image.pixels, plain, result.mask).paper < 6
    assert 0.06 < result.coverage < 0.2


def test_a_page_of_another_size_without_watermark_is_left_alone() -> None:
    page = as_page(scan(draw_page(78)[:1050], 78)[0])
    assert remove_watermark(page, found(Mark())).image.pixels is page.pixels


# --- nothing to take off --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_the_grain_of_mottled_paper_is_no_watermark(seed: int) -> None:
    page = draw_page(60 + seed)
    half_empty = np.vstack([page[:500], np.full_like(page, 255)])
    assert find_watermark([as_page(mottled(half_empty, seed))]) is None


def test_pages_without_watermark_come_out_as_they_went_in() -> None:
    assert found(None, 4, 4) is None
    page = drawn(None, 4, 4)[0][0]
    assert remove_watermark(page, None).image.pixels is page.pixels
    assert find_watermark([page]) is None


def test_page_that_lacks_the_document_watermark_is_left_alone() -> None:
    page = drawn(None, 4, 4)[1][0]
    result = remove_watermark(page, found(Mark()))
    assert result.image.pixels is page.pixels
    assert not result.mask.any()
    assert result.coverage == 0


def decorated(number: int) -> PageImage:
    """White on blue headings, shaded rows, a bar chart and a photograph-like area, at the same place on each page."""
    clean = drawn(None, 4, 4)[number][1]
    page = cv2.cvtColor(clean, cv2.COLOR_GRAY2BGR)
    page[20:60, 40:800] = (150, 90, 20)
    cv2.putText(page, "2024 BUDGET", (60, 52), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255), 3)
    for top in range(300, 700, 80):
        rows = page[top : top + 40, 60:810]
        page[top : top + 40, 60:810] = (rows * 0.85).astype(np.uint8)
    for bar, height in enumerate((90, 140, 60, 120)):
        left = 120 + 90 * bar
        page[1150 - height : 1150, left : left + 50] = ((200, 120, 40), (60, 60, 200), (60, 170, 60), (150,) * 3)[bar]
    chance = np.random.default_rng(1)
    rough = cv2.resize(chance.integers(40, 220, (12, 16, 3), dtype=np.uint8), (280, 200), interpolation=cv2.INTER_CUBIC)
    page[950:1150, 540:820] = rough
    return as_page(scan(page, 40 + number)[0], number + 1)


def test_headings_shading_charts_and_photographs_are_no_watermark() -> None:
    pages = [decorated(number) for number in range(4)]
    assert find_watermark(pages) is None
    assert find_watermark(pages[:1]) is None
    grey = [replace(page, pixels=page.grey) for page in pages]
    assert find_watermark(grey) is None
    for page in pages:
        result = remove_watermark(page, found(Mark()))
        assert result.image.pixels is page.pixels
        assert result.seals == ()


def plain(kind: str, number: int) -> PageImage:
    """A page without watermark as offices have it; ``number`` makes it another page of the same document."""
    grey = draw_page(300 + number)
    colour = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    if kind == "cream paper":
        return as_page(scan((colour * np.array([0.86, 0.94, 0.97])).astype(np.uint8), number)[0])
    if kind == "shade of a telephone":
        light = np.linspace(0.62, 1.0, grey.shape[1], dtype=np.float32)[None, :]
        return as_page(scan((grey * light).astype(np.uint8), number)[0])
    if kind == "grey bands":
        for top in range(250, 1100, 60):
            grey[top : top + 30, 60:810] = (grey[top : top + 30, 60:810] * 0.82).astype(np.uint8)
    if kind == "dark heads":
        for top in (240, 700):
            colour[top : top + 44, 60:810] = (120, 60, 20)
            cv2.putText(colour, "ITEM   AMOUNT", (90, top + 32), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (255, 255, 255), 2)
        return as_page(scan(colour, number)[0])
    if kind == "large grey title":
        cv2.putText(grey, f"PART {number}", (120, 640), cv2.FONT_HERSHEY_SIMPLEX, 3.0, 60, 10)
    if kind == "one bit":
        return replace(as_page(np.where(scan(grey, number)[0] < 140, 0, 255).astype(np.uint8)), bilevel=True)
    if kind == "broad":
        grey = np.ascontiguousarray(np.rot90(grey))
    if kind == "blank":
        grey = np.full_like(grey, 252)
    return as_page(scan(grey, number, noise=4.0 if kind == "noisy" else 2.0)[0], number + 1)


@pytest.mark.parametrize(
    "kind",
    [
        "cream paper",
        "shade of a telephone",
        "grey bands",
        "dark heads",
        "large grey title",
        "one bit",
        "broad",
        "blank",
        "noisy",
    ],
)
def test_every_kind_of_plain_page_comes_out_bit_for_bit(kind: str) -> None:
    pages = [plain(kind, number) for number in range(3)]
    watermark = find_watermark(pages)
    for page in pages:
        before = page.pixels.copy()
        for mark in (watermark, found(Mark())):
            result = remove_watermark(page, mark)
            assert result.image.pixels is page.pixels
            assert result.coverage == 0
        assert np.array_equal(page.pixels, before)


def thin_fax(pixels: Pixels, seed: int) -> PageImage:
    """A fax set so light that its type is thin and frayed, and its hairlines are dots."""
    rough = scan(pixels, seed)[0] + np.random.default_rng(seed).normal(0, 18, pixels.shape)
    return replace(as_page(np.where(rough < 110, 0, 255).astype(np.uint8), seed + 1), bilevel=True)


@pytest.mark.parametrize(
    ("seed", "pitch", "pages"),
    [(1, 15.0, 1), (2, 15.0, 2), (2, 18.5, 1), (3, 15.0, 2), (3, 23.0, 1), (4, 15.0, 4)],
)
def test_rows_of_a_form_on_a_fax_are_no_watermark(seed: int, pitch: float, pages: int) -> None:
    """Rows a lattice apart, of thin type and frayed rules: each half agrees with the next, and is type all the same."""
    sent = [thin_fax(draw_form(10 * seed + number, pitch), seed + number) for number in range(pages)]
    watermark = find_watermark(sent)
    assert watermark is None
    for page in sent:
        assert remove_watermark(page, watermark).image.pixels is page.pixels


@pytest.mark.parametrize(("seed", "pages"), [(115, 2), (323, 1)])
def test_rows_of_a_table_on_a_fax_are_no_watermark(seed: int, pages: int) -> None:
    sent = [thin_fax(draw_page(seed + number), seed // 100 + number) for number in range(pages)]
    assert find_watermark(sent) is None


def test_a_single_page_of_a_fax_is_enough_for_dots() -> None:
    """What keeps the rows of a form must not keep the watermark: its dots are in all its copies alike."""
    marked = mix(draw_page(41), draw_coverage(Mark()), Mark(colour=(130, 130, 130), opacity=1.0))
    page = replace(as_page(as_fax(scan(marked, 41)[0], 41)), bilevel=True)
    watermark = find_watermark([page])
    assert watermark is not None
    assert watermark.angle == pytest.approx(30, abs=2)
    assert 0.015 < remove_watermark(page, watermark).coverage < 0.12


def test_words_of_the_phrase_in_prose_stay() -> None:
    # Every drawn page has 内部审计, 预算审核 and 仅供参考 as labels: ordinary type.
    result, page, clean = cleaned(Mark())
    beside = ~cv2.dilate(result.mask.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
    assert np.array_equal(result.image.pixels[beside], page.pixels[beside])
    assert (clean[beside] < 100).sum() > 10_000


# --- 1-bit ----------------------------------------------------------------------------------------------


def as_fax(pixels: Pixels, seed: int) -> Pixels:
    rough = pixels + np.random.default_rng(seed).normal(0, 18, pixels.shape)
    return np.where(rough < 134, 0, 255).astype(np.uint8)


def test_thin_type_of_a_fax_beside_the_watermark_stays() -> None:
    """Few pages, sparse dots: what the pages print must not be taken for the watermark."""
    mark = Mark(colour=(138, 138, 138), opacity=1.0)
    pages = [
        (replace(page, pixels=as_fax(page.pixels, i), bilevel=True), clean)
        for i, (page, clean) in enumerate(drawn(mark, 3, 3))
    ]
    page, clean = pages[1]
    result = remove_watermark(page, find_watermark([marked for marked, _ in pages]))
    assert 0.03 < result.coverage < 0.12
    beside = cv2.dilate(draw_coverage(mark), np.ones((25, 25), np.uint8)) < 0.02
    ink = beside & (clean < 120) & (page.pixels == 0)
    assert ink.sum() > 3000
    assert float((result.image.pixels[ink] == 0).mean()) > 0.995


def test_fax_loses_the_speckle_and_keeps_the_type() -> None:
    mark = Mark(colour=(130, 130, 130), opacity=1.0)
    pages = [
        (replace(page, pixels=as_fax(page.pixels, i), bilevel=True), as_fax(clean, i))
        for i, (page, clean) in enumerate(drawn(mark, 4, 3))
    ]
    watermark = find_watermark([page for page, _ in pages])
    assert watermark is not None
    assert watermark.bilevel
    page, clean = pages[2]
    result = remove_watermark(page, watermark)
    bare = result.mask & (cv2.dilate(255 - clean, np.ones((9, 9), np.uint8)) == 0)
    assert float((page.pixels[bare] == 0).mean()) > 0.3
    assert float((result.image.pixels[bare] == 0).mean()) < 0.07
    ink = clean == 0
    assert float((result.image.pixels[ink] == 0).mean()) > 0.95


def test_a_page_of_another_size_in_a_fax_has_its_copies_further_apart() -> None:
    mark = Mark(colour=(130, 130, 130), opacity=1.0)
    sent = [replace(page, pixels=as_fax(page.pixels, i), bilevel=True) for i, (page, _) in enumerate(drawn(mark, 4, 3))]
    apart = replace(mark, period=(195, 104))
    marked = mix(draw_page(77)[:1050], draw_coverage(apart)[:1050], apart)
    page = replace(as_page(as_fax(scan(marked, 77)[0], 7)), bilevel=True)
    watermark = find_watermark(sent)
    result = remove_watermark(page, watermark)
    assert 0.05 < result.coverage < 0.2
    strokes = (draw_coverage(apart)[:1050] > 0.9) & (cv2.erode(draw_page(77)[:1050], np.ones((15, 15), np.uint8)) > 250)
    strokes = strokes[: page.pixels.shape[0], : page.pixels.shape[1]]
    assert float((page.pixels[strokes] == 0).mean()) > 0.3
    assert float((result.image.pixels[strokes] == 0).mean()) < 0.1
    bare = replace(page, pixels=as_fax(scan(draw_page(77)[:1050], 77)[0], 7))
    assert remove_watermark(bare, watermark).image.pixels is bare.pixels


# --- the value ------------------------------------------------------------------------------------------


def test_watermark_says_what_it_is_and_is_small() -> None:
    watermark = found(CASES["stacked red"][0])
    assert watermark is not None
    assert abs(watermark.angle + 20) < 2
    blue, green, red = watermark.colour
    assert red > max(blue, green) + 40
    packed = pickle.dumps(watermark)
    assert len(packed) < 200_000
    assert pickle.loads(packed) == watermark


def test_opacity_and_way_of_mixing_are_measured() -> None:
    over, under = found(Mark()), found(CASES["under"][0])
    assert over is not None
    assert under is not None
    assert over.over
    assert abs(over.opacity - 0.8) < 0.06
    assert not under.over


def test_tile_shows_one_copy_level() -> None:
    watermark = found(Mark())
    assert watermark is not None
    tile = watermark_tile(watermark)
    height, width = tile.shape
    assert 4 < width / height < 8  # six characters in a row, with a margin
    assert tile[0, 0] == 255
    assert tile.min() < 60


def test_blank_pages_and_no_pages_have_no_watermark() -> None:
    blank = as_page(np.full((400, 300), 255, np.uint8))
    assert find_watermark([blank, blank]) is None
    assert find_watermark([]) is None
    assert remove_watermark(blank, found(Mark())).image.pixels is blank.pixels


def test_switched_off_nothing_is_looked_for() -> None:
    pages = [page for page, _ in drawn(Mark(), 3, 3)]
    assert find_watermark(pages, WatermarkOptions(enabled=False)) is None
    off = remove_watermark(pages[0], found(Mark()), WatermarkOptions(enabled=False))
    assert off.image.pixels is pages[0].pixels


def test_what_comes_in_is_never_written_to() -> None:
    page = drawn(Mark(), 3, 3)[0][0]
    before = page.pixels.copy()
    remove_watermark(page, found(Mark()))
    assert np.array_equal(page.pixels, before)


def test_drawn_mixing_is_what_it_says() -> None:
    mark = Mark(opacity=0.5, colour=(100, 100, 100))
    coverage = draw_coverage(mark)
    mixed = mix(np.full(coverage.shape, 200, np.uint8), coverage, mark)
    assert set(np.unique(mixed[coverage == 1])) == {150}
    assert set(np.unique(mixed[coverage == 0])) == {200}
