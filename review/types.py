"""The values that pass between the desk's store, its functions and its pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from document.exceptions import QingzhangError
from document.geometry import Box
from document.types import DocumentKind, Origin, Status

# --- what can go wrong -------------------------------------------------------------------------------------


class ReviewError(QingzhangError):
    """Something at the desk cannot be done; the message says what to do instead."""


class NotFound(ReviewError):
    """No such document, field, decision, proposal or user."""


class NotAllowed(ReviewError):
    """The user's role does not permit it, or the account is disabled."""


class FieldTaken(ReviewError):
    """Another operator has the field in hand, or has decided it since it was shown."""


class BadValue(ReviewError):
    """A text or choice that cannot be taken: too long, control characters, empty where a value is needed."""


class LoginRefused(ReviewError):
    """Wrong name or password, or a disabled account; the message does not say which."""


class LoginThrottled(LoginRefused):
    """Too many failed logins."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds
        """Whole seconds until the next attempt is heard."""


# --- people ------------------------------------------------------------------------------------------------


class Role(StrEnum):
    """What a user may do; each role may do what those before it may."""

    VIEWER = "viewer"
    """Looks at documents and the dashboard (查看)."""
    OPERATOR = "operator"
    """Decides fields (复核员)."""
    APPROVER = "approver"
    """Approves proposals for the dictionaries (审批)."""
    ADMIN = "admin"
    """Looks after users and sees the record of everyone (管理员)."""

    def may(self, needed: Role) -> bool:
        """Whether this role includes what ``needed`` may do."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Archive:
    """A run's documents (档案)."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class User:
    """Someone who may log in; never with the password or its hash."""

    name: str
    """Login name: 1–64 letters, digits, ``.-_@``; unique without regard to case."""
    role: Role
    disabled: bool = False
    created_at: datetime | None = None
    archives: tuple[Archive, ...] = ()
    """All that the user may see, by name; none named: every archive, later ones too."""


@dataclass(frozen=True, slots=True)
class Session:
    """A login: the token goes into the cookie, only its hash is stored."""

    token: str
    user: User
    expires_at: datetime


# --- fields ------------------------------------------------------------------------------------------------


class FieldKind(StrEnum):
    """What a field is."""

    AMOUNT = "amount"
    """A table cell that holds, or should hold, an amount (金额)."""
    LABEL = "label"
    """Any other table cell: names, codes, heads (文字)."""
    TEXT = "text"
    """A text block outside tables (正文)."""
    TABLE = "table"
    """A whole table that may lack rows or columns (整表)."""


class FieldStatus(StrEnum):
    """Where a field stands."""

    QUIET = "quiet"
    """Nothing flagged it and nobody asked for it (无需复核)."""
    WAITING = "waiting"
    """In the queue, claimed or not (待复核)."""
    DECIDED = "decided"
    """A person's decision holds (已复核)."""
    SETTLED = "settled"
    """Flagged for a sum alone, which holds now that another of its fields was corrected (随勾稽通过)."""


class ReasonKind(StrEnum):
    """Why a field is in the queue, in classes to filter by; the worst one where there are several."""

    MOVED = "moved"
    """Decided before, but the document was read again and its place is no longer certain (重新识别后位置存疑)."""
    SUM = "sum"
    """A sum does not hold (勾稽不符)."""
    COPY = "copy"
    """The same amount is printed otherwise elsewhere (两处不一致)."""
    STRUCTURE = "structure"
    """Rows or columns may be missing (表格结构)."""
    FORM = "form"
    """No well-formed number (数字格式)."""
    DICTIONARY = "dictionary"
    """Nearly a dictionary entry, or name and code do not fit (科目名称)."""
    UNCLEAR = "unclear"
    """The recogniser's own doubt (识别不清)."""
    AUDIT = "audit"
    """Not flagged: asked at random to measure silent errors (抽查)."""
    OTHER = "other"


