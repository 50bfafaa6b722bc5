"""The sums around a field, as the store has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, select

from review import schema
from review.schema import AnyRow
from review.sums import Sum, in_words, value_of
from review.types import SumTerm, SumView

_F, _S, _T = schema.FIELDS.c, schema.SUMS.c, schema.TERMS.c
_SOME = 500
"""Ids in one query: SQLite takes 32,766 variables, PostgreSQL 65,535."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums with the rows of the fields in them."""

    items: Mapping[int, Sum[int]]
    """By id; keys are ids of fields."""
    rows: Mapping[int, AnyRow]
    """By field id: id, text, page, row_label, column_label, status, flagged, reasons, decision_uid."""

    def values(self) -> dict[int, Decimal]:
        """What each field counts as."""
        return {field_id: value_of(row.text) for field_id, row in self.rows.items()}


def sums_of(connection: Connection, field_ids: Iterable[int]) -> Sums:
    """The sums that the fields are part of, each whole."""
    sum_ids: set[int] = set()
    for some in _chunks(field_ids):
        sum_ids.update(connection.execute(select(_T.sum_id).where(_T.field_id.in_(some))).scalars())
    parts: dict[int, list[tuple[int, int]]] = defaultdict(list)
    heads: dict[int, AnyRow] = {}
    for some in _chunks(sum_ids):
        heads |= {row.id: row for row in connection.execute(select(schema.SUMS).where(_S.id.in_(some)))}
        query = select(_T.sum_id, _T.field_id, _T.sign).where(_T.sum_id.in_(some)).order_by(_T.sum_id, _T.position)
        for sum_id, field_id, sign in connection.execute(query):
            parts[sum_id].append((field_id, sign))
    items = {i: _sum(heads[i], parts[i]) for i in sorted(sum_ids)}
    rows: dict[int, AnyRow] = {}
    for some in _chunks({field_id for found in parts.values() for field_id, _ in found}):
        query = select(
            _F.id, _F.text, _F.page, _F.row_label, _F.column_label, _F.status, _F.flagged, _F.reasons, _F.decision_uid
        ).where(_F.id.in_(some))
        rows |= {row.id: row for row in connection.execute(query)}
    return Sums(items, rows)


def _sum(head: AnyRow, parts: list[tuple[int, int]]) -> Sum[int]:
    (total,) = (field_id for field_id, sign in parts if sign == 0)
    terms = tuple((field_id, sign) for field_id, sign in parts if sign != 0)
    return Sum(head.name, total, terms, head.decimals, Decimal(head.tolerance))


def _chunks(ids: Iterable[int]) -> Iterable[list[int]]:
    wanted = sorted(ids)
    for start in range(0, len(wanted), _SOME):
        yield wanted[start : start + _SOME]


def sum_views(sums: Sums, field_id: int, text: str | None = None) -> tuple[SumView, ...]:
    """The field's sums, failing ones first, the shorter ones first; with ``text`` in it where one is given."""
    values = sums.values()
    texts = {i: row.text for i, row in sums.rows.items()}
    if text is not None:
        values[field_id], texts[field_id] = value_of(text), text
    views = [
        _view(i, item, field_id, sums, values, texts)
        for i, item in sums.items.items()
        if field_id in item.keys()  # noqa: SIM118 - no dictionary
    ]
    return tuple(sorted(views, key=lambda v: (v.holds, len(v.terms), v.id)))


def _view(
    sum_id: int,
    item: Sum[int],
    field_id: int,
    sums: Sums,
    values: Mapping[int, Decimal],
    texts: Mapping[int, str],
) -> SumView:
    def term(key: int, sign: int) -> SumTerm:
        row = sums.rows[key]
        label = " ".join(x for x in (row.row_label, row.column_label) if x)
        return SumTerm(key, row.page, label, sign, values[key], texts[key])

    difference = item.difference(values)
    total = term(item.total, 0)
    return SumView(
        sum_id,
        item.name,
        total,
        tuple(term(key, sign) for key, sign in item.terms),
        difference,
        item.should_be(field_id, values),
        item.decimals,
        in_words(item.name, total.label, total.value, total.value + difference),
        item.tolerance,
    )
