"""``report.html``: what became of a document, on one page for the operator or the head of section; no script in it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from document.exceptions import QingzhangError
from document.geometry import Box
from document.types import Document, Origin, Page, Table
from document.writers.checks import (
    CorrectionGroup,
    Field,
    Tally,
    correction_groups,
    document_name,
    fields_of,
    for_review,
    holding,
    tally,
)
from document.writers.grid import pages_in_words, table_heading
from document.writers.original import Original, Pixels
from document.writers.pictures import data_uri, jpeg, page_picture
from document.writers.report_page import Bar, bars, rendered
from document.writers.safe import plain

THUMBNAIL_DPI = 34.0
_CROP_DPI = 130.0
_COMPARED_WIDTH = 900
"""Pixels of the pictures before and after, at most."""
_LISTED = 200
"""Fields for review that are listed; the first ones come with a picture."""
_PICTURED = 80
_STEPS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 1.0)
"""Bounds of the classes of confidence."""
_FAILS = "不符"
"""What reasons say of sums that do not hold."""
_QUOTED = re.compile(r"“[^“”]*”")


@dataclass(frozen=True, slots=True)
class PageCard:
    """A page as the report shows it."""

    page: Page
    tally: Tally
    picture: str | None

    @property
    def state(self) -> str:
        """The name of the card's colour: by the share of fields that a person should look at."""
        if self.page.origin is Origin.FAILED:
            return "failed"
        share = self.tally.for_review / max(1, self.tally.fields)
        return "good" if share == 0 else "fair" if share <= 0.05 else "poor"


@dataclass(frozen=True, slots=True)
class TableRow:
    """A table as the report lists it."""

    heading: str
    unit: str
    pages: str
    size: str
    tally: Tally
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A field for review with the picture of its place, where there is one."""

    field: Field
    text: str
    raw: str
    reasons: tuple[str, ...]
    picture: str | None


@dataclass(frozen=True, slots=True)
class WatermarkView:
    """What the watermark was."""

    texts: tuple[str, ...]
    pages: str
    count: int
    coverage: float
    """Mean share of the pages' area, percent."""
    before: str | None = None
    after: str | None = None
    shown: int | None = None
    """The page that the pictures show."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reason for review with how many fields it concerns."""

    reason: str
    count: int
    example: str = ""
    """One of the reasons, where several are told as one kind."""


@dataclass(frozen=True, slots=True)
class ReportContext:
    """All that the template shows."""

    name: str
    document: Document
    total: Tally
    watermark: WatermarkView | None
    cards: tuple[PageCard, ...]
    tables: tuple[TableRow, ...]
    holding: tuple[tuple[str, int], ...]
    failing: tuple[Doubt, ...]
    """Identities that do not hold, in words."""
    doubts: tuple[Doubt, ...]
    """Everything else that a person should look at, by kind."""
    groups: tuple[CorrectionGroup, ...]
    review: tuple[ReviewRow, ...]
    confidence_bars: tuple[Bar, ...]
    page_bars: tuple[Bar, ...]
    correction_bars: tuple[Bar, ...]


def write_report(document: Document, original: Original | None = None) -> Mapping[str, bytes]:
    """The report as ``report.html``; with pictures where the source file is at hand."""
    return {"report.html": rendered("report.html.j2", report=_context(document, original)).encode()}


def _context(document: Document, original: Original | None) -> ReportContext:
    fields = list(fields_of(document))
    by_page: dict[int, list[Field]] = defaultdict(list)
    for field in fields:
        by_page[field.page].append(field)
    cards = tuple(_card(page, by_page[page.number], original) for page in document.pages)
    groups = tuple(correction_groups(document))
    failing, doubts = _doubts(document)
    return ReportContext(
        name=document_name(document),
        document=document,
        total=tally(fields),
        watermark=_watermark(document, original),
        cards=cards,
        tables=tuple(_table_row(table) for table in document.tables),
        holding=tuple(holding(document)),
        failing=failing,
        doubts=doubts,
        groups=groups,
        review=_review(document, original),
        confidence_bars=_confidence_bars(fields),
        page_bars=bars((f"{card.page.number}", card.tally.for_review) for card in cards),
        correction_bars=bars((group.name, group.count) for group in groups),
    )


def _card(page: Page, fields: Sequence[Field], original: Original | None) -> PageCard:
    draw = original.draw if original else None
    return PageCard(page, tally(list(fields)), page_picture(draw, page, THUMBNAIL_DPI))


def _table_row(table: Table) -> TableRow:
    return TableRow(
        heading=table_heading(table),
        unit=plain(table.unit or ""),
        pages=pages_in_words(table.pages),
        size=f"{table.n_rows}×{table.n_cols}",
        tally=tally([Field(cell.reading, cell.page, "", "", cell) for cell in table.cells]),
        reasons=tuple(plain(reason) for reason in table.reasons) if table.needs_review else (),
    )


