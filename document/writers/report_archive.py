"""``report.html`` over many documents: how each came out, sortable by every column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from document.types import Document, Origin
from document.writers.checks import RULES, Tally, correction_groups, document_name, fields_of, tally
from document.writers.report_page import Bar, bars, rendered
from document.writers.safe import plain

_LONGEST_CHART = 40
"""Documents that the chart shows: those with most fields for review."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the archive's report keeps of a document, which itself can be forgotten."""

    name: str
    folder: str
    link: str | None
    """Address of the document's own report, relative to this one."""
    year: int | None
    kind: str
    pages: int
    failed: int
    tables: int
    watermarks: tuple[str, ...]
    tally: Tally
    corrections: tuple[tuple[str, int], ...]

    @property
    def share(self) -> float:
        """Fields for review, percent."""
        return 100 * self.tally.for_review / max(1, self.tally.fields)


@dataclass(frozen=True, slots=True)
class ArchiveContext:
    """All that the template shows."""

    entries: Sequence[Entry]
    pages: int
    failed: int
    tables: int
    fields: int
    for_review: int
    verified: int
    corrected: int
    partial: int
    review_bars: tuple[Bar, ...]
    correction_bars: tuple[Bar, ...]
    watermark_bars: tuple[Bar, ...]


def entry_of(document: Document, folder: str, link: str | None = None) -> Entry:
    """A document's line in the report of its archive."""
    kinds = {"budget": "预算", "final_account": "决算"}
    marks = dict.fromkeys(plain(p.watermark.text) for p in document.pages if p.watermark and p.watermark.text)
    return Entry(
        name=document_name(document),
        folder=folder,
        link=link,
        year=document.meta.year,
        kind=kinds[document.meta.kind.value] if document.meta.kind else "",
        pages=len(document.pages),
        failed=sum(page.origin is Origin.FAILED for page in document.pages),
        tables=len(document.tables),
        watermarks=tuple(marks),
        tally=tally(list(fields_of(document))),
        corrections=tuple((RULES[group.rule], group.count) for group in correction_groups(document, most=1)),
    )


def archive_report(entries: Sequence[Entry]) -> bytes:
    """The report over the documents as HTML."""
    return rendered("archive.html.j2", report=_context(entries)).encode()


def _context(entries: Sequence[Entry]) -> ArchiveContext:
    corrections: Counter[str] = Counter()
    for entry in entries:
        corrections.update(dict(entry.corrections))
    marks = Counter(mark for entry in entries for mark in entry.watermarks)
    worst = sorted(entries, key=lambda entry: (-entry.tally.for_review, entry.folder))[:_LONGEST_CHART]
    return ArchiveContext(
        entries=entries,
        pages=sum(entry.pages for entry in entries),
        failed=sum(entry.failed for entry in entries),
        tables=sum(entry.tables for entry in entries),
        fields=sum(entry.tally.fields for entry in entries),
        for_review=sum(entry.tally.for_review for entry in entries),
        verified=sum(entry.tally.verified for entry in entries),
        corrected=sum(entry.tally.corrected for entry in entries),
        partial=sum(entry.failed > 0 for entry in entries),
        review_bars=bars((entry.name, entry.tally.for_review) for entry in worst if entry.tally.for_review),
        correction_bars=bars(corrections.most_common()),
        watermark_bars=bars(marks.most_common(20)),
    )
