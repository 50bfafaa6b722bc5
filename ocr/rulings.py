"""Ruling lines (表格线) from the pixels of one straightened page.

What was judged first, on seven scanned tables at 150–300 dpi (one thread, watermarks still on):

- OpenCV's ``FastLineDetector`` (0.03–0.22 s a page) and ``LSD`` (0.10–0.21 s) give both *edges* of every rule
  and of every stroke of the text, in hundreds to thousands of fragments; putting them together again is the
  work done here, and on most pages either alone costs more than all of this module (0.03–0.07 s).
- ``img2table`` 2.0 (0.12–1.15 s) is right on five, gives a column too many on a poor scan and nothing on a fax.
- PyMuPDF 2's table finder (0.1–0.4 s) needs vector drawings: nothing in scans, and of the drawings of a
  born-digital document it lost two small tables, low blank rows, and two of seventeen columns.

So rules are taken as what they are: long, thin, dark. The black-hat transform *across* the rule keeps what is
thinner than a rule may be (so shaded cells, photographs and thick watermark strokes give nothing), a window
*along* the rule must be dark nearly throughout (so text and slanted strokes give nothing), and what is left
is put together into straight lines that may slope a little. Then the two directions judge each other: a
short rule runs *from* one rule *to* another; it does not run over one and end behind it, and has the ink of
the long rules.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from document.geometry import Box
from ocr.dotted import drawn_through
from ocr.spans import covered, merged
from ocr.strokes import Bools, Floats, RulingOptions, find_strokes, thin_strokes
from ocr.types import PageImage, Pixels, Ruling, Rulings

__all__ = ["RulingOptions", "find_rulings"]

DEFAULT = RulingOptions()


def find_rulings(image: PageImage, grounds: tuple[Box, ...] = (), options: RulingOptions = DEFAULT) -> Rulings:
    """The horizontal and vertical ruling lines of ``image``, in straight points.

    The page must be straight to about half a degree; what slope is left is reported with each rule. ``grounds`` are
    the dark ones that were taken off it (``ocr.grounds``): rules on them look unlike the others. A rule
    broken by gaps of up to ``options.bridge`` is one rule; a longer gap leaves two, which lie in one line.
    """
    grey, unit = _working_grey(image, options)
    level = thin_strokes(grey, unit, options)
    upright = thin_strokes(np.asarray(cv2.transpose(grey), dtype=np.uint8), unit, options)
    strokes = Rulings(find_strokes(level, unit, options), find_strokes(upright, unit, options))
    if not image.bilevel:  # there a shade is made of dots, in rows as even as those of a dotted rule
        level, upright, strokes = _with_dotted(level, upright, strokes, unit, options)
    long = Rulings(
        *(
            tuple(r for r in rules if r.length >= options.free_length)
            for rules in (strokes.horizontal, strokes.vertical)
        )
    )
    rulings = _supported(_cut_back(strokes, long, level, upright, unit, options), options)
    rulings = _cut_back(rulings, rulings, level, upright, unit, options)  # the rule under a narrow head is short
    rulings = Rulings(
        _without_type(rulings.horizontal, level, unit, options),
        _without_type(rulings.vertical, upright, unit, options),
    )
    rulings = Rulings(
        _without_loose(rulings.horizontal, rulings.vertical, level, unit, grounds, options),
        _without_loose(rulings.vertical, rulings.horizontal, upright, unit, tuple(map(_turned, grounds)), options),
    )
    return Rulings(
        _completed(rulings.horizontal, rulings.vertical, level, unit, options),
        _completed(rulings.vertical, rulings.horizontal, upright, unit, options),
    )


def _with_dotted(
    level: Pixels, upright: Pixels, strokes: Rulings, unit: float, options: RulingOptions
) -> tuple[Pixels, Pixels, Rulings]:
    """The thin strokes and the rules they make, those that are dotted drawn through."""
    long = tuple(
        tuple(r for r in rules if r.length >= options.free_length) for rules in (strokes.horizontal, strokes.vertical)
    )
    drawn = drawn_through(level, upright, (long[0], long[1]), unit)
    if drawn[0] is level and drawn[1] is upright:
        return level, upright, strokes
    return *drawn, Rulings(find_strokes(drawn[0], unit, options), find_strokes(drawn[1], unit, options))


def _working_grey(image: PageImage, options: RulingOptions) -> tuple[Pixels, float]:
    """The page's lightness at no more than the working resolution, and its pixels a point."""
    grey = image.grey
    if image.dpi <= options.working_dpi * 1.1:
        return grey, image.dpi / 72
    scale = options.working_dpi / image.dpi
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8), options.working_dpi / 72


