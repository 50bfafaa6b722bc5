"""The values that pass between the steps, from a read line to the whole document.

Everything here is frozen. A step takes values and returns new ones (``dataclasses.replace``); nothing is
changed in place, so a reading can always say what it was before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from document.geometry import Box


@dataclass(frozen=True, slots=True)
class Character:
    """One recognised character with the recogniser's own doubt about it."""

    text: str
    """The character, as read."""
    probability: float
    """The recogniser's probability for it, 0–1; 1.0 for a text layer."""
    left: float
    right: float
    """Where it stands along the line, in points, as x on the page."""
    alternatives: tuple[tuple[str, float], ...] = ()
    """Other characters at the same place with their probabilities, likeliest first; "" means no character."""
    steps: tuple[tuple[tuple[str, float], ...], ...] = ()
    """Where the recogniser was in doubt: its probabilities step by step, from the end of the character before (for
    the last one to the end of the line), likeliest first; empty where there was no doubt worth keeping."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """One piece of text on one baseline, as an engine or a text layer gives it."""

    text: str
    box: Box
    confidence: float
    """Mean probability of the characters, 0–1."""
    characters: tuple[Character, ...] = ()
    angle: float = 0.0
    """Degrees counter-clockwise that the baseline is turned against the page's rows, -90 < angle <= 90."""
    size: float = 0.0
    """Height of the type in points (the box's height where the baseline is level); 0 when unknown."""
    watermark_cover: float = 0.0
    """Share (0–1) of the box's pixels that the watermark mask covered before it was taken off."""
    darkness: float = 1.0
    """How dark its ink is against that of the page's text: about 1 for text, less for what a watermark left."""


class Rule(StrEnum):
    """What made a correction; the value goes into ``document.json``."""

    WATERMARK_RESIDUE = "watermark_residue"
    WHITE_SPACE = "white_space"
    WIDTH = "width"
    NUMBER_FORMAT = "number_format"
    TRADITIONAL = "traditional_look_alike"
    SUBJECT_NAME = "subject_name"
    SUBJECT_CODE = "subject_code"
    FIXED_LABEL = "fixed_label"
    PHRASE = "phrase"
    DEBRIS = "debris"
    IDENTITY = "identity"
    REVIEWER = "reviewer"


@dataclass(frozen=True, slots=True)
class Correction:
    """One change to a text: what it was, what it is, why, and how sure."""

    before: str
    after: str
    rule: Rule
    score: float
    """0–1, 1 for a change of form that cannot change the meaning."""
    source: str | None = None
    """Dictionary with version, identity, or reviewer."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text with its history: what was read, what was made of it, and whether a person must look."""

    text: str
    raw: str
    confidence: float = 1.0
    needs_review: bool = False
    reasons: tuple[str, ...] = ()
    """In words an operator understands, in Chinese."""
    corrections: tuple[Correction, ...] = ()

    def doubted(self, *why: str) -> Reading:
        """The reading marked for review, with further reasons; none is said twice."""
        return replace(self, needs_review=True, reasons=tuple(dict.fromkeys((*self.reasons, *why))))

    def joined(self, other: Reading) -> Reading:
        """One reading of two pieces of a text, as unsure as the less sure of them."""
        return Reading(
            self.text + other.text,
            self.raw + other.raw,
            min(self.confidence, other.confidence),
            self.needs_review or other.needs_review,
            tuple(dict.fromkeys((*self.reasons, *other.reasons))),
            self.corrections + other.corrections,
        )


BLANK = Reading(text="", raw="")
"""The reading of a cell without ink."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One table cell; every grid position is covered by exactly one cell."""

    row: int
    col: int
    page: int
    """1-based number of the page it is printed on."""
    box: Box
    reading: Reading = BLANK
    row_span: int = 1
    col_span: int = 1
    amount: str | None = None
    """The number as a decimal string (no separators), where the cell holds one."""
    verified_by: tuple[str, ...] = ()
    """Identities (勾稽关系) that hold with this value."""
    lines: tuple[TextLine, ...] = ()
    """The text lines it was put together from: evidence for corrections, not written to JSON."""


