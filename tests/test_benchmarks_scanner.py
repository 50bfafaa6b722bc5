"""The scanner: the same every time, image only, and each kind of damage can be measured."""

import json
from statistics import fmean

import cv2
import numpy as np
import pymupdf
import pytest

from benchmarks import papers
from benchmarks.draw import Plan, draw
from benchmarks.make_samples import SAMPLES, SET, readme, truth
from benchmarks.scanner import (
    PROFILES,
    Mode,
    Profile,
    Seal,
    Watermark,
    expose,
    scan,
    seal_layer,
    stamp,
    watermark_layer,
    watermark_text,
)

CLEAN = Profile(dpi=72, quality=95, skew=0, shift=0, blur=0, noise=0, speckles=0)
MARK = Watermark(lines=("仅供校对",), colour=(0.2, 0.2, 0.8), opacity=0.5, size=40)


@pytest.fixture(scope="module")
def printed() -> bytes:
    return draw(Plan(seed=4, kind="budget", parts=("cover", "five_cells"))).pdf


def pages(pdf: bytes) -> list[np.ndarray]:
    """The embedded images as grey pixels."""
    with pymupdf.open(stream=pdf, filetype="pdf") as opened:
        raws = [opened.extract_image(page.get_images()[0][0])["image"] for page in opened]
    return [cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_GRAYSCALE) for raw in raws]


@pytest.mark.parametrize("name", PROFILES)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(printed, name):
    small = PROFILES[name].model_copy(update={"dpi": 72})
    once = scan(printed, small, 5, MARK)
    assert once == scan(printed, small, 5, MARK)
    assert once != scan(printed, small, 6, MARK)


def test_a_scan_is_one_image_a_page_without_text(printed):
    with pymupdf.open(stream=scan(printed, CLEAN, 1), filetype="pdf") as pdf:
        assert [page.get_text().strip() for page in pdf] == [""] * len(pdf)
        assert [len(page.get_images()) for page in pdf] == [1] * len(pdf)
        assert {(page.rect.width, page.rect.height) for page in pdf} == {(595, 842)}


def test_pages_of_one_scan_are_spoiled_each_in_its_own_way(printed):
    first, second = pages(scan(printed, CLEAN.model_copy(update={"noise": 0.05}), 1))
    assert not np.array_equal(first[:40], second[:40])


def test_a_page_that_lay_wrong_is_turned(printed):
    upright, turned = pages(scan(printed, CLEAN, 1))[0], pages(scan(printed, CLEAN, 1, turned={1: 1}))[0]
    assert turned.shape == upright.shape[::-1]
    assert np.abs(np.rot90(turned, -1).astype(int) - upright).mean() < 1


def test_a_fax_has_two_greys(printed):
    fax = PROFILES["fax"].model_copy(update={"dpi": 100})
    assert all(set(np.unique(page)) <= {0, 255} for page in pages(scan(printed, fax, 1)))


def test_without_damage_the_paper_is_white_and_with_a_watermark_it_is_not(printed):
    blank, marked = pages(scan(printed, CLEAN, 1))[0], pages(scan(printed, CLEAN, 1, MARK))[0]
    assert (blank[:150] > 250).all()
    assert (marked[:150] < 250).mean() > 0.03


def test_the_watermark_has_its_angle():
    def tilt(angle: float) -> float:
        mark = Watermark(lines=("一一一一一一",), angle=angle, size=40, period=(900, 900), stagger=0, offset=(300, 400))
        layer = watermark_layer(mark, 600, 800, 72)
        ys, xs = np.nonzero(layer > 0.5)
        (vx, vy, *_) = cv2.fitLine(np.stack([xs, ys], 1).astype(np.float32), cv2.DIST_L2, 0, 0.01, 0.01).ravel()
        return float(np.degrees(np.arctan2(-vy * np.sign(vx), abs(vx))))

    assert tilt(30) == pytest.approx(30, abs=1)
    assert tilt(-20) == pytest.approx(-20, abs=1)
    assert tilt(0) == pytest.approx(0, abs=0.5)


