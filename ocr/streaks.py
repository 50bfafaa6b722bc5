"""Streaks of a scanner (扫描仪污线): a speck on the glass draws a line over the sheet from edge to edge.

No printer rules a sheet from edge to edge, so such a line is none of the page's. Left in, it passes for a rule and cuts
a table's column in two. It lies along the pixels of the scan as it came, so it is looked for before the page is
straightened, in both directions, since sheets are turned afterwards.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.types import PageImage, Pixels

Floats = NDArray[np.float32]

_WIDE = 0.5
"""Millimetres; what is wider is no streak of a speck but a shadow or an edge."""
_EVERY = 4
"""Every fourth line of pixels across a streak is looked at: it crosses them all."""
_PARTS = 24
"""Parts of a sheet, each of which must show the streak."""
_DARKER = 10.0
"""Levels (0-255), in the mean over a part, by which a streak is darker than what lies beside it."""
_MISSED = 2
"""Parts that may hide it, under a dark ground or a picture."""
_HALO = 8
"""Pixels on both sides that JPEG makes lighter beside a streak: its blocks are as wide."""
_EVEN = 20.0
"""Levels (0-255) by which a row beside a streak may differ from a line through it and hold no strokes."""
_END_PIXELS = 4
"""Pixels at both ends of the sheet in which it must show as well: rules end before the paper does."""
_MARGIN = 5.0
"""Millimetres at both ends that must be blank else: a picture cut out of a table has rules that reach its edges."""
_INKED = 0.05
"""Share of a margin's columns that may be dark, at the sheet's corners."""
_RUN = 9
"""Pixels over which a margin is smoothed along its rows: rules and letters remain, specks and streaks do not."""
_MOST = 6
"""Streaks on one sheet; more of them are a pattern that was printed."""


def without_streaks(image: PageImage) -> PageImage:
    """The page without the thin lines that run from edge to edge of its pixels; the same value where there are none.

    For a page as it was scanned: neither turned by an angle nor straightened.
    """
    grey = image.grey
    width = max(3, round(_WIDE * image.dpi / 25.4))
    margin = max(_END_PIXELS, round(_MARGIN * image.dpi / 25.4))
    upright, level = _streaks(grey, width, margin), _streaks(grey.T, width, margin)
    if not upright and not level:
        return image
    pixels = _filled(image.pixels, upright)
    pixels = np.ascontiguousarray(np.swapaxes(_filled(np.swapaxes(pixels, 0, 1), level), 0, 1))
    return replace(image, pixels=pixels)


def _streaks(grey: Pixels, width: int, margin: int) -> tuple[tuple[int, int], ...]:
    """First and last column of each streak down ``grey`` (height, width), at most ``width`` pixels wide.

    The uppermost and lowermost ``margin`` rows must be blank but for the streaks.
    """
    inside = _paper_rows(grey)
    sheet = grey[inside]
    if min(sheet.shape, default=0) < _PARTS * _EVERY:
        return ()
    parts = _darkening(np.ascontiguousarray(sheet[::_EVERY]), width)
    shown = parts > _DARKER + np.median(parts, axis=1, keepdims=True)
    columns = shown.sum(axis=0) >= _PARTS - _MISSED
    if not columns.any():
        return ()
    if not (_is_blank(sheet[:margin]) and _is_blank(sheet[-margin:])):
        return ()
    for end in (sheet[:_END_PIXELS], sheet[-_END_PIXELS:]):
        dark = _darkening(np.ascontiguousarray(end), width, 1)[0]
        columns &= dark > _DARKER + float(np.median(dark))
    found = tuple(run for run in _runs(columns) if run[1] - run[0] < width)
    return found if len(found) <= _MOST else ()


def _is_blank(margin: Pixels) -> bool:
    """Whether nothing is printed on these rows, up to what lies in a corner."""
    lightness = cv2.blur(np.ascontiguousarray(margin), (_RUN, 1)).min(axis=0)
    return float((lightness < 0.6 * np.percentile(lightness, 90)).mean()) <= _INKED


def _paper_rows(grey: Pixels) -> slice:
    """The rows between the dark edges that a scanner leaves above and below the sheet."""
    lightness = grey[:, ::_EVERY].mean(axis=1) if grey.size else np.zeros(0)
    paper = np.flatnonzero(lightness >= 0.6 * np.percentile(lightness, 90)) if lightness.size else lightness
    return slice(int(paper[0]), int(paper[-1]) + 1) if len(paper) else slice(0, 0)


def _darkening(grey: Pixels, width: int, parts: int = _PARTS) -> NDArray[np.float64]:
    """By how much each column is darker than what lies beside it within ``width`` pixels, ``(parts, width)``, means."""
    kernel = np.ones((1, 2 * (width // 2) + 3), np.uint8)
    hollow = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, kernel)
    return np.array([part.mean(axis=0) for part in np.array_split(hollow, parts)])


def _runs(columns: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of each run of set values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], columns.view(np.int8), [0]))))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _filled(pixels: Pixels, streaks: tuple[tuple[int, int], ...]) -> Pixels:
    """``pixels`` (height, width[, 3]) with each streak and a pixel beside it drawn over from left to right.

    Where nothing but paper or a level rule crosses it, its halo goes too: a column edge that is never printed shows
    by rules a fortieth lighter (``ocr.seams``), and a halo would pass for one.
    """
    if not streaks:
        return pixels
    filled = np.array(pixels)
    for first, last in streaks:
        outer = slice(max(0, first - _HALO), min(pixels.shape[1], last + 1 + _HALO))
        inner = slice(max(outer.start, first - 2), min(outer.stop, last + 3))
        strip = filled[:, outer].astype(np.float32)
        even = _drawn_over(strip, 3)
        beside = np.ones(strip.shape[1], dtype=np.bool_)
        beside[inner.start - outer.start : inner.stop - outer.start] = False
        apart = np.abs(strip - even)[:, beside].reshape(len(strip), -1).max(axis=1, initial=0.0)
        filled[:, inner] = np.rint(_drawn_over(filled[:, inner].astype(np.float32), 1))
        filled[apart <= _EVEN, outer] = np.rint(even[apart <= _EVEN])
    return filled


def _drawn_over(strip: Floats, ends: int) -> Floats:
    """Each row of the strip as a line from the mean of its first ``ends`` pixels to that of its last."""
    shape = (1, -1, *[1] * (strip.ndim - 2))
    share = np.linspace(0, 1, strip.shape[1], dtype=np.float32).reshape(shape)
    a, b = strip[:, :ends].mean(axis=1, keepdims=True), strip[:, -ends:].mean(axis=1, keepdims=True)
    return np.asarray(a * (1 - share) + b * share)