# -- strokes that are no rules ---------------------------------------------------------------------------


def _supported(rulings: Rulings, options: RulingOptions) -> Rulings:
    """Without the strokes of characters: short lines that neither run from rule to rule nor continue one."""
    across = tuple(r for r in rulings.horizontal if r.length >= options.free_length)
    down = tuple(r for r in rulings.vertical if r.length >= options.free_length)
    for _ in range(3):  # a short rule may end at, or continue, another short one
        across, down = (
            _kept(rulings.horizontal, across, down, options),
            _kept(rulings.vertical, down, across, options),
        )
    return Rulings(across, down)


def _kept(
    rules: tuple[Ruling, ...], sure: tuple[Ruling, ...], posts: tuple[Ruling, ...], options: RulingOptions
) -> tuple[Ruling, ...]:
    """The ``rules`` that are long, or end at ``posts`` (across) on both sides, or continue ``sure`` ones.

    Where a table is open at its sides, its long rules' ends are the post.
    """
    if not rules:
        return ()
    lines = _as_array(rules)
    starts = _held(_level(lines, lines[:, 1]), lines[:, 1], posts, options) | _begins_with(lines, sure, 1, options)
    ends = _held(_level(lines, lines[:, 2]), lines[:, 2], posts, options) | _begins_with(lines, sure, 2, options)
    keep = (lines[:, 2] - lines[:, 1] >= options.free_length) | (starts & ends)
    keep |= (starts | ends) & _continues(lines, sure, options)
    return tuple(r for r, k in zip(rules, keep.tolist(), strict=True) if k)


def _as_array(rules: tuple[Ruling, ...]) -> Floats:
    """One row a rule: position, start, end, slope, thickness."""
    rows = [(r.position, r.start, r.end, r.slope, r.thickness) for r in rules]
    return np.array(rows, dtype=np.float64).reshape(-1, 5)


def _level(lines: Floats, along: Floats) -> Floats:
    """The position of each line at the place ``along`` it."""
    return np.asarray(lines[:, 0] + lines[:, 3] * (along - (lines[:, 1] + lines[:, 2]) / 2))


def _held(level: Floats, along: Floats, posts: tuple[Ruling, ...], options: RulingOptions) -> Bools:
    """Whether a rule of ``posts`` passes within reach of each point (``along``, ``level``)."""
    if not posts:
        return np.zeros(len(level), dtype=np.bool_)
    position, start, end, slope, thickness = _as_array(posts).T
    at, here = level[:, None], along[:, None]
    reaches = (start - options.reach <= at) & (at <= end + options.reach)
    off = np.abs(position + slope * (at - (start + end) / 2) - here)
    near = off <= options.reach + thickness / 2
    return np.asarray((reaches & near).any(axis=1))


def _begins_with(lines: Floats, sure: tuple[Ruling, ...], end: int, options: RulingOptions) -> Bools:
    """Whether long rules above and below each line start where it starts (``end`` 1), or end where it ends (2)."""
    others = _as_array(sure)
    others = others[others[:, 2] - others[:, 1] >= options.free_length]
    near = np.abs(others[None, :, end] - lines[:, None, end]) <= options.reach
    above = others[None, :, 0] < lines[:, None, 0] - options.alignment
    below = others[None, :, 0] > lines[:, None, 0] + options.alignment
    return np.asarray((near & above).any(axis=1) & (near & below).any(axis=1))


def _continues(lines: Floats, sure: tuple[Ruling, ...], options: RulingOptions) -> Bools:
    """Whether each line lies in one line with a rule of ``sure``."""
    if not sure:
        return np.zeros(len(lines), dtype=np.bool_)
    position, start, end, slope, _ = _as_array(sure).T
    middle = ((lines[:, 1] + lines[:, 2]) / 2)[:, None]
    off = np.abs(position + slope * (middle - (start + end) / 2) - lines[:, :1])
    return np.asarray((off <= options.alignment).any(axis=1))


# -- strokes of characters in line with a rule ------------------------------------------------------------


