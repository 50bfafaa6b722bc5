"""A disclosure as the metrics see it: text blocks and tables of cells, from a truth file or an output.

A truth file (``NAME.truth.json``) and an output by the contract (``document.json``) become the same values
here, so that scoring is a function of two of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOT_BODY = frozenset({"header", "footer", "page_number", "seal", "watermark", "figure"})
"""Kinds of text block of an output that are no part of the clean text."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One recorded change of a text."""

    before: str
    after: str
    rule: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One table cell; rows and columns count from 0."""

    row: int
    col: int
    text: str
    row_span: int = 1
    col_span: int = 1
    raw: str | None = None
    """What the recogniser read; None in a truth."""
    needs_review: bool = False
    corrections: tuple[Correction, ...] = ()
    confidence: float | None = None
    """0–1; None in a truth."""
    reasons: tuple[str, ...] = ()
    """Why it needs review."""


@dataclass(frozen=True, slots=True)
class Table:
    """A whole table, also where it runs over pages."""

    cells: tuple[Cell, ...]
    title: str | None = None
    needs_review: bool = False

    @property
    def n_rows(self) -> int:
        """Rows, the header's included."""
        return max((c.row + c.row_span for c in self.cells), default=0)

    @property
    def n_cols(self) -> int:
        """Columns."""
        return max((c.col + c.col_span for c in self.cells), default=0)


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, a heading, a note, a line of the table of contents."""

    text: str
    kind: str = "text"
    page: int | None = None
    """The page number that a line of the table of contents names."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A document: its blocks in reading order."""

    blocks: tuple[Text | Table, ...]
    pages: int = 1
    title: str = ""
    kind: str = ""
    profile: str = ""
    watermark: str | None = None
    """The phrase; stacked lines are parted by line feeds."""
    seal: str | None = None

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables, in reading order."""
        return tuple(b for b in self.blocks if isinstance(b, Table))

    @property
    def texts(self) -> tuple[Text, ...]:
        """The text blocks, in reading order."""
        return tuple(b for b in self.blocks if isinstance(b, Text))


def _cell(data: Mapping[str, Any]) -> Cell:
    return Cell(
        row=data["row"],
        col=data["col"],
        text=data["text"],
        row_span=data.get("row_span", 1),
        col_span=data.get("col_span", 1),
        raw=data.get("raw"),
        needs_review=bool(data.get("needs_review")),
        corrections=tuple(Correction(c["before"], c["after"], c["rule"]) for c in data.get("corrections", ())),
        confidence=data.get("confidence"),
        reasons=tuple(data.get("reasons", ())),
    )


def _block(data: Mapping[str, Any]) -> Text | Table:
    if data["kind"] == "table":
        return Table(
            cells=tuple(_cell(c) for c in data["cells"]),
            title=data.get("title"),
            needs_review=bool(data.get("needs_review")),
        )
    return Text(text=data["text"], kind=data["kind"], page=data.get("page"))


def from_json(data: Mapping[str, Any]) -> Paper:
    """A paper from a truth file's or an output's JSON; KeyError when it is neither."""
    pages = data["pages"]
    return Paper(
        blocks=tuple(_block(b) for b in data["blocks"]),
        pages=pages if isinstance(pages, int) else len(pages),
        title=data.get("title", ""),
        kind=data.get("kind", ""),
        profile=data.get("profile", ""),
        watermark=data.get("watermark"),
        seal=data.get("seal"),
    )


def read(path: Path) -> Paper:
    """The paper in a truth file or an output."""
    return from_json(json.loads(path.read_text(encoding="utf-8")))


def _cell_json(cell: Cell) -> dict[str, Any]:
    return {
        "row": cell.row,
        "col": cell.col,
        "row_span": cell.row_span,
        "col_span": cell.col_span,
        "text": cell.text,
    }


def _block_json(block: Text | Table) -> dict[str, Any]:
    if isinstance(block, Table):
        cells = [_cell_json(c) for c in block.cells]
        size = {"n_rows": block.n_rows, "n_cols": block.n_cols}
        return {"kind": "table", "title": block.title, **size, "cells": cells}
    page = {} if block.page is None else {"page": block.page}
    return {"kind": block.kind, "text": block.text, **page}


def truth_json(paper: Paper) -> str:
    """The text of a truth file, one block or cell a line."""
    head = {k: getattr(paper, k) for k in ("title", "kind", "pages", "profile", "watermark", "seal")}
    text = json.dumps({**head, "blocks": [_block_json(b) for b in paper.blocks]}, ensure_ascii=False)
    return text.replace('{"kind": ', '\n{"kind": ').replace('{"row": ', '\n{"row": ') + "\n"
