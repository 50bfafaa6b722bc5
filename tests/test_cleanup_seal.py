"""Seals are found by hue and shape, and the ink under them stays."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
import pymupdf
import pytest

from cleanup.seal import remove_seals, seal_lines
from ocr.types import PageImage, Pixels
from tests.drawn_watermarks import DPI, HEIGHT, WIDTH, as_page, difference, draw_page, scan

TEXT = "望川县农业农村局财务专用章"


def seal_coverage(x_radius: float, y_radius: float, framed: bool) -> np.ndarray:
    """Coverage (0–1) of a seal about the point (250, 300): a ring or a frame, characters, a star."""
    page = pymupdf.open().new_page(width=WIDTH, height=HEIGHT)
    shape = page.new_shape()
    box = pymupdf.Rect(250 - x_radius, 300 - y_radius, 250 + x_radius, 300 + y_radius)
    (shape.draw_rect if framed else shape.draw_oval)(box)
    shape.finish(width=3)
    shape.commit()
    for index, character in enumerate(TEXT[:8] if framed else TEXT):
        if framed:
            at = pymupdf.Point(258 - x_radius + index % 4 * x_radius / 2, 318 - y_radius + index // 4 * 22)
            page.insert_text(at, character, fontname="china-s", fontsize=16)
            continue
        angle = -130 + 260 * index / (len(TEXT) - 1)
        x = 250 + (x_radius - 12) * math.sin(math.radians(angle))
        y = 300 - (y_radius - 12) * math.cos(math.radians(angle))
        turn = (pymupdf.Point(x, y), pymupdf.Matrix(-angle))
        page.insert_text((x - 5, y + 4), character, fontname="china-s", fontsize=10, morph=turn)
    pixmap = page.get_pixmap(dpi=DPI, colorspace=pymupdf.csGRAY)
    return 1 - np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width) / 255


CASES = {
    "round red": ((40, 40, 210), 60.0, 60.0, False, "red"),
    "round blue": ((200, 80, 50), 58.0, 58.0, False, "blue"),
    "oval red": ((60, 50, 205), 65.0, 43.0, False, "red"),
    "framed blue": ((190, 70, 60), 45.0, 28.0, True, "blue"),
}


@lru_cache(maxsize=8)
def sealed(name: str) -> tuple[PageImage, Pixels, np.ndarray]:
    """A page with a seal, the same scan without it, and the seal's coverage."""
    colour, x_radius, y_radius, framed, _ = CASES[name]
    clean, coverage = draw_page(5), seal_coverage(x_radius, y_radius, framed)
    planes = [clean * (1 - coverage * (1 - level / 255)) for level in colour]
    page, plain = np.rint(np.stack(planes, axis=2)).astype(np.uint8), cv2.cvtColor(clean, cv2.COLOR_GRAY2BGR)
    return as_page(scan(page, 5)[0]), cv2.cvtColor(scan(plain, 5)[0], cv2.COLOR_BGR2GRAY), coverage


@pytest.mark.parametrize("name", CASES)
def test_seal_comes_off_and_ink_stays(name: str) -> None:
    page, clean, _ = sealed(name)
    _, x_radius, y_radius, _, colour = CASES[name]
    pixels, mask, seals = remove_seals(page, page)
    assert [seal.colour for seal in seals] == [colour]
    expected = (250 - x_radius, 300 - y_radius, 250 + x_radius, 300 + y_radius)
    assert np.allclose(seals[0].box.as_tuple(), expected, atol=5)
    after = difference(pixels, clean, mask)
    assert difference(page.pixels, clean, mask).paper > 25
    assert after.paper < 9
    assert after.ink < 40
    assert after.rules < 45


def test_the_seal_keeps_its_picture() -> None:
    page, _, _ = sealed("round red")
    _, _, seals = remove_seals(page, page)
    height, width = seals[0].pixels.shape[:2]
    assert abs(width - 120 * DPI / 72) < 20
    assert abs(height - 120 * DPI / 72) < 20
    assert not np.shares_memory(seals[0].pixels, page.pixels)


def test_the_ring_is_unrolled_from_below_clockwise_and_the_foot_is_level() -> None:
    page = cv2.cvtColor(np.full((600, 600), 255, np.uint8), cv2.COLOR_GRAY2BGR)
    cv2.circle(page, (300, 300), 120, (40, 40, 210), 5)
    angles = [-120, -60, 0, 45, 120]  # clockwise from the top
    for degrees in angles:
        x, y = 300 + 88 * math.sin(math.radians(degrees)), 300 - 88 * math.cos(math.radians(degrees))
        cv2.circle(page, (round(x), round(y)), 9, (40, 40, 210), -1)
    cv2.rectangle(page, (278, 352), (322, 364), (40, 40, 210), -1)
    image = as_page(page)
    _, _, seals = remove_seals(image, image)
    ring, foot = seal_lines(seals[0])
    _, _, stats, centres = cv2.connectedComponentsWithStats((ring < 128).astype(np.uint8))
    dots = centres[1:][stats[1:, cv2.CC_STAT_AREA] > 400]
    assert len(dots) == len(angles)
    places = np.sort(dots[:, 0] - 8) / (ring.shape[1] - 16) * 360 - 180
    assert np.allclose(places, angles, atol=3)
    stats = cv2.connectedComponentsWithStats((foot < 128).astype(np.uint8))[2][1:]
    _, _, width, height, _ = stats[stats[:, cv2.CC_STAT_AREA].argmax()]
    assert 3 < width / height < 4.5  # the bar below the star, 45 by 13 pixels, level


