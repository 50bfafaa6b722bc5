"""The output formats by name, and how each is written; its module is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from document.types import Document
from document.writers.original import Original


class Format(StrEnum):
    """What ``--output`` can name."""

    TXT = "txt"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"
    MD = "md"
    HTML = "html"
    ALTO = "alto"
    REPORT = "report"


DEFAULT_FORMATS = (Format.TXT, Format.JSON, Format.CSV)
Files = Mapping[str, bytes]
"""The files of one format by name; a name may have one folder before it."""
Writer = Callable[[Document, Original | None], Files]
"""Writes a document; the source file is there for the formats that show its pages.

The same values give the same bytes. Raises ContractError, and OutputError where the source file is needed.
"""


def write_format(name: Format, document: Document, original: Original | None = None) -> Files:
    """The files of one format. Raises ContractError, OutputError."""
    return WRITERS[name](document, original)


def _txt(document: Document, original: Original | None) -> Files:
    from document.writers.text import write_text

    return {"document.txt": write_text(document).encode("utf-8", "replace")}


def _json(document: Document, original: Original | None) -> Files:
    from document.json import dump

    return {"document.json": dump(document).encode("utf-8", "replace")}


def _csv(document: Document, original: Original | None) -> Files:
    from document.writers.amounts_csv import FILE, write_amounts_csv
    from document.writers.csv_tables import write_csv_tables

    return {FILE: write_amounts_csv(document, original), **write_csv_tables(document, original)}


def _xlsx(document: Document, original: Original | None) -> Files:
    from document.writers.xlsx import write_xlsx

    return write_xlsx(document, original)


def _pdf(document: Document, original: Original | None) -> Files:
    from document.writers.pdf import write_pdf

    return write_pdf(document, original)


def _md(document: Document, original: Original | None) -> Files:
    from document.writers.markdown import write_markdown

    return write_markdown(document, original)


def _html(document: Document, original: Original | None) -> Files:
    from document.writers.html import write_html

    return write_html(document, original)


def _alto(document: Document, original: Original | None) -> Files:
    from document.writers.alto import write_alto

    return write_alto(document, original)


def _report(document: Document, original: Original | None) -> Files:
    from document.writers.report import write_report

    return write_report(document, original)


WRITERS: Mapping[Format, Writer] = {
    Format.TXT: _txt,
    Format.JSON: _json,
    Format.CSV: _csv,
    Format.XLSX: _xlsx,
    Format.PDF: _pdf,
    Format.MD: _md,
    Format.HTML: _html,
    Format.ALTO: _alto,
    Format.REPORT: _report,
}
"""How each format is written."""
