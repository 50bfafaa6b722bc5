"""Bringing a page upright and straight: quarter turns, skew, mild perspective.

Skew is the angle at which the rows of the page project most sharply: the sum of squared differences of
neighbouring bins of the ink's projection (Postl 1986), searched coarse to fine. Rules and text rows both sharpen
it, a slanted watermark blurs evenly over all angles. Perspective is the difference between the skew of the
upper and the lower half, and of the columns' lean in the left and the right half. What a curled sheet bows beyond
that, ``ocr.bow`` finds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from document.geometry import Matrix
from document.types import TextLine
from ocr.bow import Bow, BowOptions, Surface, flattened, posts, traced
from ocr.engine import Engine, Region
from ocr.types import PageImage, Pixels


class UprightOptions(BaseModel):
    """How far a page may lie from straight."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_skew: float = Field(6.0, ge=0, le=20, description="largest skew looked for, degrees")
    min_skew: float = Field(0.06, ge=0, le=1, description="skew left alone, degrees: resampling costs sharpness")
    max_keystone: float = Field(
        3.0, ge=0, le=10, description="largest difference of slope between opposite edges taken out, degrees"
    )
    min_keystone: float = Field(0.25, ge=0, le=2, description="difference of slope left alone, degrees")
    bow: BowOptions = BowOptions()


_POINTS = 60_000
"""Ink points used per estimate: enough for 0.02° on A4 at 100 dpi."""
_WORK_DPI = 110.0
"""Resolution at which slopes are estimated."""


# --- skew and perspective ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slope:
    """An estimated slope of rows (or lean of columns), with how clearly it stood out."""

    degrees: float
    clarity: float
    """Sharpness at the best angle over the median sharpness; 1 means no angle was better than another."""


def straighten(image: PageImage, options: UprightOptions | None = None, grey: Pixels | None = None) -> PageImage:
    """The page with skew, mild perspective and bows taken out; the same value when it is straight already.

    ``on_page`` of the result maps straight boxes back to the upright page. ``skew_degrees`` is the skew found,
    counter-clockwise. ``grey`` is its ``work_copy``, where that is at hand.
    """
    options = options or UprightOptions()
    grey = work_copy(image) if grey is None else grey
    ink = _ink(grey)
    rows = _sharpest(_points(ink), options.max_skew)
    homography = _straightening(ink, rows, options)
    if homography is not None and _bends(homography):
        # slopes change within a half page: the second look finds what the first left
        again = _unwarped(grey, homography)
        rest = _straightening(_ink(again), row_slope(again, options.max_skew), options)
        homography = homography if rest is None else homography @ rest
    bow = _flattening(grey, homography, options.bow) if _may_bow(ink, options.bow) else None
    scale = image.dpi / _WORK_DPI if image.dpi > _WORK_DPI else 1.0
    to_source = None if homography is None else _at_scale(homography, scale)
    if bow is not None:
        return _laid_flat(image, to_source, bow, rows.degrees)
    return image if to_source is None else _warped(image, to_source, rows.degrees)