def test_over_hides_the_ink_and_under_leaves_it_whole():
    ink = np.zeros((1, 1, 3), np.float32)
    full = np.ones((1, 1), np.float32)
    assert stamp(ink, full, (1, 1, 1), 0.5, over=True).max() == pytest.approx(0.5)
    assert stamp(ink, full, (1, 0, 0), 0.5, over=False).max() == 0
    paper = np.ones((1, 1, 3), np.float32)
    for over in (True, False):
        assert stamp(paper, full, (1, 0, 0), 0.5, over=over)[0, 0].tolist() == pytest.approx([0.5, 0.5, 1])


def test_a_bolder_watermark_covers_more():
    thin = watermark_layer(MARK, 300, 300, 100).mean()
    assert watermark_layer(MARK.model_copy(update={"weight": 2.0}), 300, 300, 100).mean() > 1.2 * thin


def test_a_seal_is_round_and_where_it_should_be():
    seal = Seal(text="某县财政局公章", centre=(200, 150), diameter=100, foot="专用")
    ys, xs = np.nonzero(seal_layer(seal, 400, 300, 72) > 0.3)
    assert (xs.min() + xs.max()) / 2 == pytest.approx(200, abs=2)
    assert (ys.min() + ys.max()) / 2 == pytest.approx(150, abs=2)
    assert np.hypot(xs - 200, ys - 150).max() == pytest.approx(51.5, abs=2)


def test_shade_noise_and_paper_can_be_measured():
    page = np.ones((200, 160, 3), np.float32)
    shaded = expose(page, CLEAN.model_copy(update={"shade": 0.4}), "1")
    assert shaded.min() == pytest.approx(0.6, abs=0.02)
    noisy = expose(page * 0.5, CLEAN.model_copy(update={"noise": 0.05}), "1")
    assert noisy.std() == pytest.approx(0.05, abs=0.005)
    tinted = expose(page, CLEAN.model_copy(update={"paper": (1, 0.9, 0.8), "mode": Mode.COLOUR}), "1")
    assert tinted[0, 0].tolist() == pytest.approx([0.8, 0.9, 1], abs=0.01)
    assert np.array_equal(page, np.ones_like(page))


def test_a_watermark_in_the_text_layer_is_text(printed):
    with pymupdf.open(stream=watermark_text(printed, MARK), filetype="pdf") as pdf:
        assert all("仅供校对" in page.get_text().replace("\n", "") for page in pdf)


@pytest.mark.parametrize("sample", SET, ids=lambda s: s.name)
def test_a_committed_sample_is_what_its_plan_draws(sample):
    path = SAMPLES / f"{sample.name}.pdf"
    written = papers.read(path.with_suffix("").with_suffix(".truth.json"))
    assert written == truth(sample, draw(sample.plan).paper)
    assert path.stat().st_size < 1_100_000
    with pymupdf.open(path) as pdf:
        assert len(pdf) == written.pages <= 5
        if sample.profile != "digital":
            assert not any(page.get_text().strip() for page in pdf)


def test_the_samples_are_listed_and_small_together():
    assert (SAMPLES / "README.md").read_text(encoding="utf-8") == readme(SET)
    assert sum(p.stat().st_size for p in SAMPLES.glob("*.pdf")) < 4_200_000
    assert len({s.profile for s in SET}) >= 4
    assert {p.stem for p in SAMPLES.glob("*.pdf")} == {s.name for s in SET}


def test_the_samples_truth_has_the_documented_keys():
    data = json.loads((SAMPLES / f"{SET[0].name}.truth.json").read_text(encoding="utf-8"))
    assert set(data) == {"title", "kind", "pages", "profile", "watermark", "seal", "blocks"}
    assert {k for b in data["blocks"] for k in b} == {"kind", "text", "page", "title", "n_rows", "n_cols", "cells"}
    assert fmean(len(c) for b in data["blocks"] for c in b.get("cells", ())) == 5
