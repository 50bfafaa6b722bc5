"""Outputs into the store (导入): again and again without doubles; people's values stay when a document is read anew.

A document is known by its folder. When its files have changed since the last import, its fields are matched with the
old ones by where they stand on paper; decisions find their fields by ``review.decisions.match``. What cannot be told
for certain goes back to the queue, with the person's value as a suggestion.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Described
from sqlalchemy import Connection, bindparam, delete, false, insert, or_, select, update

from document import json as contract
from document.exceptions import InputError, QingzhangError
from document.geometry import Box
from document.types import Document, Table
from review import schema
from review.decisions import FILE as DECISIONS_FILE
from review.decisions import (
    SURE,
    DecisionFile,
    Doubtful,
    HeldDecision,
    Matches,
    Place,
    apply_decisions,
    match_fields,
    overlap,
    read_decisions,
)
from review.fields import Field, FieldKey, correction_words, fields_of, worst_reason
from review.insight import Insight, InsightOf
from review.record import held_decisions, place_json
from review.sidecar import FILE as SIDECAR_FILE
from review.sidecar import machine_document, read_sidecar
from review.status import Standing, settled, update_counts
from review.store import Store, utc_now
from review.types import Action, FieldKind, FieldStatus, Imported, ReasonKind, SuggestionKind

DOCUMENT_FILE = "document.json"
MAX_BYTES = 500_000_000
AUDIT_REASON = "抽查：随机抽取，请核对"
LOST = "重新识别后找不到原来的位置，请重新确认"
REPLACED = "原文件已更换，请重新确认"


class AuditOptions(BaseModel):
    """The random sample of fields that nothing flagged (抽查)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    audit_share: float = Described(
        0.002, ge=0, le=1, description="share (0-1) of the fields with a text that nothing flagged, asked at random"
    )
    audit_seed: int = Described(0, ge=0, description="another number draws another sample")


@dataclass(frozen=True, slots=True)
class Folder:
    """One document's output folder, and the archive it belongs to."""

    path: Path
    archive: str
    """Name of the archive: 1–200 characters."""
    location: str
    """Where the archive lies: archives of one name in two places get two names."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A folder's files, read and understood; nothing of the store yet."""

    folder: Folder
    digest: str
    document: Document
    """As the outputs have it."""
    machine: Document
    """Before any decision."""
    fields: tuple[Field, ...]
    insight: Insight
    decisions: DecisionFile | None
    source: Path | None


FindSource = Callable[[Document], Path | None]
"""The scan that a document was read from, or None where it cannot be found."""


def no_source(_document: Document) -> Path | None:
    """Nowhere to look."""
    return None


def import_folders(
    store: Store,
    folders: Iterable[Folder],
    insight_of: InsightOf,
    find_source: FindSource = no_source,
    audit: AuditOptions | None = None,
    now: datetime | None = None,
) -> Imported:
    """Load documents; one that cannot be loaded is in ``failures`` and stops no other. Raises StoreUnreachable."""
    total = Imported()
    for folder in folders:
        try:
            done = import_folder(store, folder, insight_of, find_source, audit or AuditOptions(), now or utc_now())
        except QingzhangError as error:
            done = Imported(failures=((folder.path, str(error)),))
        total = _added(total, done)
    return total


def _added(one: Imported, other: Imported) -> Imported:
    return Imported(
        one.documents + other.documents,
        one.updated + other.updated,
        one.unchanged + other.unchanged,
        one.fields + other.fields,
        one.waiting + other.waiting,
        one.kept + other.kept,
        one.doubtful + other.doubtful,
        one.failures + other.failures,
    )


def import_folder(
    store: Store, folder: Folder, insight_of: InsightOf, find_source: FindSource, audit: AuditOptions, now: datetime
) -> Imported:
    """Load one document, unless its files are those of the last import. Raises InputError, ContractError."""
    digest = folder_digest(folder.path)
    with store.read() as connection:
        known = connection.execute(
            select(schema.DOCUMENTS.c.digest, schema.DOCUMENTS.c.source_path).where(
                schema.DOCUMENTS.c.folder == str(folder.path)
            )
        ).one_or_none()
    if known is not None and known.digest == digest and known.source_path is not None:
        return Imported(unchanged=1)
    loaded = _load(folder, digest, insight_of, find_source)
    if known is not None and known.digest == digest:
        _note_source(store, loaded)
        return Imported(unchanged=1)
    with store.write() as connection:
        return _stored(connection, loaded, audit, now)


