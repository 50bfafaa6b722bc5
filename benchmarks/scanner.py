"""Spoils a born-digital PDF the way offices do: watermark, seals, then a scanner, a fax or a telephone.

``scan`` renders each page, stamps it, bends it and packs the pixels back as one image a page. The same
options, seed and file give the same bytes. Lengths are points (1/72 inch) unless a name says pixels.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
import pymupdf
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from benchmarks.layout import Face, face

Layer = NDArray[np.float32]
"""``(height, width)`` of coverage, or ``(height, width, 3)`` of blue, green, red; 0–1, 1 being white."""
Colour = tuple[float, float, float]
"""Red, green, blue, 0–1."""


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Watermark(_Options):
    """A phrase tiled over every page."""

    lines: tuple[str, ...] = Field(min_length=1, description="the phrase; more than one line is stacked")
    angle: float = Field(30, ge=-90, le=90, description="degrees counter-clockwise")
    colour: Colour = (0.5, 0.5, 0.5)
    opacity: float = Field(0.5, gt=0, le=1, description="share of the colour where a stroke is full")
    over: bool = Field(True, description="over the text (hiding it), else under it (the ink stays whole)")
    size: float = Field(34, ge=8, le=120, description="type size, points")
    period: tuple[float, float] = Field((230, 150), description="distance of the tiles across and down, points")
    stagger: float = Field(0.5, ge=0, le=1, description="shift of every second row, share of the period")
    offset: tuple[float, float] = Field((0, 0), description="where the first tile lies, points")
    weight: float = Field(0.0, ge=0, le=3, description="how much bolder than the font, points")
    slant: float = Field(0.0, ge=-0.6, le=0.6, description="shear of the type, like an italic")
    font_file: str | None = Field(None, description="another Chinese font; None for PyMuPDF's own")

    @property
    def phrase(self) -> str:
        """The phrase as a truth file has it: lines parted by line feeds."""
        return "\n".join(self.lines)


class Seal(_Options):
    """A round stamp: a ring, a star, the name around it."""

    text: str = Field(min_length=2, description="around the star")
    foot: str = Field("", description="below the star, level")
    page: int = Field(1, ge=1, description="which page")
    centre: tuple[float, float] = Field((400, 560), description="points from the upper left corner")
    diameter: float = Field(112, ge=40, le=200, description="points")
    colour: Colour = (0.84, 0.12, 0.12)
    opacity: float = Field(0.8, gt=0, le=1)
    angle: float = Field(0, ge=-45, le=45, description="degrees counter-clockwise")


class Mode(StrEnum):
    """What a pixel of the scan can be."""

    GREY = "grey"
    COLOUR = "colour"
    BILEVEL = "bilevel"


class Profile(_Options):
    """One way of scanning. Random things are drawn anew for every page."""

    dpi: int = Field(200, ge=72, le=600)
    mode: Mode = Mode.GREY
    quality: int = Field(75, ge=5, le=100, description="of the JPEG; a bilevel page is packed without loss")
    skew: float = Field(0.4, ge=0, le=5, description="greatest turn either way, degrees")
    shift: float = Field(3, ge=0, le=30, description="greatest shift either way, points")
    perspective: float = Field(0, ge=0, le=0.08, description="greatest pull of a corner, share of the page")
    blur: float = Field(0.5, ge=0, le=4, description="standard deviation, pixels at 200 dpi")
    noise: float = Field(0.015, ge=0, le=0.3, description="standard deviation of grey, 0–1")
    speckles: int = Field(8, ge=0, le=2000, description="dark specks a page")
    paper: Colour = (1, 1, 1)
    grain: float = Field(0, ge=0, le=0.1, description="unevenness of the paper, grey 0–1")
    shade: float = Field(0, ge=0, le=0.7, description="how much darker the darkest edge of the page is")
    contrast: float = Field(1, gt=0, le=1.5, description="distance of ink from paper; below 1 pale")
    threshold: float = Field(0.6, gt=0, lt=1, description="bilevel: darker than this is black")


PROFILES: dict[str, Profile] = {
    "office": Profile(quality=50, noise=0.005, speckles=6),
    "good300": Profile(dpi=300, quality=48, skew=0.15, shift=1, blur=0.5, noise=0.003, speckles=0),
    "color": Profile(mode=Mode.COLOUR, quality=48, skew=0.5, paper=(0.985, 0.965, 0.92), grain=0.005, noise=0.004),
    "poor": Profile(
        dpi=150,
        quality=32,
        skew=1.1,
        shift=6,
        perspective=0.004,
        blur=0.85,
        noise=0.045,
        speckles=90,
        grain=0.02,
        contrast=0.8,
        shade=0.08,
    ),
    "fax": Profile(mode=Mode.BILEVEL, skew=0.7, blur=0.6, noise=0.05, speckles=160, contrast=0.95, threshold=0.66),
    "phone": Profile(
        mode=Mode.COLOUR,
        quality=66,
        skew=1.6,
        shift=6,
        perspective=0.018,
        blur=0.8,
        noise=0.018,
        speckles=3,
        paper=(0.95, 0.94, 0.93),
        grain=0.01,
        shade=0.32,
        contrast=0.9,
    ),
}
"""The profiles by name."""


def _pixels(page: Any, dpi: float) -> Layer:
    """The page as blue, green, red."""
    shot = page.get_pixmap(dpi=round(dpi), colorspace=pymupdf.csRGB, alpha=False)
    rgb = np.frombuffer(shot.samples, np.uint8).reshape(shot.height, shot.width, 3)
    return np.asarray(rgb[:, :, ::-1].astype(np.float32) / 255)


def _coverage(page: Any, dpi: float) -> Layer:
    """How much of each pixel black ink covers, 0–1."""
    return np.asarray(1 - _pixels(page, dpi)[:, :, 0])


def _text_path(page: Any, fonts: Face, text: str, size: float, at: tuple[float, float], morph: Any) -> None:
    """Black text whose baseline begins at ``at``, turned and sheared about the morph's point."""
    writer = pymupdf.TextWriter(page.rect)
    x = at[0]
    for char in text:
        writer.append((x, at[1]), char, font=fonts.font(char), fontsize=size)
        x += fonts.width(char, size)
    writer.write_text(page, morph=morph)


