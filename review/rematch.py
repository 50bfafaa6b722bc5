"""Old rows and new fields (重新对位): what stands where it stood when a document has been read again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from review.decisions import SURE, Doubtful, HeldDecision, Matches, Place, match_fields, overlap
from review.fields import Field, FieldKey
from review.types import Action, FieldKind

REPLACED = "原文件已更换，请重新确认"


@dataclass(frozen=True, slots=True)
class OldField:
    """A field as the store has it."""

    id: int
    place: Place
    key: FieldKey
    decision_uid: str | None
    is_audit: bool
    is_lost: bool
    """Its place was not in the document when it was last imported."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which row becomes which field."""

    rows: Mapping[FieldKey, int]
    """New field → old row."""
    lost: Mapping[int, str]
    """Old rows with a decision in force and no field any more → why."""
    doubts: Mapping[FieldKey, Doubtful]
    """Fields that a decision may be about."""
    sure: Mapping[FieldKey, HeldDecision]


def newest(held: Iterable[HeldDecision]) -> tuple[HeldDecision, ...]:
    """Of two decisions about one and the same place the later one."""
    kept: dict[object, HeldDecision] = {}
    for decision in sorted(held, key=lambda d: (d.at, d.uid)):
        place = decision.place
        box = tuple(round(v) for v in place.box.as_tuple())
        kept[place.kind is FieldKind.TABLE, place.kind is FieldKind.TEXT, place.page, box] = decision
    return tuple(kept.values())


def plan_rows(fields: Sequence[Field], old: Sequence[OldField], held: Sequence[HeldDecision], same_file: bool) -> Plan:
    """Which old row becomes which field, and what is in doubt; in another file everything is."""
    matches = match_fields(fields, held)
    if not same_file:
        matches = _all_doubtful(matches)
    owner = {o.decision_uid: o for o in old if o.decision_uid}
    rows: dict[FieldKey, int] = {}
    for key, decision in matches.sure.items():
        if decision.uid in owner:
            rows[key] = owner[decision.uid].id
    doubts: dict[FieldKey, Doubtful] = {}
    lost: dict[int, str] = {}
    for doubt in matches.doubtful:
        row, at = owner.get(doubt.decision.uid), doubt.candidate
        if at is not None and at not in matches.sure and at not in doubts:
            doubts[at] = doubt
            if row is not None:
                rows[at] = row.id
        elif row is not None:
            lost[row.id] = doubt.reason
    taken = set(rows.values()) | set(lost)
    rows |= _matched([o for o in old if o.id not in taken and not o.is_lost], [f for f in fields if f.key not in rows])
    return Plan(rows, lost, doubts, matches.sure)


def _all_doubtful(matches: Matches) -> Matches:
    moved = tuple(Doubtful(decision, REPLACED, key) for key, decision in matches.sure.items())
    return Matches({}, (*moved, *matches.doubtful))


def _matched(old: Sequence[OldField], new: Sequence[Field]) -> dict[FieldKey, int]:
    """Which old rows stand where a new field stands: those that kept their grid position first."""
    by_key = {f.key: f for f in new}
    rows: dict[FieldKey, int] = {}
    rest: list[OldField] = []
    for o in old:
        field = by_key.get(o.key)
        same = field is not None and field.page == o.place.page and overlap(field.box, o.place.box) >= SURE
        if same and o.key not in rows:
            rows[o.key] = o.id
        else:
            rest.append(o)
    if not rest:
        return rows
    asked = [HeldDecision(str(o.id), Action.ACCEPT, "", "", o.place, datetime.min) for o in rest]
    left = [f for f in new if f.key not in rows]
    return rows | {key: int(asked.uid) for key, asked in match_fields(left, asked).sure.items()}
