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

from sqlalchemy import Connection, bindparam, delete, false, insert, or_, select, update

from document import json as contract
from document.exceptions import InputError, QingzhangError
from document.geometry import Box
from document.types import Document, Table
from review import schema
from review.decisions import FILE as DECISIONS_FILE
from review.decisions import (
    DecisionFile,
    HeldDecision,
    Place,
    apply_decisions,
    read_decisions,
)
from review.fieldrows import LOST, AuditOptions, cleared_fields, field_row, is_drawn, lost_values, standing_row
from review.fields import Field, FieldKey, fields_of
from review.insight import Insight, InsightOf
from review.record import held_decisions, place_json
from review.rematch import OldField, Plan, newest, plan_rows
from review.sidecar import FILE as SIDECAR_FILE
from review.sidecar import machine_document, read_sidecar
from review.status import update_counts
from review.store import Store, utc_now
from review.types import FieldKind, FieldStatus, Imported

DOCUMENT_FILE = "document.json"
MAX_BYTES = 500_000_000


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
    held = newest(_adoptable(connection, loaded) + held_decisions(connection, document_id))
    before = _old_fields(connection, document_id)
    plan = plan_rows(loaded.fields, before, held, old is None or old.sha256 == loaded.document.source.sha256)
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


def _old_fields(connection: Connection, document_id: int) -> tuple[OldField, ...]:
    f = schema.FIELDS.c
    columns = (
        *(f.id, f.kind, f.page, f.left, f.top, f.right, f.bottom, f.table_name, f.block, f.row, f.col),
        *(f.row_label, f.column_label, f.decision_uid, f.is_audit, f.is_lost),
    )
    sought = or_(~f.is_lost, f.decision_uid.is_not(None))
    rows = connection.execute(select(*columns).where(f.document_id == document_id, sought))
    return tuple(
        OldField(
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


# --- fields ------------------------------------------------------------------------------------------------


def _write_fields(
    connection: Connection,
    loaded: Loaded,
    document_id: int,
    archive_id: int,
    old: Sequence[OldField],
    plan: Plan,
    audit: AuditOptions,
) -> dict[FieldKey, int]:
    """Rows for all fields: new ones, old ones in their new place; rows of no field go, unless they have a record."""
    fields = schema.FIELDS
    was_audit = {o.id for o in old if o.is_audit}
    cleared = cleared_fields(loaded.fields, loaded.insight.sums, plan)
    sha256 = loaded.document.source.sha256
    _drop_sums(connection, document_id)
    fresh: list[dict[str, Any]] = []
    again: list[dict[str, Any]] = []
    for field in loaded.fields:
        row_id = plan.rows.get(field.key)
        found = loaded.insight.suggestions.get(field.key, ())
        asked = row_id in was_audit or is_drawn(field, sha256, audit)
        row = {
            "document_id": document_id,
            "archive_id": archive_id,
            **field_row(field, found, sha256, asked),
        }
        row |= standing_row(field, plan, field.key in cleared, row["is_audit"])
        if row_id is None:
            fresh.append(row | {"skips": 0, "revision": 0, "is_lost": False})
        else:
            again.append({f"b_{name}": value for name, value in row.items()} | {"b_id": row_id})
    kept = set(plan.rows.values()) | set(plan.lost)
    _drop_rows(connection, [o.id for o in old if o.id not in kept])
    for row_id, reason in plan.lost.items():
        connection.execute(update(fields).where(fields.c.id == row_id).values(**lost_values(reason)))
    if again:
        values: dict[str, Any] = {n[2:]: bindparam(n, type_=fields.c[n[2:]].type) for n in again[0] if n != "b_id"}
        values |= {"revision": fields.c.revision + 1, "is_lost": false()}
        connection.execute(update(fields).where(fields.c.id == bindparam("b_id")).values(values), again)
    for start in range(0, len(fresh), 1000):
        connection.execute(insert(fields), fresh[start : start + 1000])
    f = fields.c
    placed = select(f.id, f.block, f.row, f.col).where(f.document_id == document_id, ~f.is_lost)
    return {FieldKey(r.block, r.row, r.col): r.id for r in connection.execute(placed)}


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
    plan: Plan,
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
    return _new_id(connection, insert(schema.FIELDS).values(**row, **lost_values(LOST)))


def _note_emission(connection: Connection, loaded: Loaded, document_id: int, plan: Plan) -> None:
    """Whether the outputs hold every decision in force; if not they are to be written anew."""
    documents = schema.DOCUMENTS
    reviewed = apply_decisions(loaded.machine, plan.sure.values(), loaded.insight.sums)
    if contract.to_json(reviewed) == contract.to_json(loaded.document):
        values: dict[Any, Any] = {"emitted": documents.c.revision}
    else:
        values = {"revision": documents.c.revision + 1}
    connection.execute(update(documents).where(documents.c.id == document_id).values(values))