def _cut_back(
    rulings: Rulings, posts: Rulings, level: Pixels, upright: Pixels, unit: float, options: RulingOptions
) -> Rulings:
    """Both directions trimmed to ``posts`` (:func:`_trimmed`)."""
    return Rulings(
        _trimmed(rulings.horizontal, posts.vertical, level, unit, options),
        _trimmed(rulings.vertical, posts.horizontal, upright, unit, options),
    )


def _trimmed(
    rules: tuple[Ruling, ...], posts: tuple[Ruling, ...], thin: Pixels, unit: float, options: RulingOptions
) -> tuple[Ruling, ...]:
    """The rules, cut back to the last of ``posts`` where they end in the air behind a blank: that is a character.

    Centred text often has a stroke in line with a rule that ends at the cell's border.
    """
    if not rules or not posts:
        return rules
    lines = _as_array(rules)
    start = _cut_end(lines, posts, thin, unit, -1, options)
    end = _cut_end(lines, posts, thin, unit, 1, options)
    end = np.maximum(end, start)
    positions = _level(lines, (start + end) / 2)
    slope = float(np.median(lines[:, 3]))  # a rule that was cut had a wrong one
    return tuple(
        Ruling(p, a, b, rule.thickness, rule.slope if b - a == rule.length else slope)
        for rule, p, a, b in zip(rules, positions.tolist(), start.tolist(), end.tolist(), strict=True)
        if b > a
    )


def _cut_end(
    lines: Floats, posts: tuple[Ruling, ...], thin: Pixels, unit: float, side: int, options: RulingOptions
) -> Floats:
    """Where each line starts (``side`` -1) or ends (1) after trimming."""
    where = lines[:, 1 if side < 0 else 2]
    last, thickness = _last_post(lines, posts, side)
    tail = np.abs(np.nan_to_num(last, nan=np.inf) - where)
    first = thickness / 2 + 0.3
    behind = _ink_behind(lines, np.nan_to_num(last), first, 3.3, thin, unit, side)
    tight = options.model_copy(update={"reach": options.reach / 2})
    hangs = ~_held(_level(lines, where), where, posts, tight)
    cut = hangs & _has_gap(behind) & (tail <= options.sure_length)
    cut &= ~_ends_together(lines, cut, side, options)
    for n in np.flatnonzero(cut & (tail > options.stroke)).tolist():  # strokes of several characters: none is long
        ink = _ink_behind(lines[n : n + 1], last[n : n + 1], first[n : n + 1], tail[n], thin, unit, side)
        cut[n] = not _has_run(ink[0], round(options.stroke / _STEP))
    return np.where(cut, last, where)


def _has_run(ink: Floats, steps: int) -> bool:
    """Whether more than ``steps`` in a row have no gap: two blank ones side by side."""
    blank = ink < _BLANK
    gaps = np.flatnonzero(blank[:-1] & blank[1:])
    return bool(np.diff(np.concatenate([[0], gaps, [len(ink)]])).max() > steps)


def _ends_together(lines: Floats, doubted: Bools, side: int, options: RulingOptions) -> Bools:
    """Whether a long line that is not ``doubted`` ends where each line does: the open side of a table."""
    ends = lines[:, 1 if side < 0 else 2]
    sure = ends[~doubted & (lines[:, 2] - lines[:, 1] >= options.free_length)]
    return np.asarray((np.abs(ends[:, None] - sure[None, :]) <= options.reach).any(axis=1))


def _ink_behind(
    lines: Floats, where: Floats, first: Floats | float, last: float, thin: Pixels, unit: float, side: int
) -> Floats:
    """(lines, steps): the ink in line with each, as a share of its own, ``first`` to ``last`` points behind a place."""
    from_here = np.broadcast_to(np.asarray(first, dtype=np.float64), where.shape)[:, None]
    along = where[:, None] + side * (from_here + np.arange(0.0, last, _STEP)[None, :])
    level = lines[:, :1] + lines[:, 3:4] * (along - (lines[:, 1:2] + lines[:, 2:3]) / 2)
    own = np.maximum(_darkness(lines, thin, unit), 1.0)[:, None]
    return np.asarray(_ink_at(thin, along * unit, level * unit) / own)


def _has_gap(ink: Floats) -> Bools:
    """Whether two steps side by side are blank: more than noise takes out of a rule."""
    blank = ink < _BLANK
    return np.asarray((blank[:, :-1] & blank[:, 1:]).any(axis=1))


_STEP = 0.3
"""From one place to the next where ink in line with a rule is looked at, points."""
_BLANK = 0.45
"""A place with less ink than this is blank, as a share of the rule's own."""


