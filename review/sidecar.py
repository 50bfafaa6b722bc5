"""``review.json``: what the desk needs and the contract has no room for.

It lies beside ``document.json`` and is written with it: what else the recogniser thought of, for each field, and the
machine's own reading of every field whose reading a review has changed, so that a decision can be taken back.
Downstream parsers need not know it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Described

from document.exceptions import InputError
from document.types import Block, Cell, Correction, Document, Reading, Rule, Table
from review.fields import FieldKey

FILE = "review.json"
SCHEMA = "qingzhang.review/1"
MAX_BYTES = 500_000_000


class _Correction(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    before: str
    after: str
    rule: Rule
    score: float
    source: str | None = None


class MachineReading(BaseModel):
    """What the machine said of a field before a review changed it; for a table as a whole its flag and reasons."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    block: int = Described(ge=0)
    row: int = -1
    col: int = -1
    text: str = ""
    raw: str = ""
    confidence: float = 1.0
    needs_review: bool = False
    reasons: tuple[str, ...] = ()
    corrections: tuple[_Correction, ...] = ()
    amount: str | None = None
    verified_by: tuple[str, ...] = ()

    @property
    def key(self) -> FieldKey:
        """Where it stands."""
        return FieldKey(self.block, self.row, self.col)


class Alternatives(BaseModel):
    """Other readings of one field that the recogniser thought of, the likeliest first."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    block: int = Described(ge=0)
    row: int = -1
    col: int = -1
    readings: tuple[tuple[str, float], ...]
    """Whole texts, with the probability (0–1) of the character they turn on."""

    @property
    def key(self) -> FieldKey:
        """Where it stands."""
        return FieldKey(self.block, self.row, self.col)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    schema_: str = Described(SCHEMA, alias="schema", pattern=f"^{SCHEMA}$")
    alternatives: tuple[Alternatives, ...] = ()
    machine: tuple[MachineReading, ...] = ()


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What ``review.json`` holds."""

    alternatives: tuple[Alternatives, ...] = ()
    machine: tuple[MachineReading, ...] = ()


def dump(sidecar: Sidecar) -> str:
    """As JSON text; the same values give the same text."""
    data = {
        "schema": SCHEMA,
        "alternatives": [a.model_dump() for a in sorted(sidecar.alternatives, key=lambda a: a.key)],
        "machine": [m.model_dump(mode="json") for m in sorted(sidecar.machine, key=lambda m: m.key)],
    }
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def load(text: str, name: str = FILE) -> Sidecar:
    """What ``dump`` wrote. Raises InputError."""
    try:
        data = _File.model_validate_json(text)
    except (ValidationError, ValueError) as error:
        raise InputError(f"{name}: cannot be used ({str(error)[:200]}). Take it away and run again.") from error
    return Sidecar(data.alternatives, data.machine)


def read_sidecar(folder: Path) -> Sidecar:
    """The file beside a document; empty where there is none. Raises InputError."""
    file = folder / FILE
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InputError(f"{file}: too large.")
        return load(file.read_text(encoding="utf-8"), str(file))
    except (FileNotFoundError, NotADirectoryError):  # nothing there; whoever writes will say what is in the way
        return Sidecar()
    except (OSError, UnicodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}).") from error


# --- the machine's document --------------------------------------------------------------------------------


def machine_readings(machine: Document, reviewed: Document) -> tuple[MachineReading, ...]:
    """The machine's readings that the reviewed document does not hold any more."""
    found: list[MachineReading] = []
    for index, (before, after) in enumerate(zip(machine.blocks, reviewed.blocks, strict=True)):
        if before == after:
            continue
        if isinstance(before, Table) and isinstance(after, Table):
            if (before.needs_review, before.reasons) != (after.needs_review, after.reasons):
                found.append(MachineReading(block=index, needs_review=before.needs_review, reasons=before.reasons))
            found += [_of(FieldKey(index, a.row, a.col), a) for a, b in _pairs(before, after) if a != b]
        elif not isinstance(before, Table):
            found.append(MachineReading(block=index, **_plain(before.reading)))
    return tuple(found)


def _pairs(before: Table, after: Table) -> list[tuple[Cell, Cell]]:
    return list(zip(before.cells, after.cells, strict=True))


def _of(key: FieldKey, cell: Cell) -> MachineReading:
    return MachineReading(
        block=key.block,
        row=key.row,
        col=key.col,
        **_plain(cell.reading),
        amount=cell.amount,
        verified_by=cell.verified_by,
    )


def _plain(reading: Reading) -> dict[str, Any]:
    return {
        "text": reading.text,
        "raw": reading.raw,
        "confidence": reading.confidence,
        "needs_review": reading.needs_review,
        "reasons": reading.reasons,
        "corrections": tuple(
            _Correction(before=c.before, after=c.after, rule=c.rule, score=c.score, source=c.source)
            for c in reading.corrections
        ),
    }


def machine_document(document: Document, sidecar: Sidecar) -> Document:
    """The document as the machine left it: what a review changed is put back.

    A field with a reviewer's correction that the sidecar does not know gets its text back, and is flagged.
    """
    known = {m.key: m for m in sidecar.machine}
    return replace(document, blocks=tuple(_restored(b, i, known) for i, b in enumerate(document.blocks)))


def _restored(block: Block, index: int, known: Mapping[FieldKey, MachineReading]) -> Block:
    own = known.get(FieldKey(index))
    if not isinstance(block, Table):
        return replace(block, reading=_reading(own) if own else _taken_back(block.reading))
    if own is not None:
        block = replace(block, needs_review=own.needs_review, reasons=own.reasons)
    cells = []
    for cell in block.cells:
        found = known.get(FieldKey(index, cell.row, cell.col))
        if found is not None:
            cell = replace(cell, reading=_reading(found), amount=found.amount, verified_by=found.verified_by)
        else:
            cell = replace(cell, reading=_taken_back(cell.reading))
        cells.append(cell)
    return replace(block, cells=tuple(cells))


def _reading(found: MachineReading) -> Reading:
    corrections = tuple(Correction(c.before, c.after, c.rule, c.score, c.source) for c in found.corrections)
    return Reading(found.text, found.raw, found.confidence, found.needs_review, found.reasons, corrections)


def _taken_back(reading: Reading) -> Reading:
    kept = tuple(c for c in reading.corrections if c.rule is not Rule.REVIEWER)
    if len(kept) == len(reading.corrections):
        return reading
    first = next(c for c in reading.corrections if c.rule is Rule.REVIEWER)
    return replace(
        reading, text=first.before, corrections=kept, needs_review=True, reasons=("复核记录缺失，请重新确认",)
    )
