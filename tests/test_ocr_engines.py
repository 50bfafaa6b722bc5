"""The contract that every engine passes, and what each adapter makes of its vendor's answer."""

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from document.exceptions import MissingDependencyError
from document.geometry import Box
from ocr.engine import CharacterSet, Device, Engine, EngineName, EngineOptions, Precision, Region, Runtime, load_engine
from ocr.engines import choice
from ocr.engines.choice import chosen_precision, chosen_runtime, float_precision, runtime_version
from ocr.engines.paddle import PaddleEngine, first_look, parse_regions, second_look, small_type, to_line
from ocr.engines.ppocr import Found, batches, bucket
from ocr.engines.tesseract import parse_characters
from ocr.pdf import page_image, rasterise
from ocr.types import PageImage

LINES = ("一般公共预算财政拨款支出", "1,614.45", "2080505")


def needs_tesseract() -> None:
    if shutil.which("tesseract") is None:
        pytest.skip("Tesseract is not installed; make test installs it where it may")


ENGINES = {
    "openvino-int8": EngineOptions(runtime=Runtime.OPENVINO, precision=Precision.INT8),
    "openvino-bf16": EngineOptions(runtime=Runtime.OPENVINO, precision=Precision.BF16),
    "openvino-f32": EngineOptions(runtime=Runtime.OPENVINO, precision=Precision.F32),
    "onnxruntime": EngineOptions(runtime=Runtime.ONNXRUNTIME),
    "paddle": EngineOptions(runtime=Runtime.PADDLE),
    "tesseract": EngineOptions(name=EngineName.TESSERACT),
    "null": EngineOptions(name=EngineName.NULL),
}
"""Every engine, and PaddleOCR's by everything that can run its networks."""
USUAL = EngineOptions(runtime=Runtime.OPENVINO)
"""In the numbers that are fastest here."""
TESTED = [name for name in ENGINES if name != "paddle" or importlib.util.find_spec("paddle")]
"""PaddlePaddle is not in the lock (200 MB for what ONNX Runtime does as well): held to the contract where present."""


@pytest.fixture(scope="module", params=TESTED)
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "tesseract":
        needs_tesseract()
    return load_engine(ENGINES[request.param])


@pytest.fixture(scope="module")
def page() -> PageImage:
    document = pymupdf.open()
    drawn = document.new_page(width=400, height=240)
    for i, line in enumerate(LINES):
        font = "helv" if line[0].isdigit() else "china-s"  # the Chinese font has full-width digits
        drawn.insert_text((40, 60 + 60 * i), line, fontname=font, fontsize=16)
    return page_image(1, rasterise(drawn, 200))


def blank() -> PageImage:
    return PageImage(1, np.full((800, 600), 255, np.uint8), 200, np.eye(3), 216, 288)


def test_the_engine_says_who_it_is(engine: Engine) -> None:
    assert engine.name in set(EngineName)
    assert engine.version


def test_a_blank_page_has_no_text(engine: Engine) -> None:
    assert engine.find(blank()) == ()
    assert engine.recognise(blank()) == ()


def test_one_line_for_each_region_in_the_same_order(engine: Engine, page: PageImage) -> None:
    regions = tuple(Region(Box(36, 40 + 60 * i, 300, 66 + 60 * i)) for i in (2, 0, 1))
    lines = engine.read(page, regions)
    assert [line.box for line in lines] == [r.box for r in regions]
    if engine.name != EngineName.NULL:
        assert [line.text.replace(" ", "") for line in lines] == [LINES[2], LINES[0], LINES[1]]


def test_found_lines_lie_where_they_are_printed(engine: Engine, page: PageImage) -> None:
    if engine.name == EngineName.NULL:
        return
    lines = sorted(engine.recognise(page), key=lambda line: line.box.top)
    assert [line.text.replace(" ", "") for line in lines] == list(LINES)
    for i, line in enumerate(lines):
        assert line.box.contains(48, 54 + 60 * i)
        assert "".join(c.text for c in line.characters) == line.text
        assert all(line.box.left - 3 <= c.left <= c.right <= line.box.right + 3 for c in line.characters)
        assert all(0 <= c.probability <= 1 for c in line.characters)
        assert 0 < line.confidence <= 1