def _doubts(document: Document) -> tuple[tuple[Doubt, ...], tuple[Doubt, ...]]:
    """Sums that do not hold, each as it stands, and other doubts by their kind; most frequent first."""
    reasons = [
        f"{table_heading(table)}：{plain(reason)}"
        for table in document.tables
        if table.needs_review
        for reason in table.reasons
    ]
    reasons += [plain(reason) for field in for_review(document) for reason in field.reading.reasons]
    failing = Counter(reason for reason in reasons if _FAILS in reason)
    others = Counter(_QUOTED.sub("“…”", reason) for reason in reasons if _FAILS not in reason)
    examples = {_QUOTED.sub("“…”", reason): reason for reason in reversed(reasons)}
    return (
        tuple(Doubt(reason, count) for reason, count in sorted(failing.items(), key=_most_first)),
        tuple(
            Doubt(kind, count, examples[kind] if examples[kind] != kind else "")
            for kind, count in sorted(others.items(), key=_most_first)
        ),
    )


def _most_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _confidence_bars(fields: Sequence[Field]) -> tuple[Bar, ...]:
    values = [field.reading.confidence for field in fields if field.reading.text]
    counts, _ = np.histogram(values, [*_STEPS[:-1], 1.0 + 1e-9])
    labels = [f"{low:g}–{high:g}" for low, high in pairwise(_STEPS)]
    return bars(zip(labels, counts.tolist(), strict=True))


# --- watermark --------------------------------------------------------------------------------------------


def _watermark(document: Document, original: Original | None) -> WatermarkView | None:
    marked = [(page, page.watermark) for page in document.pages if page.watermark is not None]
    if not marked:
        return None
    texts = tuple(dict.fromkeys(plain(mark.text) for _, mark in marked if mark.text))
    coverage = 100 * sum(mark.coverage for _, mark in marked) / len(marked)
    view = WatermarkView(texts, pages_in_words([page.number for page, _ in marked]), len(marked), coverage)
    cells = Counter(cell.page for table in document.tables for cell in table.cells if cell.reading.text)
    page = max((p for p, _ in marked if p.origin is Origin.SCAN), key=lambda p: cells[p.number], default=None)
    if original is None or original.compare is None or page is None:
        return view
    try:
        before, after = (data_uri(jpeg(_narrowed(pixels), 70)) for pixels in original.compare(page))
    except QingzhangError:
        return view
    return WatermarkView(view.texts, view.pages, view.count, view.coverage, before, after, page.number)


def _narrowed(pixels: Pixels) -> Pixels:
    """The picture at most ``_COMPARED_WIDTH`` pixels wide."""
    from PIL import Image

    height, width = pixels.shape[:2]
    if width <= _COMPARED_WIDTH:
        return pixels
    size = _COMPARED_WIDTH, round(height * _COMPARED_WIDTH / width)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


# --- fields for review ------------------------------------------------------------------------------------


def _review(document: Document, original: Original | None) -> tuple[ReviewRow, ...]:
    """The fields to be reviewed, the least certain first."""
    fields = sorted(for_review(document), key=lambda field: field.reading.confidence)[:_LISTED]
    crops = _crops(document, fields[:_PICTURED], original)
    return tuple(
        ReviewRow(
            field,
            plain(field.reading.text),
            plain(field.reading.raw),
            tuple(plain(reason) for reason in field.reading.reasons),
            crops.get(field.anchor),
        )
        for field in fields
    )


def _crops(document: Document, fields: Sequence[Field], original: Original | None) -> dict[str, str]:
    """Pictures of the fields' places by anchor; each page is drawn once."""
    if original is None:
        return {}
    found = {}
    for page in document.pages:
        wanted = [field for field in fields if field.page == page.number and field.box is not None]
        if not wanted or page.origin is Origin.FAILED:
            continue
        try:
            pixels = original.draw(page, _CROP_DPI)
        except QingzhangError:
            continue
        for field in wanted:
            assert field.box is not None
            crop = _cut(pixels, field.box, _CROP_DPI / 72)
            if crop is not None:
                found[field.anchor] = data_uri(jpeg(crop, 55))
    return found


def _cut(pixels: Pixels, box: Box, scale: float) -> Pixels | None:
    """The part of a page with a little around it, at most 90 points high; None where there is nothing."""
    grown = box.grown(6, 4)
    left, top, right, bottom = (round(v * scale) for v in grown.as_tuple())
    bottom = min(bottom, top + round(90 * scale))
    cut = pixels[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    return np.ascontiguousarray(cut) if cut.size else None
