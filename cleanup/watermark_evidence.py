"""What a page shows of a watermark: how much darker than its paper it is, without rules, at a small scale.

Everything here works on relative lightness: pixel over paper, so that cream paper, a scanner's vignette and the
shadow of a phone picture drop out before anything is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanup.mixing import channels
from cleanup.runs import opened
from ocr.types import PageImage, Pixels

WORK_DPI = 100.0
"""Resolution at which pages are compared and registered: watermark strokes are still two pixels wide."""

Mask = NDArray[np.bool_]

_PAPER_CELL = 8
"""Pixels per cell of the paper map at working resolution."""
_RULE_POINTS = 25.0
"""Straight level or upright runs longer than this are rules: the longest stroke of a watermark glyph that lies
level is shorter at the usual sizes, and one that is not costs a stroke of evidence, no ink."""
_RULE_DARKNESS = 40


def work_copy(image: PageImage, dpi: float = WORK_DPI) -> Pixels:
    """The page's pixels at ``dpi`` (never enlarged), averaged over areas."""
    factor = min(1.0, dpi / image.dpi)
    if factor == 1.0:
        return image.pixels
    height, width = image.pixels.shape[:2]
    whole = round(1 / factor)
    if abs(whole * factor - 1) < _NEARLY_WHOLE:
        # a whole number of pixels into one is several times as quick; a page is 200.04 dpi by its rounded size
        cut = image.pixels[: height // whole * whole, : width // whole * whole]
        small = cv2.resize(cut, (width // whole, height // whole), interpolation=cv2.INTER_AREA)
    else:
        small = cv2.resize(image.pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


_NEARLY_WHOLE = 0.005
"""Share that the scale may lie off one over a whole number to be taken for it: a millimetre and a half over a page."""


def paper(pixels: Pixels, cell: int = _PAPER_CELL) -> Pixels:
    """The lightness of the bare paper at each pixel and channel: the local upper envelope, smoothed.

    The envelope reaches about 5 · ``cell`` pixels, so type, rules and watermark strokes fall out; larger shaded
    areas and photographs stay in it.
    """
    return _spread_out(_envelope(pixels, cell), pixels.shape)


def _envelope(pixels: Pixels, cell: int) -> Pixels:
    height, width = pixels.shape[:2]
    cells = cv2.resize(pixels, (max(1, width // cell), max(1, height // cell)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.medianBlur(cv2.dilate(cells, np.ones((7, 7), np.uint8)), 7), dtype=np.uint8)


def _spread_out(envelope: Pixels, shape: tuple[int, ...]) -> Pixels:
    return np.asarray(cv2.resize(envelope, shape[1::-1], interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def papers(image: PageImage, small: Pixels) -> tuple[Pixels, Pixels]:
    """``paper`` of ``small``, the page's ``work_copy``, and of the page in its own resolution."""
    cell = _work_cell(small, image)
    envelope = _envelope(small, cell)
    own = envelope if cell == _PAPER_CELL else _envelope(small, _PAPER_CELL)
    return _spread_out(own, small.shape), _spread_out(envelope, image.pixels.shape)


def bare_paper(image: PageImage) -> Pixels:
    """``paper`` of a page in its own resolution."""
    return papers(image, work_copy(image))[1]


def _work_cell(small: Pixels, image: PageImage) -> int:
    """Pixels of ``small`` per cell of the paper map: as many points whatever the resolution."""
    return int(max(4, round(_PAPER_CELL * image.dpi * small.shape[0] / image.pixels.shape[0] / WORK_DPI)))


def relative(pixels: Pixels, bare: Pixels) -> Pixels:
    """Lightness relative to the paper, 255 for bare paper; same shape as ``pixels``."""
    return np.asarray(cv2.divide(pixels, bare, scale=255.0), dtype=np.uint8)


def darkness(lightness: Pixels) -> Pixels:
    """0 for paper to 255 for black, ``(height, width)``: the darkest channel of a colour page."""
    return _darkest(channels(lightness))


def _darkest(planes: Sequence[Pixels]) -> Pixels:
    return np.asarray(255 - reduce(cv2.min, planes), dtype=np.uint8)


def rule_mask(dark: Pixels, dpi: float) -> Mask:
    """Where level and upright rules lie, a pixel wider than they are."""
    length = max(3, round(_RULE_POINTS * dpi / 72))
    rules = cv2.max(opened(dark, length, across=True), opened(dark, length, across=False))
    grown = cv2.dilate(rules, np.ones((3, 3), np.uint8))
    return np.asarray(grown > _RULE_DARKNESS)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """A page at ``WORK_DPI`` (less where the page has less), ``(height, width)``."""

    dark: Pixels
    """Darkness relative to the paper, 0–255, 0 on rules."""
    rules: Mask
    colour: Pixels | None
    """How far (0–255) the channels lie apart, 0 for grey; None for a grey page."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A page without its paper, at ``WORK_DPI`` and in its own resolution."""

    evidence: Evidence
    bare: Pixels
    """The page's ``paper``."""
    light: Pixels
    """The page's lightness relative to it."""
    planes: tuple[Pixels, ...]
    """The same, channel by channel."""
    dark: Pixels
    """Its darkness, with rules."""


def shown_by(image: PageImage) -> Shown:
    """What the page shows of a watermark."""
    small = work_copy(image)
    small_bare, bare = papers(image, small)
    light = relative(image.pixels, bare)
    planes = tuple(channels(light))
    return Shown(_evidence(image, small, small_bare), bare, light, planes, _darkest(planes))


def evidence(image: PageImage) -> Evidence:
    """What the page shows of a watermark at working resolution."""
    small = work_copy(image)
    return _evidence(image, small, paper(small))


def _evidence(image: PageImage, small: Pixels, bare: Pixels) -> Evidence:
    light = relative(small, bare)
    dark = darkness(light)
    rules = rule_mask(dark, min(WORK_DPI, image.dpi))
    return Evidence(np.where(rules, np.uint8(0), dark), rules, None if light.ndim == 2 else _colour(light))


def _colour(light: Pixels) -> Pixels:
    blue, green, red = cv2.split(light)
    highest, lowest = cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red)
    return np.asarray(cv2.medianBlur(cv2.subtract(highest, lowest), 3), dtype=np.uint8)
