"""Official seals (公章, 财务专用章): found by hue and shape, taken off by solving for the ink beneath.

A seal's dye lets one channel through (red a red seal's, blue a blue one's), so black ink beneath or above it is
still there in that channel; for grey scans see ``seal_grey``. A seal is a thin-lined figure inside a ring, an ellipse
or a frame, three to six centimetres wide, in one hue; charts, photographs and coloured headings are filled or have no
ring.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from cleanup import mixing
from cleanup.seal_grey import find_rings, without_ring
from cleanup.watermark_evidence import WORK_DPI, bare_paper, paper, relative, work_copy
from document.geometry import Box
from ocr.types import PageImage, Pixels

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


class SealOptions(BaseModel):
    """What counts as a seal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    least_size: float = Field(45.0, ge=20, le=200, description="shortest side, points (16 mm)")
    most_size: float = Field(190.0, ge=50, le=400, description="longest side, points (67 mm)")
    least_colour: float = Field(0.16, ge=0.05, le=0.9, description="how far (0–1) the seal's channels lie apart")
    least_ring: float = Field(0.55, ge=0.2, le=1, description="share (0–1) of its outline that is drawn")
    most_filled: float = Field(0.6, ge=0.1, le=1, description="share (0–1) of its box that is coloured at most")


@dataclass(frozen=True, slots=True, eq=False)
class Seal:
    """One seal on a page."""

    box: Box
    """Straight points."""
    colour: str
    """``red`` or ``blue``; ``grey`` on a grey scan."""
    pixels: Pixels
    """Its picture as scanned, ``(height, width, 3)``, or ``(height, width)`` on a grey scan."""


def remove_seals(
    image: PageImage, source: PageImage, options: SealOptions | None = None
) -> tuple[Pixels, Mask, tuple[Seal, ...]]:
    """Pixels of a page without seals, where they were, and the seals, cut from ``source``.

    Without a seal the pixels are the very array of ``image``; 1-bit pages keep theirs.
    """
    options = options or SealOptions()
    if image.pixels.ndim == 2:
        return _remove_grey(image, source, options)
    pixels = image.pixels
    mask = np.zeros(pixels.shape[:2], dtype=bool)
    seals: list[Seal] = []
    small = work_copy(image)
    light = relative(small, paper(small))
    for colour in ("red", "blue"):
        for box in _find(light, image.dpi, colour, options):
            pixels, touched = _without(pixels, image, box, colour, options)
            mask |= touched
            seals.append(Seal(box.scaled(72 / image.dpi), colour, _cut(source.pixels, box)))
    return pixels, mask, tuple(seals)


def _remove_grey(image: PageImage, source: PageImage, options: SealOptions) -> tuple[Pixels, Mask, tuple[Seal, ...]]:
    pixels, mask = image.pixels, np.zeros(image.pixels.shape, dtype=bool)
    rings = () if image.bilevel else find_rings(image, options.least_size, options.most_size)
    for ring in rings:
        pixels, touched = without_ring(pixels, image, ring)
        mask |= touched
    seals = tuple(Seal(ring.box.scaled(72 / image.dpi), "grey", _cut(source.pixels, ring.box)) for ring in rings)
    return pixels, mask, seals


def tint(light: Pixels, colour: str) -> Pixels:
    """How far (0–255) the colour's own channel stands above the darker of the others; 0 for grey and other hues."""
    blue, green, red = cv2.split(light)
    # Red seals keep green and blue together, blue ones lose red most: purple and brown stay out.
    highest = (
        cv2.max(green, blue) if colour == "red" else cv2.max(red, cv2.subtract(green, np.full_like(green, _GREENISH)))
    )
    return np.asarray(cv2.subtract(red if colour == "red" else blue, highest), dtype=np.uint8)


_GREENISH = 38
"""How far (of 255) green may stand above red in a blue seal."""


def _find(light: Pixels, dpi: float, colour: str, options: SealOptions) -> list[Box]:
    """Boxes of seals of one colour, in pixels of the page at ``dpi``; ``light`` is its lightness at working scale."""
    scale = dpi / min(WORK_DPI, dpi)
    dyed = tint(light, colour) > 255 * options.least_colour
    if not dyed.any():
        return []
    reach = max(3, round(4 * WORK_DPI / 72))
    joined = cv2.morphologyEx(dyed.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    boxes = [Box(float(x), float(y), float(x + w), float(y + h)) for x, y, w, h, _ in stats[1:]]
    point = min(WORK_DPI, dpi) / 72
    tight = [_tight(dyed, box) for box in boxes if _has_size(box, point, options)]
    found = [box for box in tight if _is_seal(dyed, box, point, options)]
    return [box.scaled(scale) for box in found if not any(o is not box and box.cover(o) > 0.8 for o in found)]


def _has_size(box: Box, point: float, options: SealOptions) -> bool:
    short, long = sorted((box.width / point, box.height / point))
    return short >= options.least_size and long <= options.most_size and long <= 1.9 * short


def _is_seal(dyed: Mask, box: Box, point: float, options: SealOptions) -> bool:
    """Whether the component in ``box`` has a drawn outline and a thin-lined inside."""
    left, top, right, bottom = (int(v) for v in box.as_tuple())
    part = dyed[top:bottom, left:right]
    if float(part.mean()) > options.most_filled or _outline(part) < options.least_ring:
        return False
    return float((cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, 3) > _DEEP * point).mean()) < _MOST_DEEP


