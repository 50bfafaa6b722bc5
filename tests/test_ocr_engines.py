"""The contract that every engine passes, and what each adapter makes of its vendor's answer."""

import shutil

import cv2
import numpy as np
import pymupdf
import pytest

from document.exceptions import MissingDependencyError
from document.geometry import Box
from ocr.engine import CharacterSet, Engine, EngineName, EngineOptions, Region, load_engine
from ocr.engines.paddle import parse_regions, to_line
from ocr.engines.tesseract import parse_characters
from ocr.pdf import page_image, rasterise
from ocr.types import PageImage

LINES = ("一般公共预算财政拨款支出", "1,614.45", "2080505")


def needs_tesseract() -> None:
    if shutil.which("tesseract") is None:
        pytest.skip("Tesseract is not installed; make test installs it where it may")


@pytest.fixture(scope="module", params=[EngineName.PADDLE, EngineName.TESSERACT, EngineName.NULL])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param is EngineName.TESSERACT:
        needs_tesseract()
    return load_engine(EngineOptions(name=request.param))


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


def test_a_region_of_no_size_or_off_the_page_reads_as_nothing(engine: Engine, page: PageImage) -> None:
    regions = (Region(Box(50, 50, 50, 50)), Region(Box(900, 900, 950, 910)))
    assert [line.text for line in engine.read(page, regions)] == ["", ""]


def test_an_unknown_model_folder_is_named(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MissingDependencyError, match="no PaddleOCR model folder"):
        load_engine(EngineOptions(recognition_model=str(tmp_path)))


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