class SuggestionKind(StrEnum):
    """Where a suggestion comes from."""

    AS_READ = "as_read"
    """The text as it stands now (现值)."""
    SUM = "sum"
    """The value with which a sum would hold (勾稽)."""
    DICTIONARY = "dictionary"
    """An entry of the dictionary (词典)."""
    READING = "reading"
    """Another reading the recogniser thought of (其他识别)."""
    RAW = "raw"
    """What was read before a machine's correction (原识别)."""
    COPY = "copy"
    """The same row of another table (另表同项)."""
    PRECEDENT = "precedent"
    """What a person decided where the same was read (先例)."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One value to choose, with why."""

    text: str
    kind: SuggestionKind
    score: float
    """0–1; suggestions are ranked by it."""
    why: str
    """In Chinese, for the operator: dictionary entry with its source, equation with its difference."""
    sum_id: int | None = None
    """The sum that it makes hold, where it is one."""


@dataclass(frozen=True, slots=True)
class SumTerm:
    """One amount in a sum."""

    field_id: int
    page: int
    label: str
    """Row label and column head."""
    sign: int
    """+1 or -1 for a summand; 0 for the total."""
    value: Decimal
    """As it stands now: blank and unreadable count as 0."""
    text: str


@dataclass(frozen=True, slots=True)
class SumView:
    """A sum that the field is part of: ``total = Σ sign · term``. The page recomputes it as one types."""

    id: int
    name: str
    """The identity's name."""
    total: SumTerm
    terms: tuple[SumTerm, ...]
    difference: Decimal
    """Sum of the terms minus the total: 0 where it holds."""
    should_be: Decimal
    """The value of this field with which the sum holds, all others as they are."""
    decimals: int = 2
    """Digits behind the point that the table prints."""
    words: str = ""
    """The equation with its difference, in Chinese."""
    tolerance: Decimal = Decimal(0)
    """The difference that rounding explains, in a document whose sums are off by it (尾数误差); else 0."""

    @property
    def holds(self) -> bool:
        """Whether the terms make the total, but for rounding."""
        return abs(self.difference) <= self.tolerance


@dataclass(frozen=True, slots=True)
class TableContext:
    """Where a cell stands."""

    title: str
    """Title or number of the table; "" where it has none."""
    unit: str | None
    row: int
    col: int
    """0-based grid position."""
    row_label: str
    column_label: str
    """The heads above the cell, uppermost first, joined by /."""
    row_cells: tuple[NeighbourCell, ...] = ()
    """The whole row, for the page to show around the field."""
    column_cells: tuple[NeighbourCell, ...] = ()
    """Up to five cells above and five below it in its column."""


@dataclass(frozen=True, slots=True)
class NeighbourCell:
    """A cell beside the one in question."""

    field_id: int
    row: int
    col: int
    text: str
    is_this: bool = False


@dataclass(frozen=True, slots=True)
class FieldView:
    """All that the page of one field shows."""

    id: int
    document_id: int
    document_name: str
    archive: str
    entity: str | None
    year: int | None
    page: int
    """1-based."""
    box: Box
    """Points, origin top left, on the upright page."""
    kind: FieldKind
    text: str
    """As it stands now, with a person's decision applied where there is one."""
    machine_text: str
    """What the machine made of it."""
    raw: str
    """What was read."""
    confidence: float
    reasons: tuple[str, ...]
    reason: ReasonKind | None
    """The class of the worst reason; None for a field that was never flagged."""
    corrections: tuple[str, ...]
    """The machine's corrections in words: before → after (why)."""
    suggestions: tuple[Suggestion, ...]
    """Best first, at most nine; the first is what Enter accepts. Each text once."""
    sums: tuple[SumView, ...]
    """Failing ones first."""
    context: TableContext | None
    """None for texts and whole tables."""
    status: FieldStatus
    is_audit: bool
    """Asked at random; the operator need not know."""
    revision: int
    """Goes up with every change of the field: what ``decide`` compares to notice that it was decided meanwhile."""
    decision: Decision | None = None
    """The decision that holds."""
    claimed_by: str | None = None
    """The operator who has it in hand now."""
    has_cleaned: bool = False
    """Whether the page had a watermark, so that a picture without it can be shown."""


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A field in a list."""

    id: int
    document_id: int
    document_name: str
    page: int
    kind: FieldKind
    table: str
    row_label: str
    column_label: str
    text: str
    raw: str
    confidence: float
    reason: ReasonKind | None
    first_reason: str
    status: FieldStatus
    claimed_by: str | None = None


# --- the queue ---------------------------------------------------------------------------------------------


class Order(StrEnum):
    """In which order the queue is worked off."""

    WORST = "worst"
    """The most doubtful first."""
    DOCUMENT = "document"
    """Document after document, in reading order."""


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which fields; None takes all."""

    archive: str | None = None
    document_id: int | None = None
    table: str | None = None
    """Title of the table, exactly as in ``FilterChoices``."""
    reason: ReasonKind | None = None
    kind: FieldKind | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One value to filter by, with how many fields wait there."""

    value: str
    label: str
    waiting: int


@dataclass(frozen=True, slots=True)
class FilterChoices:
    """What each part of a filter can be, with how much waits there while the other parts stay as they are.

    An archive or a document that was chosen narrows its own choices too.
    """

    archives: tuple[Choice, ...]
    documents: tuple[Choice, ...]
    """The 200 with most to do; ``value`` is the id."""
    tables: tuple[Choice, ...]
    """The 200 with most to do."""
    reasons: tuple[Choice, ...]
    kinds: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How far a queue is."""

    waiting: int
    claimed: int
    """Of the waiting: in some operator's hand now."""
    decided: int
    settled: int

    @property
    def total(self) -> int:
        """All that was ever in it."""
        return self.waiting + self.decided + self.settled

    @property
    def progress(self) -> float:
        """Share (0–1) that is through; 1 for an empty queue."""
        return 1.0 if not self.total else (self.decided + self.settled) / self.total


