"""Seals (公章) on grey scans: no hue is left, but a ring in one even tone, lighter than ink, is.

Stamping ink only darkens: along a ring every pixel is at least as dark as the ring, whatever is printed there, and on
either side of it there is mostly paper. What the ring's own tone accounts for is taken off; ink that is darker stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanup.watermark_evidence import WORK_DPI, darkness, paper, papers, relative, rule_mask, work_copy
from document.geometry import Box
from ocr.types import PageImage, Pixels

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Places = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ring:
    """A seal's ring, pixels of the page."""

    x: float
    y: float
    radius: float
    level: float
    """Its darkness, 0–255."""

    @property
    def box(self) -> Box:
        """Around its outer edge."""
        reach = self.radius * (1 + _THICK / 2)
        return Box(self.x - reach, self.y - reach, self.x + reach, self.y + reach)


_THICK = 0.07
"""Usual thickness of a ring, share of its radius; 1.2 mm of 40 mm across."""
_EVEN = 30
"""Range of darkness (of 255) among neighbours up to which a tone is even: type of that tone is all rim."""
_LIGHTEST, _DARKEST = 45, 190
"""Darkness between which stamping ink lies on a grey scan; type is darker, shading lighter."""
_FEWEST, _MOST = 200, 4000
"""Even pixels that a ring must leave, and that are looked at."""
_TRIALS = 1200
"""Triples of even pixels through which circles are laid (Fischler and Bolles 1981)."""
_SEALS = 4
"""Seals of a page at most."""
_DRAWN, _UNBROKEN = 0.3, 0.85
"""Share of a ring in its own even tone, and share at least about that dark: text and rules cross it."""
_BESIDE = 0.45
"""Share of the circles just inside and outside it that may be as dark: characters, text and rules."""
_GAP = 3.4
"""Points from the middle of the ring to those circles."""


def find_rings(image: PageImage, least: float, most: float) -> list[Ring]:
    """The seals' rings on a grey page, ``least`` to ``most`` points across."""
    small = work_copy(image)
    scale, point = image.pixels.shape[0] / small.shape[0], min(WORK_DPI, image.dpi) / 72
    dark = darkness(relative(small, paper(small)))
    kernel = np.ones((3, 3), np.uint8)
    rough = cv2.subtract(cv2.dilate(dark, kernel), cv2.erode(dark, kernel))
    even = ((rough <= _EVEN) & (dark > _LIGHTEST) & (dark < _DARKEST)).astype(np.uint8)
    chance = np.random.default_rng(0)
    found: list[Ring] = []
    while len(found) < _SEALS:
        ring = _best_ring(dark, even, (least / 2 * point, most / 2 * point), _GAP * point, chance)
        if ring is None:
            break
        found.append(ring)
        cv2.circle(even, (round(ring.x), round(ring.y)), round(1.1 * ring.radius), 0, -1)
    return [Ring(r.x * scale, r.y * scale, r.radius * scale, r.level) for r in found]


def _best_ring(
    dark: Pixels, even: Pixels, radii: tuple[float, float], gap: float, chance: np.random.Generator
) -> Ring | None:
    rows, columns = np.nonzero(even)
    if len(rows) < _FEWEST:
        return None
    keep = chance.choice(len(rows), min(len(rows), _MOST), replace=False)
    points = np.column_stack([columns[keep], rows[keep]]).astype(np.float64)
    circles = _circles(points[chance.integers(0, len(points), (_TRIALS, 3))], radii)
    if not len(circles):
        return None
    near = cv2.dilate(even, np.ones((3, 3), np.uint8))
    best = circles[int(_hits(near, circles, 48).argmax())]
    for step in (1.0, 0.5):
        moves = np.stack(np.meshgrid(*[step * np.arange(-2, 3)] * 3), axis=-1).reshape(-1, 3)
        best = (best + moves)[int(_hits(near, best + moves, 180).argmax())]
    return _checked(dark, near, best, gap)


def _circles(triples: Places, radii: tuple[float, float]) -> Places:
    """Rows of x, y, radius: the circles through three points each that are large enough and not too large."""
    first, second, third = triples[:, 0], triples[:, 1] - triples[:, 0], triples[:, 2] - triples[:, 0]
    cross = 2 * (second[:, 0] * third[:, 1] - second[:, 1] * third[:, 0])
    fit = np.abs(cross) > radii[0]
    first, second, third, cross = first[fit], second[fit], third[fit], cross[fit]
    to_second, to_third = (second**2).sum(axis=1), (third**2).sum(axis=1)
    x = (third[:, 1] * to_second - second[:, 1] * to_third) / cross
    y = (second[:, 0] * to_third - third[:, 0] * to_second) / cross
    radius = np.hypot(x, y)
    circles = np.column_stack([first[:, 0] + x, first[:, 1] + y, radius])
    return np.asarray(circles[(radius >= radii[0]) & (radius <= radii[1])])