@dataclass(frozen=True, slots=True)
class Table:
    """A printed table, whole even where it runs over pages."""

    id: str
    pages: tuple[int, ...]
    n_rows: int
    n_cols: int
    cells: tuple[Cell, ...]
    """In row-major order."""
    title: str | None = None
    number: str | None = None
    """公开01表, 预算公开表3."""
    unit: str | None = None
    """万元, 元."""
    entity: str | None = None
    """部门名称 printed above the table."""
    year: int | None = None
    needs_review: bool = False
    """Rows or columns may be missing."""
    reasons: tuple[str, ...] = ()


class BlockKind(StrEnum):
    """What a text block is; header, footer, page number, seal and figure stay out of the clean text."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    NOTE = "note"
    TOC = "toc"
    HEADER = "header"
    FOOTER = "footer"
    PAGE_NUMBER = "page_number"
    SEAL = "seal"
    FIGURE = "figure"


NOT_IN_TEXT = frozenset({BlockKind.HEADER, BlockKind.FOOTER, BlockKind.PAGE_NUMBER, BlockKind.SEAL, BlockKind.FIGURE})
"""Kinds left out of the clean text."""


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Text outside tables: a heading, a paragraph, a note, a line of the table of contents …"""

    id: str
    kind: BlockKind
    pages: tuple[int, ...]
    box: Box
    """On the first of its pages."""
    reading: Reading
    level: int | None = None
    """1 for 第一部分, 2 for 一、, 3 for （一）, 4 for 1. ; None for anything but a heading."""
    toc_page: int | None = None
    """The page number printed at the end of an entry of the table of contents; its text is without it."""
    lines: tuple[TextLine, ...] = ()
    """Evidence, not written to JSON."""


Block = Table | TextBlock


class Origin(StrEnum):
    """Where a page's text came from."""

    SCAN = "scan"
    TEXT_LAYER = "text_layer"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ReadAsScanned:
    """A line under the watermark that reads better on the page as scanned than on the cleaned one."""

    box: Box
    cleaned: str
    """What the cleaned page reads."""
    scanned: str
    """What was kept."""


@dataclass(frozen=True, slots=True)
class PageWatermark:
    """What was found on one page, and taken off."""

    text: str | None
    """The phrase, where it is known."""
    coverage: float
    """Share of the page's area, 0–1."""
    as_scanned: tuple[ReadAsScanned, ...] = ()
    """Where clean-up did not help the reading, and what was read instead."""


@dataclass(frozen=True, slots=True)
class Page:
    """One source page, upright."""

    number: int
    """1-based."""
    origin: Origin
    width: float
    height: float
    """Points, upright."""
    rotation: int = 0
    """Clockwise turn applied to bring the page upright: 0, 90, 180, 270."""
    skew_degrees: float = 0.0
    """Counter-clockwise skew found and taken out."""
    watermark: PageWatermark | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PageContent:
    """What is printed on one page, before the pages are put together into a document."""

    page: Page
    blocks: tuple[Block, ...] = ()
    """In reading order; ids are page-local."""


@dataclass(frozen=True, slots=True)
class Source:
    """The file a document came from."""

    name: str
    sha256: str
    page_count: int


class DocumentKind(StrEnum):
    """预算 or 决算."""

    BUDGET = "budget"
    FINAL_ACCOUNT = "final_account"


@dataclass(frozen=True, slots=True)
class Meta:
    """What the document says of itself."""

    entity: str | None = None
    year: int | None = None
    kind: DocumentKind | None = None


class Status(StrEnum):
    """Partial: at least one page failed; it is still listed, with its error."""

    COMPLETE = "complete"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class Document:
    """A cleaned document: exactly the contract in ``document/document.schema.json``."""

    source: Source
    pages: tuple[Page, ...]
    blocks: tuple[Block, ...]
    """In reading order."""
    meta: Meta = Meta()

    @property
    def status(self) -> Status:
        """Complete, or partial when a page failed."""
        return Status.PARTIAL if any(p.origin is Origin.FAILED for p in self.pages) else Status.COMPLETE

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables, in reading order."""
        return tuple(b for b in self.blocks if isinstance(b, Table))