def _tile_centres(mark: Watermark, width: float, height: float) -> list[tuple[float, float]]:
    """Where the tiles' middles lie, also those that only reach into the page."""
    across, down = mark.period
    rows, cols = math.ceil(height / down) + 3, math.ceil(width / across) + 3
    return [
        (
            mark.offset[0] + (col + (row % 2) * mark.stagger) * across - across,
            mark.offset[1] + row * down - down,
        )
        for row in range(rows)
        for col in range(cols)
    ]


def watermark_layer(mark: Watermark, width: float, height: float, dpi: float) -> Layer:
    """Coverage (0–1) of the tiled phrase on a page of ``width`` × ``height`` points."""
    pdf = pymupdf.open()
    page = pdf.new_page(width=width, height=height)
    fonts = face("china-s", mark.font_file)
    shear = pymupdf.Matrix(1, 0, mark.slant, 1, 0, 0)
    turn = shear * pymupdf.Matrix(1, 1).prerotate(mark.angle)
    lead = 1.15 * mark.size
    for x, y in _tile_centres(mark, width, height):
        top = y - lead * (len(mark.lines) - 1) / 2
        for i, line in enumerate(mark.lines):
            at = (x - fonts.width(line, mark.size) / 2, top + i * lead + mark.size * 0.36)
            _text_path(page, fonts, line, mark.size, at, (pymupdf.Point(x, y), turn))
    layer = _coverage(page, dpi)
    radius = mark.weight * dpi / 72
    if radius < 0.5:
        return layer
    side = 2 * round(radius / 2) + 1
    return np.asarray(cv2.dilate(layer, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))))


def _ring_text(page: Any, seal: Seal, fonts: Face) -> None:
    """The seal's name along the upper arc, each character upright to the middle."""
    radius, size = seal.diameter * 0.36, seal.diameter * 0.125
    spread = min(250.0, 26.0 * len(seal.text))
    middle = pymupdf.Point(*seal.centre)
    for i, char in enumerate(seal.text):
        turn = -spread / 2 + spread * i / (len(seal.text) - 1) - seal.angle
        at = (middle.x - fonts.width(char, size) / 2, middle.y - radius + size * 0.36)
        _text_path(page, fonts, char, size, at, (middle, pymupdf.Matrix(1, 1).prerotate(-turn)))


