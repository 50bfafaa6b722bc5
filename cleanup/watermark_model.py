"""The watermark of a document as a value: its coverage, its lattice, its level, and how it is laid on a page.

Coverage is the share (0–1) of a pixel that the watermark's strokes cover; at a rim it lies between. It is kept
once, for one cell of the lattice or, where the watermark does not repeat, for the whole page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from cleanup.lattice import Lattice
from cleanup.registration import Affine
from ocr.types import Pixels


class WatermarkOptions(BaseModel):
    """What counts as a watermark, and how much is looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(True, description="look for watermarks and take them off")
    seals: bool = Field(True, description="take official seals (公章) off and keep their pictures")
    phrases: tuple[str, ...] = Field(
        ("仅供内部审核", "内部资料严禁外传", "征求意见稿"),
        description="phrases that are reported by name when the watermark reads like one; others come off as well",
    )
    sample_pages: int = Field(8, ge=1, le=24, description="pages looked at to find the watermark")
    least_period: float = Field(
        45.0, ge=20, le=300, description="shortest distance between two copies, points: rows of a table are nearer"
    )
    least_repetition: float = Field(
        0.3, ge=0.1, le=0.9, description="autocorrelation (0–1) that a repeating pattern must reach on several pages"
    )
    least_darkness: float = Field(
        0.03, ge=0.005, le=0.5, description="how much darker than paper (0–1) a watermark must be"
    )
    least_presence: float = Field(
        0.7, ge=0.3, le=1, description="share (0–1) of the expected strokes a page must show to have the watermark"
    )


@dataclass(frozen=True, slots=True)
class Watermark:
    """What a document's pages have in common: everything needed to take it off a page, small and picklable.

    Model pixels are pixels of the straightened reference page at ``dpi``, origin top left.
    """

    coverage: bytes
    """PNG, grey: 255 where the strokes cover the pixel wholly."""
    origin: tuple[float, float]
    """Model pixel of the coverage's top left corner; with a lattice, relative to a lattice point."""
    lattice: Lattice | None
    """In model pixels; None for a watermark that stands once on a page."""
    dpi: float
    size: tuple[int, int]
    """Width and height of the reference page, model pixels."""
    lightness: tuple[float, ...]
    """Lightness of a wholly covered bare pixel relative to the paper, 0–1, per channel (blue, green, red) or one."""
    contrast: tuple[float, ...]
    """Share (0–1) of the ink's contrast that is left where the watermark covers it, per channel or one."""
    angle: float
    """Degrees counter-clockwise of its baseline, −90 to 90."""
    bilevel: bool
    """Whether it was found on 1-bit pages; ``lightness`` is then the share of covered pixels left white."""
    pages: int
    """Pages that bore witness."""
    phrase: str | None = None
    """What it says, once read."""
    variants: tuple[Watermark, ...] = ()
    """The same watermark as it is laid out on pages of other sizes."""

    @property
    def over(self) -> bool:
        """Whether it lies over the text and takes contrast from it, and not under it."""
        return min(c - b for c, b in zip(self.contrast, self.lightness, strict=True)) < -0.1

    @property
    def opacity(self) -> float:
        """Its opacity where it lies over the text, else how much light it takes, 0–1."""
        return 1 - min(self.contrast if self.over else self.lightness)

    @property
    def colour(self) -> tuple[int, int, int]:
        """Blue, green, red (0–255) of a covered pixel on white paper."""
        levels = self.lightness if len(self.lightness) == 3 else self.lightness * 3
        blue, green, red = (round(255 * level) for level in levels)
        return blue, green, red


def encode(coverage: Pixels) -> bytes:
    """``coverage`` as PNG."""
    return bytes(cv2.imencode(".png", coverage, [cv2.IMWRITE_PNG_COMPRESSION, 4])[1])


