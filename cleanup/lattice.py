"""The lattice on which a tiled watermark repeats, found from the pattern's autocorrelation.

A tiled watermark is one cell laid out along two vectors; the vectors may lie at any angle (staggered rows are a
lattice with an oblique vector). Origin top left, pixels of the image they were found in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanup.registration import transform_size
from ocr.types import Pixels

Floats = NDArray[np.float32]
Vector = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Lattice:
    """Two vectors ``(x, y)`` in pixels, as short and as square as the lattice allows."""

    first: Vector
    second: Vector

    @property
    def basis(self) -> NDArray[np.float64]:
        """2×2, the vectors as columns."""
        (a, c), (b, d) = self.first, self.second
        return np.array([[a, b], [c, d]], dtype=np.float64)

    @property
    def cell_area(self) -> float:
        """Area of one cell, square pixels."""
        return abs(float(np.linalg.det(self.basis)))

    def scaled(self, factor: float) -> Lattice:
        """The lattice in an image ``factor`` times as large."""
        return Lattice(
            (self.first[0] * factor, self.first[1] * factor),
            (self.second[0] * factor, self.second[1] * factor),
        )


def autocorrelation(pattern: Pixels) -> Floats:
    """How well the pattern agrees with itself when shifted: 1 at zero shift, which lies in the middle.

    Divided by the overlap, so a distant repetition counts as much as a near one; shifts with less than a
    quarter of the pattern's area in common are 0, and those of which one way alone leaves less are not there.
    """
    height, width = pattern.shape
    rows, columns = _farthest(height), _farthest(width)
    size = transform_size((height + rows, width + columns))
    padded = np.zeros(size, np.float32)
    padded[:height, :width] = pattern - np.float32(pattern.mean())
    packed = cv2.dft(padded, nonzeroRows=height)
    # shifts upwards are those downwards, mirrored: only one half is transformed back
    raw = cv2.idft(cv2.mulSpectrums(packed, packed, 0, conjB=True), flags=cv2.DFT_SCALE, nonzeroRows=rows + 1)
    down = np.concatenate([raw[: rows + 1, size[1] - columns :], raw[: rows + 1, : columns + 1]], axis=1)
    centred = np.concatenate([down[:0:-1, ::-1], down])
    centred *= _per_overlap(height, width)
    centred *= np.float32(1 / max(float(raw[0, 0]), 1e-9))
    return np.asarray(centred, dtype=np.float32)


_LEAST_OVERLAP = 0.25


def _farthest(length: int) -> int:
    """The farthest shift along one side that leaves enough in common."""
    return min(length - 1, int((1 - _LEAST_OVERLAP) * length) + 1)


@lru_cache(maxsize=4)
def _per_overlap(height: int, width: int) -> Floats:
    """One over the share of the area that is in common, for each shift; 0 where that is too little."""
    down, across = (
        (1 - np.abs(np.arange(-_farthest(length), _farthest(length) + 1)) / length).astype(np.float32)
        for length in (height, width)
    )
    overlap = np.outer(down, across)
    share = np.reciprocal(overlap, where=overlap > 0, out=np.zeros_like(overlap))
    share[overlap <= _LEAST_OVERLAP] = 0
    return share


def find_lattices(pattern: Pixels, shortest: float, least: float) -> list[Lattice]:
    """Lattices that ``pattern`` (height, width) may have: none, one, or two of which only one explains it.

    ``shortest`` is the least length of a lattice vector, pixels: nearer repetitions are rows of a table.
    ``least`` is the autocorrelation (0–1) that a repetition must reach.
    """
    surface = autocorrelation(pattern)
    peaks = _peaks(surface, shortest, least)
    near = np.hypot(peaks[:, 0], peaks[:, 1]) < shortest
    if near.any() and not near.all() and peaks[near, 2].max() > peaks[~near, 2].max():
        return []
    found = [_basis(peaks[~near], surface, steady, shortest) for steady in _STEADY] if (~near).sum() >= 2 else []
    polished = [_polished(lattice, surface, least) for lattice in found if lattice is not None]
    return list(dict.fromkeys(lattice for lattice in polished if lattice is not None))


def _peaks(surface: Floats, shortest: float, least: float) -> NDArray[np.float64]:
    """Rows of x, y, height; strongest first, upper half plane only, at most 40."""
    middle_y, middle_x = surface.shape[0] // 2, surface.shape[1] // 2
    radius = max(2, round(shortest / 4))
    top = cv2.dilate(surface, np.ones((2 * radius + 1, 2 * radius + 1), np.uint8))
    ys, xs = np.nonzero((surface >= top) & (surface > least))
    rows = [
        (*_fine(surface, int(x), int(y)), float(surface[y, x]))
        for y, x in zip(ys, xs, strict=True)
        if (y > middle_y or (y == middle_y and x > middle_x))
        and math.hypot(x - middle_x, y - middle_y) > radius
        and 0 < y < surface.shape[0] - 1
        and 0 < x < surface.shape[1] - 1
    ]
    found = np.array(sorted(rows, key=lambda row: -row[2])[:40], dtype=np.float64).reshape(-1, 3)
    found[:, :2] -= (middle_x, middle_y)
    return found


def _fine(surface: Floats, x: int, y: int) -> tuple[float, float]:
    """The peak at ``(x, y)`` to a part of a pixel."""

    def vertex(before: float, here: float, after: float) -> float:
        bend = before - 2 * here + after
        return float(np.clip((before - after) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0

    here = float(surface[y, x])
    return (
        x + vertex(float(surface[y, x - 1]), here, float(surface[y, x + 1])),
        y + vertex(float(surface[y - 1, x]), here, float(surface[y + 1, x])),
    )


def _basis(peaks: NDArray[np.float64], surface: Floats, steady: float, shortest: float) -> Lattice | None:
    """The smallest cell that two of the peaks span and that the pattern repeats on throughout.

    Where rows of copies are set off against each other by some odd share, each row half agrees with the next, but
    only every second one repeats: the multiples of such a vector are no repetitions. None where that cell is
    narrower than ``shortest``: the difference of two repetitions of a table's rows is a row, too.
    """
    strong = peaks[peaks[:, 2] > 0.5 * peaks[0, 2]]
    vectors = strong[np.argsort(np.hypot(strong[:, 0], strong[:, 1]))][:_MOST_VECTORS, :2]
    spanned = [
        _reduced(first, second)
        for index, first in enumerate(vectors)
        for second in vectors[index + 1 :]
        if abs(first[0] * second[1] - first[1] * second[0]) > 0.2 * np.hypot(*first) * np.hypot(*second)
    ]
    scores = [_repetition(lattice, surface) for lattice in spanned]
    least = steady * max(scores, default=0.0)
    repeating = [lattice for lattice, score in zip(spanned, scores, strict=True) if score > max(least, 0.0)]
    smallest = min(repeating, key=lambda lattice: lattice.cell_area, default=None)
    if smallest is None or min(np.hypot(*smallest.first), np.hypot(*smallest.second)) < _NEARLY * shortest:
        return None
    return smallest


_NEARLY = 0.95
"""Share of the shortest distance that a peak may lie off it."""


_MOST_VECTORS = 12
_STEADY = (0.78, 0.6)
"""Share of the best lattice's repetition that a lattice with a smaller cell must reach: where ink lies on many
copies the smaller share is right, where rows are set off the larger one."""


def _repetition(lattice: Lattice, surface: Floats) -> float:
    """Mean agreement at the lattice points in sight, up to two vectors away; 0 with fewer than two in sight."""
    middle = np.array([surface.shape[1] // 2, surface.shape[0] // 2], dtype=np.float64)
    heights = [
        height
        for i in range(3)
        for j in range(-2, 3)
        if (i, j) > (0, 0) and (height := _height(surface, middle + lattice.basis @ (i, j))) is not None
    ]
    return float(np.mean(heights)) if len(heights) >= 2 else 0.0


def _height(surface: Floats, at: NDArray[np.float64]) -> float | None:
    """The highest value near a place; None beyond the shifts that were measured."""
    x, y, reach = round(float(at[0])), round(float(at[1])), 6
    if not (reach < x < surface.shape[1] - reach and reach < y < surface.shape[0] - reach):
        return None
    window = surface[y - reach : y + reach + 1, x - reach : x + reach + 1]
    return None if (window == 0).all() else float(window.max())


def _reduced(first: NDArray[np.float64], second: NDArray[np.float64]) -> Lattice:
    """Gauss's reduction: the shortest basis of the same lattice."""
    for _ in range(20):
        if np.hypot(*first) > np.hypot(*second):
            first, second = second, first
        turns = round(float(first @ second) / float(first @ first))
        if turns == 0:
            break
        second = second - turns * first
    return Lattice((float(first[0]), float(first[1])), (float(second[0]), float(second[1])))


