"""Pages drawn for the watermark tests: text and rules, a watermark mixed in, and what a scanner adds."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pymupdf

from benchmarks.scanner import PROFILES, expose, pack
from ocr.types import PageImage, Pixels

DPI = 150
WIDTH, HEIGHT = 420, 595  # A5, points: a quarter of the time of A4 pages

_LABELS = [
    "一般公共服务支出",
    "行政运行",
    "社会保障和就业支出",
    "住房公积金",
    "内部审计",
    "预算审核",
    "仅供参考",
    "合计",
]


@dataclass(frozen=True)
class Mark:
    """A watermark as it is drawn."""

    text: str = "仅供内部审核"
    angle: float = 30.0
    size: float = 26.0
    colour: tuple[int, int, int] = (120, 120, 120)
    opacity: float = 0.8
    over: bool = True
    period: tuple[float, float] = (170.0, 120.0)
    tiled: bool = True


def _render(document: pymupdf.Document) -> Pixels:
    pixmap = document[0].get_pixmap(dpi=DPI, colorspace=pymupdf.csGRAY)
    return np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width).copy()


def draw_page(seed: int) -> Pixels:
    """A table of labels and amounts under a heading, grey, different for every seed."""
    chance = np.random.default_rng(seed)
    document = pymupdf.open()
    page = document.new_page(width=WIDTH, height=HEIGHT)
    page.insert_text((60 + chance.integers(80), 50), "部门收支预算总表", fontname="china-ss", fontsize=16)
    pitch, top = float(chance.uniform(17, 24)), float(chance.uniform(80, 130))
    columns = np.sort(chance.uniform(60, WIDTH - 90, 3))
    rows = int((HEIGHT - top - 60) / pitch)
    for row in range(rows + 1):
        y = top + row * pitch
        page.draw_line((30, y), (WIDTH - 30, y), width=0.6)
        if row < rows:
            label = _LABELS[chance.integers(len(_LABELS))]
            page.insert_text((34, y + pitch - 6), label, fontname="china-ss", fontsize=9)
            for x in columns:
                amount = f"{chance.uniform(0, 9999):,.2f}"
                page.insert_text((float(x) + 40, y + pitch - 6), amount, fontname="helv", fontsize=9)
    for x in (30, WIDTH - 30, *columns):
        page.draw_line((float(x), top), (float(x), top + rows * pitch), width=0.6)
    return _render(document)


def draw_form(seed: int, pitch: float) -> Pixels:
    """A broad form of two halves, ``pitch`` points from row to row: codes that differ by a digit, names, amounts."""
    chance = np.random.default_rng(seed)
    document = pymupdf.open()
    page = document.new_page(width=HEIGHT, height=WIDTH)
    page.insert_text((240, 40), "一般公共预算基本支出表", fontname="china-ss", fontsize=13)
    top, rows = 70.0, int((WIDTH - 90) / pitch)
    for row in range(rows + 1):
        y = top + row * pitch
        page.draw_line((30, y), (565, y), width=0.5)
        if row == rows:
            break
        for left in (30, 320):
            code, label = f"302{chance.integers(1, 40):02d}", _LABELS[chance.integers(len(_LABELS))]
            page.insert_text((left + 5, y + pitch - 5), code, fontname="helv", fontsize=8)
            page.insert_text((left + 45, y + pitch - 5), label, fontname="china-ss", fontsize=8)
            if chance.random() < 0.5:
                amount = f"{chance.uniform(0, 999):.2f}"
                page.insert_text((left + 172, y + pitch - 5), amount, fontname="helv", fontsize=8)
    for x in (30, 200, 320, 490, 565):
        page.draw_line((x, top), (x, top + rows * pitch), width=0.5)
    return _render(document)


def draw_coverage(mark: Mark) -> np.ndarray:
    """The watermark's coverage (0–1) of a page."""
    document = pymupdf.open()
    page = document.new_page(width=WIDTH, height=HEIGHT)
    lines = mark.text.split("\n")
    width = max(len(line) for line in lines) * mark.size
    across, down = mark.period
    places = (
        [(x, y) for x in np.arange(-0.5, 6) * across for y in np.arange(-0.5, 9) * down]
        if mark.tiled
        else [(WIDTH / 2, HEIGHT / 2)]
    )
    for x, y in places:
        at = pymupdf.Point(x, y)
        turn = pymupdf.Matrix(mark.angle)
        for index, line in enumerate(lines):
            start = at + pymupdf.Point(-width / 2, mark.size * (0.35 + 1.2 * index))
            page.insert_text(start, line, fontname="china-s", fontsize=mark.size, morph=(at, turn))
    return 1 - _render(document).astype(np.float32) / 255