def _last_post(lines: Floats, posts: tuple[Ruling, ...], side: int) -> tuple[Floats, Floats]:
    """The place and thickness of the post that each line crosses last on one side; NaN where it crosses none."""
    position, start, end, _, thickness = _as_array(posts).T
    crosses = (lines[:, 1:2] < position) & (position < lines[:, 2:3])
    crosses &= (start - 1 < lines[:, :1]) & (lines[:, :1] < end + 1)
    reach = np.where(crosses, side * position[None, :], -np.inf)
    best = reach.argmax(axis=1)
    found = crosses.any(axis=1)
    return np.where(found, position[best], np.nan), thickness[best]


# -- lines of type -------------------------------------------------------------------------------------------


def _without_type(rules: tuple[Ruling, ...], thin: Pixels, unit: float, options: RulingOptions) -> tuple[Ruling, ...]:
    """Without short rules that are as dark above and below: strokes in one line, in a line of type."""
    return tuple(r for r in rules if r.length >= options.sure_length or not _is_type(r, thin, unit))


def _is_type(rule: Ruling, thin: Pixels, unit: float) -> bool:
    """Whether a rule has nearly as much ink on both sides of it as in itself."""
    low, high = np.array([rule.start]), np.array([rule.end])
    return bool((_beside(rule, low, high, thin, unit) > _TYPE * _dark_share(rule, low, high, thin, unit)).all())


# -- strokes that run over a rule ------------------------------------------------------------------------


def _turned(box: Box) -> Box:
    """The box with x and y exchanged."""
    return Box(box.top, box.left, box.bottom, box.right)


def _without_loose(
    rules: tuple[Ruling, ...],
    posts: tuple[Ruling, ...],
    thin: Pixels,
    unit: float,
    grounds: tuple[Box, ...],
    options: RulingOptions,
) -> tuple[Ruling, ...]:
    """Without strokes that run over a rule across and end behind it, or look unlike the long rules.

    What is left of a watermark does so. Long rules, and what lies in line with one, are not judged; nor is the look
    of what lies on dark ``grounds``.
    """
    if not rules:
        return ()
    lines = _as_array(rules)
    long = lines[:, 2] - lines[:, 1] >= options.sure_length
    safe = long | _continues(lines, tuple(r for r, k in zip(rules, long, strict=True) if k), options)
    ends = [_end(lines, posts, thin, unit, side, options) for side in (-1, 1)]
    crossed = _crossed(lines, posts, options)
    adrift = crossed & ~ends[0].held & ~ends[1].held
    # over several rows and from rule to rule no stroke of a watermark runs, however the print looks there
    firm = crossed & ends[0].held & ends[1].held & ~ends[0].runs_on & ~ends[1].runs_on
    unlike = _unlike(lines, thin, unit, options) & ~firm & ~_lies_on(lines, grounds)
    kept = np.ones(len(rules), dtype=np.bool_)
    for _ in range(4):
        gone = [
            e.held & e.runs_on & ~_any_beyond(lines, kept, side, options) for e, side in zip(ends, (-1, 1), strict=True)
        ]
        now = safe | ~(adrift | unlike | gone[0] | gone[1])
        if (now == kept).all():
            break
        kept = now
    return tuple(r for r, k in zip(rules, kept.tolist(), strict=True) if k)


def _lies_on(lines: Floats, grounds: tuple[Box, ...]) -> Bools:
    """Whether the greater part of each line lies in one of the boxes."""
    on = np.zeros(len(lines), dtype=np.bool_)
    for box in grounds:
        inside = np.minimum(lines[:, 2], box.right) - np.maximum(lines[:, 1], box.left)
        on |= (inside > 0.5 * (lines[:, 2] - lines[:, 1])) & (lines[:, 0] > box.top) & (lines[:, 0] < box.bottom)
    return on


