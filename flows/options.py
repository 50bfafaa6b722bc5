"""The options of one run: values that travel as arguments, never settings of a module."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from document.writers.formats import DEFAULT_FORMATS, Format
from ocr.engine import EngineOptions


class Mode(StrEnum):
    """Where a page's text comes from."""

    AUTO = "auto"
    """The text layer where it can be trusted, else the picture."""
    SCAN = "scan"
    """Always the picture."""
    TEXT = "text"
    """Always the text layer; a page without one comes out failed."""


_PAGES = re.compile(r"^\s*(\d+|end)\s*(?:-\s*(\d+|end)\s*)?$")


class RunOptions(BaseModel):
    """What decides the content of the outputs: with the file's bytes and the versions, the cache key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Mode = Field(Mode.AUTO, description="where a page's text comes from: auto, scan or text")
    engine: EngineOptions = Field(default_factory=lambda: EngineOptions(), description="which engine reads, and how")
    dpi: int | None = Field(
        None,
        ge=72,
        le=600,
        description="resolution for reading, dots per inch; default: the scan's own (at most 300)",
    )
    pages: str | None = Field(None, description="pages to take, e.g. 2,13-end; default: all")
    watermarks: tuple[str, ...] = Field(
        (),
        description="further watermark phrases; the shipped list and repetition on the pages find the usual ones",
    )
    dictionaries: Path | None = Field(
        None,
        exclude=True,  # what is in it counts, not where it lies: its hash is among the versions
        description="folder with dictionary files of your own, which win over the shipped ones",
    )
    outputs: tuple[Format, ...] = Field(
        DEFAULT_FORMATS,
        exclude=True,  # made of document.json: it decides nothing that has to be read again
        description="formats to write, e.g. txt,json,xlsx; document.json always is",
    )
    silent_per_10k: float = Field(
        5.0,
        ge=0,
        le=10_000,
        description="wrong fields in 10,000 that may go unflagged; fewer: the least sure fields are flagged as well",
    )
    merge_tables: bool = Field(True, description="whether a table that goes on over the page becomes one table")

    @field_validator("outputs", mode="before")
    @classmethod
    def _formats_of_a_list(cls, value: object) -> object:
        """``txt,json`` for people; document.json is among them, for all other formats are made of it."""
        names = value.split(",") if isinstance(value, str) else value
        if not isinstance(names, list | tuple):
            return value
        named = [name.strip().lower() if isinstance(name, str) else name for name in names]
        known = [Format(name) for name in named if name in set(Format)]
        if len(known) < len(named):
            wrong = next(str(name) for name in named if name not in set(Format))
            raise ValueError(f"{wrong!r} is no format: write some of {', '.join(Format)}, separated by commas")
        return tuple(dict.fromkeys((*known, Format.JSON)))

    @field_validator("pages")
    @classmethod
    def _pages_can_be_read(cls, value: str | None) -> str | None:
        if value is not None and not all(_PAGES.match(part) for part in value.split(",")):
            raise ValueError(f"{value!r} is no list of pages: write numbers and ranges, e.g. 2,13-end")
        return value


def chosen_pages(pages: str | None, page_count: int) -> tuple[int, ...]:
    """The 1-based page numbers that ``pages`` (2,13-end) names in a document of ``page_count``, in order, once each.

    Numbers past the end are left out; None is all pages.
    """
    if pages is None:
        return tuple(range(1, page_count + 1))
    chosen: set[int] = set()
    for part in pages.split(","):
        match = _PAGES.match(part)
        if match is None:
            raise ValueError(f"{part!r} is no page or range of pages")
        first, last = (_number(group, page_count) for group in (match[1], match[2] or match[1]))
        chosen.update(range(max(1, first), min(last, page_count) + 1))
    return tuple(sorted(chosen))


def _number(word: str, page_count: int) -> int:
    return page_count if word == "end" else min(int(word), page_count + 1)
