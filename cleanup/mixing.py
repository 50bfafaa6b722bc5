"""How watermark and ink mix in a pixel, and how the mixing is undone.

One line serves both ways of mixing. With a the coverage of the pixel (0–1), b the lightness of a covered bare
pixel and c the contrast that ink keeps under full coverage, all relative to the paper:

    seen = 1 − a (1 − b) − (1 − a (1 − c)) · ink

Over the text with opacity α, c = 1 − α; multiplied or under the text, c is about b. So b comes from covered paper
and c from comparing the ink's darkness inside and beside the strokes; neither has to be guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.types import Pixels

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]
"""Places in a channel laid out flat."""

_CORE = 247
"""Coverage (of 255) from which a pixel counts as wholly covered."""
_RING = 13
"""Width (pixels, odd) of the kernel that grows the mask into the uncovered neighbourhood to compare with."""
LEAST_CONTRAST = 0.1
"""Below a tenth, noise is amplified more than tenfold: the ink is lost."""


def channels(pixels: Pixels) -> list[Pixels]:
    """The channels of a page, one or three."""
    return [pixels] if pixels.ndim == 2 else [np.asarray(plane, dtype=np.uint8) for plane in cv2.split(pixels)]


def taken(planes: Sequence[Pixels], where: Indices) -> list[Pixels]:
    """The pixels of each channel at ``where``, ``(n,)``."""
    return [plane.reshape(-1).take(where) for plane in planes]


def core(coverage: Pixels) -> Mask:
    """The wholly covered pixels."""
    return np.asarray(coverage >= _CORE)


def ring(coverage: Pixels) -> Mask:
    """The uncovered pixels next to the strokes."""
    covered = (coverage > 0).astype(np.uint8)
    return np.asarray((cv2.dilate(covered, np.ones((_RING, _RING), np.uint8)) > 0) & (covered == 0))


def covered_level(values: Pixels) -> float | None:
    """The commonest lightness (0–1) among covered pixels of one channel; None with fewer than 200."""
    if len(values) < 200:
        return None
    counts = np.bincount(values, minlength=256).astype(np.float64)
    smooth = np.convolve(counts, np.array([1, 2, 3, 2, 1]) / 9, "same")
    top = int(smooth.argmax())
    window = np.arange(max(0, top - 4), min(256, top + 5))
    return float((counts[window] * window).sum() / max(counts[window].sum(), 1) / 255)


_INK_SHARES = np.linspace(0.93, 0.995, 14)
"""Quantiles of darkness that are ink on a page with text, inside strokes and beside them alike."""


def contrast_left(inside: Pixels, beside: Pixels, level: float) -> float:
    """The share (0–1) of the ink's contrast left under the watermark, from covered and uncovered pixels.

    The same quantiles of darkness are compared: type is no rarer under the strokes than beside them. Where
    hardly any ink lies beside, the watermark is taken to be multiplied and the answer is ``level``.
    """
    if not (len(inside) and len(beside)):
        return max(level, LEAST_CONTRAST)
    within = level - _of_rank(inside, 1 - _INK_SHARES) / 255
    outside = 1 - _of_rank(beside, 1 - _INK_SHARES) / 255
    inked = outside > 0.25
    if inked.sum() < 3:
        return max(level, LEAST_CONTRAST)
    slope = float((within[inked] * outside[inked]).sum() / (outside[inked] ** 2).sum())
    return float(np.clip(slope, LEAST_CONTRAST, 1.0))


def _of_rank(values: Pixels, shares: NDArray[np.float64]) -> NDArray[np.intp]:
    """The values at the shares (0–1) of the sorted whole, from a histogram: bytes need no sorting."""
    counts = np.cumsum(np.bincount(values, minlength=256))
    return np.asarray(np.searchsorted(counts, np.rint(shares * (len(values) - 1)), side="right"), dtype=np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class Tone:
    """What covered bare paper looks like on one page, for each coverage 0–255."""

    bare: Floats
    """``(256,)``, its lightness, 0–1."""
    noise: Floats
    """``(256,)``, its standard deviation: grain, compression, and what register is off."""


_STEPS = 16
_LEAST_PIXELS = 150
_PLENTY = 100_000
"""Pixels that tell a page's tone as well as all of them."""
_USUAL_NOISE = 4 / 255
_MOST_NOISE = 14 / 255
"""More is no noise: the coverage is out of register there, and ink must not be lost to it."""
_MOST_OFF = 0.06
"""How far (0–1) a page's own tone may lie off the straight line between paper and full coverage."""


