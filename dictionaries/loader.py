"""Reads and validates the dictionary files: CSV rows become the values of ``dictionaries.types``.

The shipped files lie in ``dictionaries/data``. A user's own folder may hold any of the same file names; its
rows come on top, and win: a subject of theirs replaces the shipped ones with the same scheme and code in
the same years. Every fault is reported with file and line number, all faults of a folder together.
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Generic, TypeVar

from dictionaries.types import Dictionary, Label, LabelKind, Scheme, Standing, Subject, Years

SHIPPED = Path(__file__).parent / "data"
"""The folder with the files that come with the project."""

MAX_FILE_BYTES = 20_000_000
"""A dictionary file larger than this is refused: it is somebody's mistake."""

SUBJECT_FILES = ("subjects.csv", "subjects_before_2018.csv")
CODE_LENGTHS = {
    Scheme.FUNCTIONAL: (3, 5, 7),
    Scheme.DEPT_ECONOMIC: (3, 5),
    Scheme.GOV_ECONOMIC: (3, 5),
}
_YEARS = re.compile(r"(?:(\d{4})?-(\d{4})?|(\d{4}))?")

T = TypeVar("T")


class DictionaryError(ValueError):
    """One or more rows cannot be used; the message names file, line and what to do for each."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a CSV file with its place, for messages."""

    file: str
    line: int
    values: dict[str, str]

    def fault(self, what: str) -> ValueError:
        """The complaint about this row."""
        return ValueError(f"{self.file}:{self.line}: {what}")

    def text(self, column: str) -> str:
        """The value of a column that must not be empty; raises ValueError."""
        value = self.values.get(column, "")
        if not value:
            raise self.fault(f"column '{column}' is empty")
        return value

    def years(self) -> Years:
        """The column ``years``: empty, ``2018``, ``2018-``, ``-2017`` or ``2018-2022``; raises ValueError."""
        written = self.values.get("years", "")
        match = _YEARS.fullmatch(written)
        if match is None or written == "-":
            raise self.fault(f"years '{written}' must be empty, 2018, 2018-, -2017 or 2018-2022")
        first, last, only = (int(g) if g else None for g in match.groups())
        if first is not None and last is not None and first > last:
            raise self.fault(f"years '{written}' end before they begin")
        return Years(only, only) if only else Years(first, last)


@dataclass(frozen=True, slots=True)
class FileKind(Generic[T]):
    """What one file name holds: its columns, how a row becomes a value, and what must not occur twice."""

    columns: tuple[str, ...]
    parse: Callable[[Row], T]
    key: Callable[[T], object]
    together: Callable[[Sequence[tuple[Row, T]]], Iterable[str]] = lambda _: ()
    """What is wrong with rows beside each other that are right each by itself."""


def load_dictionary(user: Path | None = None, shipped: Path = SHIPPED) -> Dictionary:
    """The shipped dictionary with the entries of the folder ``user`` on top.

    Raises DictionaryError when a row cannot be used, or ``user`` is no folder. Read once per process and
    folder state: changed files (by size or time) are read again.
    """
    if user is not None and not user.is_dir():
        raise DictionaryError(f"{user}: no such folder with dictionary files; make it or leave the option out")
    folders = (shipped,) if user is None else (shipped, user)
    return _load(folders, tuple(_state(folder) for folder in folders))


@lru_cache(maxsize=8)
def _load(folders: tuple[Path, ...], _states: tuple[object, ...]) -> Dictionary:
    shipped, *own = [_read_folder(folder) for folder in folders]
    merged = _merge(shipped, own[0]) if own else shipped
    return _with_version(merged)