def folder_digest(folder: Path) -> str:
    """SHA-256 over the files of a document that the desk reads. Raises InputError where there is no document.json."""
    digest = hashlib.sha256()
    for name in (DOCUMENT_FILE, SIDECAR_FILE, DECISIONS_FILE):
        file = folder / name
        try:
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        except FileNotFoundError:
            if name == DOCUMENT_FILE:
                raise InputError(f"{file}: is not there. Name the folder that `qingzhang run` wrote.") from None
            digest.update(b"-")
        except OSError as error:
            raise InputError(f"{file}: cannot be read ({error.strerror}).") from error
    return digest.hexdigest()


def _load(folder: Folder, digest: str, insight_of: InsightOf, find_source: FindSource) -> Loaded:
    document = read_document(folder.path)
    sidecar = read_sidecar(folder.path)
    machine = machine_document(document, sidecar)
    return Loaded(
        folder,
        digest,
        document,
        machine,
        fields_of(machine),
        insight_of(machine, sidecar),
        read_decisions(folder.path),
        find_source(document),
    )


def read_document(folder: Path) -> Document:
    """The document of an output folder. Raises InputError, ContractError."""
    file = folder / DOCUMENT_FILE
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InputError(f"{file}: too large for a document ({file.stat().st_size / 1e6:.0f} MB).")
        return contract.load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}).") from error


def _note_source(store: Store, loaded: Loaded) -> None:
    if loaded.source is not None:
        documents = schema.DOCUMENTS
        with store.write() as connection:
            connection.execute(
                update(documents)
                .where(documents.c.folder == str(loaded.folder.path))
                .values(source_path=str(loaded.source))
            )


# --- into the store ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Old:
    """A field as the store has it."""

    id: int
    place: Place
    key: FieldKey
    decision_uid: str | None
    is_audit: bool
    is_lost: bool
    """Its place was not in the document when it was last imported."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which row becomes which field."""

    rows: Mapping[FieldKey, int]
    """New field → old row."""
    lost: Mapping[int, str]
    """Old rows with a decision in force and no field any more → why."""
    doubts: Mapping[FieldKey, Doubtful]
    """Fields that a decision may be about."""
    sure: Mapping[FieldKey, HeldDecision]


def _stored(connection: Connection, loaded: Loaded, audit: AuditOptions, now: datetime) -> Imported:
    documents = schema.DOCUMENTS
    archive_id = _archive(connection, loaded.folder)
    old = connection.execute(
        select(documents.c.id, documents.c.sha256, documents.c.revision, documents.c.emitted)
        .where(documents.c.folder == str(loaded.folder.path))
        .with_for_update()
    ).one_or_none()
    if old is None:
        document_id = _insert_document(connection, loaded, archive_id, now)
    else:
        document_id = old.id
        connection.execute(
            update(documents).where(documents.c.id == document_id).values(**_document_row(loaded, archive_id, now))
        )
    held = _newest(_adoptable(connection, loaded) + held_decisions(connection, document_id))
    before = _old_fields(connection, document_id)
    plan = _plan(loaded, before, held, old.sha256 if old else None)
    ids = _write_fields(connection, loaded, document_id, archive_id, before, plan, audit)
    _record_adopted(connection, document_id, held, plan, ids, archive_id, now)
    _write_sums(connection, document_id, loaded.insight, ids)
    _note_emission(connection, loaded, document_id, plan)
    update_counts(connection, document_id)
    waiting = select(documents.c.n_waiting).where(documents.c.id == document_id)
    return Imported(
        documents=int(old is None),
        updated=int(old is not None),
        fields=len(ids),
        waiting=connection.execute(waiting).scalar_one(),
        kept=len(plan.sure),
        doubtful=len(held) - len(plan.sure),
    )


def _archive(connection: Connection, folder: Folder) -> int:
    archives = schema.ARCHIVES
    known = connection.execute(select(archives.c.id).where(archives.c.location == folder.location)).scalar()
    if known is not None:
        return int(known)
    name = folder.archive[:180]
    if connection.execute(select(archives.c.id).where(archives.c.name == name)).first():
        name = f"{name}-{hashlib.sha256(folder.location.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
    return _new_id(connection, insert(archives).values(name=name, location=folder.location))


def _new_id(connection: Connection, statement: Any) -> int:
    key = connection.execute(statement).inserted_primary_key
    assert key is not None
    return int(key[0])