def mix(page: Pixels, coverage: np.ndarray, mark: Mark) -> Pixels:
    """The page with the watermark over it, or multiplied; colour when the watermark has one."""
    grey = len(set(mark.colour)) == 1
    planes = []
    for level in mark.colour[:1] if grey else mark.colour:
        share = coverage * np.float32(mark.opacity)
        clean = page.astype(np.float32)
        planes.append((1 - share) * clean + share * level if mark.over else clean * (1 - share * (1 - level / 255)))
    mixed = np.rint(np.stack(planes, axis=2)).astype(np.uint8)
    return mixed[:, :, 0] if grey else mixed


def scan(
    pixels: Pixels, seed: int, quality: int = 80, noise: float = 2.0, turn: float = 0.1
) -> tuple[Pixels, np.ndarray]:
    """What a scanner makes of it, with the map it turned and shifted the page by."""
    chance = np.random.default_rng(seed)
    height, width = pixels.shape[:2]
    moved = cv2.getRotationMatrix2D((width / 2, height / 2), float(chance.uniform(-turn, turn)), 1.0)
    moved[:, 2] += chance.uniform(-4, 4, 2)
    return _digitised(move(pixels, moved), chance, quality, noise), moved


def mottled(pixels: Pixels, seed: int) -> Pixels:
    """What a poor scanner makes of a grey page: pale, blurred, noisy, on uneven paper, packed hard."""
    poor = PROFILES["poor"].model_copy(update={"skew": 0.0, "shift": 0.0, "perspective": 0.0, "speckles": 10})
    page = np.repeat(pixels[:, :, None].astype(np.float32) / 255, 3, axis=2)
    packed = pack(expose(page, poor, f"mottled/{seed}"), poor)
    return cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_UNCHANGED)


def move(pixels: Pixels, moved: np.ndarray) -> Pixels:
    white = (255, 255, 255) if pixels.ndim == 3 else 255
    size = (pixels.shape[1], pixels.shape[0])
    return cv2.warpAffine(pixels, moved, size, flags=cv2.INTER_CUBIC, borderValue=white)


def bend(pixels: Pixels, seed: int, most: float = 14.0) -> Pixels:
    """The page on a sheet that is bowed, up to ``most`` pixels here or there, as in a photograph."""
    chance = np.random.default_rng(seed)
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    across, down = 2 * x / width - 1, 2 * y / height - 1
    bow, roll = chance.choice((-1.0, 1.0), 2) * most
    moved_x, moved_y = (
        x + np.float32(roll / 2) * across * down**2,
        y + np.float32(bow) * (across**2 - 0.5) * (1 + down / 2),
    )
    white = (255, 255, 255) if pixels.ndim == 3 else 255
    return cv2.remap(pixels, moved_x, moved_y.astype(np.float32), cv2.INTER_CUBIC, borderValue=white)


def _digitised(pixels: Pixels, chance: np.random.Generator, quality: int, noise: float) -> Pixels:
    soft = cv2.GaussianBlur(pixels, (0, 0), 0.5).astype(np.float32) * 0.985
    rough = np.clip(soft + chance.normal(0, noise, soft.shape), 0, 255).astype(np.uint8)
    packed = cv2.imencode(".jpg", rough, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(packed, cv2.IMREAD_UNCHANGED)


def as_page(pixels: Pixels, number: int = 1, bilevel: bool = False) -> PageImage:
    height, width = pixels.shape[:2]
    return PageImage(number, pixels, DPI, np.eye(3), width * 72 / DPI, height * 72 / DPI, bilevel=bilevel)


def document(mark: Mark | None, pages: int = 6, seed: int = 0, quality: int = 80) -> list[tuple[PageImage, Pixels]]:
    """Scanned pages with the watermark, each with the same page scanned in the same place without it (grey)."""
    coverage = None if mark is None else draw_coverage(mark)
    drawn = []
    for index in range(pages):
        clean = draw_page(100 * seed + index)
        marked = clean if mark is None or coverage is None else mix(clean, coverage, mark)
        pixels, _ = scan(marked, 1000 * seed + index, quality)
        drawn.append((as_page(pixels, index + 1), scan(clean, 1000 * seed + index, quality)[0]))
    return drawn


@dataclass(frozen=True)
class Difference:
    """Mean absolute differences of lightness (0–255) to the scan without watermark, where the mask is."""

    paper: float
    ink: float
    rules: float


def difference(result: Pixels, clean: Pixels, mask: np.ndarray) -> Difference:
    """How far ``result`` lies off the ``clean`` scan under the mask: on bare paper, on type, and on rules."""
    grey = result if result.ndim == 2 else cv2.cvtColor(result, cv2.COLOR_BGR2GRAY)
    off = np.abs(grey.astype(np.float32) - clean)
    dark = 255 - clean
    length = 40
    rules = (
        np.maximum(
            cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((1, length), np.uint8)),
            cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8)),
        )
        > 60
    )
    near_rules = cv2.dilate(rules.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    paper = cv2.dilate(dark, np.ones((5, 5), np.uint8)) < 30
    parts = (mask & paper, mask & (dark > 128) & ~near_rules, mask & rules)
    return Difference(*(float(off[part].mean()) if part.sum() > 20 else 0.0 for part in parts))