def seal_layer(seal: Seal, width: float, height: float, dpi: float) -> Layer:
    """Coverage (0–1) of the seal on a page of ``width`` × ``height`` points."""
    pdf = pymupdf.open()
    page = pdf.new_page(width=width, height=height)
    middle, radius = pymupdf.Point(*seal.centre), seal.diameter / 2
    page.draw_circle(middle, radius, width=seal.diameter * 0.03)
    angles = [math.radians(90 + 36 * i + seal.angle) for i in range(10)]
    reach = [radius * (0.32 if i % 2 == 0 else 0.125) for i in range(10)]
    star = [(middle.x + r * math.cos(a), middle.y - r * math.sin(a)) for a, r in zip(angles, reach, strict=True)]
    page.draw_polyline(star, fill=(0, 0, 0), closePath=True, width=0)
    fonts = face()
    _ring_text(page, seal, fonts)
    if seal.foot:
        size = seal.diameter * 0.11
        at = (middle.x - fonts.width(seal.foot, size) / 2, middle.y + radius * 0.62)
        turn = pymupdf.Matrix(1, 1).prerotate(seal.angle)
        _text_path(page, fonts, seal.foot, size, at, (middle, turn))
    return _coverage(page, dpi)


def stamp(page: Layer, coverage: Layer, colour: Colour, opacity: float, *, over: bool) -> Layer:
    """The page with ink of ``colour`` where ``coverage`` is: over hides what is there, under multiplies."""
    ink = np.array(colour[::-1], np.float32)
    share = (coverage * opacity)[:, :, None]
    return np.asarray(page * (1 - share) + ink * share if over else page * (1 - share * (1 - ink)))


def _warp(profile: Profile, rng: random.Random, width: int, height: int) -> NDArray[np.float64]:
    """The homography of a page that lay a little askew."""
    turn = math.radians(rng.uniform(-profile.skew, profile.skew))
    dx, dy = (rng.uniform(-profile.shift, profile.shift) * profile.dpi / 72 for _ in range(2))
    cos, sin = math.cos(turn), math.sin(turn)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    centred = corners - (width / 2, height / 2)
    turned = centred @ np.array([[cos, -sin], [sin, cos]]) + (width / 2 + dx, height / 2 + dy)
    pull = [[rng.uniform(0, profile.perspective) * s for s in (width, height)] for _ in corners]
    inward = np.sign(-centred) * np.array(pull)
    return np.asarray(cv2.getPerspectiveTransform(corners, (turned + inward).astype(np.float32)))


