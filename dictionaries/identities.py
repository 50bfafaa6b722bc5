"""Identities as data (勾稽关系): what must add up in a disclosure, and where; nothing here does arithmetic.

``data/identities.csv`` holds one identity a row. A user's folder may hold the same file: a row of theirs with
the name of a shipped one replaces it, one with no ``kind`` takes it out. Faults are reported with file and line.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from dictionaries.loader import SHIPPED, DictionaryError, FileKind, Row, parse_file

FILE = "identities.csv"
ANY = "*"
"""In ``parts``: all rows or columns that belong to the total by the table's own structure."""
_SIGNED = re.compile(r"\s+([+-])\s+")
_MAX_PARTS = 60


class IdentityKind(StrEnum):
    """How an identity finds its cells."""

    CODE_TREE = "code_tree"
    """A code's amount is the sum of the codes below it (类 = 款之和), in each amount column."""
    CODE_TOTAL = "code_total"
    """A total row (合计) is the sum of the uppermost codes."""
    COLUMNS = "columns"
    """A column is the sum of its sister columns under the same head, or of those named."""
    ROWS = "rows"
    """A total row is the sum of the items above it, or below it where it comes first."""
    OUTLINE = "outline"
    """An item is the sum of its sub-items, by enumerators: 一、 （一） 1. （1） ①."""
    CLASSES = "classes"
    """Without codes: a row with one of these names is the sum of the rows after it."""
    SAME_ROW = "same_row"
    """Two totals side by side in one row are equal."""
    FORM = "form"
    """A labelled amount in a form is the sum of other labelled amounts in the same column."""
    ACROSS = "across"
    """Amounts in two tables are equal; each is written ``table!row!column``."""
    PROSE_SHARE = "prose_share"
    """In prose: 占比 is a part's share of its whole."""
    PROSE_CHANGE = "prose_change"
    """In prose: 增长, 下降 is the difference against last year's amount."""
    PROSE_DONE = "prose_done"
    """In prose: 完成年初预算的 is the outcome against the budget."""
    PROSE_TABLE = "prose_table"
    """In prose: the amount after a label (total) is one that the named tables print in rows or columns of it, or of
    the labels in ``parts``."""
    RATE = "rate"
    """In a self-evaluation form: 预算执行率 = amount spent / amount received; written out, or in columns: the rate
    (first part) under its head is the column of ``total`` over that of the second part."""
    SCORE = "score"
    """In a self-evaluation form: 总分 = the scores above it (first part), and what the rate (second part) earns."""
    FORM_PROSE = "form_prose"
    """In a form: the sum of a project in its field and in the sentences of the same form, in 元 or 万元."""


@dataclass(frozen=True, slots=True)
class Part:
    """One summand: alternative labels for the same thing, and its sign."""

    labels: tuple[str, ...]
    sign: int = 1
    """+1 or -1."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity: total = sum of parts."""

    name: str
    """As an operator calls it; goes into ``verified_by`` and the reasons."""
    kind: IdentityKind
    tables: tuple[str, ...]
    """Phrases one of which the table's title must contain; empty for every table."""
    total: tuple[str, ...]
    """Alternative labels of the total."""
    parts: tuple[Part, ...]
    """Empty for ``*``: all that belong to the total by the table's structure."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Identities:
    """All identities, validated."""

    entries: tuple[Identity, ...]
    version: str = ""
    """First 12 hex digits of the SHA-256 of all entries."""

    @property
    def source(self) -> str:
        """How a correction names this collection."""
        return f"identities@{self.version}"

    def of_kind(self, kind: IdentityKind) -> tuple[Identity, ...]:
        """The identities of one kind, in file order."""
        return tuple(entry for entry in self.entries if entry.kind is kind)


def load_identities(user: Path | None = None, shipped: Path = SHIPPED) -> Identities:
    """The shipped identities with those of the folder ``user`` on top.

    Raises DictionaryError when a row cannot be used, or ``user`` is no folder. Read once per process and file state.
    """
    if user is not None and not user.is_dir():
        raise DictionaryError(f"{user}: no such folder with dictionary files; make it or leave the option out")
    paths = tuple(folder / FILE for folder in (shipped, user) if folder is not None)
    present = tuple(path for path in paths if path.is_file())
    return _load(present, tuple((p.stat().st_size, p.stat().st_mtime_ns) for p in present))


@lru_cache(maxsize=8)
def _load(paths: tuple[Path, ...], _states: tuple[object, ...]) -> Identities:
    merged: dict[str, Identity | None] = {}
    faults: list[str] = []
    for path in paths:
        rows, found = parse_file(path, IDENTITIES)
        faults.extend(found)
        merged.update(rows)
    if faults:
        raise DictionaryError("\n".join([f"{FILE}: {len(faults)} rows cannot be used:", *faults]))
    entries = tuple(entry for entry in merged.values() if entry is not None)
    return Identities(entries, hashlib.sha256(repr(entries).encode()).hexdigest()[:12])


def _identity(row: Row) -> tuple[str, Identity | None]:
    name = row.text("name")
    if not row.values.get("kind"):
        return name, None
    try:
        kind = IdentityKind(row.text("kind"))
    except ValueError:
        raise row.fault(f"kind must be one of {', '.join(IdentityKind)}") from None
    total, parts = _alternatives(row.values.get("total", "")), _parts(row)
    if kind is IdentityKind.ACROSS:
        _check_places(row)
    elif kind in _NEED_TOTAL and not total:
        raise row.fault(f"column 'total' is empty, which {kind} needs")
    tables = _alternatives(row.values.get("tables", ""))
    return name, Identity(name, kind, tables, total, parts, row.values.get("source", ""))


_NEED_TOTAL = frozenset(
    {
        IdentityKind.CODE_TOTAL,
        IdentityKind.COLUMNS,
        IdentityKind.ROWS,
        IdentityKind.CLASSES,
        IdentityKind.SAME_ROW,
        IdentityKind.FORM,
        IdentityKind.SCORE,
        IdentityKind.FORM_PROSE,
        IdentityKind.PROSE_TABLE,
    }
)


def _alternatives(text: str) -> tuple[str, ...]:
    return tuple(label.strip() for label in text.split("|") if label.strip())


def _parts(row: Row) -> tuple[Part, ...]:
    """``A|B + C - D`` as parts; ``*`` and nothing as none. Raises ValueError."""
    text = row.values.get("parts", "")
    if text in ("", ANY):
        return ()
    pieces = _SIGNED.split(text)
    if len(pieces) > 2 * _MAX_PARTS:
        raise row.fault(f"more than {_MAX_PARTS} parts")
    signs = ["+", *pieces[1::2]]
    labels = [_alternatives(piece) for piece in pieces[::2]]
    if any(not piece for piece in labels) or text.strip("+- ") != text:
        raise row.fault(f"parts '{text}' has a sign without a label")
    return tuple(Part(p, 1 if s == "+" else -1) for p, s in zip(labels, signs, strict=True))


def _check_places(row: Row) -> None:
    for column in ("total", "parts"):
        if any(piece.count("!") != 2 for piece in _SIGNED.split(row.text(column))[::2]):
            raise row.fault(f"column '{column}' must be written table!row!column")


IDENTITIES: FileKind[tuple[str, Identity | None]] = FileKind(("name", "kind"), _identity, lambda x: x[0])