def _state(folder: Path) -> tuple[tuple[str, int, int], ...]:
    files = sorted(folder.glob("*.csv"))
    return tuple((f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files)


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """The rows of a UTF-8 CSV file with a header line; values stripped. Raises ValueError with the line."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise ValueError(f"{path.name}:1: larger than {MAX_FILE_BYTES} bytes, which no dictionary is")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        header = [name.strip() for name in next(reader, [])]
        missing = [name for name in columns if name not in header]
        if missing:
            raise ValueError(f"{path.name}:1: the header lacks {', '.join(missing)}")
        for values in reader:
            if not any(v.strip() for v in values):
                continue
            row = Row(path.name, reader.line_num, dict(zip(header, map(str.strip, values), strict=False)))
            if len(values) != len(header):
                raise row.fault(f"{len(values)} values under {len(header)} columns")
            yield row


def parse_file(path: Path, kind: FileKind[T]) -> tuple[tuple[T, ...], tuple[str, ...]]:
    """The values of one file, and the complaints about rows that cannot be used."""
    values: list[tuple[Row, T]] = []
    faults: list[str] = []
    seen: dict[object, int] = {}
    try:
        for row in read_rows(path, kind.columns):
            try:
                value = kind.parse(_checked_nfc(row))
            except ValueError as fault:
                faults.append(str(fault))
                continue
            first = seen.setdefault(kind.key(value), row.line)
            if first != row.line:
                faults.append(str(row.fault(f"the same entry stands in line {first}")))
            else:
                values.append((row, value))
        faults.extend(kind.together(values))
    except (ValueError, csv.Error, UnicodeDecodeError) as fault:
        faults.append(str(fault) if str(fault).startswith(path.name) else f"{path.name}: {fault}")
    return tuple(value for _, value in values), tuple(faults)


def _checked_nfc(row: Row) -> Row:
    for column, value in row.values.items():
        if not unicodedata.is_normalized("NFC", value):
            raise row.fault(f"'{value}' in column '{column}' is not in Unicode normal form C (NFC)")
        if any(unicodedata.category(c) == "Cc" for c in value):
            raise row.fault(f"column '{column}' holds a control character")
    return row


def _subject(row: Row) -> Subject:
    try:
        scheme = Scheme(row.text("scheme"))
        standing = Standing(row.values.get("standing") or Standing.STANDARD)
    except ValueError as fault:
        raise row.fault(f"{fault}; schemes: {', '.join(Scheme)}; standings: {', '.join(Standing)}") from None
    code = row.text("code")
    if not code.isascii() or not code.isdigit() or len(code) not in CODE_LENGTHS[scheme]:
        lengths = " or ".join(map(str, CODE_LENGTHS[scheme]))
        raise row.fault(f"code '{code}' must have {lengths} digits in {scheme}")
    return Subject(scheme, code, row.text("name"), row.years(), standing, row.values.get("source", ""))


def _label(row: Row) -> Label:
    try:
        kind = LabelKind(row.text("kind"))
    except ValueError:
        raise row.fault(f"kind must be one of {', '.join(LabelKind)}") from None
    return Label(kind, row.text("text"), row.years(), row.values.get("source", ""))


def _phrase(row: Row) -> str:
    phrase = row.text("phrase")
    if len(phrase.replace(" ", "")) < 2:
        raise row.fault("a watermark phrase has at least two characters")
    return phrase


def _look_alike(row: Row) -> tuple[str, str, float]:
    left, right = row.text("left"), row.text("right")
    try:
        weight = float(row.text("weight"))
    except ValueError:
        raise row.fault("weight must be a number from 0 to 1") from None
    if len(left) != 1 or len(right) != 1 or left == right:
        raise row.fault("left and right must be two different single characters")
    if not 0 < weight <= 1:
        raise row.fault("weight must be above 0 and at most 1")
    return left, right, weight


def _traditional(row: Row) -> tuple[str, str]:
    before, after = row.text("traditional"), row.text("simplified")
    if len(before) != 1 or len(after) != 1 or before == after:
        raise row.fault("traditional and simplified must be two different single characters")
    return before, after


SUBJECTS = FileKind(("scheme", "code", "name"), _subject, lambda s: (s.scheme, s.code, s.name))
LABELS = FileKind(("kind", "text"), _label, lambda x: (x.kind, x.text))
PHRASES: FileKind[str] = FileKind(("phrase",), _phrase, lambda p: p)
LOOK_ALIKES = FileKind(("left", "right", "weight"), _look_alike, lambda x: frozenset(x[:2]))
TRADITIONAL = FileKind(("traditional", "simplified"), _traditional, lambda x: x[0])


@dataclass(frozen=True, slots=True)
class _Folder:
    subjects: tuple[Subject, ...]
    labels: tuple[Label, ...]
    phrases: tuple[str, ...]
    look_alikes: tuple[tuple[str, str, float], ...]
    traditional: tuple[tuple[str, str], ...]


def _read_folder(folder: Path) -> _Folder:
    faults: list[str] = []

    def read(name: str, kind: FileKind[T]) -> tuple[T, ...]:
        if not (folder / name).is_file():
            return ()
        values, found = parse_file(folder / name, kind)
        faults.extend(found)
        return values

    result = _Folder(
        tuple(s for name in SUBJECT_FILES for s in read(name, SUBJECTS)),
        read("labels.csv", LABELS),
        read("watermark_phrases.csv", PHRASES),
        read("look_alikes.csv", LOOK_ALIKES),
        read("traditional.csv", TRADITIONAL),
    )
    if faults:
        raise DictionaryError("\n".join([f"{folder}: {len(faults)} rows cannot be used:", *faults]))
    return result


def _merge(shipped: _Folder, own: _Folder) -> _Folder:
    return _Folder(
        _subjects_over(own.subjects, shipped.subjects),
        _over(own.labels, shipped.labels, lambda x: (x.kind, x.text)),
        _over(own.phrases, shipped.phrases, lambda x: x),
        _over(own.look_alikes, shipped.look_alikes, lambda x: frozenset(x[:2])),
        _over(own.traditional, shipped.traditional, lambda x: x[0]),
    )


def _over(own: Iterable[T], shipped: Iterable[T], key: Callable[[T], object]) -> tuple[T, ...]:
    """The user's values first, then the shipped ones that no value of theirs replaces."""
    first = tuple(own)
    taken = {key(value) for value in first}
    return first + tuple(value for value in shipped if key(value) not in taken)


def _subjects_over(own: tuple[Subject, ...], shipped: tuple[Subject, ...]) -> tuple[Subject, ...]:
    mine: dict[tuple[Scheme, str], list[Years]] = {}
    for subject in own:
        mine.setdefault((subject.scheme, subject.code), []).append(subject.years)
    kept = tuple(s for s in shipped if not any(y.overlaps(s.years) for y in mine.get((s.scheme, s.code), ())))
    return own + kept


def _with_version(folder: _Folder) -> Dictionary:
    both_ways = {(a, b): w for left, right, w in folder.look_alikes for a, b in ((left, right), (right, left))}
    digest = hashlib.sha256(repr(folder).encode()).hexdigest()[:12]
    return Dictionary(
        folder.subjects,
        folder.labels,
        folder.phrases,
        MappingProxyType(both_ways),
        MappingProxyType(dict(folder.traditional)),
        digest,
    )