def test_a_framed_seal_is_read_as_it_stands() -> None:
    page, _, _ = sealed("framed blue")
    _, _, seals = remove_seals(page, page)
    (picture,) = seal_lines(seals[0])
    assert picture.shape[1] > 1.3 * picture.shape[0]
    assert float((picture < 100).mean()) > 0.05


def test_a_stroke_of_the_same_hue_that_hangs_on_the_ring_is_not_part_of_the_seal() -> None:
    page, _, _ = sealed("round red")
    pixels = page.pixels.copy()
    cv2.line(pixels, (650, 600), (685, 560), (60, 60, 200), 9)
    _, _, seals = remove_seals(replace(page, pixels=pixels), page)
    assert np.allclose(seals[0].box.as_tuple(), (190, 240, 310, 360), atol=6)


def test_outside_the_seal_nothing_changes() -> None:
    page, _, _ = sealed("round red")
    pixels, mask, _ = remove_seals(page, page)
    assert np.array_equal(pixels[~mask], page.pixels[~mask])


def test_red_headings_filled_discs_and_photographs_are_no_seals() -> None:
    page = cv2.cvtColor(draw_page(6), cv2.COLOR_GRAY2BGR)
    cv2.putText(page, "RED TITLE", (150, 120), cv2.FONT_HERSHEY_SIMPLEX, 2.5, (40, 40, 210), 8)
    cv2.circle(page, (300, 900), 110, (40, 40, 210), -1)
    page[900:1100, 550:800] = np.linspace(40, 200, 250, dtype=np.uint8)[None, :, None] * np.array([0.3, 0.4, 1.0])
    image = as_page(scan(page, 6)[0])
    pixels, mask, seals = remove_seals(image, image)
    assert seals == ()
    assert pixels is image.pixels
    assert not mask.any()


# --- on a grey scan no hue is left --------------------------------------------------------------------------


def in_grey(page: PageImage) -> PageImage:
    return replace(page, pixels=page.grey)


@pytest.mark.parametrize("name", ["round red", "round blue"])
def test_the_ring_comes_off_a_grey_scan_and_type_beneath_stays(name: str) -> None:
    page, clean, _ = sealed(name)
    grey = in_grey(page)
    pixels, mask, seals = remove_seals(grey, grey)
    assert [seal.colour for seal in seals] == ["grey"]
    assert np.allclose(seals[0].box.center, (250, 300), atol=4)
    ring = np.zeros_like(mask, dtype=np.uint8)
    radius = CASES[name][1] * DPI / 72
    cv2.circle(ring, (round(250 * DPI / 72), round(300 * DPI / 72)), round(radius), 1, round(3 * DPI / 72))
    before, after = difference(grey.pixels, clean, ring > 0), difference(pixels, clean, ring > 0)
    assert before.paper > 60
    assert after.paper < 12
    assert after.ink < 40
    ink = clean < 90
    assert float((pixels[ink & mask].astype(int) - clean[ink & mask]).mean()) < 15  # no stroke grows pale
    assert np.array_equal(pixels[~mask], grey.pixels[~mask])


def test_a_star_comes_off_with_the_figures_across_it_left() -> None:
    page = np.full((700, 700), 255, np.uint8)
    cv2.circle(page, (350, 350), 130, 120, 8)
    angles = np.radians(np.arange(10) * 36 - 90 + 12)
    radii = np.where(np.arange(10) % 2 == 0, 44, 17)
    star = np.column_stack([350 + radii * np.cos(angles), 350 + radii * np.sin(angles)])
    cv2.fillPoly(page, [np.rint(star).astype(np.int32)], 120)
    cv2.putText(page, "1450.35", (300, 362), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 25, 2, cv2.LINE_AA)
    bare = np.full_like(page, 255)
    cv2.putText(bare, "1450.35", (300, 362), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 25, 2, cv2.LINE_AA)
    image = as_page(scan(page, 3, turn=0)[0])
    pixels, _, seals = remove_seals(image, image)
    plain = scan(bare, 3, turn=0)[0]
    assert len(seals) == 1
    middle = (slice(300, 400), slice(300, 400))
    assert float(np.abs(pixels[middle].astype(int) - plain[middle]).mean()) < 12
    assert float((pixels[middle] < 100)[plain[middle] < 60].mean()) > 0.9


def test_a_grey_page_without_a_ring_keeps_its_very_pixels() -> None:
    page = draw_page(6)
    cv2.circle(page, (300, 900), 110, 130, -1)  # a filled disc, as of a pie chart
    cv2.circle(page, (650, 900), 90, 150, 60)  # and a thick ring
    page[200:260, 100:700] = np.minimum(page[200:260, 100:700], 160)  # a shaded head
    image = as_page(scan(page, 6)[0])
    pixels, mask, seals = remove_seals(image, image)
    assert seals == ()
    assert pixels is image.pixels
    assert not mask.any()