def test_the_page_is_not_written_to(engine: Engine, page: PageImage) -> None:
    before = page.pixels.copy()
    engine.recognise(page)
    assert np.array_equal(page.pixels, before)


def test_the_same_page_gives_the_same_lines(engine: Engine, page: PageImage) -> None:
    assert engine.recognise(page) == engine.recognise(page)


def test_what_else_is_read_does_not_change_a_line(engine: Engine, page: PageImage) -> None:
    """Batches are made of what is there: a line must not depend on its company."""
    regions = tuple(Region(Box(36, 40 + 60 * i, 120 + 40 * k, 66 + 60 * i)) for i in range(3) for k in range(6))
    together = engine.read(page, regions)
    alone = tuple(engine.read(page, (region,))[0] for region in regions)
    assert [line.text for line in together] == [line.text for line in alone]
    if "openvino" in engine.version:  # to the last digit: the same bytes however pages are shared out
        assert together == alone


def test_a_region_of_no_size_or_off_the_page_reads_as_nothing(engine: Engine, page: PageImage) -> None:
    regions = (Region(Box(50, 50, 50, 50)), Region(Box(900, 900, 950, 910)))
    assert [line.text for line in engine.read(page, regions)] == ["", ""]


def test_an_unknown_model_folder_is_named(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MissingDependencyError, match="no PaddleOCR model folder"):
        load_engine(EngineOptions(recognition_model=str(tmp_path)))


# --- what runs the networks -------------------------------------------------------------------------------


def test_the_runtimes_see_and_read_the_same(page: PageImage) -> None:
    """OpenVINO runs PaddleOCR's networks with our own steps around them: these must be PaddleOCR's."""
    theirs = load_engine(ENGINES["onnxruntime"])
    ours = load_engine(ENGINES["openvino-f32"])
    found, expected = ours.find(page), theirs.find(page)
    assert len(found) == len(expected) == len(LINES)
    for region, other in zip(found, expected, strict=True):
        for side in ("left", "top", "right", "bottom"):
            assert getattr(region.box, side) == pytest.approx(getattr(other.box, side), abs=1.0)
        assert region.score == pytest.approx(other.score, abs=0.01)
    for line, other_line in zip(ours.read(page, expected), theirs.read(page, expected), strict=True):
        assert line.text == other_line.text
        assert line.confidence == pytest.approx(other_line.confidence, abs=0.02)
        for mine, other_one in zip(line.characters, other_line.characters, strict=True):
            assert mine.left == pytest.approx(other_one.left, abs=4)


def test_text_in_blue_is_not_taken_for_red(page: PageImage) -> None:
    """Both networks want red first, pages are kept blue first."""
    blue = np.full((*page.pixels.shape[:2], 3), 255, np.uint8)
    dark = page.grey < 128
    blue[dark] = (200, 60, 20)
    picture = replace(page, pixels=blue)
    ours, theirs = (load_engine(ENGINES[name]).find(picture) for name in ("openvino-f32", "onnxruntime"))
    assert [r.score for r in ours] == pytest.approx([r.score for r in theirs], abs=2e-3)


def test_traditional_characters_come_only_by_option(page: PageImage) -> None:
    drawn = pymupdf.open().new_page(width=300, height=60)
    drawn.insert_text((20, 40), "財務審計報告", fontname="china-t", fontsize=20)
    picture = page_image(1, rasterise(drawn, 200))
    everything = load_engine(EngineOptions(runtime=Runtime.OPENVINO, characters=CharacterSet.ALL))
    assert [line.text for line in everything.recognise(picture)] == ["財務審計報告"]
    simplified = "".join(line.text for line in load_engine(USUAL).recognise(picture))
    assert not set("財務審計報") & set(simplified)