@dataclass(frozen=True, slots=True)
class Claim:
    """A field in one operator's hand until it lapses."""

    field_id: int
    user: str
    until: datetime


# --- decisions ---------------------------------------------------------------------------------------------


class Action(StrEnum):
    """What an operator decides."""

    ACCEPT = "accept"
    """The text shown is right (确认)."""
    EDIT = "edit"
    """Another text is right: a suggestion chosen, or typed (改正)."""
    ILLEGIBLE = "illegible"
    """Nobody can read it (无法辨认)."""
    AS_PRINTED_WRONG = "as_printed_wrong"
    """Read rightly, and wrong in the document itself (原文有误)."""
    SKIP = "skip"
    """Not now (跳过): back into the queue, behind the others."""
    UNDO = "undo"
    """Takes an earlier decision back (撤销)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of the record: never changed, never removed."""

    id: int
    uid: str
    """32 hex digits: the same in the store, in ``decisions.json`` and in exports."""
    field_id: int
    document_id: int
    user: str
    at: datetime
    """UTC."""
    action: Action
    before: str
    after: str
    shown: str
    """What was shown, as JSON: text, raw, confidence, reasons, suggestions."""
    batch: str | None = None
    """Shared by the decisions of one bulk accept."""
    undoes: str | None = None
    """The uid of the decision that this one takes back."""
    seconds: float | None = None
    """From claim to decision."""
    is_audit: bool = False
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision has brought about."""

    decision: Decision
    settled: tuple[int, ...] = ()
    """Fields that left the queue because their sums hold now."""
    reopened: tuple[int, ...] = ()
    """Fields that came back because a sum no longer holds."""
    similar: int = 0
    """Further fields where the same was read: ask ``similar_fields`` for the list."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back."""

    decisions: tuple[Decision, ...]
    """The new UNDO records."""
    field_ids: tuple[int, ...]
    """The fields that stand as before; the first is the one to show again."""


@dataclass(frozen=True, slots=True)
class SimilarFields:
    """The same mistake elsewhere: “12 more fields were read 事业单位医疗人 → accept all?”"""

    decision_id: int
    raw: str
    """What was read, in all of them."""
    after: str
    """What the person made of it."""
    fields: tuple[FieldLine, ...]
    """At most 500, undecided and in nobody's hand."""


# --- documents and pages -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A document in a list."""

    id: int
    archive: str
    name: str
    source_name: str
    entity: str | None
    year: int | None
    kind: DocumentKind | None
    status: Status
    pages: int
    fields: int
    waiting: int
    decided: int
    settled: int
    verified: int
    """Amounts that some sum vouches for."""
    emitted: bool
    """Whether the outputs hold every decision."""


