"""Heads of tables (表头以上的题注): title, number, unit, entity, year, from the lines printed above."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from document.geometry import Box
from ocr import patterns
from ocr.rows import Segment

T = TypeVar("T")

MAX_LINES = 9
"""Most printed pieces above a table that can be its head."""

MAX_GAP = 6.0
"""A gap of more type sizes between two lines of a head, or the head and its table, ends it."""


@dataclass(frozen=True, slots=True)
class Caption:
    """What is printed above a table about it."""

    title: str | None = None
    number: str | None = None
    unit: str | None = None
    entity: str | None = None
    year: int | None = None
    segments: tuple[Segment, ...] = ()
    """The pieces it was read from."""


def read_caption(above: Sequence[Segment], table: Box) -> Caption:
    """The caption of the table in ``table`` from the segments above it, in reading order.

    ``above`` are the segments since the table or prose before it, the last one nearest to the table.
    """
    head = tuple(reversed(tuple(_head(above, table))))
    title = _title(tuple(reversed(head)), table)
    texts = [s.text for s in head]
    return Caption(
        title=title,
        number=_first(patterns.table_number(t) for t in texts),
        unit=_first(patterns.unit(t) for t in reversed(texts)),
        entity=_first(patterns.entity(t) for t in reversed(texts)),
        year=_first(patterns.year(t) for t in [*reversed(texts), title or ""]),
        segments=head,
    )


def _first(values: Iterable[T | None]) -> T | None:
    return next((v for v in values if v is not None), None)


def _head(above: Sequence[Segment], table: Box) -> Iterator[Segment]:
    """The segments of the head from the table upwards: near each other, and not prose."""
    edge = table.top
    for part in list(reversed(above))[:MAX_LINES]:
        if edge - part.box.bottom > MAX_GAP * part.em or _is_prose(part):
            return
        yield part
        edge = min(edge, part.box.top)


def _is_prose(part: Segment) -> bool:
    """Whether the line belongs to the text before the table rather than to the table's head."""
    return (
        patterns.ends_sentence(part.text) and patterns.unit(part.text) is None and len(part.text) > 6
    ) or patterns.is_note(part.text)


def _title(head: Sequence[Segment], table: Box) -> str | None:
    """The table's title: the nearest line that ends in 表, else the largest of the centred lines."""
    free = [(s, rest) for s in head if len(rest := _without_captions(s.text)) >= 3]
    free = [(s, rest) for s, rest in free if patterns.enumerator_level(rest) != 1]
    named = [(s, rest) for s, rest in free if patterns.is_table_title(rest)] or [
        (s, rest)
        for s, rest in sorted(free, key=lambda pair: -round(pair[0].size))
        if _is_centred(s, table) and patterns.enumerator_level(rest) in (None, 2)
    ]
    return named[0][1] if named else None


def _without_captions(text: str) -> str:
    """The text without a table number, a unit and an entity; "" when nothing else is in it."""
    if patterns.unit(text) or patterns.entity(text) or patterns.is_page_number(text):
        return ""
    number = patterns.table_number(text)
    rest = text.replace(number, "", 1) if number and len(text) > len(number) + 3 else text
    return "" if number == rest or patterns.is_caption(rest) else rest.strip()


def _is_centred(part: Segment, table: Box) -> bool:
    return abs(part.box.center[0] - table.center[0]) < 0.12 * table.width + part.em