def test_the_runtime_is_chosen_by_device_and_models(tmp_path: Path) -> None:
    assert chosen_runtime(EngineOptions()) is Runtime.OPENVINO
    assert chosen_runtime(EngineOptions(device=Device.GPU)) is Runtime.ONNXRUNTIME
    assert chosen_runtime(EngineOptions(recognition_model="PP-OCRv5_mobile_rec")) is Runtime.ONNXRUNTIME
    (tmp_path / "inference.onnx").touch()
    assert chosen_runtime(EngineOptions(recognition_model=str(tmp_path))) is Runtime.OPENVINO
    assert chosen_runtime(EngineOptions(runtime=Runtime.PADDLE)) is Runtime.PADDLE


def test_the_version_tells_runtimes_and_precisions_apart() -> None:
    told = {runtime_version(options) for name, options in ENGINES.items() if name not in ("tesseract", "null")}
    assert len(told) == 5
    assert runtime_version(USUAL) in told


def test_the_numbers_are_those_that_the_processor_is_fast_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen(*flags: str) -> tuple[Precision, Precision]:
        monkeypatch.setattr(choice, "_processor_flags", lambda: frozenset(flags))
        return chosen_precision(USUAL), float_precision(USUAL)

    assert chosen("avx2") == (Precision.F32, Precision.F32)
    assert chosen("avx512_bf16") == (Precision.BF16, Precision.BF16)
    assert chosen("avx512_vnni") == (Precision.INT8, Precision.F32)
    assert chosen("avx512_vnni", "avx512_bf16") == (Precision.INT8, Precision.BF16)


def test_a_model_without_a_file_for_openvino_is_named() -> None:
    with pytest.raises(MissingDependencyError, match="--runtime"):
        load_engine(EngineOptions(runtime=Runtime.OPENVINO, recognition_model="PP-OCRv5_mobile_rec"))


# --- batches ----------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 3200), max_size=60), st.integers(48, 4000))
def test_each_crop_is_in_one_batch_that_is_wide_enough(widths: list[int], pixels: int) -> None:
    made = list(batches(widths, pixels))
    assert sorted(place for _, places in made for place in places) == list(range(len(widths)))
    for padded, places in made:
        assert all(padded == bucket(widths[place]) for place in places)
        assert len(places) == 1 or padded * len(places) <= pixels
        assert len(places) in (1, 4, 16, 64)  # few shapes


# --- how near the detector looks --------------------------------------------------------------------------


def lines_of(size: float, count: int) -> PageImage:
    """An A4 page, scanned at 200 dpi, with lines of type of one size."""
    drawn = pymupdf.open().new_page(width=595, height=842)
    for i in range(count):
        drawn.insert_text((50, 50 + 2 * size * i), f"第{i}行 社会保障和就业支出", fontname="china-s", fontsize=size)
    return page_image(1, rasterise(drawn, 200))


@pytest.mark.parametrize("size", [6, 7, 9, 10.5, 16, 36])
def test_type_of_any_size_is_found(size: float) -> None:
    """公开06表 is set in 6 points: from afar its lines run into each other."""
    count = min(20, int(740 / (2 * size)))
    assert len(load_engine(USUAL).find(lines_of(size, count))) == count


def looks_at(page: PageImage) -> list[int]:
    """Pixels of the longer side of each look that the detector takes."""
    engine = PaddleEngine(EngineOptions(runtime=Runtime.OPENVINO))
    find, seen = engine.networks.find, []
    engine.networks.find = lambda pixels, longest: seen.append(longest) or find(pixels, longest)  # type: ignore
    engine.find(page)
    assert seen == sorted(seen)
    assert seen[-1] <= EngineOptions().detection_height
    return seen


def test_only_small_type_is_looked_at_from_near() -> None:
    """Its size shows before the detector looks: one look is enough for either."""
    assert [len(looks_at(lines_of(size, 20))) for size in (6, 12)] == [1, 1]
    assert looks_at(lines_of(6, 20))[0] > looks_at(lines_of(12, 20))[0]


