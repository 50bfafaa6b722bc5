"""Opening what people really hand in, and pages as pixels."""

from pathlib import Path

import cv2
import numpy as np
import pymupdf
import pytest

from document.exceptions import EmptyDocument, EncryptedError, NotADocument, PageTooLarge
from ocr.pdf import (
    _drawn,
    check_page_size,
    describe,
    image_resolution,
    is_negative,
    open_source,
    page_image,
    rasterise,
)


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


class TestPhotographs:
    """A page that is nothing but one JPEG is decoded, not drawn; whatever else it has, it is drawn."""

    def photograph(self, path: Path, grey: bool, change: str = "") -> Path:
        """A page with a JPEG at 150 dpi; ``change``: what makes it more than that, or a little larger."""
        rng = np.random.default_rng(1)
        side = (1754, 1240) if grey else (1754, 1240, 3)
        pixels = cv2.GaussianBlur(rng.integers(0, 256, side, np.uint8), (0, 0), 3)
        pixels[800:900] = 20
        document = pymupdf.open()
        larger = 0.2 if change == "larger" else 0.0
        page = document.new_page(width=595.2, height=841.92 + larger)
        area = pymupdf.Rect(3, 3, 592, 838) if change == "margin" else page.rect
        turn = 180 if change == "turned" else 0
        xref = page.insert_image(area, stream=cv2.imencode(".jpg", pixels)[1].tobytes(), rotate=turn)
        match change:
            case "line":
                page.draw_line((100, 100), (500, 100), width=9)
            case "note":
                page.add_rect_annot((100, 200, 300, 300)).update(fill_color=(0, 0, 0))
            case "negative":
                document.xref_set_key(xref, "Decode", "[1 0]" if grey else "[1 0 1 0 1 0]")
            case "page turned":
                page.set_rotation(90)
            case "cropped":
                page.set_cropbox(pymupdf.Rect(0, 0, 400, 600))
        document.save(path)
        return path

    @pytest.mark.parametrize("grey", [True, False])
    def test_the_pixels_are_those_of_the_jpeg(self, tmp_path: Path, grey: bool) -> None:
        with open_source(self.photograph(tmp_path / "a.pdf", grey)) as document:
            page = document[0]
            raster, drawn = rasterise(page, None), _drawn(page, 150)
            data = document.extract_image(page.get_images()[0][0])["image"]
        assert (raster.pixels == cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)).all()
        assert cv2.absdiff(raster.pixels, drawn).mean() < 1, "and MuPDF draws them so"

    @pytest.mark.parametrize("grey", [True, False])
    def test_a_page_a_little_larger_is_filled_as_mupdf_fills_it(self, tmp_path: Path, grey: bool) -> None:
        with open_source(self.photograph(tmp_path / "a.pdf", grey, "larger")) as document:
            raster, drawn = rasterise(document[0], None), _drawn(document[0], 150)
        assert raster.pixels.shape == drawn.shape
        assert raster.pixels.shape[0] == 1755
        assert cv2.absdiff(raster.pixels, drawn).mean() < 1

    @pytest.mark.parametrize("grey", [True, False])
    @pytest.mark.parametrize("change", ["line", "note", "negative", "turned", "page turned", "cropped", "margin"])
    def test_what_is_more_or_other_is_drawn(self, tmp_path: Path, change: str, grey: bool) -> None:
        with open_source(self.photograph(tmp_path / "a.pdf", grey, change)) as document:
            raster = rasterise(document[0], None)
            assert (raster.pixels == _drawn(document[0], raster.dpi)).all()

    def test_a_broken_jpeg_is_left_to_mupdf(self, tmp_path: Path) -> None:
        with open_source(self.photograph(tmp_path / "a.pdf", grey=True)) as document:
            xref = document[0].get_images()[0][0]
            document.update_stream(xref, b"\xff\xd8nothing", compress=False)
            document.xref_set_key(xref, "Filter", "/DCTDecode")
            assert (rasterise(document[0], 150).pixels == _drawn(document[0], 150)).all()


