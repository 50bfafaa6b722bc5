"""Typed values that the dictionary files become; nothing here reads a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Years:
    """The budget years in which an entry holds, both ends included; None is open."""

    first: int | None = None
    last: int | None = None

    def covers(self, year: int | None) -> bool:
        """Whether the entry holds in ``year``; an unknown year rules nothing out."""
        if year is None:
            return True
        return (self.first is None or self.first <= year) and (self.last is None or year <= self.last)

    def overlaps(self, other: Years) -> bool:
        """Whether there is a year in which both hold."""
        starts_before_end = self.first is None or other.last is None or self.first <= other.last
        return starts_before_end and (other.first is None or self.last is None or other.first <= self.last)


class Scheme(StrEnum):
    """Which classification (政府收支分类科目) a code belongs to."""

    FUNCTIONAL = "functional"
    """支出功能分类 类/款/项."""
    DEPT_ECONOMIC = "dept_economic"
    """部门预算支出经济分类 类/款."""
    GOV_ECONOMIC = "gov_economic"
    """政府预算支出经济分类 类/款."""


class Standing(StrEnum):
    """How far an entry may be trusted."""

    STANDARD = "standard"
    """In the classification: a correction may aim at it."""
    PRINTED = "printed"
    """Printed by a public body against the classification: known, never aimed at."""
    OLD = "old"
    """From a list before 2018: known, never aimed at."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One 科目: a code with its name."""

    scheme: Scheme
    code: str
    """3 digits for a 类, 5 for a 款, 7 for a 项."""
    name: str
    years: Years
    standing: Standing
    source: str


class LabelKind(StrEnum):
    """Where a fixed text stands."""

    COLUMN = "column"
    ROW = "row"
    FORM = "form"
    TITLE = "title"
    HEADING = "heading"
    NOTE = "note"
    TERM = "term"
    """A defined term with its sentence, 名词解释."""
    CAPTION = "caption"
    """What stands before a value above a table: 部门名称：."""


@dataclass(frozen=True, slots=True)
class Label:
    """One fixed text; ``{年}`` in it stands for a year of four digits."""

    kind: LabelKind
    text: str
    years: Years
    source: str


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Everything the dictionary folders say, validated, ready for look-up; hashed by its version."""

    subjects: tuple[Subject, ...] = field(hash=False)
    labels: tuple[Label, ...] = field(hash=False)
    watermark_phrases: tuple[str, ...] = field(hash=False)
    look_alikes: Mapping[tuple[str, str], float] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """Weight (0–1) of taking one character for the other; both orders are keys."""
    traditional: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """Traditional character → simplified."""
    version: str = ""
    """First 12 hex digits of the SHA-256 of all entries: part of every cache key and correction source."""

    @property
    def source(self) -> str:
        """How a correction names this dictionary."""
        return f"dictionaries@{self.version}"