def test_small_print_beside_large_characters_is_looked_at_again() -> None:
    drawn = pymupdf.open().new_page(width=595, height=842)
    for i in range(4):
        drawn.insert_text((50, 60 + 30 * i), "社会保障和就业支出情况说明", fontname="china-s", fontsize=16)
    for i in range(40):
        drawn.insert_text((50 + 200 * (i % 2), 220 + 15 * (i // 2)), f"1{i},614.45", fontname="helv", fontsize=6)
    first, second = looks_at(page_image(1, rasterise(drawn, 200)))
    assert first < second


def test_a_picture_without_text_is_looked_at_from_near() -> None:
    nothing = Found(np.empty((0, 4, 2)), np.empty(0))
    assert second_look(small_type(nothing), 1800) == 1800


def test_a_tenth_of_small_type_is_enough() -> None:
    def of(*heights: float) -> Found:
        corners = [[[0, 0], [90, 0], [90, h], [0, h]] for h in heights]
        return Found(np.array(corners, dtype=float), np.ones(len(heights)))

    assert small_type(of(*[20] * 10)) == 20
    assert small_type(of(*[20] * 8, 9, 9)) == 9


@given(st.floats(0, 40), st.integers(1057, 4000))
def test_a_first_look_gives_characters_their_height(height: float, near: int) -> None:
    first = first_look(height, near)
    assert 1056 <= first <= near
    if 0 < height < 10 and 1280 < first < near:
        assert 10 - 1e-9 <= height * first / 1056 <= 10 + height * 64 / 1056


def test_there_is_no_second_look_from_as_near() -> None:
    assert second_look(9, near=1800, first=1800) is None
    assert second_look(9, near=1800, first=1280) == 1800
    assert second_look(12.5, near=1800, first=1280) is None


@given(st.floats(0, 40), st.integers(1057, 4000))
def test_a_second_look_is_as_near_as_the_type_needs(height: float, near: int) -> None:
    needed = second_look(height, near)
    if needed is None:
        assert height >= 13
        return
    assert 1056 < needed <= near
    if height > 0 and needed < near:
        assert height * needed / 1056 >= 15 - 1e-9
        assert height * needed / 1056 <= 15 + height * 64 / 1056


# --- parsing recorded answers -----------------------------------------------------------------------------


def test_level_and_turned_polygons() -> None:
    level = [[100, 100], [300, 102], [300, 132], [100, 130]]
    turned = cv2.boxPoints(((200.0, 200.0), (160.0, 20.0), -30.0))[[1, 2, 3, 0]]
    first, second = parse_regions([level, turned], [0.9, 0.8], dpi=72)
    assert first.corners == ()
    assert first.box == Box(100, 101, 300, 131)
    assert second.angle == pytest.approx(30, abs=0.1)
    assert len(second.corners) == 4


def test_white_space_at_the_ends_goes_with_its_characters() -> None:
    from ocr.ctc import DecodedCharacter

    decoded = tuple(DecodedCharacter(c, 0.9, i / 4, (i + 1) / 4, ()) for i, c in enumerate(" 1a "))
    line = to_line(Region(Box(0, 0, 40, 10)), decoded)
    assert line.text == "1a"
    assert [c.left for c in line.characters] == [10, 20]


def test_tesseract_words_become_characters() -> None:
    data = {
        "text": ["", "12"],
        "conf": [-1, 90],
        "left": [0, 10],
        "top": [0, 2],
        "width": [0, 20],
        "height": [0, 8],
    }
    one, two = parse_characters(data, Box(100, 0, 200, 10), dpi=72)
    assert (one.text, one.left, one.right, one.probability) == ("1", 110, 120, 0.9)
    assert two.left == 120


def test_all_characters_by_option() -> None:
    assert EngineOptions(characters=CharacterSet.ALL).characters == "all"