@lru_cache(maxsize=4)
def _decoded(coverage: bytes) -> Pixels:
    return np.asarray(cv2.imdecode(np.frombuffer(coverage, np.uint8), cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


@lru_cache(maxsize=4)
def patch_at(watermark: Watermark, dpi: float) -> tuple[Pixels, tuple[float, float]]:
    """Coverage (0–255) and its origin in model pixels at ``dpi``."""
    patch = _decoded(watermark.coverage)
    factor = dpi / watermark.dpi
    origin = watermark.origin[0] * factor, watermark.origin[1] * factor
    if abs(factor - 1) < 1e-6:
        return patch, origin
    width, height = max(1, round(patch.shape[1] * factor)), max(1, round(patch.shape[0] * factor))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    # Resizing keeps areas, so what was at x lies at x · width / old width, a hair from x · factor.
    scaled = np.asarray(cv2.resize(patch, (width, height), interpolation=how), dtype=np.uint8)
    return scaled, origin


def lay(
    watermark: Watermark,
    dpi: float,
    to_model: Affine,
    shape: tuple[int, ...],
    maps: NDArray[np.float64] | None = None,
) -> Pixels:
    """The coverage as it lies on a page of ``shape`` (height, width) at ``dpi``, 0–255.

    ``to_model`` maps page pixels to model pixels, both at ``dpi``. ``maps`` (points, 2, 3) takes page pixels to where
    they would be if the copy at each of ``copy_points`` lay exactly in its place. Neighbouring patches show the
    same copies where they overlap; the darker one counts.
    """
    _, origin = patch_at(watermark, dpi)
    laid = np.zeros(shape[:2], np.uint8)
    points = copy_points(watermark, dpi, to_model, shape)
    if not points:
        return laid
    to_patch = np.repeat(to_model[None], len(points), axis=0) if maps is None else _all_chained(to_model, maps)
    to_patch[:, :, 2] -= np.stack(points) + origin
    for piece in _pieces(watermark, dpi):
        _put(laid, piece, to_patch)
    return laid


def _all_chained(outer: Affine, inner: NDArray[np.float64]) -> NDArray[np.float64]:
    """``chained`` with each of the maps, ``(n, 2, 3)``."""
    turned = outer[:, :2] @ inner
    turned[:, :, 2] += outer[:, 2]
    return np.asarray(turned, dtype=np.float64)


def copy_points(
    watermark: Watermark, dpi: float, to_model: Affine, shape: tuple[int, ...]
) -> list[NDArray[np.float64]]:
    """The model pixels at ``dpi`` that the copies on a page of ``shape`` are laid at."""
    if watermark.lattice is None:
        return [np.zeros(2)]
    points = lattice_points(watermark.lattice.scaled(dpi / watermark.dpi), to_model, shape)[:_MAX_TILES]
    if not watermark.coverage or not points:
        return points
    patch, origin = patch_at(watermark, dpi)
    back = cv2.invertAffineTransform(to_model)
    corners = (_corners(patch.shape) + np.append(origin, 0)) @ back.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    moved = np.stack(points) @ back[:, :2].T
    touching = ((np.ceil(moved + high) > 0) & (np.floor(moved + low) < shape[1::-1])).all(axis=1)
    return [place for place, touches in zip(points, touching, strict=True) if touches]


_MAX_TILES = 4000
"""A page has a few dozen tiles; more means that a page is far larger than the ones the model came from."""


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """A part of the patch that has strokes."""

    pixels: Pixels
    left: int
    top: int


_STRIPS = 4
_WORTH_CUTTING = 30_000
"""Pixels from which a patch is laid in strips: a slanted line leaves most of its box empty."""


@lru_cache(maxsize=4)
def _pieces(watermark: Watermark, dpi: float) -> tuple[_Piece, ...]:
    """The patch in strips across or down, whichever leaves less, each cut to its strokes; none where it is empty.

    Neighbouring strips share a row or column, so that interpolating within one of them is right anywhere.
    """
    patch, _ = patch_at(watermark, dpi)
    count = _STRIPS if patch.size >= _WORTH_CUTTING else 1
    ways = []
    for side in (0, 1):
        edges = np.linspace(0, patch.shape[side], count + 1).round().astype(int)
        spans = [(int(low), int(high) + 1) for low, high in pairwise(edges)]
        strips = [(0, low, patch[:, low:high]) if side else (low, 0, patch[low:high]) for low, high in spans]
        ways.append([piece for top, left, strip in strips if (piece := _trimmed(strip, left, top)) is not None])
    return tuple(min(ways, key=lambda pieces: sum(piece.pixels.size for piece in pieces)))


def _trimmed(strip: Pixels, left: int, top: int) -> _Piece | None:
    x, y, width, height = cv2.boundingRect(np.ascontiguousarray(strip))
    if not width:
        return None
    return _Piece(np.ascontiguousarray(strip[y : y + height, x : x + width]), left + x, top + y)


def _put(laid: Pixels, piece: _Piece, to_patch: NDArray[np.float64]) -> None:
    """Draw a piece of every copy into the array being built; ``to_patch`` (copies, 2, 3) maps page to patch pixels."""
    to_piece = to_patch.copy()
    to_piece[:, :, 2] -= (piece.left, piece.top)
    windows = _windows(to_piece, piece.pixels.shape, laid.shape)
    to_piece[:, :, 2] += (to_piece[:, :, :2] @ windows[:, :2, None])[..., 0]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for (left, top, right, bottom), mapped in zip(windows.tolist(), to_piece, strict=True):
        if right > left and bottom > top:
            tile = cv2.warpAffine(piece.pixels, mapped, (right - left, bottom - top), flags=flags, borderValue=0)
            part = laid[top:bottom, left:right]
            cv2.max(part, tile, dst=part)


def lattice_points(lattice: Lattice, to_model: Affine, shape: tuple[int, ...]) -> list[NDArray[np.float64]]:
    """The lattice points (model pixels) whose cells may touch a page of ``shape``, in rows."""
    corners = _corners(shape) @ to_model.T
    indices = corners @ np.linalg.inv(lattice.basis).T
    low, high = np.floor(indices.min(axis=0)).astype(int) - 1, np.ceil(indices.max(axis=0)).astype(int) + 1
    if math.prod(high - low + 1) > 4 * _MAX_TILES:
        return []
    grid = np.mgrid[low[0] : high[0] + 1, low[1] : high[1] + 1].reshape(2, -1)
    return list(grid.T.astype(np.float64) @ lattice.basis.T)


def _corners(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The corners of an image of ``shape`` (height, width), rows of x, y, 1."""
    height, width = shape[:2]
    return np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], dtype=np.float64)


def _windows(to_piece: NDArray[np.float64], piece: tuple[int, ...], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Left, top, right, bottom of the part of the page that the piece of each copy may touch, ``(copies, 4)``."""
    back = np.linalg.inv(to_piece[:, :, :2])
    # a pixel beyond the piece on each side: interpolation reaches into it from there
    corners = _corners(piece)[:, :2] + np.array([[-1, -1], [0, -1], [0, 0], [-1, 0]], dtype=np.float64)
    places = (corners[None] - to_piece[:, None, :, 2]) @ back.transpose(0, 2, 1)
    low = np.maximum(np.floor(places.min(axis=1)), 0)
    high = np.minimum(np.ceil(places.max(axis=1)) + 1, shape[1::-1])
    return np.asarray(np.concatenate([low, high], axis=1), dtype=np.int64)
