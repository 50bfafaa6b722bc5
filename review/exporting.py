"""The record as CSV and JSON, and decisions beside their documents (导出)."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, update

from document.exceptions import OutputError
from document.writers.safe import spreadsheet_text
from review import schema
from review.decisions import FILE, DecisionFile, HeldDecision, dump
from review.importing import folder_digest
from review.queue import archive_id
from review.record import held_decisions, place_from
from review.schema import AnyRow
from review.store import Store
from review.types import NotFound
from review.views import document_row

COLUMNS = (
    "at", "user", "action", "before", "after", "archive", "document", "page", "table", "row", "column",
    "row_label", "column_label", "kind", "bbox", "batch", "undoes", "seconds", "audit", "comment", "uid",
)  # fmt: skip
_D, _DOC = schema.DECISIONS.c, schema.DOCUMENTS.c


def decisions_csv(store: Store, archive: str | None = None) -> str:
    """Every decision as CSV; no text in it is a formula in a spreadsheet."""
    with io.StringIO(newline="") as out:
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for line in _lines(store, archive):
            writer.writerow([_cell(line[name]) for name in COLUMNS])
        return "\ufeff" + out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float):
        return str(value)
    return spreadsheet_text(" ".join(map(str, value)) if isinstance(value, list) else str(value))


def decisions_json(store: Store, archive: str | None = None) -> str:
    """Every decision as a JSON list."""
    return json.dumps(list(_lines(store, archive, shown=True)), ensure_ascii=False, indent=1) + "\n"


def _lines(store: Store, archive: str | None, shown: bool = False) -> Iterator[dict[str, Any]]:
    archives = schema.ARCHIVES
    query = (
        select(schema.DECISIONS, _DOC.name.label("document"), archives.c.name.label("archive"))
        .join(schema.DOCUMENTS, _DOC.id == _D.document_id)
        .join(archives, archives.c.id == _DOC.archive_id)
        .order_by(_D.id)
    )
    if archive is not None:
        query = query.where(_DOC.archive_id == archive_id(store, archive))
    with store.read() as connection:
        for row in connection.execution_options(yield_per=1000).execute(query):
            yield _line(row) | ({"shown": json.loads(row.shown)} if shown else {})


def _line(row: AnyRow) -> dict[str, Any]:
    place = place_from(row.place)
    return {
        "at": row.at.isoformat(timespec="seconds"),
        "user": row.user,
        "action": row.action,
        "before": row.before,
        "after": row.after,
        "archive": row.archive,
        "document": row.document,
        "page": place.page,
        "table": place.table,
        "row": place.row,
        "column": place.col,
        "row_label": place.row_label,
        "column_label": place.column_label,
        "kind": place.kind.value,
        "bbox": [round(v, 2) for v in place.box.as_tuple()],
        "batch": row.batch,
        "undoes": row.undoes,
        "seconds": None if row.seconds is None else round(row.seconds, 1),
        "audit": row.is_audit,
        "comment": row.comment,
        "uid": row.uid,
    }


# --- re-emission -------------------------------------------------------------------------------------------


def documents_to_reemit(store: Store) -> tuple[int, ...]:
    """Ids of the documents whose outputs lack a decision, or still hold one that was taken back."""
    with store.read() as connection:
        query = select(_DOC.id).where(_DOC.revision > _DOC.emitted).order_by(_DOC.id)
        return tuple(connection.execute(query).scalars())


def changed_since(store: Store, since: datetime) -> tuple[int, ...]:
    """Ids of the documents in which something was decided since then."""
    with store.read() as connection:
        query = select(_DOC.id).where(_DOC.changed_at >= since).order_by(_DOC.id)
        return tuple(connection.execute(query).scalars())


def document_folder(store: Store, document_id: int) -> Path:
    """The output folder that a document was imported from. Raises NotFound."""
    with store.read() as connection:
        return Path(document_row(connection, document_id).folder)


def document_source(store: Store, document_id: int) -> Path | None:
    """The scan that a document was read from, where the import found it. Raises NotFound."""
    with store.read() as connection:
        found = document_row(connection, document_id).source_path
    return Path(found) if found else None


def find_document(store: Store, folder: Path) -> int:
    """The id of the document with this output folder. Raises NotFound."""
    with store.read() as connection:
        found = connection.execute(select(_DOC.id).where(_DOC.folder == str(folder))).scalar()
    if found is None:
        raise NotFound(f"{folder}: was never imported. Run `qingzhang review import` on it.")
    return int(found)


def decisions_of(store: Store, document_id: int) -> tuple[DecisionFile, int]:
    """The decisions in force of a document, and the revision they make. Raises NotFound."""
    with store.read() as connection:
        return _decisions_of(connection, document_id)


def _decisions_of(connection: Connection, document_id: int) -> tuple[DecisionFile, int]:
    row = document_row(connection, document_id)
    held: tuple[HeldDecision, ...] = held_decisions(connection, document_id)
    return DecisionFile(row.sha256, held), int(row.revision)


def write_decisions(store: Store, document_id: int, folder: Path) -> int:
    """Write ``decisions.json`` into a document's output folder, whole or not at all; the revision that it holds.

    The order for whoever emits: write the decisions, write the outputs, then ``mark_emitted`` with this revision.
    Raises NotFound, OutputError.
    """
    file, revision = decisions_of(store, document_id)
    _write_whole(folder / FILE, dump(file).encode())
    return revision


def mark_emitted(store: Store, document_id: int, revision: int) -> bool:
    """Note that the outputs hold this revision; False where something was decided since: emit once more."""
    documents = schema.DOCUMENTS
    with store.read() as connection:
        folder = Path(document_row(connection, document_id).folder)
    digest = folder_digest(folder)
    with store.write() as connection:
        mine = update(documents).where(documents.c.id == document_id, documents.c.revision == revision)
        return connection.execute(mine.values(emitted=revision, digest=digest)).rowcount == 1


def _write_whole(file: Path, data: bytes) -> None:
    try:
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".try-", delete=False) as draft:
            draft.write(data)
        Path(draft.name).chmod(0o644)
        os.replace(draft.name, file)
    except OSError as error:
        raise OutputError(f"{file}: cannot be written ({error.strerror}). Make room or rights there.") from error