def work_copy(image: PageImage) -> Pixels:
    """The page's lightness at the resolution at which slopes are estimated."""
    grey = image.grey
    if image.dpi <= _WORK_DPI:
        return grey
    factor = _WORK_DPI / image.dpi
    return np.asarray(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _straightening(ink: Pixels, rows: Slope, options: UprightOptions) -> Matrix | None:
    """Straight pixels to pixels of ``ink``, or None when nothing needs to be done."""
    height, width = ink.shape
    if rows.clarity < _CLEAR:
        return None
    edges = _keystone(ink, rows, options)
    if edges is not None:
        return _from_edges(width, height, edges)
    if abs(rows.degrees) < options.min_skew:
        return None
    return _rotation(width, height, rows.degrees)


_CLEAR = 1.3
"""A slope that stands out less than this is chance: pages with little ink. Blank noise stays below 1.1."""


def row_slope(grey: Pixels, max_degrees: float) -> Slope:
    """Slope of the rows of ``grey`` (height, width), degrees counter-clockwise; 0 with clarity 1 without ink."""
    return _sharpest(_points(_ink(grey)), max_degrees)


@dataclass(frozen=True, slots=True, eq=False)
class _Points:
    """Places of ink, pixels, for an estimate."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.x)

    def some(self, count: int) -> _Points:
        """At most so many of them, in no order: every n-th would lay a pattern of its own over the rows."""
        if len(self) <= count:
            return self
        chosen = np.random.default_rng(0).choice(len(self), count, replace=False)
        return _Points(self.x[chosen], self.y[chosen])


def _ink(grey: Pixels) -> Pixels:
    """1 where a pixel is darker than its surroundings."""
    ink = cv2.adaptiveThreshold(grey, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 25, 18)
    return np.asarray(ink, dtype=np.uint8)


def _points(ink: Pixels) -> _Points:
    """Ink whose upper neighbour is none: edges of rows, without filled areas."""
    edge = ink.copy()
    edge[1:] &= 1 - ink[:-1]
    margin = max(2, round(0.01 * min(ink.shape)))  # scanner shadows at the paper's edge
    edge[:margin] = edge[-margin:] = 0
    edge[:, :margin] = edge[:, -margin:] = 0
    found = cv2.findNonZero(edge)
    places = np.zeros((0, 2)) if found is None else found.reshape(-1, 2).astype(np.float64)
    return _Points(np.ascontiguousarray(places[:, 0]), np.ascontiguousarray(places[:, 1])).some(_POINTS)


def _sharpest(points: _Points, max_degrees: float) -> Slope:
    """Coarse to fine over ±max_degrees; coarse with a few of the points where those show one angle clearly."""
    if len(points) < 200:
        return Slope(0.0, 1.0)
    few = _coarse(points, max_degrees, _FEW)
    coarse = few if few.clarity >= _SURE else _coarse(points, max_degrees, _POINTS)
    best = coarse.degrees
    for step in (0.05, 0.0125):
        near = best + step * np.arange(-12, 13, dtype=np.float64)
        values = np.array([_sharpness(points, float(a)) for a in near])
        best = _crest(near, values)
    return Slope(best, max(coarse.clarity, float(values.max()) / coarse.median))


@dataclass(frozen=True, slots=True)
class _Coarse:
    """The best of angles 0.2° apart."""

    degrees: float
    clarity: float
    """As ``Slope.clarity``."""
    median: float
    """The median sharpness of all points."""


_FEW, _FEWER = 12_000, 5_000
"""Points that show roughly at which angle the rows of a page run, and of half a page."""
_SURE = 4.0
"""Clarity from which few points tell the angle as all do: chance alone does not come to 2 with so few."""


def _coarse(points: _Points, max_degrees: float, count: int) -> _Coarse:
    """The best angle, as at most ``count`` of the points have it."""
    few = points.some(count)
    angles = np.arange(-max_degrees, max_degrees + 1e-9, 0.2)
    sharpness = np.array([_sharpness(few, float(a)) for a in angles])
    share = len(few) / len(points)
    # taking a share of the points adds chance to every bin: of each point, twice the share left out
    sharpness = np.maximum((sharpness - 2 * (1 - share) * len(few)) / share**2, 1e-9)
    median = max(1e-9, float(np.median(sharpness)))
    best = int((sharpness * (1 - _FAR * np.abs(angles) / max(max_degrees, 1.0))).argmax())
    return _Coarse(float(angles[best]), float(sharpness[best]) / median, median)


_FAR = 0.25
"""Share by which the farthest angle must be sharper than none: the level strokes of 楷体 rise by 6°, and on a cover
of two lines they project as sharply as the lines themselves. A page that lies so askew is 1.5 times as sharp."""


def _crest(angles: NDArray[np.float64], sharpness: NDArray[np.float64]) -> float:
    """The middle of the peak: whole-pixel rows make its very top a matter of chance."""
    weight = np.clip(sharpness - 0.7 * sharpness.max(), 0, None)
    return float((angles * weight).sum() / weight.sum())


def _sharpness(points: _Points, degrees: float) -> float:
    """Sum of squared differences of neighbouring bins of the projection along rows of this slope."""
    rows = points.x * math.tan(math.radians(degrees))
    rows += points.y
    rows -= rows.min()
    rows += 0.5
    counts = np.bincount(rows.astype(np.int64)).astype(np.float64)
    return float(np.square(np.diff(counts)).sum())


@dataclass(frozen=True, slots=True)
class _Edges:
    """Slopes of the page's four sides, degrees counter-clockwise."""

    top: float
    bottom: float
    left: float
    right: float


def _keystone(ink: Pixels, rows: Slope, options: UprightOptions) -> _Edges | None:
    """The four sides' slopes when they differ clearly (a photographed page), else None (a scanned one)."""
    height, width = ink.shape
    level = tuple(_points(half) for half in (ink[: height // 2], ink[height // 2 :]))
    upright = tuple(_points(np.ascontiguousarray(half.T)) for half in (ink[:, : width // 2], ink[:, width // 2 :]))
    if _agree(level, rows.degrees, _CLEAR_HALF, options) and _agree(upright, -rows.degrees, _CLEAR_COLUMNS, options):
        return None
    top, bottom = (_sharpest(half, options.max_skew) for half in level)
    left, right = (_lean(half, rows, options) for half in upright)
    if min(left.clarity, right.clarity) < _CLEAR_COLUMNS:
        left = right = rows
    if min(top.clarity, bottom.clarity) < _CLEAR_HALF:
        top = bottom = rows
    # each half's slope stands for its middle; the sides lie twice as far apart
    spread_rows, spread_columns = bottom.degrees - top.degrees, right.degrees - left.degrees
    if max(abs(spread_rows), abs(spread_columns)) > options.max_keystone:
        return None
    lean = (left.degrees + right.degrees) / 2 - (top.degrees + bottom.degrees) / 2
    if max(abs(spread_rows), abs(spread_columns), abs(lean)) < options.min_keystone:
        return None
    return _Edges(
        top.degrees - spread_rows / 2,
        bottom.degrees + spread_rows / 2,
        left.degrees - spread_columns / 2,
        right.degrees + spread_columns / 2,
    )


def _agree(halves: tuple[_Points, ...], degrees: float, clear: float, options: UprightOptions) -> bool:
    """Whether a few points of each half show the slope of the whole page, or one half shows none: no keystone.

    Doubtful ones do not agree: they have to be looked at with all points.
    """
    slopes = [_roughly(half, degrees, options.max_skew) for half in halves]
    if any(slope.clarity < _UNCLEAR * clear for slope in slopes):
        return True
    return all(slope.clarity >= _SURE and abs(slope.degrees - degrees) < options.min_keystone / 3 for slope in slopes)


_UNCLEAR = 0.75
"""Of the clarity that counts: where few points show less, all show too little, too."""


def _roughly(points: _Points, degrees: float, max_degrees: float) -> Slope:
    """The slope of a half to 0.03°, from few points; only roughly where that is far from ``degrees``."""
    if len(points) < 200:
        return Slope(0.0, 1.0)
    few = points.some(_FEWER)
    coarse = _coarse(points, max_degrees, _FEWER)
    if abs(coarse.degrees - degrees) > 0.4:
        return Slope(coarse.degrees, coarse.clarity)
    near = degrees + 0.05 * np.arange(-10, 11, dtype=np.float64)
    return Slope(_crest(near, np.array([_sharpness(few, float(a)) for a in near])), coarse.clarity)


def _lean(points: _Points, rows: Slope, options: UprightOptions) -> Slope:
    """The lean of the columns in half a page: that of the ``rows`` unless another is clearly sharper.

    The short upright rules of a low table are as sharp at many angles.
    """
    found = _sharpest(points, options.max_skew)
    if abs(-found.degrees - rows.degrees) < options.min_keystone or not len(points):
        return Slope(-found.degrees, found.clarity)
    at_rows, at_best = (_sharpness_near(points, degrees) for degrees in (-rows.degrees, found.degrees))
    return Slope(rows.degrees if at_best < _SHARPER * at_rows else -found.degrees, found.clarity)


def _sharpness_near(points: _Points, degrees: float) -> float:
    """The greatest sharpness within 0.15° of an angle."""
    return max(_sharpness(points, degrees + 0.025 * step) for step in range(-6, 7))


_SHARPER = 1.2
"""Columns lean other than the rows where this is so many times as sharp: 0.8–1.1 on scans, 1.7–20 on photographs."""
_CLEAR_HALF = 2.5
"""Half a page must be clearer than a whole one: a cover's few words let a watermark decide."""
_CLEAR_COLUMNS = 3.0
"""Columns lean clearly only where there are vertical rules: text columns alone stay below 2."""


def _rotation(width: int, height: int, degrees: float) -> Matrix:
    """Straight pixels to skewed pixels, about the page's middle."""
    turn = np.eye(3)
    turn[:2] = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return turn


def _from_edges(width: int, height: int, edges: _Edges) -> Matrix:
    """Straight pixels to pixels of the keystoned page, from the slopes of its four sides."""
    top = _line(width / 2, 0.0, edges.top)
    bottom = _line(width / 2, float(height), edges.bottom)
    left = _line(0.0, height / 2, edges.left + 90)
    right = _line(float(width), height / 2, edges.right + 90)
    corners = [np.cross(a, b) for a, b in ((top, left), (top, right), (bottom, right), (bottom, left))]
    quad = np.array([[c[0] / c[2], c[1] / c[2]] for c in corners], dtype=np.float32)
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    return np.asarray(cv2.getPerspectiveTransform(flat, quad), dtype=np.float64)


def _line(x: float, y: float, degrees: float) -> NDArray[np.float64]:
    """The line through a point at an angle, counter-clockwise, in homogeneous coordinates (y down)."""
    along = math.radians(degrees)
    return np.cross([x, y, 1.0], [x + math.cos(along), y - math.sin(along), 1.0])


def _at_scale(matrix: Matrix, scale: float) -> Matrix:
    """The same transformation for an image ``scale`` times as large."""
    up = np.diag([scale, scale, 1.0])
    return np.asarray(up @ matrix @ np.linalg.inv(up), dtype=np.float64)


def _bends(matrix: Matrix) -> bool:
    """Whether a homography is more than a rotation."""
    return bool(abs(matrix[2, :2]).max() > 1e-9)


def _unwarped(pixels: Pixels, to_source: Matrix) -> Pixels:
    """``pixels`` resampled; ``to_source`` maps straight pixels to them. Paper is white beyond the edge."""
    size = pixels.shape[1], pixels.shape[0]
    white = (255, 255, 255) if pixels.ndim == 3 else 255
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    if _bends(to_source):
        result = cv2.warpPerspective(pixels, to_source, size, flags=flags, borderValue=white)
    else:  # the same, a fifth faster
        result = cv2.warpAffine(pixels, to_source[:2], size, flags=flags, borderValue=white)
    return np.asarray(result, dtype=np.uint8)


def _warped(image: PageImage, to_source: Matrix, skew: float) -> PageImage:
    """The page resampled; ``to_source`` maps straight pixels to its pixels."""
    in_points = _at_scale(to_source, 72 / image.dpi)
    return replace(
        image,
        pixels=_unwarped(image.pixels, to_source),
        to_page=np.asarray(image.to_page @ in_points, dtype=np.float64),
        skew_degrees=round(skew, 3),
    )


# --- bows -------------------------------------------------------------------------------------------------


def _may_bow(ink: Pixels, options: BowOptions) -> bool:
    """Whether lines of a page, straightened or not, seem to bow: cheap, and sure only in saying no."""
    return any(_is_bowed(traced(lines), lines, options) for lines in (ink, posts(ink, _POST)))


_POST = 25
"""Shortest upright rule that is traced, pixels of the work copy: longer than strokes of type."""


def _is_bowed(surface: Surface | None, lines: Pixels, options: BowOptions) -> bool:
    bow = 0.0 if surface is None else surface.bow * lines.shape[0] * 72 / _WORK_DPI
    return options.min_bow <= bow <= options.max_bow


def _flattening(grey: Pixels, to_source: Matrix | None, options: BowOptions) -> Bow | None:
    """The bow of the straightened page, where its lines are clearly sharper without it, else None."""
    straight = grey if to_source is None else _unwarped(grey, to_source)
    bow, flat = Bow(), straight
    for _ in range(2):  # strips along slopes are blurred: the second look is sharper
        ink = _ink(flat)
        if flat is straight and not _may_bow(ink, options):
            return None  # what looked bowed lay askew
        rows, columns = traced(ink), traced(posts(ink, _POST))
        bow = Bow((*bow.rows, *_known(rows)), (*bow.columns, *_known(columns)))
        flat = flattened(straight, bow)
    level, upright = Bow(rows=bow.rows), Bow(columns=bow.columns)
    rows_bow = _counts(straight, level, level.rows, upright=False, options=options)
    columns_bow = _counts(straight, upright, upright.columns, upright=True, options=options)
    if not rows_bow and not columns_bow:
        return None
    return Bow(bow.rows if rows_bow else (), bow.columns if columns_bow else ())


def _known(surface: Surface | None) -> tuple[Surface, ...]:
    return () if surface is None else (surface,)


def _counts(straight: Pixels, bow: Bow, surfaces: tuple[Surface, ...], upright: bool, options: BowOptions) -> bool:
    """Whether the first of the ``surfaces`` bows as far as a page may, and taking all out sharpens the projection."""
    lines = np.ascontiguousarray(straight.T) if upright else straight
    if not surfaces or not _is_bowed(surfaces[0], lines, options):
        return False
    before, after = (_lines_sharpness(picture, upright) for picture in (straight, flattened(straight, bow)))
    return after >= options.min_gain * before


def _lines_sharpness(grey: Pixels, upright: bool) -> float:
    """How sharply the level lines (the ``upright`` rules) of a page project where they should be straight."""
    ink = _ink(grey)
    points = _points(posts(ink, _POST) if upright else ink)
    return _sharpness_near(points, 0.0) if len(points) else 0.0


def _laid_flat(image: PageImage, to_source: Matrix | None, bow: Bow, skew: float) -> PageImage:
    """The page resampled once, bow and all; ``to_source`` as in ``_warped``."""
    matrix = np.eye(3) if to_source is None else to_source
    return replace(
        image,
        pixels=flattened(image.pixels, bow, to_source),
        to_page=np.asarray(image.to_page @ _at_scale(matrix, 72 / image.dpi), dtype=np.float64),
        skew_degrees=round(skew, 3),
        bow=bow,
    )


# --- quarter turns ----------------------------------------------------------------------------------------


def turned(image: PageImage, quarters: int) -> PageImage:
    """The page turned clockwise by ``quarters`` × 90°, before it is straightened; by 180° after that, too."""
    quarters %= 4
    if quarters == 0:
        return image
    width, height = (image.height, image.width) if quarters % 2 else (image.width, image.height)
    return replace(
        image,
        pixels=np.ascontiguousarray(np.rot90(image.pixels, -quarters)),
        width=width,
        height=height,
        rotation=(image.rotation + 90 * quarters) % 360,
        bow=image.bow.upside_down() if image.bow is not None and quarters == 2 else image.bow,
    )


def is_sideways(image: PageImage, grey: Pixels | None = None) -> bool:
    """Whether the text seems to run up or down the page: glyphs stand nearest to their neighbours in a line.

    Cheap and rough; a True is to be confirmed by reading (``best_turn``). ``grey`` as in ``straighten``.
    """
    centres, sizes = _glyphs(work_copy(image) if grey is None else grey)
    if len(centres) < 30:
        return False
    across, down = _nearest(centres, sizes)
    return down > across


def _glyphs(grey: Pixels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres (n, 2) and sizes (n,) of character-like components."""
    _, _, stats, centres = cv2.connectedComponentsWithStats(_ink(grey), connectivity=8)
    width, height = stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT]
    size = np.maximum(width, height)
    wanted = (size >= 6) & (size <= 40) & (np.minimum(width, height) >= 2)
    order = np.flatnonzero(wanted)[:4000]
    return centres[1:][order], size[order].astype(np.float64)


def _nearest(centres: NDArray[np.float64], sizes: NDArray[np.float64]) -> tuple[int, int]:
    """How many glyphs have their nearest neighbour beside them, and how many above or below."""
    asked = np.arange(0, len(centres), max(1, len(centres) // 600))
    across = np.abs(centres[asked, :1] - centres[:, 0])
    down = np.abs(centres[asked, 1:] - centres[:, 1])
    apart = np.maximum(across, down)
    each = np.arange(len(asked))
    apart[each, asked] = np.inf
    nearest = apart.argmin(axis=1)
    near = apart[each, nearest] <= 2.5 * sizes[asked]
    x, y = across[each, nearest][near], down[each, nearest][near]
    return int((x > 2 * y).sum()), int((y > 2 * x).sum())


def best_turn(image: PageImage, engine: Engine, quarters: tuple[int, ...] = (0, 1, 2, 3), sample: int = 8) -> int:
    """The clockwise quarter turn after which the page reads best, by reading its widest text regions."""
    scores = {k: reading_quality(engine, turned(image, k), sample) for k in quarters}
    return max(scores, key=lambda k: (scores[k], -k))


def reading_quality(engine: Engine, image: PageImage, sample: int = 8) -> float:
    """Confidence times length of the widest level regions' text: high only when the page stands upright."""
    level = [r for r in engine.find(image) if not r.corners and r.box.width > 2 * r.box.height]
    widest: tuple[Region, ...] = tuple(sorted(level, key=lambda r: -r.box.width)[:sample])
    return sum(line.confidence**2 * len(line.text) for line in engine.read(image, widest))


def reads_badly(lines: tuple[TextLine, ...], confidence: float = 0.85) -> bool:
    """Whether a page's lines are so doubtful that it may stand on its head."""
    characters = sum(len(line.text) for line in lines)
    if characters < 20:
        return False
    return sum(line.confidence * len(line.text) for line in lines) / characters < confidence
