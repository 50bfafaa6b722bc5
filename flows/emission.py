"""Outputs written anew after a review (复核后重新输出): from ``document.json`` alone, no page is read again."""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from document.types import Document
from document.writers.formats import Format
from document.writers.original import Original
from flows.desk import reviewed, write_sidecar
from flows.export import read_document
from flows.original import original_of
from flows.outputs import Manifest, commit, read_manifest, temporary_folder, write_outputs
from flows.tasks import for_review
from review import service
from review.decisions import FILE as DECISIONS
from review.decisions import HeldDecision, read_decisions
from review.sidecar import FILE as SIDECAR
from review.sidecar import machine_document, read_sidecar
from review.store import Store, open_store

log = logging.getLogger(__name__)


def emit(
    folder: Path,
    decisions: Iterable[HeldDecision],
    source: Path | None = None,
    dictionaries: Path | None = None,
) -> tuple[str, ...]:
    """Write a document's outputs anew with these decisions in force, and no others; the names of the files.

    In the formats that are there, with the sums, flags and amounts that follow; ``run.json`` stays the record of the
    run, so that the same run again finds its outputs unchanged. ``source`` is the scan: without it the formats that
    show its pages stay as they are. Raises InputError, ContractError, OutputError.
    """
    sidecar = read_sidecar(folder)
    machine = machine_document(read_document(folder), sidecar)
    result = reviewed(machine, sidecar.alternatives, tuple(decisions), dictionaries)
    manifest = read_manifest(folder)
    original = original_of(source, result.document) if source is not None and source.is_file() else None
    wanted = _formats(folder, manifest, original)
    work = temporary_folder(folder.parent, folder.name)
    try:
        hashes = write_outputs(result.document, work / "outputs", wanted, original)
        hashes |= write_sidecar(result.sidecar, work / "outputs")
        _bring(work / "outputs", hashes, manifest, result.document, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return tuple(hashes)


def _formats(folder: Path, manifest: Manifest | None, original: Original | None) -> tuple[Format, ...]:
    """The formats that the folder has, document.json always; a PDF needs the scan."""
    there = manifest.formats if manifest is not None else [f for f in Format if (folder / f"document.{f}").is_file()]
    wanted = tuple(dict.fromkeys((*there, Format.JSON)))
    if original is None and Format.PDF in wanted:
        log.warning("%s: its PDF still has the old values: the scan is not there. Import with --source.", folder)
        return tuple(f for f in wanted if f is not Format.PDF)
    return wanted


def _bring(draft: Path, hashes: dict[str, str], manifest: Manifest | None, document: Document, folder: Path) -> None:
    if manifest is None:
        if SIDECAR not in hashes:
            (folder / SIDECAR).unlink(missing_ok=True)
        for name in hashes:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(draft / name, folder / name)
        return
    kept = {n: h for n, h in manifest.outputs.items() if n not in hashes and n != SIDECAR and (folder / n).is_file()}
    changed = {"outputs": {**kept, **hashes}, "for_review": for_review(document)}
    commit(draft, manifest.model_copy(update=changed), folder)


def emit_reviewed(store: Store, document_id: int, dictionaries: Path | None = None) -> tuple[str, ...]:
    """Write the outputs of a document of the desk anew, until they hold every decision; the names of the files.

    ``decisions.json`` is written first: whatever happens next, no later run can pass the decisions over. Raises
    NotFound, InputError, ContractError, OutputError.
    """
    folder = service.document_folder(store, document_id)
    source = service.document_source(store, document_id)
    with _alone(folder):
        while True:
            revision = service.write_decisions(store, document_id, folder)
            file = read_decisions(folder)
            names = emit(folder, file.decisions if file else (), source, dictionaries)
            if service.mark_emitted(store, document_id, revision):
                return (DECISIONS, *names)


_GUARD = threading.Lock()
_FOLDERS: dict[Path, threading.Lock] = {}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One emission of a folder at a time in this process; others find their decision in it already."""
    with _GUARD:
        lock = _FOLDERS.setdefault(folder, threading.Lock())
    with lock:
        yield


def _emit_by_url(url: str, document_id: int, dictionaries: Path | None) -> None:
    """In a process of its own, which opens the store for itself."""
    store = open_store(url)
    try:
        emit_reviewed(store, document_id, dictionaries)
    finally:
        store.close()


class Emitter:
    """Writes outputs anew while the desk is served: soon after a decision, one document at a time.

    In a process of its own, so that no operator waits for it; decisions that follow each other quickly are written
    together. What fails stays noted in the store and is tried again with the next decision, or at the next start.
    Use it in a ``with`` statement: leaving it writes what is still to be written.
    """

    def __init__(self, store: Store, dictionaries: Path | None = None, delay: float = 0.5) -> None:
        self._url = store.engine.url.render_as_string(hide_password=False)
        self._dictionaries = dictionaries
        self._delay = delay
        self._due: dict[int, float] = {}
        self._changed = threading.Condition()
        self._ends = False
        self._thread = threading.Thread(target=self._work, name="emitter", daemon=True)

    def __enter__(self) -> Emitter:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._ends = True
            self._changed.notify()
        self._thread.join()

    def notify(self, document_id: int) -> None:
        """A document has a new decision; returns at once."""
        with self._changed:
            self._due[document_id] = time.monotonic() + self._delay
            self._changed.notify()

    def _work(self) -> None:
        pool = _own_process()
        try:
            while (document_id := self._next()) is not None:
                try:
                    pool.submit(_emit_by_url, self._url, document_id, self._dictionaries).result()
                except BrokenExecutor:
                    log.error("document %d: its outputs were not written: the process died", document_id)
                    pool = _own_process()
                except Exception as error:  # that document's alone; the store still knows that it is to be written
                    log.error("document %d: its outputs were not written: %s", document_id, error)
        finally:
            pool.shutdown()

    def _next(self) -> int | None:
        """The next document whose time has come; None when there is none and the desk ends."""
        with self._changed:
            while True:
                now = time.monotonic()
                ready = min(self._due, key=self._due.__getitem__, default=None)
                if ready is not None and (self._ends or self._due[ready] <= now):
                    del self._due[ready]
                    return ready
                if self._ends:
                    return None
                self._changed.wait(None if ready is None else self._due[ready] - now)


def _own_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))