def picture_pdf(path: Path, size: tuple[int, int], dpi: float) -> Path:
    """A page that is one picture of so many pixels (width, height), shown at so many dots per inch."""
    pixels = np.full(size[::-1], 255, np.uint8)
    cv2.circle(pixels, (200, 300), 50, 0, -1)
    document = pymupdf.open()
    page = document.new_page(width=size[0] * 72 / dpi, height=size[1] * 72 / dpi)
    page.insert_image(page.rect, stream=cv2.imencode(".png", pixels)[1].tobytes())
    document.save(path)
    return path


@pytest.mark.parametrize("dpi", [72, 96])
def test_a_sheet_of_unknown_size_is_read_as_a4_and_keeps_the_points_of_its_page(tmp_path: Path, dpi: int) -> None:
    """Some scanning programs write a point for each pixel: A4 at 200 dpi would be a poster with type of 30 points."""
    with open_source(picture_pdf(tmp_path / "a.pdf", (1654, 2339), dpi)) as document:
        raster = rasterise(document[0], None)
    image = page_image(1, raster)
    assert raster.pixels.shape == (2339, 1654)
    assert image.dpi == pytest.approx(200, abs=0.5)
    assert image.width == pytest.approx(1654 * 72 / dpi)
    corner = image.to_page @ [595, 842, 1]  # of the sheet
    assert corner[:2] == pytest.approx((image.width, image.height), rel=1e-3)


def test_a_sheet_of_unknown_size_is_drawn_no_finer_than_others(tmp_path: Path) -> None:
    with open_source(picture_pdf(tmp_path / "a.pdf", (4960, 7016), 72)) as document:
        image = page_image(1, rasterise(document[0], None))
    assert image.dpi == pytest.approx(300, abs=0.5)
    assert image.pixels.shape == pytest.approx((3508, 2480), abs=2)


@pytest.mark.parametrize(
    ("size", "dpi"),
    [
        pytest.param((2339, 1654), 150, id="A3"),
        pytest.param((1654, 2339), 101, id="a scan of a large sheet"),
        pytest.param((800, 600), 96, id="a small picture"),
    ],
)
def test_a_page_that_says_how_large_it_is_keeps_its_scale(tmp_path: Path, size: tuple[int, int], dpi: float) -> None:
    with open_source(picture_pdf(tmp_path / "a.pdf", size, dpi)) as document:
        image = page_image(1, rasterise(document[0], None))
    assert image.scale == 1
    assert image.dpi == pytest.approx(dpi, rel=0.01)
    assert (image.to_page == np.eye(3)).all()


def written(ground: int, ink: int) -> np.ndarray:
    """A sheet (1650, 1200) with writing on it."""
    pixels = np.full((1650, 1200), ground, np.uint8)
    for row in range(100, 1550, 40):
        cv2.putText(pixels, "208 01 1,234.56 0.78 SUMMA", (80, row), cv2.FONT_HERSHEY_SIMPLEX, 1.0, ink, 2)
    return pixels


@pytest.mark.parametrize(("ground", "ink"), [(0, 255), (40, 220), (90, 255)])
def test_light_on_dark_becomes_dark_on_light(tmp_path: Path, ground: int, ink: int) -> None:
    """Microfilms, and faxes whose bits were taken the wrong way round."""
    document = pymupdf.open()
    page = document.new_page(width=8 * 72, height=11 * 72)
    page.insert_image(page.rect, stream=cv2.imencode(".png", written(ground, ink))[1].tobytes())
    assert rasterise(page, None).pixels[0, 0] == 255 - ground


@pytest.mark.parametrize(
    "pixels",
    [
        pytest.param(written(255, 0), id="a sheet"),
        pytest.param(written(95, 10), id="a sheet scanned too dark"),
        pytest.param(np.zeros((1650, 1200), np.uint8), id="nothing but black"),
        pytest.param(np.random.default_rng(0).integers(0, 180, (1650, 1200)).astype(np.uint8), id="a dark photograph"),
    ],
)
def test_other_pages_stay_as_they_are(pixels: np.ndarray) -> None:
    assert not is_negative(pixels)
