"""Dotted rules (虚线): their gaps drawn through, so that they are found as other rules are.

Office programs print them as dots of the rule's own width, a point or two apart. A leader of a table of
contents (目录) looks the same; what tells it is that no upright rule meets it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from ocr.types import Pixels, Ruling

__all__ = ["DottedOptions", "drawn_through"]


class DottedOptions(BaseModel):
    """What a dotted rule is. Lengths are points."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gap: float = Field(3.6, gt=0, le=10, description="dots of one rule are no further apart (points)")
    length: float = Field(30.0, gt=5, le=500, description="shortest dotted rule that is looked for (points)")
    drift: float = Field(0.8, ge=0, le=5, description="how much thicker than a pixel a dotted rule may be (points)")
    slope: float = Field(0.01, ge=0, le=0.2, description="largest slope of a dotted rule (points per point)")
    least: float = Field(0.2, gt=0, lt=1, description="share of a dotted rule that is dark, at least (0–1)")
    most: float = Field(0.88, gt=0, le=1, description="share of a dotted rule that is dark, at most (0–1)")
    pitch: float = Field(2.6, gt=0, le=50, description="from dot to dot; strokes of type are further apart (points)")
    least_gaps: int = Field(4, ge=2, le=100, description="more gaps than this show how even they are")
    even: float = Field(0.6, ge=0, le=1, description="share of the steps from dot to dot that are alike (0–1)")
    even_short: float = Field(0.85, ge=0, le=1, description="the same over a short way, where noise looks like dots")
    clear: float = Field(1.1, gt=0, le=10, description="how far beside a rule there is no type (points)")
    beside: float = Field(0.5, ge=0, le=1, description="share of the line beside it that may be dark (0–1)")
    posts: int = Field(2, ge=1, le=20, description="rules across that must meet a dotted rule")


DEFAULT = DottedOptions()

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Dotted:
    """The dotted rules along the rows of a picture."""

    outlines: tuple[NDArray[np.int32], ...]
    """The outline of each, places (x, y) in the narrower picture."""
    spans: NDArray[np.float64]
    """Their position, start and end, a row each; pixels of the picture."""


_NARROWER = 4
"""Pixels in a row that are looked at as one: a quarter of the work."""


def drawn_through(
    level: Pixels,
    upright: Pixels,
    solid: tuple[tuple[Ruling, ...], tuple[Ruling, ...]],
    unit: float,
    options: DottedOptions = DEFAULT,
) -> tuple[Pixels, Pixels]:
    """The thin strokes of both directions (``ocr.strokes.thin_strokes``), the gaps of dotted rules filled in.

    ``upright`` is transposed, ``solid`` are the long rules known in each direction, in points, and ``unit`` the pixels
    of a point.
    """
    found = _dotted(level, unit, options), _dotted(upright, unit, options)
    posts = [np.concatenate([f.spans, _spans(rules, unit)]) for f, rules in zip(found, solid, strict=True)]
    met = _meets(found[0].spans, posts[1], unit, options), _meets(found[1].spans, posts[0], unit, options)
    filled = [
        _filled(thin, [o for o, k in zip(dots.outlines, keep.tolist(), strict=True) if k], unit, options)
        for thin, dots, keep in zip((level, upright), found, met, strict=True)
    ]
    return filled[0], filled[1]


