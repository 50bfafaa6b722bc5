"""Further formats of documents that have been read: made of ``document.json`` and what people decided, as it is now."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from document.exceptions import InputError, OutputError
from document.json import load
from document.types import Document
from document.writers.csv_tables import FOLDER
from document.writers.formats import Format
from document.writers.original import Original
from flows.outputs import Manifest, commit, file_hash, read_manifest, temporary_folder, write_outputs
from review.decisions import in_force, read_decisions
from review.sidecar import machine_document, read_sidecar

DOCUMENT = "document.json"
MAX_BYTES = 500_000_000
"""Of a ``document.json``: a thousand dense pages have 50 million."""


def document_folders(paths: Iterable[Path]) -> Iterator[Path]:
    """The folders of documents that ``paths`` name: a document.json, its folder, or a folder of such folders.

    Raises InputError for a path without any.
    """
    for path in paths:
        if path.is_file():
            found = [path.parent]
        elif (path / DOCUMENT).is_file():
            found = [path]
        else:
            found = sorted(file.parent for file in path.glob(f"*/{DOCUMENT}") if not file.parent.name.startswith("."))
        if not found:
            raise InputError(f"{path}: holds no {DOCUMENT}. Name the folder that `qingzhang run` wrote.")
        yield from found


def read_document(folder: Path) -> Document:
    """The document of a folder. Raises InputError, ContractError."""
    file = folder / DOCUMENT
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InputError(f"{file}: too large for a document ({file.stat().st_size / 1e6:.0f} MB).")
        return load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}).") from error


def read_reviewed(folder: Path) -> Document:
    """The document of a folder with the decisions in force that lie beside it: people's values are the last word.

    Mostly ``document.json`` has them already; not where ``decisions.json`` was brought from elsewhere, or is newer.
    Raises InputError, ContractError.
    """
    document = read_document(folder)
    decisions = in_force(read_decisions(folder), document.source.sha256)
    if not decisions:
        return document
    from flows.desk import reviewed  # with all of clean-up, for the sums

    sidecar = read_sidecar(folder)
    return reviewed(machine_document(document, sidecar), sidecar.alternatives, decisions, None).document


def find_source(document: Document, path: Path) -> Path:
    """The source file of a document: ``path`` itself, or the file with its name and bytes below that folder.

    Raises InputError where there is none.
    """
    candidates = sorted(path.rglob(_globbed(document.source.name))) if path.is_dir() else [path]
    for file in candidates:
        if file.is_file() and file_hash(file) == document.source.sha256:
            return file
    kind = "holds no file that" if path.is_dir() else "is not the file that"
    raise InputError(f"{path}: {kind} {document.source.name} was read from (other bytes).")


def source_finder(folder: Path) -> Callable[[Document], Path | None]:
    """As ``find_source`` for many documents: the folder is searched through once; None where a file is not there.

    Raises InputError where there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder. Name the one that holds the scans.")
    by_name: dict[str, list[Path]] = {}
    for file in sorted(folder.resolve().rglob("*")):
        by_name.setdefault(file.name, []).append(file)

    def find(document: Document) -> Path | None:
        named = by_name.get(Path(document.source.name).name, ())
        return next((f for f in named if f.is_file() and file_hash(f) == document.source.sha256), None)

    return find


def _globbed(name: str) -> str:
    """The file's name as a pattern for itself; names are untrusted."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in Path(name).name) or "?"


def export(
    folder: Path,
    document: Document,
    formats: Collection[Format],
    original: Original | None = None,
    output: Path | None = None,
) -> tuple[str, ...]:
    """Write formats of a document into its ``folder``, or into ``output``; the names of the files.

    Files come whole or not at all; ``run.json`` then knows them, so that a later run takes away what has become
    stale. Raises OutputError, ContractError.
    """
    target = output or folder
    wanted = set(formats) - ({Format.JSON} if target == folder else set())
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror}).") from error
    work = temporary_folder(target.parent, target.name)
    try:
        hashes = write_outputs(document, work / "outputs", wanted, original)
        manifest = read_manifest(target)
        if manifest is not None:
            commit(work / "outputs", _with(manifest, hashes, wanted), target)
        else:
            _move(work / "outputs", hashes, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return tuple(hashes)


def _with(manifest: Manifest, hashes: dict[str, str], formats: Collection[Format]) -> Manifest:
    """The manifest with the new files; of tables that are written anew the old files are forgotten."""
    again = Format.CSV in formats
    kept = {name: value for name, value in manifest.outputs.items() if not (again and name.startswith(f"{FOLDER}/"))}
    known = tuple(sorted({*manifest.formats, *formats}))
    return manifest.model_copy(update={"outputs": {**kept, **hashes}, "formats": known})


def _move(draft: Path, names: Iterable[str], target: Path) -> None:
    try:
        for name in names:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(draft / name, target / name)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror}). Make room or rights there.") from error