def _polished(lattice: Lattice, surface: Floats, least: float) -> Lattice | None:
    """The vectors fitted to every repetition in sight; None when hardly any lies where the lattice says."""
    middle = np.array([surface.shape[1] // 2, surface.shape[0] // 2], dtype=np.float64)
    indices, places = [], []
    for i in range(-4, 5):
        for j in range(-4, 5):
            expected = lattice.basis @ (i, j)
            place = _nearby_peak(surface, middle + expected, least / 2)
            if (i, j) != (0, 0) and place is not None:
                indices.append((i, j))
                places.append(place - middle)
    if len(indices) < 4:
        return None
    fitted, *_ = np.linalg.lstsq(np.array(indices, dtype=np.float64), np.array(places), rcond=None)
    return Lattice((float(fitted[0, 0]), float(fitted[0, 1])), (float(fitted[1, 0]), float(fitted[1, 1])))


def _nearby_peak(surface: Floats, at: NDArray[np.float64], least: float) -> NDArray[np.float64] | None:
    reach = 4
    x, y = round(float(at[0])), round(float(at[1]))
    if not (reach < x < surface.shape[1] - reach - 1 and reach < y < surface.shape[0] - reach - 1):
        return None
    window = surface[y - reach : y + reach + 1, x - reach : x + reach + 1]
    dy, dx = np.unravel_index(int(window.argmax()), window.shape)
    if window[dy, dx] < least or dx in (0, 2 * reach) or dy in (0, 2 * reach):
        return None
    return np.array(_fine(surface, x + int(dx) - reach, y + int(dy) - reach))