@dataclass(frozen=True, slots=True)
class PageField:
    """A field as the page view shows it: a box over the picture, a text beside it."""

    id: int
    box: Box
    kind: FieldKind
    text: str
    confidence: float
    status: FieldStatus
    reasons: tuple[str, ...]
    row: int = -1
    col: int = -1
    row_span: int = 1
    col_span: int = 1


@dataclass(frozen=True, slots=True)
class PageBlock:
    """A table or a text block on a page, in reading order."""

    id: str
    """The block's id in document.json."""
    kind: str
    """table, heading, paragraph …"""
    title: str
    n_cols: int
    """0 for a text."""
    fields: tuple[PageField, ...]
    """For a table its cells of this page, in row-major order; for a text itself."""
    table_field: PageField | None = None
    """The field for the table as a whole, where it is one."""


@dataclass(frozen=True, slots=True)
class PageView:
    """A whole page beside its text."""

    document: DocumentLine
    number: int
    numbers: tuple[int, ...]
    """All pages of the document."""
    width: float
    height: float
    """Points, upright."""
    origin: Origin
    error: str | None
    has_cleaned: bool
    blocks: tuple[PageBlock, ...]


# --- the dashboard -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AuditEstimate:
    """Silent errors, estimated from the fields asked at random (抽查)."""

    asked: int
    """Audit fields decided."""
    wrong: int
    """Of these: the person's value differs."""
    waiting: int
    population: int
    """Unflagged fields that the sample stands for."""
    rate: float | None
    """wrong / asked; None before any was decided."""
    low: float
    high: float
    """95 % interval (Clopper–Pearson), 0–1; 0 and 1 before any was decided."""


@dataclass(frozen=True, slots=True)
class OperatorDay:
    """What one operator did on one day (UTC)."""

    user: str
    day: date
    decided: int
    changed: int
    """Decisions that changed the text."""
    seconds: float
    """Time from claim to decision, summed, each counted up to five minutes."""

    @property
    def per_hour(self) -> float | None:
        """Fields an hour; None without times."""
        return None if self.seconds <= 0 else 3600 * self.decided / self.seconds


@dataclass(frozen=True, slots=True)
class DashboardView:
    """The desk at a glance."""

    documents: int
    documents_done: int
    """Without waiting fields."""
    documents_partial: int
    """With pages that failed."""
    documents_waiting: int
    to_reemit: int
    counts: QueueCounts
    corrected: int
    """Fields whose value a person changed."""
    accepted: int
    illegible: int
    printed_wrong: int
    verified: int
    """Amounts that some sum vouches for."""
    fields: int
    audit: AuditEstimate
    by_reason: tuple[Choice, ...]
    operators: tuple[OperatorDay, ...]
    """The last ``days`` days, oldest first."""
    proposals: int
    """Waiting for approval."""


# --- proposals ---------------------------------------------------------------------------------------------


class ProposalKind(StrEnum):
    """What would be added to the user's dictionaries."""

    LABEL = "label"
    """A fixed text (labels.csv)."""
    SUBJECT = "subject"
    """A code with its name (subjects.csv)."""
    LOOK_ALIKE = "look_alike"
    """Two characters that were taken for each other (look_alikes.csv)."""


class ProposalStatus(StrEnum):
    """Where a proposal stands."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What confirmed corrections say should be known."""

    id: int
    kind: ProposalKind
    row: tuple[tuple[str, str], ...]
    """The row of the dictionary file: column and value."""
    words: str
    """In Chinese."""
    support: int
    """Decisions that speak for it."""
    documents: int
    """Documents they come from."""
    status: ProposalStatus
    example_field: int | None = None
    resolved_by: str | None = None
    resolved_at: datetime | None = None


# --- import ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    documents: int = 0
    """New in the store."""
    updated: int = 0
    """Read again since the last import."""
    unchanged: int = 0
    fields: int = 0
    waiting: int = 0
    """Fields put into the queue."""
    kept: int = 0
    """Decisions that found their field again after the document was read anew."""
    doubtful: int = 0
    """Decisions whose field could not be told for certain: back in the queue."""
    failures: tuple[tuple[Path, str], ...] = field(default=())
    """Folders that could not be loaded, with the message."""