def _insert_document(connection: Connection, loaded: Loaded, archive_id: int, now: datetime) -> int:
    counts = dict.fromkeys(("n_fields", "n_waiting", "n_decided", "n_settled", "n_verified", "n_unflagged"), 0)
    row = _document_row(loaded, archive_id, now) | counts | {"revision": 0, "emitted": 0}
    return _new_id(connection, insert(schema.DOCUMENTS).values(**row))


def _document_row(loaded: Loaded, archive_id: int, now: datetime) -> dict[str, Any]:
    document = loaded.document
    return {
        "archive_id": archive_id,
        "name": loaded.folder.path.name[:255],
        "folder": str(loaded.folder.path),
        "source_name": document.source.name,
        "source_path": str(loaded.source) if loaded.source else None,
        "sha256": document.source.sha256,
        "digest": loaded.digest,
        "entity": document.meta.entity,
        "year": document.meta.year,
        "kind": document.meta.kind.value if document.meta.kind else None,
        "status": document.status.value,
        "page_count": len(document.pages),
        "pages": [
            {
                "number": p.number,
                "origin": p.origin.value,
                "width": p.width,
                "height": p.height,
                "rotation": p.rotation,
                "marked": p.watermark is not None,
                "error": schema.safe(p.error) if p.error else None,
            }
            for p in document.pages
        ],
        "blocks": [
            {
                "id": schema.safe(b.id),
                "kind": "table" if isinstance(b, Table) else b.kind.value,
                "title": schema.safe((b.title or b.number or "")[:200]) if isinstance(b, Table) else "",
                "unit": schema.safe(b.unit) if isinstance(b, Table) and b.unit else None,
                "n_cols": b.n_cols if isinstance(b, Table) else 0,
                "pages": list(b.pages),
            }
            for b in document.blocks
        ],
        "imported_at": now,
    }


def _adoptable(connection: Connection, loaded: Loaded) -> tuple[HeldDecision, ...]:
    """Decisions of ``decisions.json`` that the store does not know: made at another desk, or before this store."""
    if loaded.decisions is None or loaded.decisions.sha256 != loaded.document.source.sha256:
        return ()
    decisions = schema.DECISIONS
    uids = [d.uid for d in loaded.decisions.decisions]
    known: set[str] = set()
    for start in range(0, len(uids), 500):
        found = select(decisions.c.uid).where(decisions.c.uid.in_(uids[start : start + 500]))
        known.update(connection.execute(found).scalars())
    return tuple(d for d in loaded.decisions.decisions if d.uid not in known)


def _newest(held: Iterable[HeldDecision]) -> tuple[HeldDecision, ...]:
    """Of two decisions about one and the same place the later one."""
    kept: dict[object, HeldDecision] = {}
    for decision in sorted(held, key=lambda d: (d.at, d.uid)):
        place = decision.place
        box = tuple(round(v) for v in place.box.as_tuple())
        kept[place.kind is FieldKind.TABLE, place.kind is FieldKind.TEXT, place.page, box] = decision
    return tuple(kept.values())


def _old_fields(connection: Connection, document_id: int) -> tuple[_Old, ...]:
    f = schema.FIELDS.c
    columns = (
        *(f.id, f.kind, f.page, f.left, f.top, f.right, f.bottom, f.table_name, f.block, f.row, f.col),
        *(f.row_label, f.column_label, f.decision_uid, f.is_audit, f.is_lost),
    )
    sought = or_(~f.is_lost, f.decision_uid.is_not(None))
    rows = connection.execute(select(*columns).where(f.document_id == document_id, sought))
    return tuple(
        _Old(
            r.id,
            Place(
                FieldKind(r.kind),
                r.page,
                Box(r.left, r.top, r.right, r.bottom),
                r.table_name,
                r.row,
                r.col,
                r.row_label,
                r.column_label,
            ),
            FieldKey(r.block, r.row, r.col),
            r.decision_uid,
            r.is_audit,
            r.is_lost,
        )
        for r in rows
    )


def _plan(loaded: Loaded, old: Sequence[_Old], held: Sequence[HeldDecision], sha256: str | None) -> _Plan:
    matches = match_fields(loaded.fields, held)
    if sha256 is not None and sha256 != loaded.document.source.sha256:
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
    rows |= _matched(
        [o for o in old if o.id not in taken and not o.is_lost], [f for f in loaded.fields if f.key not in rows]
    )
    return _Plan(rows, lost, doubts, matches.sure)


