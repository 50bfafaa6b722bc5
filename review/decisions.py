"""What people decided, applied to documents (复核结论): pure, and always the last word.

``decisions.json`` lies beside ``document.json`` and holds every decision that is in force, each with the place it is
about: page and box above all, for ink does not move when a page is read again with other options. A decision that
finds its field is applied; one whose field cannot be told for certain is given back as doubtful, never dropped.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Described

from document.amounts import parse_amount
from document.exceptions import InputError
from document.geometry import Box
from document.types import Block, Cell, Correction, Document, Reading, Rule, Table, TextBlock
from review.fields import Field, FieldKey, amount_columns, fields_of, header_rows, reason_kind
from review.sums import Sum, by_field, is_vouched, value_of
from review.types import Action, FieldKind, ReasonKind

FILE = "decisions.json"
SCHEMA = "qingzhang.decisions/1"
SOURCE = "reviewer"
"""How a correction names a person: who it was stands in the desk's record, not in the outputs."""
REVIEWED = 0.999
"""Confidence of what a person confirmed: people err as well, so it is not 1. A convention, not measured."""
SURE = 0.5
"""Overlap (intersection over union) from which two boxes are one place on the page."""
NEAR = 0.15
"""Overlap from which a field may be the one that a decision was about."""
ILLEGIBLE = "复核：无法辨认"
PRINTED_WRONG = "复核：原文如此，原文有误"
MAX_BYTES = 200_000_000
"""Of a ``decisions.json``."""
_ZEROS_FIRST = re.compile(r"0\d+$")
HELD = (Action.ACCEPT, Action.EDIT, Action.ILLEGIBLE, Action.AS_PRINTED_WRONG)
"""Actions that say something of a field for good."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where on paper a decision's field stands, with its labels for people and for cases of doubt."""

    kind: FieldKind
    page: int
    box: Box
    table: str = ""
    row: int = -1
    col: int = -1
    row_label: str = ""
    column_label: str = ""


@dataclass(frozen=True, slots=True)
class HeldDecision:
    """A decision in force: what a person says of one place."""

    uid: str
    action: Action
    before: str
    """The text that was shown."""
    after: str
    place: Place
    at: datetime
    """UTC."""
    by: str = ""
    """Login name."""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A decision whose field could not be told for certain."""

    decision: HeldDecision
    reason: str
    """In Chinese, for the queue."""
    candidate: FieldKey | None = None
    """The field that it most likely was about."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Decisions and the fields they are about."""

    sure: Mapping[FieldKey, HeldDecision]
    doubtful: tuple[Doubtful, ...]


# --- finding the field -------------------------------------------------------------------------------------


def place_of(field: Field) -> Place:
    """Where a field stands."""
    key = field.key
    return Place(field.kind, field.page, field.box, field.table, key.row, key.col, field.row_label, field.column_label)


def match(document: Document, decisions: Iterable[HeldDecision]) -> Matches:
    """Each decision's field in the document.

    Sure: the only field of its sort that overlaps the decision's box by half or more, asked for by one decision only.
    """
    return match_fields(fields_of(document), decisions)


def match_fields(fields: Sequence[Field], decisions: Iterable[HeldDecision]) -> Matches:
    """As ``match``, for fields."""
    pages: dict[tuple[int, str], list[Field]] = defaultdict(list)
    for field in fields:
        pages[field.page, _sort(field.kind)].append(field)
    wanted: dict[FieldKey, list[HeldDecision]] = defaultdict(list)
    doubtful: list[Doubtful] = []
    for decision in decisions:
        place = decision.place
        found = _best(place, pages.get((place.page, _sort(place.kind)), ()))
        if isinstance(found, FieldKey):
            wanted[found].append(decision)
        else:
            doubtful.append(Doubtful(decision, *found))
    sure = {key: asked[0] for key, asked in wanted.items() if len(asked) == 1}
    for key, asked in wanted.items():
        if len(asked) > 1:
            doubtful += [Doubtful(d, "重新识别后与另一处合为一格，请重新确认", key) for d in asked]
    return Matches(sure, tuple(doubtful))


def _sort(kind: FieldKind) -> str:
    """Amounts and labels are both cells: which of them a cell is may change from one reading to the next."""
    return "cell" if kind in (FieldKind.AMOUNT, FieldKind.LABEL) else kind.value


def _best(place: Place, candidates: Sequence[Field]) -> FieldKey | tuple[str, FieldKey | None]:
    scored = sorted(
        ((overlap(place.box, f.box), _same_labels(place, f), f.key) for f in candidates),
        key=lambda x: (-x[0], -x[1], x[2]),
    )
    near = [x for x in scored if x[0] >= NEAR]
    if not near:
        return "重新识别后找不到原来的位置，请重新确认", None
    best = near[0]
    rivals = [x for x in near[1:] if x[0] >= SURE]
    if best[0] >= SURE and not rivals:
        return best[2]
    if best[0] >= SURE and best[1] > max(x[1] for x in rivals):
        return best[2]
    return "重新识别后位置有变，请重新确认", best[2]


