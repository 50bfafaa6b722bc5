"""Enumerations that lost thin strokes (缺笔画的编号): 二十三、 read as 十三、, 三、 as 二、, 一、 not at all.

On a fax the level strokes of 一, 二 and 三 fall out, and the same ones on all lines beside each other, so that no
neighbour of a line can mend it: 二十、 十、 十、 十三、 十四、 is what remains of 二十 to 二十四. The whole
column can: it counts row by row, and what does not fit is explained by lost strokes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

LEAST = 3
"""Labels that count on, before others can be out of line."""
_THIN = {"一": ("",), "二": ("", "一"), "三": ("", "一", "二")}
"""What is left of a numeral made of level strokes when some are lost."""
_ALL_THIN = 3
"""Up to here a numeral may be lost whole."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A label of a column, for what its column says of its number."""

    row: int
    number: int | None
    """As read; None for none."""
    numeral: str
    """What stands before the mark, however misread; "" for nothing."""
    marked: bool
    """Whether a 、 stands before the label."""
    entry: bool
    """Whether it is a dictionary entry, which may have lost numeral and mark."""


def numbers_by_place(labels: Sequence[Counted], numerals: Sequence[str], first_row: int) -> Mapping[int, int]:
    """The numbers that the labels of one column, top to bottom, must have, by index; only where they differ.

    ``numerals`` are the numerals as written, 0 first; ``first_row`` is the first below the table's head.
    """
    found: dict[int, int] = {}
    for start, end in _stretches(labels, first_row):
        for at, number in _of_stretch(labels[start:end], numerals):
            found[start + at] = number
    return found


def _stretches(labels: Sequence[Counted], first_row: int) -> Iterator[tuple[int, int]]:
    """First and last+1 index of labels in rows right below each other."""
    start = next((i for i, label in enumerate(labels) if label.row >= first_row), len(labels))
    for i in range(start, len(labels)):
        if i + 1 == len(labels) or labels[i + 1].row != labels[i].row + 1:
            yield start, i + 1
            start = i + 1


def _of_stretch(labels: Sequence[Counted], numerals: Sequence[str]) -> Iterable[tuple[int, int]]:
    votes = Counter(label.number - i for i, label in enumerate(labels) if label.number is not None)
    if not votes:
        return _unread(labels)
    offset, count = max(votes.items(), key=lambda v: (v[1], -v[0]))
    agreeing = [i for i, label in enumerate(labels) if label.number == i + offset]
    sure = count >= LEAST or (_from_one(labels, offset) and len(votes) == 1 and agreeing[-1] + offset >= LEAST)
    if not sure:
        return ()
    return [
        (i, i + offset)
        for i in _explained(labels, offset, (agreeing[0], agreeing[-1]), numerals)
        if labels[i].number != i + offset
    ]


def _unread(labels: Sequence[Counted]) -> Iterable[tuple[int, int]]:
    """A list of which only the marks are left: one to three labels from the top, the first with its mark."""
    if len(labels) > _ALL_THIN or not all(k.marked and not k.numeral for k in labels[:2]) or len(labels) < 2:
        return ()
    return [(i, i + 1) for i, label in enumerate(labels) if label.marked or label.entry]


def _explained(labels: Sequence[Counted], offset: int, ends: tuple[int, int], numerals: Sequence[str]) -> Iterator[int]:
    """The labels whose reading lost strokes explain, between the agreeing ones and beyond them without a break."""
    first, last = ends
    for i in range(first, last + 1):
        if _is_worn(labels[i], numerals[i + offset]) or _is_lost(labels[i]):
            yield i
    yield from _while(range(last + 1, len(labels)), labels, offset, numerals)
    above = range(first - 1, max(-1, -offset), -1)
    if _from_one(labels, offset) and all(
        _is_lost(labels[i]) or _is_worn(labels[i], numerals[i + offset]) for i in above
    ):
        yield from above
    else:
        yield from _while(above, labels, offset, numerals)


def _from_one(labels: Sequence[Counted], offset: int) -> bool:
    """Whether the count begins with 1 in this stretch: what stands above has no number."""
    to_one = 1 - offset
    return 0 <= to_one < len(labels) and not any(label.numeral or label.marked for label in labels[:to_one])


def _while(order: Iterable[int], labels: Sequence[Counted], offset: int, numerals: Sequence[str]) -> Iterator[int]:
    for i in order:
        if not 0 < i + offset < len(numerals) or not _is_worn(labels[i], numerals[i + offset]):
            return
        yield i


def _is_lost(label: Counted) -> bool:
    """Whether its numeral was not read at all, or read as no numeral."""
    return label.number is None and (label.marked or label.entry)


def _is_worn(label: Counted, numeral: str) -> bool:
    """Whether ``numeral`` without some level strokes is what was read."""
    return bool(label.numeral) and label.numeral in _worn(numeral)


@lru_cache(maxsize=256)
def _worn(numeral: str) -> frozenset[str]:
    left = {""}
    for character in numeral:
        left = {start + rest for start in left for rest in (character, *_THIN.get(character, ()))}
    return frozenset(left)