def _grain(profile: Profile, noise: np.random.Generator, height: int, width: int) -> Layer:
    """Slow unevenness of the paper."""
    coarse = noise.normal(0, profile.grain, (height // 24 + 2, width // 24 + 2)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


def _shade(profile: Profile, rng: random.Random, height: int, width: int) -> Layer:
    """Light that falls off from a random spot, 1 where it is brightest."""
    x, y = rng.uniform(0.2, 0.8) * width, rng.uniform(0.1, 0.6) * height
    rows, cols = np.mgrid[0:height, 0:width].astype(np.float32)
    far = np.hypot((cols - x) / width, (rows - y) / height)
    return np.asarray(1 - profile.shade * (far / far.max()) ** 1.6, np.float32)


def _speckle(page: Layer, profile: Profile, rng: random.Random) -> Layer:
    """The page with specks of dust."""
    spoiled = page.copy()
    height, width = page.shape[:2]
    for _ in range(profile.speckles):
        centre = (rng.randrange(width), rng.randrange(height))
        radius = rng.choice((0, 1, 1, 2)) if profile.dpi < 250 else rng.choice((1, 2, 3))
        dark = rng.uniform(0.1, 0.6)
        cv2.circle(spoiled, centre, radius, (dark, dark, dark), -1)
    return spoiled


def expose(page: Layer, profile: Profile, seed: str) -> Layer:
    """The printed page as this scanner sees it: askew, on its paper, blurred, noisy; 0–1."""
    rng = random.Random(seed)
    noise = np.random.default_rng(list(seed.encode()))
    height, width = page.shape[:2]
    pale = 1 - (1 - page) * np.float32(profile.contrast)
    sheet = pale * np.array(profile.paper[::-1], np.float32)
    matrix = _warp(profile, rng, width, height)
    background = (0.45, 0.47, 0.5) if profile.perspective > 0.01 else profile.paper[::-1]
    bent = cv2.warpPerspective(
        sheet, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=background
    )
    if profile.grain:
        bent = bent + _grain(profile, noise, height, width)[:, :, None]
    if profile.shade:
        bent = bent * _shade(profile, rng, height, width)[:, :, None]
    dusty = _speckle(bent, profile, rng)
    if profile.blur:
        dusty = cv2.GaussianBlur(dusty, (0, 0), profile.blur * profile.dpi / 200)
    channels = 3 if profile.mode is Mode.COLOUR else 1
    dusty = dusty + noise.normal(0, profile.noise, (height, width, channels)).astype(np.float32)
    return np.asarray(np.clip(dusty, 0, 1), np.float32)


def pack(page: Layer, profile: Profile) -> bytes:
    """The exposed page as JPEG, or as a PNG of one bit a pixel."""
    if profile.mode is Mode.COLOUR:
        pixels = np.round(page * 255).astype(np.uint8)
    else:
        pixels = np.round(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY) * 255).astype(np.uint8)
    if profile.mode is Mode.BILEVEL:
        black = np.where(pixels < profile.threshold * 255, 0, 255).astype(np.uint8)
        done, data = cv2.imencode(".png", black, [cv2.IMWRITE_PNG_BILEVEL, 1])
    else:
        done, data = cv2.imencode(
            ".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, profile.quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
        )
    if not done:
        raise ValueError("OpenCV could not pack the page")
    return bytes(data)


def _stamped(page: Any, number: int, profile: Profile, marks: Watermark | None, seals: tuple[Seal, ...]) -> Layer:
    """The printed page with its watermark and the seals that are on it."""
    width, height = page.rect.width, page.rect.height
    pixels = _pixels(page, profile.dpi)
    if marks:
        layer = watermark_layer(marks, width, height, profile.dpi)
        pixels = stamp(pixels, layer, marks.colour, marks.opacity, over=marks.over)
    for seal in seals:
        if seal.page == number:
            layer = seal_layer(seal, width, height, profile.dpi)
            pixels = stamp(pixels, layer, seal.colour, seal.opacity, over=False)
    return pixels


def _turned(page: Layer, quarters: int) -> Layer:
    """The page laid onto the glass ``quarters`` quarter turns counter-clockwise from upright."""
    return np.ascontiguousarray(np.rot90(page, quarters))


def scan(
    pdf: bytes,
    profile: Profile,
    seed: int,
    watermark: Watermark | None = None,
    seals: tuple[Seal, ...] = (),
    turned: Mapping[int, int] = MappingProxyType({}),
) -> bytes:
    """The PDF as a scan: one image a page, no text layer; pages keep their size.

    ``turned`` gives, for page numbers from 1, the quarter turns counter-clockwise by which a page lay wrong.
    """
    scanned = pymupdf.open()
    with pymupdf.open(stream=pdf, filetype="pdf") as printed:
        for page in printed:
            number = page.number + 1
            quarters = turned.get(number, 0) % 4
            stamped = _turned(_stamped(page, number, profile, watermark, seals), quarters)
            image = pack(expose(stamped, profile, f"{seed}/{number}"), profile)
            size = (page.rect.width, page.rect.height)
            width, height = size[::-1] if quarters % 2 else size
            sheet = scanned.new_page(width=width, height=height)
            sheet.insert_image(sheet.rect, stream=image)
    return bytes(scanned.tobytes(garbage=3, deflate=True, no_new_id=True))


def watermark_text(pdf: bytes, watermark: Watermark) -> bytes:
    """The born-digital PDF with the watermark as text over each page, as office programs put it."""
    marked = pymupdf.open(stream=pdf, filetype="pdf")
    fonts = face("china-s", watermark.font_file)
    for page in marked:
        for x, y in _tile_centres(watermark, page.rect.width, page.rect.height):
            _text_tile(page, fonts, watermark, x, y)
    marked.subset_fonts()
    return bytes(marked.tobytes(garbage=4, deflate=True, no_new_id=True))


def _text_tile(page: Any, fonts: Face, mark: Watermark, x: float, y: float) -> None:
    turn, lead = pymupdf.Matrix(1, 1).prerotate(mark.angle), 1.15 * mark.size
    top = y - lead * (len(mark.lines) - 1) / 2
    for i, line in enumerate(mark.lines):
        writer = pymupdf.TextWriter(page.rect, opacity=mark.opacity, color=mark.colour)
        at = (x - fonts.width(line, mark.size) / 2, top + i * lead + mark.size * 0.36)
        writer.append(at, line, font=fonts.chinese, fontsize=mark.size)
        writer.write_text(page, morph=(pymupdf.Point(x, y), turn))