def _same_labels(place: Place, field: Field) -> int:
    key = field.key
    return (
        ((place.row, place.col) == (key.row, key.col))
        + (place.row_label == field.row_label)
        + (place.column_label == field.column_label)
        + (place.table == field.table)
    )


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, 0–1; boxes without area are one point or none."""
    common = one.intersection(other)
    if common is None:
        return 0.0
    union = one.area + other.area - common.area
    return common.area / union if union > 0 else float(one.center == other.center)


# --- applying ----------------------------------------------------------------------------------------------


def apply_decisions(
    document: Document, decisions: Iterable[HeldDecision], sums: Sequence[Sum[FieldKey]] = ()
) -> Document:
    """The machine's document with people's values in it.

    A person's text takes the machine's place whatever the machine reads now, with a correction of rule ``reviewer``
    where it differs; its amount is computed anew, it needs no review (unless it is illegible), and names no sum that
    does not hold with it. With ``sums``, fields that were flagged only because a sum failed are cleared where all
    their sums hold now, and what names a sum that no longer holds stops doing so. Doubtful decisions change nothing.
    """
    sure = match(document, decisions).sure
    blocks = list(document.blocks)
    for index in sorted({key.block for key in sure}):
        mine = {key: decision for key, decision in sure.items() if key.block == index}
        blocks[index] = _applied(blocks[index], index, mine)
    return _settled(replace(document, blocks=tuple(blocks)), document, sure, sums) if sure else document


def _applied(block: Block, index: int, decisions: Mapping[FieldKey, HeldDecision]) -> Block:
    own = decisions.get(FieldKey(index))
    if isinstance(block, TextBlock):
        return replace(block, reading=decided(block.reading, own)) if own else block
    if own is not None and own.action is not Action.ILLEGIBLE:
        reasons = (PRINTED_WRONG,) if own.action is Action.AS_PRINTED_WRONG else ()
        block = replace(block, needs_review=False, reasons=reasons)
    head, amounts = header_rows(block), amount_columns(block)
    cells = []
    for cell in block.cells:
        decision = decisions.get(FieldKey(index, cell.row, cell.col))
        takes_amount = cell.amount is not None or (cell.row >= head and cell.col in amounts and cell.col_span == 1)
        cells.append(_decided_cell(cell, decision, takes_amount) if decision else cell)
    return replace(block, cells=tuple(cells))


def _decided_cell(cell: Cell, decision: HeldDecision, takes_amount: bool) -> Cell:
    reading = decided(cell.reading, decision)
    if reading.text == cell.reading.text:
        return replace(cell, reading=reading)
    return replace(cell, reading=reading, amount=amount_of(reading.text) if takes_amount else None, verified_by=())


def amount_of(text: str) -> str | None:
    """The contract's ``amount`` of a text where an amount belongs; None for words, blanks and codes like 041001."""
    amount = None if _ZEROS_FIRST.match(text) else parse_amount(text)
    return amount.decimal_string if amount else None


def decided(reading: Reading, decision: HeldDecision) -> Reading:
    """The reading as a person decided it."""
    if decision.action is Action.ILLEGIBLE:
        return reading.doubted(ILLEGIBLE)
    text = decision.after
    record = () if text == reading.text else (Correction(reading.text, text, Rule.REVIEWER, 1.0, SOURCE),)
    reasons = (PRINTED_WRONG,) if decision.action is Action.AS_PRINTED_WRONG else ()
    return Reading(text, reading.raw, REVIEWED, False, reasons, (*reading.corrections, *record))


SUM_DOUBTS = frozenset({ReasonKind.SUM, ReasonKind.UNCLEAR})
"""Doubts that a sum answers: how a field was read does not matter where it adds up."""


def clears(reasons: Iterable[str]) -> bool:
    """Whether sums that hold answer every one of a field's doubts."""
    kinds = {reason_kind(reason) for reason in reasons}
    return bool(kinds) and kinds <= SUM_DOUBTS


def _settled(
    document: Document, before: Document, sure: Mapping[FieldKey, HeldDecision], sums: Sequence[Sum[FieldKey]]
) -> Document:
    """The document with the flags and proofs of fields that stand in one sum with a changed one set anew."""
    now, old = _cells(document), _cells(before)
    changed = {key for key in sure if key in now and now[key].reading.text != old[key].reading.text}
    index = by_field(sums)
    touched = {key for at in changed for item in index.get(at, ()) for key in item.keys()}  # noqa: SIM118
    values = {key: value_of(now[key].reading.text) for item in sums for key in item.keys() if key in now}  # noqa: SIM118
    fresh = {key: _proved(now[key], key, key in sure, index[key], values) for key in touched if key in now}
    blocks = [
        replace(b, cells=tuple(fresh.get(FieldKey(i, c.row, c.col), c) for c in b.cells)) if isinstance(b, Table) else b
        for i, b in enumerate(document.blocks)
    ]
    return replace(document, blocks=tuple(blocks))