def _unlike(lines: Floats, thin: Pixels, unit: float, options: RulingOptions) -> Bools:
    """Whether each short line is paler, thinner or thicker than the long ones; where those are few, it is no rule."""
    length = lines[:, 2] - lines[:, 1]
    long = length >= options.free_length
    if long.sum() < 2:
        return np.zeros(len(lines), dtype=np.bool_)
    ink = _darkness(lines, thin, unit, beside=2)
    least, most = np.quantile(ink[long], [0.1, 0.9])
    thinnest, thickest = np.quantile(lines[long, 4], [0.1, 0.9])
    # a hairline lies on one pixel here and on two there; many of them show both
    many = long.sum() >= _MANY and thinnest * unit > _HAIRLINE
    step, pale = (0.6, options.pale) if many else (1.05, options.pale * 0.75)
    step /= unit
    odd = (lines[:, 4] < min(0.8 * thinnest, thinnest - step)) | (lines[:, 4] > max(1.25 * thickest, thickest + step))
    unlike = ~long & (odd | (ink < pale * least) | (ink > most / pale))
    return np.asarray(unlike & (length[unlike].sum() < 0.25 * length.sum()))


_MANY = 6
"""Long rules from which they show how thick and dark the rules of a page are."""
_HAIRLINE = 1.3
"""Rules no thicker than this (pixels) lie on one pixel here and on two there, half as dark again."""


@dataclass(frozen=True, slots=True)
class _End:
    """One end of each rule: whether it lies at a rule across, and whether ink goes on behind."""

    held: Bools
    runs_on: Bools


def _end(
    lines: Floats, posts: tuple[Ruling, ...], thin: Pixels, unit: float, side: int, options: RulingOptions
) -> _End:
    """The start (``side`` -1) or end (1) of each line."""
    where = lines[:, 1 if side < 0 else 2]
    held = _held(_level(lines, where), where, posts, options)
    behind = _ink_behind(lines, where, _BEHIND[0], _BEHIND[1] - _BEHIND[0], thin, unit, side)
    return _End(held, ~_has_gap(behind))


_BEHIND = (0.9, 5.1)
"""Where ink behind the end of a rule is looked for: past the rule across, points."""


def _darkness(lines: Floats, thin: Pixels, unit: float, beside: int = 1) -> Floats:
    """The darkness of each line, ``beside`` pixels to either side with it: the median of places along it."""
    along = lines[:, 1:2] + (lines[:, 2:3] - lines[:, 1:2]) * np.linspace(0.05, 0.95, 19)[None]
    level = lines[:, :1] + lines[:, 3:4] * (along - (lines[:, 1:2] + lines[:, 2:3]) / 2)
    return np.asarray(np.median(_ink_at(thin, along * unit, level * unit, beside), axis=1))


def _dark_at(thin: Pixels, along: Floats, level: Floats) -> Bools:
    """Whether ``thin`` is dark at each point or beside it, across the line; pixels."""
    return np.asarray(_ink_at(thin, along, level) > 0)


def _ink_at(thin: Pixels, along: Floats, level: Floats, beside: int = 1) -> Floats:
    """The darkness at each point and beside it, across the line, added up: a hairline may lie on two pixels."""
    x = np.clip(along.astype(np.intp), 0, thin.shape[1] - 1)
    y = np.clip(level.astype(np.intp), beside, thin.shape[0] - 1 - beside)
    rows = [thin[y + step, x].astype(np.float64) for step in range(-beside, beside + 1)]
    return np.asarray(sum(rows[1:], rows[0]))


def _any_beyond(lines: Floats, kept: Bools, side: int, options: RulingOptions) -> Bools:
    """Whether a kept line goes on where each line ends."""
    where = lines[:, 1 if side < 0 else 2] + side * sum(_BEHIND) / 2
    covers = (lines[None, :, 1] <= where[:, None]) & (where[:, None] <= lines[None, :, 2])
    middle = (lines[:, 1] + lines[:, 2]) / 2
    there = lines[None, :, 0] + lines[None, :, 3] * (where[:, None] - middle[None, :])
    near = np.abs(there - _level(lines, where)[:, None]) <= options.alignment
    return np.asarray((covers & near & kept[None, :]).any(axis=1))


def _crossed(lines: Floats, posts: tuple[Ruling, ...], options: RulingOptions) -> Bools:
    """Whether a rule of ``posts`` runs over each line and beyond on both sides."""
    if not posts:
        return np.zeros(len(lines), dtype=np.bool_)
    position, start, end, _, _ = _as_array(posts).T
    inside = (lines[:, 1:2] < position) & (position < lines[:, 2:3])
    beyond = 2 * options.reach
    return np.asarray((inside & (start + beyond < lines[:, :1]) & (lines[:, :1] < end - beyond)).any(axis=1))


# -- rules too short or too faint to be found alone ------------------------------------------------------


