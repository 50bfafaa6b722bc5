"""Bowed pages (弯曲的纸张): how far the rules of a curled or folded sheet run from straight, and the page laid flat.

Rotation and keystone leave lines straight; a curled sheet bows them by several points, and a grid of bowed rules
falls apart. The page is cut into strips; where the rows of one strip lie in the next (the crest of the correlation
of their ink's profiles, band by band) is the slope there, and a smooth surface is laid through all slopes (Legendre
polynomials, robustly). The same of the upright rules, of which alone the columns' places are known. The surface
counts only when it bows clearly and the page's ink then projects clearly more sharply: a flat scan stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from document.geometry import Box, Matrix
from ocr.types import Pixels

Floats = NDArray[np.float64]


class BowOptions(BaseModel):
    """How far the rules of a page may bow."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_bow: float = Field(0.7, gt=0, le=10, description="bow left alone, points: grids follow rules so far")
    max_bow: float = Field(20.0, gt=0, le=60, description="largest bow taken out, points")
    min_gain: float = Field(1.15, ge=1, le=10, description="times as sharply as before the ink must project in rows")


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """How far the level lines of a page lie below their places on the flat page, smooth over the page."""

    coefficients: Floats
    """(along, across) Legendre coefficients, in the page's heights, by x and y from −1 to 1."""
    top: float
    bottom: float
    """Where lines were seen, −1 to 1: above and below, the surface goes on as at its edge."""

    def at(self, x: Floats, y: Floats) -> Floats:
        """(y, x) heights of the page at places from −1 to 1."""
        along, across = (count - 1 for count in self.coefficients.shape)
        y = np.clip(y, self.top, self.bottom)
        return np.asarray(legendre.legvander(y, across) @ self.coefficients.T @ legendre.legvander(x, along).T)

    @property
    def bow(self) -> float:
        """How far a line leaves the straight one nearest to it, at most, in heights of the page."""
        curved = self.coefficients.copy()
        curved[:2] = 0
        places = np.linspace(-_INNER, _INNER, 13), np.linspace(self.top, self.bottom, 9)
        return float(np.abs(Surface(curved, self.top, self.bottom).at(*places)).max())


_INNER = 0.85
"""Where rules lie, of a page from −1 to 1: at its very edges nothing holds a surface."""


@dataclass(frozen=True, slots=True, eq=False)
class Bow:
    """Where the places of the flat page lie on the bowed one. Surfaces add up: each is what the last one left."""

    rows: tuple[Surface, ...] = ()
    """Of the level lines."""
    columns: tuple[Surface, ...] = ()
    """Of the upright rules: surfaces of the transposed page."""

    def around(self, box: Box, width: float, height: float) -> Box:
        """Where a box of the flat page, ``width`` × ``height``, lies on the bowed one."""
        x = np.array([box.left, (box.left + box.right) / 2, box.right])
        y = np.array([box.top, box.bottom])
        across, down = 2 * x / width - 1, 2 * y / height - 1
        y_there, x_there = np.repeat(y[:, None], 3, axis=1), np.repeat(x[None], 2, axis=0)
        for surface in self.rows:
            y_there = y_there + surface.at(across, down) * height
        for surface in self.columns:
            x_there = x_there + surface.at(down, across).T * width
        return Box(float(x_there.min()), float(y_there.min()), float(x_there.max()), float(y_there.max()))

    def undone(self) -> Bow:
        """The bow that bends a flat page again, to a twentieth of itself: lines lean no more than that."""
        return Bow(tuple(map(_negative, self.rows)), tuple(map(_negative, self.columns)))

    def upside_down(self) -> Bow:
        """The bow of the page turned by 180°."""
        return Bow(tuple(map(_turned, self.rows)), tuple(map(_turned, self.columns)))

    def places(self, width: int, height: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """``(x, y)``, each (height, width): pixels of the bowed picture, for a flat picture of that size."""
        across, down = _span(width), _span(height)
        x = np.broadcast_to(np.arange(width, dtype=np.float32), (height, width)).copy()
        y = np.broadcast_to(np.arange(height, dtype=np.float32)[:, None], (height, width)).copy()
        for surface in self.rows:
            y += surface.at(across, down).astype(np.float32) * np.float32(height)
        for surface in self.columns:
            x += surface.at(down, across).T.astype(np.float32) * np.float32(width)
        return x, y


def _negative(surface: Surface) -> Surface:
    return replace(surface, coefficients=-surface.coefficients)


def _turned(surface: Surface) -> Surface:
    along, across = np.indices(surface.coefficients.shape)
    odd = (along + across) % 2 == 1
    return Surface(np.where(odd, 1, -1) * surface.coefficients, -surface.bottom, -surface.top)


def _span(count: int) -> Floats:
    """The pixels' middles between the edges −1 and 1."""
    return (2 * np.arange(count, dtype=np.float64) + 1) / count - 1


def flattened(pixels: Pixels, bow: Bow, to_source: Matrix | None = None) -> Pixels:
    """The page laid flat, of the same size; ``to_source`` maps the bowed page's pixels to those of ``pixels``.

    Paper is white beyond the edge.
    """
    height, width = pixels.shape[:2]
    x, y = bow.places(width, height)
    if to_source is not None:
        m = to_source.astype(np.float32)
        depth = m[2, 0] * x + m[2, 1] * y + m[2, 2]
        x, y = (m[0, 0] * x + m[0, 1] * y + m[0, 2]) / depth, (m[1, 0] * x + m[1, 1] * y + m[1, 2]) / depth
    white = (255, 255, 255) if pixels.ndim == 3 else 255
    return np.asarray(cv2.remap(pixels, x, y, cv2.INTER_CUBIC, borderValue=white), dtype=np.uint8)


def posts(ink: Pixels, shortest: int) -> Pixels:
    """The upright strokes of at least ``shortest`` pixels, transposed: of type, columns make no level lines."""
    strokes = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((shortest, 1), np.uint8))
    return np.asarray(cv2.transpose(strokes), dtype=np.uint8)