def _all_doubtful(matches: Matches) -> Matches:
    moved = tuple(Doubtful(decision, REPLACED, key) for key, decision in matches.sure.items())
    return Matches({}, (*moved, *matches.doubtful))


def _matched(old: Sequence[_Old], new: Sequence[Field]) -> dict[FieldKey, int]:
    """Which old rows stand where a new field stands: those that kept their grid position first."""
    by_key = {f.key: f for f in new}
    rows: dict[FieldKey, int] = {}
    rest: list[_Old] = []
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


# --- fields ------------------------------------------------------------------------------------------------


def _write_fields(
    connection: Connection,
    loaded: Loaded,
    document_id: int,
    archive_id: int,
    old: Sequence[_Old],
    plan: _Plan,
    audit: AuditOptions,
) -> dict[FieldKey, int]:
    """Rows for all fields: new ones, old ones in their new place; rows of no field go, unless they have a record."""
    fields = schema.FIELDS
    was_audit = {o.id for o in old if o.is_audit}
    cleared = _cleared(loaded, plan)
    _drop_sums(connection, document_id)
    fresh: list[dict[str, Any]] = []
    again: list[dict[str, Any]] = []
    for field in loaded.fields:
        row_id = plan.rows.get(field.key)
        asked = row_id in was_audit or _is_drawn(field, loaded.document.source.sha256, audit)
        row = {"document_id": document_id, "archive_id": archive_id, **_field_row(field, loaded, asked)}
        row |= _standing_row(field, plan, field.key in cleared, row["is_audit"])
        if row_id is None:
            fresh.append(row | {"skips": 0, "revision": 0, "is_lost": False})
        else:
            again.append({f"b_{name}": value for name, value in row.items()} | {"b_id": row_id})
    kept = set(plan.rows.values()) | set(plan.lost)
    _drop_rows(connection, [o.id for o in old if o.id not in kept])
    for row_id, reason in plan.lost.items():
        connection.execute(update(fields).where(fields.c.id == row_id).values(**_lost_values(reason)))
    if again:
        values: dict[str, Any] = {n[2:]: bindparam(n, type_=fields.c[n[2:]].type) for n in again[0] if n != "b_id"}
        values |= {"revision": fields.c.revision + 1, "is_lost": false()}
        connection.execute(update(fields).where(fields.c.id == bindparam("b_id")).values(values), again)
    for start in range(0, len(fresh), 1000):
        connection.execute(insert(fields), fresh[start : start + 1000])
    f = fields.c
    placed = select(f.id, f.block, f.row, f.col).where(f.document_id == document_id, ~f.is_lost)
    return {FieldKey(r.block, r.row, r.col): r.id for r in connection.execute(placed)}


def _cleared(loaded: Loaded, plan: _Plan) -> frozenset[FieldKey]:
    """The fields that the decisions' sums put beyond doubt."""
    standings = {}
    changed = set()
    for field in loaded.fields:
        decision, reading = plan.sure.get(field.key), field.reading
        text = _text_now(reading.text, decision)
        standings[field.key] = Standing(text, reading.needs_review, reading.reasons, decision is not None)
        if text != reading.text:
            changed.add(field.key)
    return settled(standings, loaded.insight.sums, changed)


def _text_now(machine: str, decision: HeldDecision | None) -> str:
    return machine if decision is None or decision.action is Action.ILLEGIBLE else decision.after


def _standing_row(field: Field, plan: _Plan, is_cleared: bool, is_audit: bool) -> dict[str, Any]:
    """Status, text and decision of a field."""
    decision, doubt = plan.sure.get(field.key), plan.doubts.get(field.key)
    if doubt is not None:
        person = [schema.safe(doubt.decision.after), SuggestionKind.PRECEDENT.value, 1.0, "重新识别前人工复核的值"]
        return {
            "status": FieldStatus.WAITING.value,
            "text": field.reading.text,
            "decision_uid": doubt.decision.uid,
            "outcome": None,
            "reasons": [doubt.reason, *(schema.safe(r) for r in field.reading.reasons)],
            "reason": ReasonKind.MOVED.value,
            "suggestions": [person],
            "rank": field.reading.confidence - _URGENT[ReasonKind.MOVED],
        }
    flagged = field.reading.needs_review
    waits = FieldStatus.WAITING if flagged or is_audit else FieldStatus.QUIET
    status = FieldStatus.DECIDED if decision else FieldStatus.SETTLED if is_cleared else waits
    return {
        "status": status.value,
        "text": _text_now(field.reading.text, decision),
        "decision_uid": decision.uid if decision else None,
        "outcome": decision.action.value if decision else None,
    }


