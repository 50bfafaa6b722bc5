"""A user's own dictionary folder: checked, listed, added to, exported. Files are rewritten whole or not at all."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dictionaries.forms import FORMS
from dictionaries.identities import IDENTITIES
from dictionaries.loader import (
    LABELS,
    LOOK_ALIKES,
    PHRASES,
    SHIPPED,
    SUBJECT_FILES,
    SUBJECTS,
    TRADITIONAL,
    DictionaryError,
    FileKind,
    parse_file,
    read_rows,
)

FILES: dict[str, tuple[tuple[str, ...], FileKind[Any]]] = {
    "subjects": (("scheme", "code", "name", "years", "standing", "source"), SUBJECTS),
    "labels": (("kind", "text", "years", "source"), LABELS),
    "watermark_phrases": (("phrase", "source"), PHRASES),
    "look_alikes": (("left", "right", "weight", "source"), LOOK_ALIKES),
    "traditional": (("traditional", "simplified"), TRADITIONAL),
    "identities": (("name", "kind", "tables", "total", "parts", "source"), IDENTITIES),
    "forms": (("form", "cells", "years", "source"), FORMS),
}
"""File name without ``.csv`` → its columns and how its rows are checked."""

Row = Mapping[str, str]


def check_folder(folder: Path) -> tuple[str, ...]:
    """Every fault of a folder's dictionary files, with file and line; empty when all can be used."""
    faults: list[str] = []
    for path in sorted(folder.glob("*.csv")):
        name = "subjects" if path.name in SUBJECT_FILES else path.stem
        if name in FILES:
            faults.extend(parse_file(path, FILES[name][1])[1])
    return tuple(faults)


def rows_of(folder: Path, name: str) -> Iterator[dict[str, str]]:
    """The rows of one file of the folder, none where it is missing. Raises DictionaryError."""
    columns, kind = _file(name)
    path = folder / f"{name}.csv"
    if not path.is_file():
        return
    try:
        for row in read_rows(path, kind.columns):
            yield {column: row.values.get(column, "") for column in columns}
    except ValueError as fault:
        raise DictionaryError(str(fault)) from None


def list_rows(name: str, user: Path | None = None, containing: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of one kind, the user's first, each with the folder it is from; only those that contain the text."""
    for folder in (user, SHIPPED) if user else (SHIPPED,):
        for row in rows_of(folder, name):
            if any(containing in value for value in row.values()):
                yield folder.name, row


def add_rows(folder: Path, name: str, rows: Iterable[Row]) -> int:
    """Adds rows to the user's file and returns how many were new.

    The whole file is checked before it takes the place of the old one; DictionaryError tells every fault.
    """
    columns, _ = _file(name)
    old = list(rows_of(folder, name))
    new = [row for row in (_only(columns, row) for row in rows) if row not in old]
    write_rows(folder / f"{name}.csv", columns, [*old, *new], name)
    return len(new)


def import_file(folder: Path, name: str, source: Path) -> int:
    """Adds the rows of a CSV file with the kind's columns; returns how many were new. Raises DictionaryError."""
    columns, kind = _file(name)
    try:
        rows = [{c: row.values.get(c, "") for c in columns} for row in read_rows(source, kind.columns)]
    except (ValueError, OSError, UnicodeDecodeError) as fault:
        raise DictionaryError(f"{source}: {fault}") from None
    return add_rows(folder, name, rows)


def export_all(target: Path, user: Path | None = None) -> tuple[Path, ...]:
    """Writes every kind, shipped and own, as CSV files into ``target``; returns the files."""
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for name, (columns, _) in FILES.items():
        rows = list(rows_of(user, name)) if user else []
        rows += [row for row in rows_of(SHIPPED, name) if row not in rows]
        path = target / f"{name}.csv"
        _replace_file(path, columns, rows)
        written.append(path)
    return tuple(written)


def write_rows(path: Path, columns: Sequence[str], rows: Sequence[Row], name: str) -> None:
    """Writes a dictionary file whole, after it has been checked; raises DictionaryError and leaves the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / path.name
        _replace_file(trial, columns, rows)
        faults = parse_file(trial, FILES[name][1])[1]
    if faults:
        raise DictionaryError("\n".join(faults))
    _replace_file(path, columns, rows)


def _replace_file(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([row.get(column, "") for column in columns] for row in rows)
    partial.replace(path)


def _only(columns: Sequence[str], row: Row) -> dict[str, str]:
    strange = [key for key in row if key not in columns]
    if strange:
        raise DictionaryError(f"no such column: {', '.join(strange)}; the columns are {', '.join(columns)}")
    return {column: row.get(column, "").strip() for column in columns}


def _file(name: str) -> tuple[tuple[str, ...], FileKind[Any]]:
    if name not in FILES:
        raise DictionaryError(f"'{name}' is no dictionary file; there are {', '.join(FILES)}")
    return FILES[name]