def _completed(
    rules: tuple[Ruling, ...], posts: tuple[Ruling, ...], thin: Pixels, unit: float, options: RulingOptions
) -> tuple[Ruling, ...]:
    """``rules``, and what goes on in line with one from post to post, dark too, but was not found alone."""
    if not rules or not posts:
        return rules
    across = _as_array(posts)
    return rules + tuple(
        stretch for line in _in_line(rules, options) for stretch in _stretches(line, across, thin, unit, options)
    )


def _in_line(rules: tuple[Ruling, ...], options: RulingOptions) -> list[list[Ruling]]:
    """The rules in groups that lie in one line, the longest first in each."""
    slope = float(np.median([r.slope for r in rules]))
    levels = [r.position - slope * (r.start + r.end) / 2 for r in rules]
    groups: list[list[Ruling]] = []
    last = -np.inf
    for level, rule in sorted(zip(levels, rules, strict=True), key=lambda pair: pair[0]):
        if level - last > options.alignment:
            groups.append([])
        groups[-1].append(rule)
        last = level
    return [sorted(group, key=lambda r: -r.length) for group in groups]


def _stops(rule: Ruling, posts: Floats, options: RulingOptions) -> Floats:
    """Where ``posts`` cross the line of ``rule`` or end at it, in order."""
    position, start, end, slope, _ = posts.T
    level = rule.position + rule.slope * (position - (rule.start + rule.end) / 2)
    meets = (start - options.reach <= level) & (level <= end + options.reach)
    return np.sort((position + slope * (level - (start + end) / 2))[meets])


def _stretches(line: list[Ruling], posts: Floats, thin: Pixels, unit: float, options: RulingOptions) -> list[Ruling]:
    """The stretches of one line between posts next to each other that are dark but in none of its rules."""
    main = line[0]
    stops = _stops(main, posts, options)
    low, high = stops[:-1], stops[1:]
    known = covered(merged((r.start, r.end) for r in line), low, high)
    wanted = (high - low >= options.least_stretch) & (known < 0.5 * (high - low))
    low, high = low[wanted], high[wanted]
    if not len(low):
        return []
    low, high = low + 0.5, high - 0.5  # clear of the posts, where nothing is thin across
    third = (high - low) / 3
    parts = [_dark_share(main, low + n * third, low + (n + 1) * third, thin, unit) for n in range(3)]
    share = np.mean(parts, axis=0)
    enough = share >= np.where(high - low < 3 * options.window, 0.9, 0.75)
    enough &= np.min(parts, axis=0) >= 0.5
    enough &= _beside(main, low, high, thin, unit) <= _TYPE * share
    ends = _dark_share(main, low, low + _PADDING, thin, unit), _dark_share(main, high - _PADDING, high, thin, unit)
    enough &= np.maximum(*ends) >= _REACHES
    return [
        Ruling(main.at((a + b) / 2), a - 0.5, b + 0.5, main.thickness, main.slope)
        for a, b in zip(low[enough].tolist(), high[enough].tolist(), strict=True)
    ]


_PADDING = 2.6
"""Points that type keeps from the borders of its cell; a rule runs up to them."""
_REACHES = 0.35
"""Share of that way, on one side at least, in which a rule shows: beside a post it is hard to see."""
_TYPE = 0.6
"""Type in line with a rule is as dark above and below; beside a rule there is type on one side at most (shares 0–1)."""


def _beside(rule: Ruling, low: Floats, high: Floats, thin: Pixels, unit: float) -> Floats:
    """The dark share above or below the line of ``rule``, whichever is less, between each ``low`` and ``high``."""
    off = rule.thickness / 2 + 1.0
    sides = (replace(rule, position=rule.position + side * off) for side in (-1, 1))
    return np.minimum(*(_dark_share(r, low, high, thin, unit) for r in sides))


def _dark_share(rule: Ruling, low: Floats, high: Floats, thin: Pixels, unit: float) -> Floats:
    """The dark share of the line of ``rule`` between each ``low`` and ``high``."""
    first, last = (np.clip(v * unit, 0, thin.shape[1]).astype(np.intp) for v in (low, high))
    before = int(first.min())
    x = np.arange(before, last.max(), dtype=np.float64)
    y = (rule.position + rule.slope * (x / unit - (rule.start + rule.end) / 2)) * unit
    total = np.concatenate([[0.0], np.cumsum(_dark_at(thin, x, y))])
    first, last = first - before, last - before
    return np.asarray((total[last] - total[first]) / np.maximum(last - first, 1))
