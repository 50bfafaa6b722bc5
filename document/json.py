"""A document as JSON, exactly as ``document.schema.json`` says, and back."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

from document.exceptions import ContractError
from document.geometry import Box
from document.row_codes import row_codes
from document.types import (
    Block,
    BlockKind,
    Cell,
    Correction,
    Document,
    DocumentKind,
    Meta,
    Origin,
    Page,
    PageWatermark,
    ReadAsScanned,
    Reading,
    Rule,
    Source,
    Table,
    TextBlock,
)

SCHEMA_ID = "qingzhang.document/1"
Json = dict[str, Any]


def dump(document: Document) -> str:
    """The document as indented JSON text that fits the contract; the same document gives the same text.

    Raises ContractError.
    """
    data = to_json(document)
    validate(data)
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def load(text: str) -> Document:
    """The document that ``dump`` wrote. Raises ContractError when the text does not fit the contract."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ContractError(f"not JSON: {error}") from error
    validate(data)
    return from_json(data)


def validate(data: Json) -> None:
    """Raise ContractError, naming the first place, when ``data`` does not fit the contract."""
    error = next(_validator().iter_errors(data), None)
    if error is not None:
        place = "/".join(str(p) for p in error.absolute_path)
        raise ContractError(f"document.json does not fit {SCHEMA_ID} at {place or 'its root'}: {error.message[:200]}")


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads(files("document").joinpath("document.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema)


# --- out --------------------------------------------------------------------------------------------------


def to_json(document: Document) -> Json:
    """The document as plain JSON values."""
    return {
        "schema": SCHEMA_ID,
        "source": {
            "name": document.source.name,
            "sha256": document.source.sha256,
            "page_count": document.source.page_count,
        },
        "status": document.status.value,
        "meta": {
            "entity": document.meta.entity,
            "year": document.meta.year,
            "kind": document.meta.kind.value if document.meta.kind else None,
        },
        "pages": [_page(p) for p in document.pages],
        "blocks": [_table(b) if isinstance(b, Table) else _text(b) for b in document.blocks],
    }


def _page(page: Page) -> Json:
    mark = page.watermark
    return {
        "number": page.number,
        "origin": page.origin.value,
        "width": round(page.width, 2),
        "height": round(page.height, 2),
        "rotation": page.rotation,
        "skew_degrees": page.skew_degrees,
        "watermark": _watermark(mark) if mark else None,
        "error": page.error,
    }


def _watermark(mark: PageWatermark) -> Json:
    kept = [{"bbox": _box(k.box), "cleaned": k.cleaned, "scanned": k.scanned} for k in mark.as_scanned]
    return {
        "text": mark.text,
        "coverage": round(mark.coverage, 4),
        **({"as_scanned": kept} if kept else {}),
    }


def _text(block: TextBlock) -> Json:
    return {
        "id": block.id,
        "kind": block.kind.value,
        "level": block.level,
        "pages": list(block.pages),
        "bbox": _box(block.box),
        **({"toc_page": block.toc_page} if block.kind is BlockKind.TOC else {}),
        **_reading(block.reading),
    }


def _table(table: Table) -> Json:
    return {
        "id": table.id,
        "kind": "table",
        "title": table.title,
        "number": table.number,
        "unit": table.unit,
        "entity": table.entity,
        "year": table.year,
        "pages": list(table.pages),
        "n_rows": table.n_rows,
        "n_cols": table.n_cols,
        "needs_review": table.needs_review,
        "reasons": list(table.reasons),
        "cells": [_cell(c) for c in table.cells],
        **({} if (codes := row_codes(table)) is None else {"row_codes": list(codes)}),
    }


def _cell(cell: Cell) -> Json:
    return {
        "row": cell.row,
        "col": cell.col,
        "row_span": cell.row_span,
        "col_span": cell.col_span,
        "page": cell.page,
        "bbox": _box(cell.box),
        **_reading(cell.reading),
        "amount": cell.amount,
        "verified_by": list(cell.verified_by),
    }


def _reading(reading: Reading) -> Json:
    return {
        "text": reading.text,
        "raw": reading.raw,
        "confidence": round(min(1.0, max(0.0, reading.confidence)), 4),
        "needs_review": reading.needs_review,
        "reasons": list(reading.reasons),
        "corrections": [_correction(c) for c in reading.corrections],
    }


def _correction(correction: Correction) -> Json:
    return {
        "before": correction.before,
        "after": correction.after,
        "rule": correction.rule.value,
        "score": round(correction.score, 4),
        "source": correction.source,
    }


def _box(box: Box) -> list[float]:
    return [round(v, 2) for v in box.as_tuple()]


# --- and back ---------------------------------------------------------------------------------------------


def from_json(data: Json) -> Document:
    """The document that valid JSON values stand for. Text lines, the evidence of a run, are not in them."""
    meta = data["meta"]
    return Document(
        source=Source(**{k: data["source"][k] for k in ("name", "sha256", "page_count")}),
        pages=tuple(_page_from(p) for p in data["pages"]),
        blocks=tuple(_block_from(b) for b in data["blocks"]),
        meta=Meta(meta["entity"], meta["year"], DocumentKind(meta["kind"]) if meta["kind"] else None),
    )


def _page_from(data: Json) -> Page:
    mark = data.get("watermark")
    return Page(
        number=data["number"],
        origin=Origin(data["origin"]),
        width=data["width"],
        height=data["height"],
        rotation=data["rotation"],
        skew_degrees=data.get("skew_degrees", 0.0),
        watermark=_watermark_from(mark) if mark else None,
        error=data.get("error"),
    )


def _watermark_from(data: Json) -> PageWatermark:
    kept = tuple(ReadAsScanned(Box(*k["bbox"]), k["cleaned"], k["scanned"]) for k in data.get("as_scanned", ()))
    return PageWatermark(data.get("text"), data.get("coverage", 0.0), kept)


def _block_from(data: Json) -> Block:
    if data["kind"] == "table":
        return _table_from(data)
    return TextBlock(
        id=data["id"],
        kind=BlockKind(data["kind"]),
        pages=tuple(data["pages"]),
        box=Box(*data["bbox"]),
        reading=_reading_from(data),
        level=data.get("level"),
        toc_page=data.get("toc_page"),
    )


def _table_from(data: Json) -> Table:
    return Table(
        id=data["id"],
        pages=tuple(data["pages"]),
        n_rows=data["n_rows"],
        n_cols=data["n_cols"],
        cells=tuple(_cell_from(c) for c in data["cells"]),
        title=data["title"],
        number=data["number"],
        unit=data["unit"],
        entity=data.get("entity"),
        year=data.get("year"),
        needs_review=data["needs_review"],
        reasons=tuple(data["reasons"]),
    )


def _cell_from(data: Json) -> Cell:
    return Cell(
        row=data["row"],
        col=data["col"],
        page=data["page"],
        box=Box(*data["bbox"]),
        reading=_reading_from(data),
        row_span=data["row_span"],
        col_span=data["col_span"],
        amount=data.get("amount"),
        verified_by=tuple(data.get("verified_by", ())),
    )


def _reading_from(data: Json) -> Reading:
    return Reading(
        text=data["text"],
        raw=data["raw"],
        confidence=data["confidence"],
        needs_review=data["needs_review"],
        reasons=tuple(data["reasons"]),
        corrections=tuple(
            Correction(c["before"], c["after"], Rule(c["rule"]), c["score"], c.get("source"))
            for c in data["corrections"]
        ),
    )
