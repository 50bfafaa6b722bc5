"""Opening what people really hand in, and pages as pixels."""

from pathlib import Path

import cv2
import numpy as np
import pymupdf
import pytest

from document.exceptions import EmptyDocument, EncryptedError, NotADocument, PageTooLarge
from ocr.pdf import check_page_size, describe, image_resolution, open_source, page_image, rasterise


def one_image_pdf(path: Path, dpi: int = 150, grey: bool = True) -> Path:
    pixels = np.full((11 * dpi, 8 * dpi) if grey else (11 * dpi, 8 * dpi, 3), 255, np.uint8)
    cv2.circle(pixels, (200, 300), 50, 0 if grey else (0, 0, 255), -1)
    document = pymupdf.open()
    page = document.new_page(width=8 * 72, height=11 * 72)
    page.insert_image(page.rect, stream=cv2.imencode(".png", pixels)[1].tobytes())
    document.save(path)
    return path


def text_pdf(path: Path) -> Path:
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "text")
    document.save(path)
    return path


def test_a_scan_is_rasterised_at_its_own_resolution(tmp_path: Path) -> None:
    with open_source(one_image_pdf(tmp_path / "a.pdf")) as document:
        raster = rasterise(document[0], None)
    assert raster.dpi == pytest.approx(150, abs=0.5)
    assert raster.pixels.shape == (1650, 1200)
    assert raster.pixels[300, 200] < 20
    assert page_image(1, raster).width == 576


def test_a_chosen_resolution_wins_and_a_drawn_page_gets_the_default(tmp_path: Path) -> None:
    with open_source(one_image_pdf(tmp_path / "a.pdf")) as document:
        assert rasterise(document[0], 100).pixels.shape == (1100, 800)
    with open_source(text_pdf(tmp_path / "b.pdf")) as document:
        assert image_resolution(document[0]) is None
        assert rasterise(document[0], None).dpi == 200


def test_colour_comes_in_opencvs_order(tmp_path: Path) -> None:
    with open_source(one_image_pdf(tmp_path / "a.pdf", grey=False)) as document:
        blue, green, red = rasterise(document[0], None).pixels[300, 200]
    assert red > 200
    assert max(blue, green) < 60


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_pictures_are_documents_too(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"扫描{suffix}"
    path.write_bytes(cv2.imencode(suffix, np.full((400, 300), 200, np.uint8))[1].tobytes())
    source = describe(path)
    assert (source.page_count, source.name) == (1, path.name)
    assert len(source.sha256) == 64


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", NotADocument),
        (b"hello", NotADocument),
        (b"%PDF-1.7\n1 0 obj\n<<", NotADocument),
        (b"\x89PNG\r\n\x1a\n123", NotADocument),
    ],
    ids=["empty", "text", "cut short", "broken picture"],
)
def test_bad_files_are_named_with_a_way_out(tmp_path: Path, content: bytes, error: type[Exception]) -> None:
    path = tmp_path / "坏.pdf"
    path.write_bytes(content)
    with pytest.raises(error, match=r"坏\.pdf"):
        describe(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(NotADocument, match="cannot be read"):
        describe(tmp_path / "none.pdf")


def test_an_encrypted_file_says_so(tmp_path: Path) -> None:
    document = pymupdf.open()
    document.new_page()
    path = tmp_path / "锁.pdf"
    document.save(path, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="a", owner_pw="b")
    with pytest.raises(EncryptedError, match="qpdf"):
        describe(path)


def test_a_book_is_no_scan(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("some text")
    with pytest.raises(NotADocument):
        describe(path)


def test_no_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
        b"trailer<</Root 1 0 R>>\n"
    )
    with pytest.raises((EmptyDocument, NotADocument), match="again"):
        describe(path)


def test_a_giant_page_is_refused_before_anything_is_drawn() -> None:
    document = pymupdf.open()
    page = document.new_page(width=14_000, height=14_000)
    with pytest.raises(PageTooLarge, match="page 1"):
        rasterise(page, None)
    check_page_size(document.new_page(), 600)


def test_a_picture_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "大.png"
    Image.new("1", (15_000, 12_000)).save(path)
    with pytest.raises(PageTooLarge, match="15000"):
        describe(path)
