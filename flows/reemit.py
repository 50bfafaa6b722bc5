"""Prefect after a review: outputs of documents on which people have decided are written anew, no page is read again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from prefect import flow, get_run_logger, task
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from document.exceptions import QingzhangError
from flows.artifacts import DocumentRow, Progress, Shown, publish
from flows.batch import Outcome
from flows.claims import Claims
from flows.emission import emit, emit_reviewed
from flows.export import read_document
from flows.fanout import RETRYING, failed_row
from flows.outputs import MANIFEST
from flows.pieces import manifest_in, on_disk
from flows.places import Folder, content_hash, fetch, file_name, folder_at
from flows.sources import scans_at
from review import service
from review.decisions import FILE as DECISIONS
from review.decisions import read_decisions
from review.sidecar import FILE as SIDECAR
from review.store import Store, open_store

STATE = ".reemit"
"""Folder in the output that notes which decisions are in which outputs."""


class ReemitIncomplete(QingzhangError):
    """Outputs of some documents could not be written anew; they still hold what they held."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A document whose outputs do not hold what people decided."""

    name: str
    url: str
    mark: str = ""
    """What decisions and outputs were when that was seen."""


@flow(name="reemit", persist_result=False)
def reemit(
    output: str | None = None,
    scans: str | None = None,
    database: str | None = None,
    jobs: Annotated[int, Field(ge=1, le=64)] = 1,
    served_at: str | None = None,
) -> None:
    """Write the outputs of documents anew that people have decided on since; the others are left as they are.

    Raises ReemitIncomplete after all documents are through, where any failed.

    Args:
        output: folder of an archive (path or fsspec URL); documents whose decisions.json is new are taken
        scans: folder with the scans (path or fsspec URL): formats that show pages, such as PDF, need them
        database: URL of the review desk's database; its documents with new decisions are taken as well
        jobs: documents written side by side
        served_at: URL under which a web server shows the output folder; links on Prefect's page lead there
    """
    rows = [*(reemit_folder(output, scans, jobs) if output else ()), *(reemit_desk(database, jobs) if database else ())]
    publish("reemit", Shown(output or "", served_at), rows)
    bad = [row for row in rows if row.outcome is Outcome.FAILED]
    if bad:
        raise ReemitIncomplete(f"{len(bad)} of {len(rows)} documents could not be written anew.")


@task(name="rebuild", task_run_name="rebuild {changed.name}", **RETRYING)
def rebuild_task(changed: Changed, rebuild: Callable[[Changed], DocumentRow]) -> DocumentRow:
    """Write one document's outputs anew."""
    return rebuild(changed)


def reemit_folder(output: str, scans: str | None, jobs: int) -> tuple[DocumentRow, ...]:
    """The documents of an archive whose ``decisions.json`` is not in their outputs yet."""
    folder = folder_at(output)
    with Claims(folder.child(STATE).child("claims")) as claims:

        def rebuild(changed: Changed) -> DocumentRow:
            if not claims.take(changed.name):
                return DocumentRow(changed.name, Outcome.UNCHANGED, changed.url, message="another run has it")
            try:
                _write_anew(folder, changed.name, scans)
                folder.child(STATE).write(_note(changed.name), mark_of(folder.child(changed.name)).encode())
                return _row(folder.child(changed.name), changed.name)
            finally:
                claims.release(changed.name)

        return _all("reemit", changed_documents(folder), rebuild, jobs)


def reemit_desk(database: str, jobs: int) -> tuple[DocumentRow, ...]:
    """The documents of the review desk whose outputs lack a decision, or hold one that was taken back."""
    store = open_store(database)
    changed = [_of_desk(store, number) for number in service.documents_to_reemit(store)]
    numbers = {one.mark: int(one.mark) for one in changed}

    def rebuild(one: Changed) -> DocumentRow:
        emit_reviewed(store, numbers[one.mark])
        return _row(folder_at(one.url), one.name)

    return _all("reemit-desk", changed, rebuild, jobs)


def _of_desk(store: Store, number: int) -> Changed:
    folder = service.document_folder(store, number)
    return Changed(folder.name, str(folder), str(number))


def changed_documents(output: Folder) -> list[Changed]:
    """The documents with decisions that their outputs do not hold, by content: of neither do times matter.

    Raises OSError.
    """
    found = []
    for name in output.folders():
        folder = output.child(name)
        if not name.startswith(".") and folder.has(DECISIONS) and _noted(output, name) != (mark := mark_of(folder)):
            found.append(Changed(name, folder.url, mark))
    return found


def mark_of(folder: Folder) -> str:
    """Hash over a document's decisions and the record of its outputs: whichever changes, it has to be looked at."""
    parts = [folder.sha256(name) if folder.has(name) else "" for name in (DECISIONS, MANIFEST)]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def _note(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _noted(output: Folder, name: str) -> str:
    try:
        return output.child(STATE).read(_note(name)).decode()
    except FileNotFoundError:
        return ""


def _write_anew(output: Folder, name: str, scans: str | None) -> None:
    """Raises InputError, ContractError, OutputError, OSError."""
    with on_disk(output.child(name), DECISIONS, SIDECAR) as here:
        file = read_decisions(here)
        document = read_document(here)
        held = file.decisions if file is not None and file.sha256 == document.source.sha256 else ()
        source = _scan(scans, output, document.source.name, document.source.sha256)
        emit(here, held, fetch(source) if source else None)


def _scan(scans: str | None, output: Folder, name: str, sha256: str) -> str | None:
    """The scan with this name and these bytes below ``scans``."""
    if scans is None:
        return None
    for url in scans_at(folder_at(scans), output):
        if file_name(url) == name and content_hash(url) == sha256:
            return url
    return None


def _all(
    key: str, changed: list[Changed], rebuild: Callable[[Changed], DocumentRow], jobs: int
) -> tuple[DocumentRow, ...]:
    """All that changed, side by side; one that fails does not stop the others."""
    progress = Progress(key, "Share of the documents whose outputs are written anew")
    progress.show(0.0)
    rows = []
    threads: Any = ThreadPoolTaskRunner(max_workers=jobs)
    with threads:
        futures = [threads.submit(rebuild_task, {"changed": one, "rebuild": rebuild}) for one in changed]
        for count, (one, future) in enumerate(zip(changed, futures, strict=True), 1):
            answer = future.result(raise_on_failure=False)
            rows.append(answer if isinstance(answer, DocumentRow) else failed_row(one.url, answer))
            if rows[-1].message:
                get_run_logger().warning(rows[-1].message)
            progress.show(count / len(changed))
    progress.show(1.0, last=True)
    return tuple(rows)


def _row(folder: Folder, name: str) -> DocumentRow:
    manifest = manifest_in(folder)
    if manifest is None:
        return DocumentRow(name, Outcome.CLEAN, folder.url)
    return DocumentRow(
        name,
        Outcome.PARTIAL if manifest.failures else Outcome.CLEAN,
        folder.url,
        manifest.pages,
        for_review=manifest.for_review,
        failures=manifest.failures,
        amounts=manifest.amounts,
        verified=manifest.verified,
    )