def _tight(dyed: Mask, box: Box) -> Box:
    """The box of the ring alone, where something else of its hue hangs on it: a stroke of a red watermark."""
    side, long = min(box.width, box.height), max(box.width, box.height)
    if not _A_LITTLE < long / side < _OVAL:
        return box
    squares = [
        Box(box.left + float(x), box.top + float(y), box.left + float(x) + s, box.top + float(y) + s)
        for s in (side, 0.97 * side, 0.94 * side, 0.91 * side)
        for x in np.unique(np.linspace(0, box.width - s, 7))
        for y in np.unique(np.linspace(0, box.height - s, 7))
    ]
    return max((box, *squares), key=lambda place: _drawn(dyed, place))


_A_LITTLE, _OVAL = 1.02, 1.25
"""Long over short side: up to the first a ring is round, from the second on it is meant to be oval."""


def _drawn(dyed: Mask, box: Box) -> float:
    left, top, right, bottom = (round(v) for v in box.as_tuple())
    return _outline(dyed[top:bottom, left:right])


_DEEP, _MOST_DEEP = 4.0, 0.05
"""Points from the rim of a filled area, and the share of a seal that may lie so deep: the middle of its star."""


def _outline(part: Mask) -> float:
    """Share (0–1) of an ellipse or a rectangle just inside the box that is drawn, the better of the two."""
    height, width = part.shape
    near = cv2.dilate(part.astype(np.uint8), np.ones((3, 3), np.uint8))
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    ellipse = max(_hit(near, np.cos(angle) * r, np.sin(angle) * r) for r in (0.98, 0.95, 0.92))
    side = np.linspace(-1, 1, 45)
    edge = np.concatenate([side, side, np.full(45, -0.97), np.full(45, 0.97)])
    other = np.concatenate([np.full(45, -0.97), np.full(45, 0.97), side, side])
    return max(ellipse, _hit(near, edge, other)) if min(height, width) > 4 else 0.0