def page_tone(lightness: Pixels, coverage: Pixels, level: float) -> Tone:
    """The tone of one channel on one page, measured at the covered pixels, ``(n,)`` each.

    The median is bare paper as long as less than half is ink; the noise is taken from the lighter half, which ink
    does not reach. Blur and tone curve of the scanner bend the line, so it is measured where enough pixels say so.
    """
    centres = (np.arange(_STEPS) + 0.5) * 256 / _STEPS
    straight = 1 - centres / 255 * (1 - level)
    bare, noise = straight.copy(), np.full(_STEPS, _USUAL_NOISE)
    thin = slice(None, None, max(1, len(coverage) // _PLENTY))
    coverage, lightness = coverage[thin], lightness[thin]
    steps = coverage.astype(np.int32) * _STEPS // 256
    counts = np.bincount(steps * 256 + lightness, minlength=_STEPS * 256).reshape(_STEPS, 256)
    for step in range(_STEPS):
        if counts[step].sum() >= _LEAST_PIXELS:
            middle, upper = _quantiles(counts[step])
            bare[step] = np.clip(middle, straight[step] - _MOST_OFF, straight[step] + _MOST_OFF)
            noise[step] = np.clip(upper - middle, 1 / 255, _MOST_NOISE)
    every = np.arange(256)
    return Tone(np.interp(every, centres, bare).astype(np.float32), np.interp(every, centres, noise).astype(np.float32))


def _quantiles(counts: NDArray[np.intp]) -> tuple[float, float]:
    """Median and 84 % quantile (0–1) of a histogram of 256 levels, to a part of a level."""
    total = np.cumsum(counts) / counts.sum()
    middle, upper = np.interp((0.5, 0.84), total, np.arange(256) + 0.5)
    return float(middle / 255), float(upper / 255)


_STEP = 40
"""Levels per standard deviation in the plane of doubt: up to six deviations fit a byte."""
_NOISE_FROM, _INK_FROM = 0.9, 1.9
"""Smoothed standard deviations of darkness that are still noise, and from which all of it is ink."""


def doubt(
    darker: Sequence[Floats], tones: Sequence[Tone], coverage: Pixels, lightness: Pixels, where: Indices
) -> Floats:
    """How many standard deviations of noise the covered pixels and their neighbours lie below bare paper, ``(n,)``.

    Per channel ``darker`` is how much darker than bare they are, ``(n,)``; the mean of the channels counts. ``where``
    are their places, ``lightness`` the whole page. Smoothed over neighbours: noise changes from pixel to pixel, ink
    does not.
    """
    grey = lightness if lightness.ndim == 2 else cv2.cvtColor(lightness, cv2.COLOR_BGR2GRAY)
    noise = float(np.mean([tone.noise[0] for tone in tones]))
    scale = (255 - np.arange(256)) / 255 * _STEP / noise
    deviations = cv2.LUT(grey, np.clip(scale, 0, 255).astype(np.uint8))
    each = [(np.float32(_STEP / len(tones)) / tone.noise).astype(np.float32) for tone in tones]
    covered = np.zeros(len(where), np.float32)
    for dark, scaled in zip(darker, each, strict=True):
        covered += dark * scaled[coverage]
    deviations.reshape(-1)[where] = np.clip(covered, 0, 255).astype(np.uint8)
    smooth = np.asarray(cv2.GaussianBlur(deviations, (5, 5), 0.9), dtype=np.uint8)
    return smooth.reshape(-1).take(where) * np.float32(1 / _STEP)


def ink_share(sure: Floats) -> Floats:
    """Share (0–1) of a pixel's darkness that is taken for ink, ``(n,)``, from its ``doubt``.

    What is no darker than noise is paper; undoing the mixing would amplify it.
    """
    return np.clip((sure - np.float32(_NOISE_FROM)) * np.float32(1 / (_INK_FROM - _NOISE_FROM)), 0, 1)


def darkness_left(lightness: Pixels, coverage: Pixels, tone: Tone) -> Floats:
    """How much darker (0–1) than covered bare paper the pixels are, ``(n,)``; below 0 for lighter ones."""
    return np.asarray(tone.bare[coverage] - lightness * np.float32(1 / 255), dtype=np.float32)


def undone(darker: Floats, ink: Floats, coverage: Pixels, contrast: float) -> Floats:
    """Lightness (0–1) of what lies under the watermark, for covered pixels of one channel, ``(n,)`` each.

    ``ink`` is their ``ink_share``.
    """
    amplified = (1 / (1 - np.arange(256) / 255 * (1 - contrast))).astype(np.float32)
    return np.asarray(np.clip(1 - ink * darker * amplified[coverage], 0, 1), dtype=np.float32)