def _on_circle(plane: Pixels, circle: Places, count: int) -> Pixels:
    """The pixels of ``plane`` along circles (…, 3), ``(…, count)``; 0 outside."""
    angle = np.arange(count) * 2 * np.pi / count
    x = np.rint(circle[..., :1] + circle[..., 2:] * np.cos(angle)).astype(int)
    y = np.rint(circle[..., 1:2] + circle[..., 2:] * np.sin(angle)).astype(int)
    inside = (x >= 0) & (y >= 0) & (x < plane.shape[1]) & (y < plane.shape[0])
    return np.where(inside, plane[np.where(inside, y, 0), np.where(inside, x, 0)], np.uint8(0))


def _hits(near: Pixels, circles: Places, count: int) -> NDArray[np.float64]:
    return np.asarray(_on_circle(near, circles, count).mean(axis=-1))


def _checked(dark: Pixels, near: Pixels, circle: Places, gap: float) -> Ring | None:
    """The ring on ``circle``; None where it is none."""
    along, drawn = _on_circle(dark, circle, 360), _on_circle(near, circle, 360) > 0
    if drawn.mean() < _DRAWN:
        return None
    level = float(np.median(along[drawn]))
    grown = cv2.dilate(dark, np.ones((3, 3), np.uint8))
    if (_on_circle(grown, circle, 360) >= 0.7 * level).mean() < _UNBROKEN:
        return None
    x, y, radius = (float(value) for value in circle)
    either = np.array([[x, y, radius - gap], [x, y, radius + gap]])
    beside = (_on_circle(dark, either, 360) >= 0.6 * level).mean(axis=1)
    return Ring(x, y, radius, level) if beside.max() <= _BESIDE else None


def without_ring(pixels: Pixels, image: PageImage, ring: Ring) -> tuple[Pixels, Mask]:
    """The grey page ``pixels`` without the seal, and where it was; ``image`` is the page."""
    margin = ring.radius * _BEYOND
    left, top = max(0, int(ring.x - margin)), max(0, int(ring.y - margin))
    window = (slice(top, int(ring.y + margin) + 1), slice(left, int(ring.x + margin) + 1))
    bare = papers(image, work_copy(image))[1][window]
    dark = darkness(relative(pixels[window], bare))
    here = Ring(ring.x - left, ring.y - top, ring.radius, ring.level)
    share, touched = _coverage(dark, here, image.dpi / 72)
    level = share * np.float32(ring.level / 255)
    ink = _clear((dark * np.float32(1 / 255) - level) / (1 - level))
    worked = share > _TOUCHED
    cleaned = pixels.copy()
    cleaned[window] = np.where(worked, np.rint((1 - ink) * bare), pixels[window])
    mask = np.zeros(pixels.shape, dtype=bool)
    mask[window] = touched | worked
    return cleaned, mask


_BEYOND = 1.35
"""Half the side of the window worked in, ring radii: the type beside the seal is compared with it."""
_TOUCHED = 0.04
"""Coverage (0–1) from which a pixel is worked on."""
_FAINT, _DARK = 0.1, 0.28
"""Darkness (0–1) beneath the seal that is only its own grain, and from which all of it is ink."""


def _clear(ink: Floats) -> Floats:
    ink = np.clip(ink, 0, 1)
    return np.asarray(ink * np.clip((ink - _FAINT) / (_DARK - _FAINT), 0, 1), dtype=np.float32)


def _coverage(dark: Pixels, ring: Ring, point: float) -> tuple[Floats, Mask]:
    """Coverage (0–1) of the seal's ring, star and characters in a window about it, and where it may be besides."""
    round_it = _ring_share(dark, ring, point)
    rows, columns = np.mgrid[: dark.shape[0], : dark.shape[1]].astype(np.float32)
    inside = (np.hypot(columns - ring.x, rows - ring.y) < ring.radius) & (round_it < _TOUCHED)
    figures = _figures(dark, inside, ring, point)
    toned = inside & (dark > 0.5 * ring.level) & (dark < _INK * ring.level)
    return np.maximum(round_it, figures), (round_it > _SEEN) | (figures > _SEEN) | toned