def _field_row(field: Field, loaded: Loaded, asked: bool) -> dict[str, Any]:
    """What the machine says of a field."""
    reading, box = field.reading, field.box
    flagged = reading.needs_review
    is_audit = asked and not flagged
    reason = worst_reason(reading.reasons) if flagged else ReasonKind.AUDIT if is_audit else None
    found = loaded.insight.suggestions.get(field.key, ())
    return {
        "block": field.key.block,
        "row": field.key.row,
        "col": field.key.col,
        "row_span": field.row_span,
        "col_span": field.col_span,
        "page": field.page,
        "left": box.left,
        "top": box.top,
        "right": box.right,
        "bottom": box.bottom,
        "kind": field.kind.value,
        "table_name": field.table,
        "row_label": field.row_label,
        "column_label": field.column_label,
        "raw": reading.raw,
        "machine_text": reading.text,
        "confidence": reading.confidence,
        "flagged": flagged,
        "reasons": [schema.safe(r) for r in reading.reasons] if flagged else [AUDIT_REASON] if is_audit else [],
        "reason": reason.value if reason else None,
        "corrections": [schema.safe(correction_words(c)) for c in reading.corrections],
        "suggestions": [[schema.safe(s.text), s.kind.value, s.score, schema.safe(s.why)] for s in found],
        "in_text": field.in_text,
        "verified": bool(field.verified_by),
        "read_key": read_key(field),
        "rank": _rank(field, reason, loaded.document.source.sha256),
        "is_audit": is_audit,
    }


def read_key(field: Field) -> str | None:
    """Equal for fields of words where the same was read; amounts have none, for equal amounts are chance."""
    text = "".join(field.reading.raw.split())
    if field.kind not in (FieldKind.LABEL, FieldKind.TEXT) or not any(c.isalpha() for c in text):
        return None
    return hashlib.blake2b(f"{field.kind}\n{text}".encode("utf-8", "replace"), digest_size=16).hexdigest()


_URGENT = {ReasonKind.MOVED: 3.0, ReasonKind.STRUCTURE: 2.0, ReasonKind.SUM: 1.0, ReasonKind.COPY: 0.5}
"""How far ahead of others a class of doubt comes: a moved decision is lost work, and a missing row spoils a table."""


def _rank(field: Field, reason: ReasonKind | None, sha256: str) -> float:
    """Confidence less urgency; fields of the audit sample are spread among the others."""
    if reason is ReasonKind.AUDIT:
        return 2 * _draw(field, sha256, "rank") - 1
    return field.reading.confidence - (_URGENT.get(reason, 0.0) if reason else 0.0)


def _is_drawn(field: Field, sha256: str, audit: AuditOptions) -> bool:
    """Whether the audit sample has the field: by its place on paper, so that another run draws the same."""
    fits = field.kind is not FieldKind.TABLE and field.in_text and bool(field.reading.text.strip())
    return fits and _draw(field, sha256, f"audit {audit.audit_seed}") < audit.audit_share


def _draw(field: Field, sha256: str, purpose: str) -> float:
    """A number from 0 to 1 that depends on the place on paper alone (to 4 points: readings differ by less)."""
    x, y = field.box.center
    text = f"{purpose}|{sha256}|{field.page}|{round(x / 4)}|{round(y / 4)}|{field.kind is FieldKind.TEXT}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64


def _drop_sums(connection: Connection, document_id: int) -> None:
    sums = schema.SUMS
    own = select(sums.c.id).where(sums.c.document_id == document_id)
    connection.execute(delete(schema.TERMS).where(schema.TERMS.c.sum_id.in_(own)))
    connection.execute(delete(sums).where(sums.c.document_id == document_id))


def _drop_rows(connection: Connection, ids: Sequence[int]) -> None:
    """Take rows away; those with a record stay, out of sight."""
    fields, decisions = schema.FIELDS, schema.DECISIONS
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        recorded = set(connection.execute(select(decisions.c.field_id).where(decisions.c.field_id.in_(some))).scalars())
        connection.execute(delete(fields).where(fields.c.id.in_([i for i in some if i not in recorded])))
        quiet = {"is_lost": True, "status": FieldStatus.QUIET.value, "claimed_by": None, "claimed_until": None}
        connection.execute(update(fields).where(fields.c.id.in_(recorded)).values(**quiet))


