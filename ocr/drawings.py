"""Ruling lines of a born-digital page, from its vector drawings.

A table's border comes in many dresses: stroked lines, stroked rectangles, filled rectangles half a point
thin, one piece for each cell with a little square at every corner, full-width lines clipped to a cell. All
of them become ``Ruling`` values, clipped to what shows, joined where they touch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from document.geometry import Box
from ocr.glyphs import Affine
from ocr.types import Ruling, Rulings

MAX_SEGMENTS = 100_000
"""Most segments taken from one page; a dense table drawn cell by cell has about 3,000."""

THIN = 3.0
"""A filled rectangle narrower than this (points) is a line; 1.5 pt is the thickest border Excel prints."""

ALIGNED = 0.6
"""Pieces whose positions differ by less (points) belong to one line."""

TOUCHING = 1.2
"""Pieces with a smaller gap (points) belong to one line; the dots of a leader stand wider apart."""

SHORTEST = 2.5
"""A line shorter than this (points) after joining is a dot or a corner, not a rule; so is one that is not
twice as long as it is thick. Empty rows of 4 points do get printed."""


@dataclass(frozen=True, slots=True)
class Fill:
    """A filled area: shading, or white paint over what was drawn before."""

    box: Box
    white: bool
    serial: int
    """Number of the drawing operation, counted as for glyphs."""


@dataclass(frozen=True, slots=True)
class Drawings:
    """What the vector graphics of a page amount to for reading it."""

    rulings: Rulings
    fills: tuple[Fill, ...]
    seams: tuple[tuple[float, float], ...] = ()
    """Points (x, y) on level rules where one drawn piece ends and the next begins: a cell boundary of the
    program that drew them, even where no upright rule shows it."""


@dataclass(frozen=True, slots=True)
class _Segment:
    """A straight piece of line as a thin box."""

    box: Box
    thickness: float


def read_drawings(paths: Sequence[dict[str, Any]], matrix: Affine, page: Box) -> Drawings:
    """Rulings and fills of the paths of ``Page.get_drawings(extended=True)``.

    ``matrix`` maps the paths' coordinates to the upright ``page``; everything is cut to the page and to the
    clip that was in force.
    """
    segments: list[_Segment] = []
    fills: list[Fill] = []
    clips: list[tuple[int, Box]] = []
    for path in paths:
        level = int(path.get("level") or 0)
        while clips and clips[-1][0] >= level:
            clips.pop()
        if path["type"] == "clip":
            clips.append((level, _moved_box(path["scissor"], matrix) or Box(0, 0, 0, 0)))
        if path["type"] not in ("f", "s", "fs"):
            continue
        limits = (page, *(box for _, box in clips))
        if len(segments) < MAX_SEGMENTS:
            segments += [s for s in (_clipped(s, limits) for s in _segments(path, matrix)) if s]
            fills += _fills(path, matrix, limits)
    rows = _collinear(segments, True)
    rulings = Rulings(
        tuple(r for line in rows for r in _chain(line)),
        tuple(r for line in _collinear(segments, False) for r in _chain(line)),
    )
    return Drawings(rulings, tuple(fills), tuple(s for line in rows for s in _seams(line)))


def _moved_box(rect: Any, matrix: Affine) -> Box | None:
    """The upright box of a rectangle (x0, y0, x1, y1) after the map; None when it is not finite."""
    x0, y0, x1, y1 = (float(v) for v in tuple(rect)[:4])
    if not all(map(math.isfinite, (x0, y0, x1, y1))):
        return None
    (ax, ay), (bx, by) = _moved(x0, y0, matrix), _moved(x1, y1, matrix)
    return Box(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))


def _moved(x: float, y: float, matrix: Affine) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _clipped(segment: _Segment, limits: Iterable[Box]) -> _Segment | None:
    """The part of the segment that shows, or None; half a point beside the clip still counts as inside."""
    box: Box | None = segment.box
    for limit in limits:
        box = box.intersection(limit.grown(0.5)) if box else None
    return _Segment(box, segment.thickness) if box else None


def _segments(path: dict[str, Any], matrix: Affine) -> list[_Segment]:
    """The straight level or upright pieces of one path."""
    stroked = path["type"] in ("s", "fs") and _shows(path.get("color"), path.get("stroke_opacity"))
    filled = path["type"] in ("f", "fs") and _shows(path.get("fill"), path.get("fill_opacity"))
    width = float(path.get("width") or 0.0) if stroked else 0.0
    found: list[_Segment] = []
    for item in path["items"][:MAX_SEGMENTS]:
        if item[0] == "l" and stroked:
            found += _line_segment(item[1], item[2], width, matrix)
        elif item[0] in ("re", "qu"):
            box = _moved_box(item[1].rect if item[0] == "qu" else item[1], matrix)
            if box is None or (item[0] == "qu" and not item[1].is_rectangular):
                continue
            if filled and min(box.width, box.height) < THIN:
                found.append(_Segment(box, min(box.width, box.height)))
            elif stroked:
                found += [_Segment(side, width) for side in _sides(box)]
    if filled and all(item[0] == "l" for item in path["items"]):
        found += _polygon(path, matrix)
    return found


def _polygon(path: dict[str, Any], matrix: Affine) -> list[_Segment]:
    """A filled outline of lines that is thin: a border drawn as a polygon."""
    box = _moved_box(path["rect"], matrix)
    if box is None or len(path["items"]) > 12:
        return []
    thin = min(box.width, box.height)
    return [_Segment(box, thin)] if thin < THIN and (thin > 0 or len(path["items"]) > 2) else []


def _line_segment(start: Any, end: Any, width: float, matrix: Affine) -> list[_Segment]:
    """A stroked line as a segment when it is level or upright within half a degree, else nothing."""
    (ax, ay), (bx, by) = _moved(start[0], start[1], matrix), _moved(end[0], end[1], matrix)
    if not all(map(math.isfinite, (ax, ay, bx, by))):
        return []
    across, along = sorted((abs(ax - bx), abs(ay - by)))
    if across > max(0.3, 0.009 * along):
        return []
    return [_Segment(Box(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)), width)]


def _sides(box: Box) -> tuple[Box, Box, Box, Box]:
    """The four edges of a box."""
    return (
        Box(box.left, box.top, box.right, box.top),
        Box(box.left, box.bottom, box.right, box.bottom),
        Box(box.left, box.top, box.left, box.bottom),
        Box(box.right, box.top, box.right, box.bottom),
    )


def _shows(colour: Any, opacity: Any) -> bool:
    """Whether ink of this colour shows on white paper."""
    return colour is not None and not _is_white(colour) and (1.0 if opacity is None else float(opacity)) > 0.05


def _is_white(colour: Any) -> bool:
    return colour is not None and min(colour, default=0.0) > 0.93


def _fills(path: dict[str, Any], matrix: Affine, limits: Sequence[Box]) -> list[Fill]:
    """The filled areas of a path larger than a line."""
    opacity = path.get("fill_opacity")
    if path["type"] == "s" or path.get("fill") is None or (opacity is not None and float(opacity) < 0.95):
        return []
    found = []
    for item in path["items"][:100]:
        box = _moved_box(item[1], matrix) if item[0] == "re" else None
        for limit in limits:
            box = box.intersection(limit) if box else None
        if box and min(box.width, box.height) >= THIN:
            found.append(Fill(box, _is_white(path["fill"]), int(path.get("seqno") or 0)))
    return found


def _collinear(segments: Iterable[_Segment], level: bool) -> list[list[Ruling]]:
    """The level (or upright) segments as rulings, those of one position together; sorted by position."""
    pieces = sorted(
        (_ruling(s, level) for s in segments if (s.box.height if level else s.box.width) < THIN),
        key=lambda r: (r.position, r.start),
    )
    lines: list[list[Ruling]] = []
    for piece in pieces:
        if lines and piece.position - lines[-1][-1].position < ALIGNED:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return lines


def _seams(pieces: Sequence[Ruling]) -> list[tuple[float, float]]:
    """Where a long piece of a level line meets the next one end to end."""
    ordered = sorted((p for p in pieces if p.end - p.start > 2 * THIN), key=lambda r: r.start)
    return [
        ((before.end + after.start) / 2, before.position)
        for before, after in pairwise(ordered)
        if abs(after.start - before.end) <= TOUCHING
    ]


def _ruling(segment: _Segment, level: bool) -> Ruling:
    box = segment.box
    if level:
        return Ruling((box.top + box.bottom) / 2, box.left, box.right, segment.thickness)
    return Ruling((box.left + box.right) / 2, box.top, box.bottom, segment.thickness)


def _chain(pieces: Sequence[Ruling]) -> list[Ruling]:
    """Pieces at about one position, joined where they touch; what stays shorter than a rule is dropped."""
    ordered = sorted(pieces, key=lambda r: r.start)
    groups: list[list[Ruling]] = [[ordered[0]]]
    reach = ordered[0].end
    for piece in ordered[1:]:
        if piece.start - reach <= TOUCHING:
            groups[-1].append(piece)
        else:
            groups.append([piece])
        reach = max(reach, piece.end) if groups[-1][0] is not piece else piece.end
    whole = [_merged(g) for g in groups]
    return [r for r in whole if r.end - r.start >= max(SHORTEST, 2.2 * r.thickness)]


def _merged(group: Sequence[Ruling]) -> Ruling:
    """One ruling for touching pieces; its position is the mean, weighted by length."""
    weight = [max(r.end - r.start, 0.01) for r in group]
    position = sum(r.position * w for r, w in zip(group, weight, strict=True)) / sum(weight)
    thickness = sum(r.thickness * w for r, w in zip(group, weight, strict=True)) / sum(weight)
    return Ruling(position, min(r.start for r in group), max(r.end for r in group), thickness)