def _cells(document: Document) -> dict[FieldKey, Cell]:
    return {
        FieldKey(i, c.row, c.col): c for i, b in enumerate(document.blocks) if isinstance(b, Table) for c in b.cells
    }


def _proved(
    cell: Cell, key: FieldKey, is_held: bool, sums: Sequence[Sum[FieldKey]], values: Mapping[FieldKey, Decimal]
) -> Cell:
    names = {s.name for s in sums}
    holding = tuple(dict.fromkeys(s.name for s in sums if s.vouches(key, values)))
    kept = tuple(name for name in cell.verified_by if name not in names)
    cell = replace(cell, verified_by=(*holding, *kept))
    reading = cell.reading
    if is_held or not reading.needs_review or not clears(reading.reasons) or not is_vouched(key, sums, values):
        return cell
    return replace(cell, reading=replace(reading, needs_review=False, reasons=()))


# --- decisions.json ----------------------------------------------------------------------------------------


class _PlaceModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: FieldKind
    page: int = Described(ge=1)
    bbox: tuple[float, float, float, float]
    table: str = ""
    row: int = -1
    col: int = -1
    row_label: str = ""
    column_label: str = ""


class _DecisionModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    uid: str = Described(pattern=r"^[0-9a-f]{32}$")
    at: datetime
    by: str = Described("", max_length=200)
    action: Action
    before: str
    after: str
    place: _PlaceModel


class _FileModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    schema_: str = Described(alias="schema", pattern=f"^{SCHEMA}$")
    sha256: str
    decisions: tuple[_DecisionModel, ...]


@dataclass(frozen=True, slots=True)
class DecisionFile:
    """``decisions.json``: the decisions in force for a source file of these bytes."""

    sha256: str
    decisions: tuple[HeldDecision, ...]


def dump(file: DecisionFile) -> str:
    """The file as JSON text; the same decisions give the same text."""
    ordered = sorted(file.decisions, key=lambda d: (d.place.page, d.at, d.uid))
    data = {"schema": SCHEMA, "sha256": file.sha256, "decisions": [_to_json(d) for d in ordered]}
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def load(text: str, name: str = FILE) -> DecisionFile:
    """The decisions that ``dump`` wrote. Raises InputError: what people decided must not be passed over."""
    try:
        data = _FileModel.model_validate_json(text)
        decisions = tuple(_from_json(d) for d in data.decisions)
    except (ValidationError, ValueError) as error:
        first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise InputError(
            f"{name}: holds no decisions that can be read ({first}). Put the file right or take it away."
        ) from error
    return DecisionFile(data.sha256, decisions)


def read_decisions(folder: Path) -> DecisionFile | None:
    """The decisions beside a document, or None where there are none. Raises InputError."""
    file = folder / FILE
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InputError(f"{file}: too large for decisions.")
        return load(file.read_text(encoding="utf-8"), str(file))
    except (FileNotFoundError, NotADirectoryError):  # nothing there; whoever writes will say what is in the way
        return None
    except (OSError, UnicodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}).") from error


def in_force(file: DecisionFile | None, sha256: str) -> tuple[HeldDecision, ...]:
    """The decisions to apply to a document read from a file of these bytes: none where they are about other bytes."""
    return file.decisions if file is not None and file.sha256 == sha256 else ()


def _to_json(decision: HeldDecision) -> dict[str, Any]:
    place = decision.place
    return {
        "uid": decision.uid,
        "at": decision.at.isoformat(timespec="microseconds"),
        "by": decision.by,
        "action": decision.action.value,
        "before": decision.before,
        "after": decision.after,
        "place": {
            "kind": place.kind.value,
            "page": place.page,
            "bbox": [round(float(v), 2) for v in place.box.as_tuple()],
            "table": place.table,
            "row": place.row,
            "col": place.col,
            "row_label": place.row_label,
            "column_label": place.column_label,
        },
    }


def _from_json(model: _DecisionModel) -> HeldDecision:
    place = model.place
    if model.action not in HELD:
        raise ValueError(f"action {model.action} says nothing of a field")
    return HeldDecision(
        model.uid,
        model.action,
        model.before,
        model.after,
        Place(
            place.kind,
            place.page,
            Box(*place.bbox),
            place.table,
            place.row,
            place.col,
            place.row_label,
            place.column_label,
        ),
        model.at,
        model.by,
    )
