"""Dark grounds (深色底纹): header rows with light type on a coloured ground, made like the rest of the page.

On such a ground a black rule hardly shows, a white one is no dark line at all, and where the ground ends without a
frame there is an edge but no rule. So inside a dark area every pixel becomes as dark as it differs from the ground
around it, and the area gets an outline. Bars of a chart, which have no type on them, stay as they are.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from document.geometry import Box
from ocr.types import PageImage, Pixels

__all__ = ["GroundOptions", "without_grounds"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]
Place = tuple[slice, slice]
"""Rows and columns of an area, pixels."""


class GroundOptions(BaseModel):
    """What a dark ground is. Lengths are points."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dark: float = Field(0.72, gt=0, lt=1, description="lightness against the paper below which a ground is dark (0–1)")
    solid: tuple[float, float] = Field((13.0, 4.0), description="free of type somewhere: width, height (points)")
    type_gap: float = Field(12.0, gt=0, le=50, description="type on the ground leaves gaps up to this (points)")
    least: tuple[float, float] = Field((20.0, 8.0), description="narrowest and lowest ground (points)")
    light: tuple[float, float] = Field((0.002, 0.6), description="share of a ground that type and rules take (0–1)")
    full: float = Field(0.6, gt=0, le=1, description="share of the box around it that a ground fills (0–1)")
    most_gain: float = Field(4.0, ge=1, le=20, description="contrast on a ground is raised no more than this")


DEFAULT = GroundOptions()


def without_grounds(image: PageImage, options: GroundOptions = DEFAULT) -> tuple[PageImage, tuple[Box, ...]]:
    """The page with its dark grounds made white, what is printed on them dark, an outline around each; their boxes.

    The boxes are straight points. A page without dark grounds comes back as it is.
    """
    grey, unit = image.grey, image.dpi / 72
    grounds = _grounds(grey, unit, options)
    if not grounds:
        return image, ()
    pixels = image.pixels.copy()
    for place, mask in grounds:
        pixels[place] = _printed(pixels[place], grey[place], mask, unit, options)
    boxes = (Box(x.start / unit, y.start / unit, x.stop / unit, y.stop / unit) for (y, x), _ in grounds)
    return replace(image, pixels=pixels), tuple(boxes)


def _printed(pixels: Pixels, grey: Pixels, mask: Pixels, unit: float, options: GroundOptions) -> Pixels:
    """One area as if it had been printed without its ground: grey in all channels where the mask is."""
    level, shown = _levelled(grey, mask, unit, options)
    if pixels.ndim == 3:
        level, shown = level[..., None], shown[..., None]
    return np.asarray(np.where(shown, level, pixels), dtype=np.uint8)


def _grounds(grey: Pixels, unit: float, options: GroundOptions) -> list[tuple[Place, Pixels]]:
    """Where grounds are: rows and columns around each, and the mask of it therein.

    Looked for at a pixel a point, dark where all of the point is: so type, however dense, is not. What reaches the
    picture's border is the table the paper lay on.
    """
    step = max(1, round(unit))
    paper = float(np.percentile(grey[::step, ::step], 90))
    lightest = cv2.dilate(grey, np.ones((step, step), dtype=np.uint8))[step // 2 :: step, step // 2 :: step]
    dark = np.asarray(lightest < options.dark * paper).astype(np.uint8)
    scale = unit / step  # small pixels a point
    solid = cv2.morphologyEx(dark, cv2.MORPH_OPEN, _kernel(options.solid[0] * scale, options.solid[1] * scale))
    if not solid.any():
        return []
    gap = options.type_gap * scale
    closed = _closed(_closed(np.asarray(solid, dtype=np.uint8), _kernel(3 * gap, 1)), _kernel(1, gap))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=4)
    found: list[tuple[Place, Pixels]] = []
    for number, (left, top, width, height, _) in enumerate(stats.tolist()):
        here = (slice(top, top + height), slice(left, left + width))
        part = labels[here] == number
        inside = left > 0 and top > 0 and left + width < dark.shape[1] and top + height < dark.shape[0]
        if number and inside and _is_ground(part, lightest[here], paper, scale, options):
            found.append(_whole(_with_corners(_hull(part), dark[here]), (left, top), step, grey.shape))
    return found