def _write_sums(connection: Connection, document_id: int, insight: Insight, ids: Mapping[FieldKey, int]) -> None:
    terms: list[dict[str, Any]] = []
    for item in insight.sums:
        if any(key not in ids for key in item.keys()):  # noqa: SIM118 - no dictionary
            continue
        row = {
            "document_id": document_id,
            "name": item.name,
            "decimals": item.decimals,
            "tolerance": format(item.tolerance, "f"),
        }
        sum_id = _new_id(connection, insert(schema.SUMS).values(**row))
        parts = [(item.total, 0), *item.terms]
        terms += [
            {"sum_id": sum_id, "field_id": ids[key], "sign": sign, "position": n} for n, (key, sign) in enumerate(parts)
        ]
    for start in range(0, len(terms), 5000):
        connection.execute(insert(schema.TERMS), terms[start : start + 5000])


# --- decisions ---------------------------------------------------------------------------------------------


def _record_adopted(
    connection: Connection,
    document_id: int,
    held: Sequence[HeldDecision],
    plan: _Plan,
    ids: Mapping[FieldKey, int],
    archive_id: int,
    now: datetime,
) -> None:
    """Write the decisions that came with the outputs into the record, each at its field."""
    decisions = schema.DECISIONS
    uids = [d.uid for d in held]
    known: set[str] = set()
    for start in range(0, len(uids), 500):
        found = select(decisions.c.uid).where(decisions.c.uid.in_(uids[start : start + 500]))
        known.update(connection.execute(found).scalars())
    places = {d.uid: key for key, d in plan.sure.items()}
    places |= {doubt.decision.uid: key for key, doubt in plan.doubts.items()}
    for decision in held:
        if decision.uid in known:
            continue
        key = places.get(decision.uid)
        field_id = ids[key] if key is not None else _lost_row(connection, document_id, archive_id, decision)
        connection.execute(
            insert(decisions).values(
                uid=decision.uid,
                field_id=field_id,
                document_id=document_id,
                user=decision.by[:64] or "?",
                at=decision.at,
                action=decision.action.value,
                before=decision.before,
                after=decision.after,
                shown=json.dumps({"adopted": now.isoformat()}),
                place=place_json(decision.place),
                is_audit=False,
                comment="",
            )
        )


def _lost_row(connection: Connection, document_id: int, archive_id: int, decision: HeldDecision) -> int:
    """A row for a decision whose field is not in the document: it waits for a person."""
    place = decision.place
    row: dict[str, Any] = {
        "document_id": document_id,
        "archive_id": archive_id,
        "block": -1,
        "row": place.row,
        "col": place.col,
        "row_span": 1,
        "col_span": 1,
        "page": place.page,
        "left": place.box.left,
        "top": place.box.top,
        "right": place.box.right,
        "bottom": place.box.bottom,
        "kind": place.kind.value,
        "table_name": place.table,
        "row_label": place.row_label,
        "column_label": place.column_label,
        "raw": "",
        "machine_text": "",
        "confidence": 0.0,
        "flagged": True,
        "corrections": [],
        "suggestions": [],
        "in_text": True,
        "verified": False,
        "is_audit": False,
        "skips": 0,
        "revision": 0,
        "decision_uid": decision.uid,
        "text": decision.after,
    }
    return _new_id(connection, insert(schema.FIELDS).values(**row, **_lost_values(LOST)))


def _lost_values(reason: str) -> dict[str, Any]:
    return {
        "status": FieldStatus.WAITING.value,
        "reasons": [reason],
        "reason": ReasonKind.MOVED.value,
        "rank": -_URGENT[ReasonKind.MOVED],
        "is_lost": True,
        "outcome": None,
    }


def _note_emission(connection: Connection, loaded: Loaded, document_id: int, plan: _Plan) -> None:
    """Whether the outputs hold every decision in force; if not they are to be written anew."""
    documents = schema.DOCUMENTS
    reviewed = apply_decisions(loaded.machine, plan.sure.values(), loaded.insight.sums)
    if contract.to_json(reviewed) == contract.to_json(loaded.document):
        values: dict[Any, Any] = {"emitted": documents.c.revision}
    else:
        values = {"revision": documents.c.revision + 1}
    connection.execute(update(documents).where(documents.c.id == document_id).values(values))