_SEEN = 0.15
_INK = 1.25
"""Darkness beyond this many times the seal's is ink."""
_ANGLES, _SECTORS = 720, 24


def _ring_share(dark: Pixels, ring: Ring, point: float) -> Floats:
    """The ring's coverage: its profile from the inside out, in each of some sectors, as most of the sector shows it."""
    reach = round(ring.radius * 1.1)
    flags = cv2.WARP_POLAR_LINEAR | cv2.INTER_LINEAR
    polar = cv2.warpPolar(dark, (reach, _ANGLES), (ring.x, ring.y), reach, flags)
    part = _ANGLES // _SECTORS
    wide = np.concatenate([polar[-part:], polar, polar[:part]])  # each with a half of its neighbours
    profile = np.stack(
        [
            np.quantile(wide[i * part + part // 2 : (i + 2) * part + part // 2], _MOST_OF, axis=0)
            for i in range(_SECTORS)
        ]
    )
    near = np.abs(np.arange(reach) - ring.radius) < _WIDEST * point
    share = np.clip(profile / ring.level, 0, 1) * near
    share[share < 2 * _TOUCHED] = 0
    spread = np.repeat(share.astype(np.float32), part, axis=0)
    size = (dark.shape[1], dark.shape[0])
    fill = flags | cv2.WARP_INVERSE_MAP | cv2.WARP_FILL_OUTLIERS
    back = cv2.warpPolar(spread, size, (ring.x, ring.y), reach, fill)
    return np.asarray(back, dtype=np.float32)


_MOST_OF = 0.4
"""Quantile of the darkness across a sector: text and rules that cross it are darker."""
_WIDEST = 4.5
"""Points from the ring's middle within which its edge lies."""


def _figures(dark: Pixels, inside: Mask, ring: Ring, point: float) -> Floats:
    """The star's coverage, and that of characters that no type touches: groups in the ring's tone, large enough."""
    star = _star(dark, ring)
    if not _type_is_darker(dark, ring):
        return star
    level, body = ring.level, (star > _TOUCHED).astype(np.uint8)
    rules = cv2.dilate(rule_mask(dark, 72 * point).astype(np.uint8), np.ones((3, 3), np.uint8)) & (1 - body)
    ink = cv2.dilate((dark > _INK * level).astype(np.uint8) & (1 - rules), _disc(0.4 * point)) & (1 - rules)
    toned = (inside & (dark > _RIM * level)).astype(np.uint8) & (1 - ink) & (1 - rules) & (1 - body)
    strokes = _grown(cv2.morphologyEx(toned, cv2.MORPH_OPEN, _disc(_STROKE * point)), toned, point)
    free = _apart(strokes, cv2.dilate(ink, _disc(0.4 * point)))
    kept = _in_large_groups(free, 2 * _JOIN * point, _LEAST_TYPE * ring.radius)
    return np.maximum(star, np.clip(dark / np.float32(level), 0, 1) * kept).astype(np.float32)


def _star(dark: Pixels, ring: Ring) -> Floats:
    """Coverage (0–1) of the five-pointed star in the middle, laid where it agrees best; all 0 where none does."""
    side = 2 * round(_ARMS * ring.radius) + 1
    reach = side // 2 + round(_OFF * ring.radius)
    top, left = round(ring.y) - reach, round(ring.x) - reach
    part = dark[max(0, top) : top + 2 * reach + 1, max(0, left) : left + 2 * reach + 1]
    if part.shape != (2 * reach + 1, 2 * reach + 1):
        return np.zeros(dark.shape, np.float32)
    scale = min(1.0, _STAR_SIDE / side)
    small = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    toned = np.clip(small / np.float32(ring.level), 0, 1).astype(np.float32)
    ways = [(size, turn) for size in _STAR_SIZES for turn in range(0, 72, 4)]
    shapes = [_star_shape(round(side * scale), size * ring.radius * scale, turn) for size, turn in ways]
    surfaces = [cv2.matchTemplate(toned, shape, cv2.TM_CCOEFF_NORMED) for shape in shapes]
    best = int(np.argmax([surface.max() for surface in surfaces]))
    if surfaces[best].max() < _STAR_LIKE:
        return np.zeros(dark.shape, np.float32)
    down, across = np.unravel_index(int(surfaces[best].argmax()), surfaces[best].shape)
    middle = ((across / scale + left + side / 2), (down / scale + top + side / 2))
    size, turn = ways[best]
    share = _polygon(dark.shape, middle, size * ring.radius, turn)
    whole = dark[share > _WHOLE]
    is_there = len(whole) > 0 and float((whole >= _SOLID * ring.level).mean()) >= _STAR_DARK
    return _with_rim(share, dark, ring) if is_there else np.zeros_like(share)


def _with_rim(share: Floats, dark: Pixels, ring: Ring) -> Floats:
    """``share`` with what is no darker than the star just around it: it never lies to a part of a pixel."""
    near = cv2.dilate((share > 0.5).astype(np.uint8), _disc(_RIM_WIDTH * ring.radius)) > 0
    rim = near & (share < _WHOLE) & (dark <= 1.1 * ring.level)
    return np.where(rim, np.clip(dark / np.float32(ring.level), 0, 1), share).astype(np.float32)


_ARMS, _OFF = 0.46, 0.08
"""How far its points may reach, and how far off the ring's middle it may lie, ring radii."""
_STAR_SIDE = 60
"""Pixels across the patches in which it is looked for."""
_STAR_SIZES = (0.24, 0.26, 0.28, 0.3, 0.32, 0.34, 0.36, 0.38, 0.4, 0.42)
_STAR_LIKE, _STAR_DARK = 0.5, 0.95
"""Normalised correlation, and share of it about as dark as the ring, from which it is one; type lies across it."""
_WHOLE, _SOLID = 0.95, 0.75
_RIM_WIDTH = 0.015
_NOTCH = 0.382
"""Where the notches of a regular pentagram lie, share of its points' reach."""


def _star_shape(side: int, reach: float, turn: int) -> Floats:
    return _polygon((side, side), ((side - 1) / 2, (side - 1) / 2), reach, turn)


def _polygon(shape: tuple[int, ...], middle: tuple[float, float], reach: float, turn: int) -> Floats:
    """Coverage of a pentagram, a point of which stands ``turn`` degrees from upright."""
    angles = np.radians(np.arange(10) * 36 - 90 + turn)
    radii = np.where(np.arange(10) % 2 == 0, reach, _NOTCH * reach)
    points = np.column_stack([middle[0] + radii * np.cos(angles), middle[1] + radii * np.sin(angles)])
    drawn = np.zeros(shape, np.uint8)
    cv2.fillPoly(drawn, [np.rint(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return np.asarray(cv2.GaussianBlur(drawn, (3, 3), 0.6) / np.float32(255), dtype=np.float32)


def _grown(core: Pixels, toned: Pixels, point: float) -> Pixels:
    """The core with its rim."""
    return np.asarray(cv2.dilate(core, _disc(0.5 * point)) & toned, dtype=np.uint8)


def _apart(strokes: Pixels, ink: Pixels) -> Pixels:
    """The strokes without those that touch type: they may be a thin part of it."""
    count, labels = cv2.connectedComponents(strokes)
    touching = np.zeros(count, np.uint8)
    touching[labels[ink > 0]] = 1
    return np.asarray(strokes * (1 - touching[labels]), dtype=np.uint8)


def _in_large_groups(strokes: Pixels, gap: float, least: float) -> Pixels:
    """The strokes of groups, ``gap`` pixels apart at most, whose shorter side is ``least`` pixels or more."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(strokes, _disc(gap / 2)))
    large = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].min(axis=1) - gap >= least
    large[0] = False
    return np.asarray(strokes & large[labels].astype(np.uint8), dtype=np.uint8)


def _type_is_darker(dark: Pixels, ring: Ring) -> bool:
    """Whether the type beside the seal is darker than its ink: on a pale scan the two are not told apart."""
    peak = (dark == cv2.dilate(dark, np.ones((3, 3), np.uint8))) & (dark > 0.5 * ring.level)
    rows, columns = np.mgrid[: dark.shape[0], : dark.shape[1]].astype(np.float32)
    beside = dark[peak & (np.hypot(columns - ring.x, rows - ring.y) > 1.12 * ring.radius)]
    return len(beside) < _FEW_STROKES or float(np.percentile(beside, 20)) > _INK * ring.level


_FEW_STROKES = 50
_RIM = 0.3
_STROKE, _JOIN = 0.35, 1.0
"""Points: radius of the narrowest stroke of a seal, and half the gap within its characters."""
_LEAST_TYPE = 0.14
"""Shorter side of a character of a seal, share of its radius, at least."""


def _disc(radius: float) -> Pixels:
    side = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), dtype=np.uint8)