def _kernel(width: float, height: float) -> Pixels:
    """A box of about so many pixels."""
    return np.ones((max(1, round(height)), max(1, round(width))), dtype=np.uint8)


def _closed(mask: Pixels, kernel: Pixels) -> Pixels:
    """The mask with gaps closed."""
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel), dtype=np.uint8)


def _is_ground(part: Bools, lightness: Pixels, paper: float, scale: float, options: GroundOptions) -> bool:
    """Whether an area is large and full enough, and has something light on it that does not part it: bars are apart.

    ``lightness`` is that of its pixels, ``paper`` that of the paper.
    """
    height, width = part.shape
    hull = _hull(part)
    if width < options.least[0] * scale or height < options.least[1] * scale or part.sum() < options.full * hull.sum():
        return False
    inner = cv2.erode(hull.astype(np.uint8), _kernel(5 * scale, 5 * scale), borderValue=0) > 0
    if not inner.any():
        return False
    light = inner & (lightness > (np.median(lightness[inner]) + paper) / 2)
    dark = 1 - light.sum(axis=0) / np.maximum(inner.sum(axis=0), 1)
    gap = cv2.erode((dark < 0.2).astype(np.uint8), _kernel(1, options.type_gap * scale / 3), borderValue=0)
    return not gap.any() and bool(options.light[0] <= light.sum() / inner.sum() <= options.light[1])


def _hull(part: Bools) -> Bools:
    """The area without gaps in its columns, and then in its rows: lines of type leave such gaps."""
    for axis in (0, 1):
        forth = np.maximum.accumulate(part, axis)
        back = np.flip(np.maximum.accumulate(np.flip(part, axis), axis), axis)
        part = forth & back
    return part


def _with_corners(hull: Bools, dark: Pixels) -> Bools:
    """The area with the corners of its box that are dark too: in a narrow cell type leaves no solid ground."""
    _, labels = cv2.connectedComponents((~hull).astype(np.uint8), connectivity=4)
    corners = [labels == number for number in range(1, int(labels.max()) + 1)]
    return np.asarray(
        hull | np.logical_or.reduce([np.zeros_like(hull), *(c for c in corners if dark[c].mean() > 0.35)])
    )


def _whole(part: Bools, corner: tuple[int, int], step: int, shape: tuple[int, ...]) -> tuple[Place, Pixels]:
    """An area at full size: its rows and columns, and its mask in them; ``corner`` is left and top of ``part``."""
    large = cv2.resize(part.astype(np.uint8), None, fx=step, fy=step, interpolation=cv2.INTER_NEAREST)
    rows, cols = (
        slice(at * step, min((at + size) * step, end))
        for at, size, end in zip(corner[::-1], part.shape, shape[:2], strict=True)
    )
    return (rows, cols), np.asarray(large[: rows.stop - rows.start, : cols.stop - cols.start], dtype=np.uint8)


def _levelled(grey: Pixels, mask: Pixels, unit: float, options: GroundOptions) -> tuple[Pixels, Bools]:
    """One area with everything as dark as it differs from the ground about it, and an outline; where that shows."""
    here = grey.astype(np.float32)
    ground = _ground(here, mask, unit)
    darker = (ground - here) * np.minimum(255 / np.maximum(ground, 1), options.most_gain)
    lighter = (here - ground) * np.minimum(255 / np.maximum(255 - ground, 1), options.most_gain)
    result = np.clip(255 - np.maximum(darker, lighter), 0, 255).astype(np.uint8)
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    outlines, _ = cv2.findContours(framed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE, offset=(-1, -1))
    drawn = np.zeros_like(mask)
    cv2.drawContours(drawn, outlines, -1, (1,), max(1, round(0.5 * unit)))
    result[drawn > 0] = 0
    return result, (mask > 0) | (drawn > 0)


def _ground(here: Floats, mask: Pixels, unit: float) -> Floats:
    """The lightness of the ground around each pixel: the mean of what lies near the middle lightness of the area."""
    middle = float(np.median(here[mask > 0]))
    inside = ((mask > 0) & (np.abs(here - middle) < 40)).astype(np.float32)
    side = (max(3, round(30 * unit) | 1),) * 2
    weight = cv2.blur(inside, side, borderType=cv2.BORDER_REPLICATE)
    total = cv2.blur(here * inside, side, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(np.where(weight > 0.01, total / np.maximum(weight, 1e-6), middle), dtype=np.float32)