def _spans(rules: tuple[Ruling, ...], unit: float) -> NDArray[np.float64]:
    rows = [(r.position * unit, r.start * unit, r.end * unit) for r in rules]
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def _dotted(thin: Pixels, unit: float, options: DottedOptions) -> _Dotted:
    """The stretches of dots along the rows that have nothing beside them, as a line of type has."""
    marked = cv2.dilate(_narrowed(thin), _LEANING)
    closed = cv2.morphologyEx(cv2.threshold(marked, 0, 255, cv2.THRESH_BINARY)[1], cv2.MORPH_CLOSE, _NEXT)
    window = np.ones((1, max(3, round(options.length * unit / _NARROWER)) | 1), np.uint8)
    core = cv2.inRange(cv2.blur(marked, window.shape[::-1]), 255 * options.least, 255 * options.most)
    core = cv2.bitwise_and(core, cv2.erode(closed, window))
    runs = cv2.bitwise_and(cv2.dilate(core, window), closed)
    found = []
    for outline in cv2.findContours(runs, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        left, top, width, height = cv2.boundingRect(outline)
        low = height <= 4 + options.drift * unit + options.slope * _NARROWER * width
        if low and _is_rule(thin, [left * _NARROWER, top, width * _NARROWER, height], unit, options):
            found.append((outline, (top + (height - 1) / 2, left * _NARROWER, (left + width) * _NARROWER)))
    return _Dotted(
        tuple(np.asarray(outline, dtype=np.int32) for outline, _ in found),
        np.array([span for _, span in found], dtype=np.float64).reshape(-1, 3),
    )


def _narrowed(thin: Pixels) -> Pixels:
    """How many of each ``_NARROWER`` pixels of a row are dark: 0 to 255."""
    width = thin.shape[1] // _NARROWER
    narrow = np.zeros((thin.shape[0], max(1, width)), np.uint8)
    for top in range(0, len(thin) if width else 0, _BAND):
        band = np.ascontiguousarray(thin[top : top + _BAND, : width * _NARROWER])
        whole = np.asarray(cv2.threshold(band, 0, 255, cv2.THRESH_BINARY)[1])
        dark = np.bitwise_count(whole.view(np.uint32))  # eight bits a pixel: a sixth of the time of a mean
        cv2.convertScaleAbs(dark, narrow[top : top + _BAND], alpha=255 / (8 * _NARROWER))
    return narrow


_BAND = 64
"""Rows that are made narrower at once: they stay in the processor's cache."""


_NEXT = np.ones((1, 3), np.uint8)
"""Dots with one blank place between them belong together: up to two thirds of a millimetre at 200 dpi."""


_LEANING = np.ones((3, 1), np.uint8)
"""A rule that is not quite level passes from one row of pixels to the next."""


def _is_rule(marked: Pixels, box: list[int], unit: float, options: DottedOptions) -> bool:
    """Whether a stretch, (left, top, width, height) in pixels, is of dots with nearly nothing beside them."""
    left, top, width, height = box
    dots: Bools = np.any(marked[top : top + height, left : left + width], axis=0)
    ends = np.flatnonzero(dots[:-1] & ~dots[1:])
    gaps = len(ends)
    sparse = gaps <= options.least_gaps or gaps * options.pitch * unit < width  # digits below each other are dashes
    if sparse or not options.least <= dots.mean() <= options.most:
        return False
    steps = np.diff(ends)
    usual = float(np.median(steps))
    alike = np.abs(steps - usual) <= 1
    short = width < 2 * options.length * unit  # so far noise may look like dots
    if alike.mean() < (options.even_short if short else options.even):
        return False
    near = round(options.clear * unit)
    above = marked[max(0, top - 2 * near) : max(0, top - near), left : left + width]
    below = marked[top + height + near : top + height + 2 * near, left : left + width]
    return all(not side.size or side.any(axis=0).mean() <= options.beside for side in (above, below))


def _meets(spans: NDArray[np.float64], posts: NDArray[np.float64], unit: float, options: DottedOptions) -> Bools:
    """Whether enough rules across meet each of ``spans``."""
    off = options.gap * unit
    position, start, end = (spans[:, n : n + 1] for n in range(3))
    there = (start - off <= posts[:, 0]) & (posts[:, 0] <= end + off)
    here = (posts[:, 1] - off <= position) & (position <= posts[:, 2] + off)
    return np.asarray((there & here).sum(axis=1) >= options.posts)


def _filled(thin: Pixels, outlines: Sequence[NDArray[np.int32]], unit: float, options: DottedOptions) -> Pixels:
    """``thin`` with the dots in these outlines made one, as dark as they are."""
    if not outlines:
        return thin
    mask = np.zeros((thin.shape[0], max(1, thin.shape[1] // _NARROWER)), np.uint8)
    cv2.drawContours(mask, list(outlines), -1, 255, cv2.FILLED)
    mask = np.repeat(mask, _NARROWER, axis=1)[:, : thin.shape[1]]
    mask = np.pad(mask, ((0, 0), (0, thin.shape[1] - mask.shape[1])))
    across = np.ones((1, max(3, round(options.gap * unit)) | 1), np.uint8)
    closed = cv2.morphologyEx(thin, cv2.MORPH_CLOSE, across)
    return np.where(mask > 0, np.maximum(closed, thin), thin).astype(np.uint8)