_STRIPS, _BANDS = 16, 10
"""Across the page and down: strips of a third of an inch along A4, bands of an inch."""
_ALONG, _ACROSS = 6, 3
"""Terms of the surface along a rule and across: a fold's kink needs more than a curl's arc."""


def traced(ink: Pixels) -> Surface | None:
    """How the rows of ``ink`` (1 or 0) run, slope and all; None where too few are seen."""
    slopes = _slopes(ink)
    if len(slopes.step) < _FEWEST:
        return None
    return Surface(_fitted(slopes), float(slopes.y.min()), float(slopes.y.max()))


_FEWEST = 2 * _ALONG * _ACROSS
"""Steps of rows from strip to strip: twice as many as terms."""


@dataclass(frozen=True, slots=True, eq=False)
class _Slopes:
    """Steps of the rows from one strip to the next."""

    x: Floats
    """(n, 2) middles of both strips, −1 to 1."""
    y: Floats
    """(n,) middles of the bands."""
    step: Floats
    """(n,) pictures' heights down."""
    weight: Floats


def _slopes(ink: Pixels) -> _Slopes:
    """Where the rows of each strip lie in the next, band by band, as far as that stands out."""
    height, width = ink.shape
    reach = max(3, round(0.1 * width / _STRIPS))
    size = height // _BANDS
    strip = width // _STRIPS
    whole = np.ascontiguousarray(ink[:, : strip * _STRIPS]) * np.uint8(255)
    profile = cv2.resize(whole, (_STRIPS, height), interpolation=cv2.INTER_AREA).astype(np.float32).T
    profile = cv2.GaussianBlur(np.ascontiguousarray(profile[:, : size * _BANDS]), (5, 1), 1.0)
    profile = profile - cv2.blur(profile, (4 * reach + 1, 1))
    here = profile[:-1].reshape(_STRIPS - 1, _BANDS, size)
    there = np.pad(profile[1:], ((0, 0), (reach + 1, reach + 1)))
    moved = (there[:, k : k + size * _BANDS].reshape(here.shape) for k in range(2 * reach + 3))
    likeness = np.stack([np.einsum("sby,sby->bs", here, other) for other in moved])
    energy = np.square(profile).reshape(_STRIPS, _BANDS, size).sum(axis=2).T
    power = np.sqrt(energy[:, :-1] * energy[:, 1:])
    crest = likeness[1:-1].argmax(axis=0) + 1
    low, top, high = (np.take_along_axis(likeness, (crest + k)[None], axis=0)[0] for k in (-1, 0, 1))
    bend = low - 2 * top + high
    inner = (bend < 0) & (top >= low) & (top >= high)
    part = np.where(inner, 0.5 * (low - high) / np.where(inner, bend, 1.0), 0.0)
    clear = np.clip(top / np.maximum(power, 1e-6) - _ALIKE, 0, None)
    keep = inner & (clear > 0) & (power > _LEAST * size)
    band, left = np.nonzero(keep)
    middles = (_span(_STRIPS) + 1) * (strip * _STRIPS / width) - 1
    return _Slopes(
        np.stack([middles[left], middles[left + 1]], axis=1),
        (2 * band + 1) * size / height - 1,
        (crest + part - reach - 1)[keep] / height,
        (clear * np.sqrt(power))[keep],
    )


_ALIKE = 0.4
"""Correlation of two strips' profiles below which their crest is chance."""
_LEAST = 6.5
"""Mean square of a band's profile, of 255², from which it has ink at all: a hundredth of one rule's."""


def _fitted(slopes: _Slopes) -> Floats:
    """Coefficients of the smooth surface whose steps are nearest to the ``slopes``, outliers left aside."""
    along = (legendre.legvander(slopes.x[:, 1], _ALONG) - legendre.legvander(slopes.x[:, 0], _ALONG))[:, 1:]
    across = legendre.legvander(slopes.y, _ACROSS - 1)
    terms = (along[:, :, None] * across[:, None, :]).reshape(len(along), -1)
    order = np.add.outer(np.arange(1, _ALONG + 1), np.arange(_ACROSS)).reshape(-1)
    weight = slopes.weight / slopes.weight.mean()
    stiff = np.diag(_STIFF * len(weight) / _STRIPS**2 * order.astype(np.float64) ** 2)
    found = np.zeros(terms.shape[1])
    loose = np.ones(len(weight))
    for _ in range(_ROUNDS):
        pull = terms.T * (weight * loose)
        found = np.linalg.solve(pull @ terms + stiff, pull @ slopes.step)
        off = np.abs(terms @ found - slopes.step)
        spread = max(1e-4, 1.5 * float(np.median(off)))
        loose = 1 / (1 + np.square(off / spread))
    coefficients = np.zeros((_ALONG + 1, _ACROSS))
    coefficients[1:] = found.reshape(_ALONG, _ACROSS)
    return coefficients


_STIFF = 0.02
"""How firmly the surface stays flat where nothing shows a slope, by the order of its terms."""
_ROUNDS = 6