def _hit(near: Pixels, x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    height, width = near.shape
    column = np.clip((x + 1) / 2 * (width - 1), 0, width - 1).round().astype(int)
    row = np.clip((y + 1) / 2 * (height - 1), 0, height - 1).round().astype(int)
    return float(near[row, column].mean())


def seal_lines(seal: Seal) -> tuple[Pixels, ...]:
    """The seal's writing as pictures of level lines, dark on white: along the ring from its lower left, then below
    the star; a framed seal is one picture.

    ``(height, width)`` each, ``SEAL_DPI`` of a seal whose type is about as large as that of a page.
    """
    dyed = _dye(seal)
    if not _is_round(dyed):
        return (_on_white(dyed),)
    side = _SIDE
    square = cv2.resize(dyed, (side, side), interpolation=cv2.INTER_AREA)
    radius = side / 2
    # polar: rows are angles clockwise from the right, columns the distance from the middle
    polar = cv2.warpPolar(
        square, (side // 2, 4 * side), (radius - 0.5, radius - 0.5), radius, cv2.INTER_LINEAR | cv2.WARP_POLAR_LINEAR
    )
    below = np.roll(polar, -side, axis=0)  # begins straight below, goes round clockwise
    inner, outer = (round(share * side / 2) for share in _WRITING)
    ring = np.rot90(below[:, inner:outer])
    foot = square[round(_FOOT[0] * side) : round(_FOOT[1] * side), round(0.26 * side) : round(0.74 * side)]
    return tuple(_on_white(np.asarray(part, dtype=np.uint8)) for part in (ring, foot) if _is_written(part))


SEAL_DPI = 200.0
_SIDE = 400
"""Pixels across a seal when its writing is unrolled: type of about 45 pixels."""
_WRITING = (0.54, 0.93)
"""Between what shares of the radius the characters of the ring stand."""
_FOOT = (0.66, 0.86)
"""Between what shares of the height the line below the star stands."""


def _dye(seal: Seal) -> Pixels:
    """How deeply each pixel is dyed, 0–255."""
    light = relative(seal.pixels, np.full_like(seal.pixels, np.percentile(seal.pixels, 95, axis=(0, 1))))
    strength = (255 - light if light.ndim == 2 else tint(light, seal.colour)).astype(np.float32)
    full = max(float(np.percentile(strength[strength > 10], 80)) if (strength > 10).any() else 0.0, 1.0)
    return np.asarray(np.clip(strength / full * 255, 0, 255), dtype=np.uint8)


def _is_round(dyed: Pixels) -> bool:
    """Whether the corners of the box are empty: a ring or an ellipse, no frame."""
    height, width = (max(1, round(0.09 * side)) for side in dyed.shape)
    corners = (dyed[:height, :width], dyed[:height, -width:], dyed[-height:, :width], dyed[-height:, -width:])
    return max(float((corner > 100).mean()) for corner in corners) < 0.1


def _is_written(part: Pixels) -> bool:
    return 0.02 < float((part > 100).mean()) < 0.7


def _on_white(dyed: Pixels) -> Pixels:
    return np.asarray(255 - np.pad(dyed, 8), dtype=np.uint8)


def _cut(pixels: Pixels, box: Box) -> Pixels:
    left, top, right, bottom = (max(0, int(v)) for v in box.as_tuple())
    return pixels[top:bottom, left:right].copy()


def _without(pixels: Pixels, image: PageImage, box: Box, colour: str, options: SealOptions) -> tuple[Pixels, Mask]:
    """The page without the seal in ``box``, and where it was."""
    margin = 3 * image.dpi / 72
    wide = box.grown(margin)
    top, left = max(0, int(wide.top)), max(0, int(wide.left))
    window = (slice(top, int(wide.bottom)), slice(left, int(wide.right)))
    bare = bare_paper(image)[window]
    light = relative(pixels[window], bare)
    solved, dyed = _solved(light, colour, options.least_colour / 3)
    cleaned = pixels.copy()
    cleaned[window] = np.where(dyed[:, :, None], np.rint(solved[:, :, None] * bare), pixels[window])
    mask = np.zeros(pixels.shape[:2], dtype=bool)
    mask[window] = dyed
    return cleaned, mask


def _solved(light: Pixels, colour: str, least: float) -> tuple[Floats, Mask]:
    """Lightness (0–1) of the ink under the dye, and the dyed pixels.

    The dye multiplies each channel by 1 − a (1 − b) at coverage a; b, its colour at full coverage, is taken from
    the most deeply dyed pixels. The ratio of two channels gives a whatever the ink, the dye's own channel then
    gives the ink.
    """
    strength = tint(light, colour).astype(np.float32) / np.float32(255)
    dyed = cv2.dilate((strength > least).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    own = light[:, :, 2 if colour == "red" else 0].astype(np.float32) / np.float32(255)
    other = light[:, :, 1 if colour == "red" else 2].astype(np.float32) / np.float32(255)
    deep = strength >= np.percentile(strength[dyed], 90) if dyed.any() else dyed
    full_own = float(np.percentile(own[deep], 75)) if deep.any() else 1.0
    full_other = float(np.percentile(other[deep], 50)) if deep.any() else 0.0
    ratio = np.clip(other / np.maximum(own, 1 / 255), 0, 1)
    share = np.clip((1 - ratio) / np.maximum((1 - full_other) - ratio * (1 - full_own), 0.05), 0, 1)
    bare = 1 - share * (1 - full_own)
    kept = 1 - share * (1 - _contrast(own, (share > 0.9) & dyed, ~dyed, full_own))
    return _without_faint(np.clip(1 - (bare - own) / kept, 0, 1).astype(np.float32)), np.asarray(dyed)


_SEEN = 0.12
"""Darkness (0–1) that something under the dye must reach before it can be told how much contrast is left."""


def _contrast(own: Floats, inside: Mask, beside: Mask, level: float) -> float:
    """Contrast (0–1) that ink keeps under the dye: ``level`` where it is transparent, less where it covers."""
    within, outside = (np.rint(own[part] * 255).astype(np.uint8) for part in (inside, beside))
    if not len(within) or level - float(np.quantile(within, 0.01)) / 255 < _SEEN:
        return level
    return min(level, mixing.contrast_left(within, outside, level))


_FAINT, _DARK = 0.15, 0.4
"""Darkness (0–1) under the dye that is only the dye's own grain, and from which all of it is ink."""


def _without_faint(lightness: Floats) -> Floats:
    dark = 1 - lightness
    share = np.clip((dark - _FAINT) / (_DARK - _FAINT), 0, 1)
    return np.asarray(1 - share * dark, dtype=np.float32)
