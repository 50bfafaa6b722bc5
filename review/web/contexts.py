"""What each template is given: one frozen dataclass per template, named in its ``template``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from document.geometry import Box
from review.types import (
    Choice,
    DashboardView,
    Decision,
    DocumentLine,
    FieldLine,
    FieldView,
    FilterChoices,
    NeighbourCell,
    Order,
    PageBlock,
    PageView,
    Proposal,
    ProposalStatus,
    QueueCounts,
    QueueFilter,
    Role,
    SimilarFields,
    User,
)
from review.web.charts import Bar, Interval, Stack
from review.web.errors import Problem
from review.web.options import Language


class Context(Protocol):
    """What a template is given."""

    template: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Shell:
    """What every page needs around its own content."""

    user: User | None
    language: Language
    path: str
    here: str
    """Where a change of language leads back to: path and query."""
    by_proxy: bool
    """Logged in by a proxy: there is no logging out here."""
    script_words: str
    """The script's words in the visitor's language, as JSON."""

    def may(self, role: str) -> bool:
        """Whether the visitor's role includes another."""
        return self.user is not None and self.user.role.may(Role(role))


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """An error for a person."""

    template: ClassVar[str] = "error.html.j2"
    problem: Problem


@dataclass(frozen=True, slots=True)
class LoginPage:
    """The way in."""

    template: ClassVar[str] = "login.html.j2"
    next: str
    """Local path to go to afterwards."""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A queue as the address of a page has it."""

    filter: QueueFilter
    order: Order
    query: str
    """The same as a query string, without ``?``."""


@dataclass(frozen=True, slots=True)
class QueuePage:
    """The fields that wait."""

    template: ClassVar[str] = "queue.html.j2"
    chosen: Chosen
    choices: FilterChoices
    counts: QueueCounts
    lines: tuple[FieldLine, ...]
    start: int
    """0-based index of the first line."""
    previous: str | None
    """Addresses of the neighbouring pages of the list."""
    following: str | None


@dataclass(frozen=True, slots=True)
class WorkPage:
    """The frame in which one field after the other is shown."""

    template: ClassVar[str] = "work.html.j2"
    chosen: Chosen
    counts: QueueCounts
    field_id: int | None
    """The field to show first; None for the next of the queue."""


@dataclass(frozen=True, slots=True)
class Card:
    """One field, large: the part of the page that changes from decision to decision."""

    template: ClassVar[str] = "card.html.j2"
    field: FieldView
    crop: Box
    """The part of the page that is shown, in points."""
    state: str
    """What the script needs of the field, as JSON."""
    row: tuple[NeighbourCell, ...]
    column: tuple[NeighbourCell, ...]
    history: tuple[Decision, ...]
    may_decide: bool


@dataclass(frozen=True, slots=True)
class SimilarList:
    """The same mistake elsewhere."""

    template: ClassVar[str] = "similar.html.j2"
    similar: SimilarFields


@dataclass(frozen=True, slots=True)
class DocumentsPage:
    """The documents."""

    template: ClassVar[str] = "documents.html.j2"
    archive: str | None
    archives: tuple[Choice, ...]
    containing: str
    documents: tuple[DocumentLine, ...]
    start: int
    previous: str | None
    following: str | None


@dataclass(frozen=True, slots=True)
class BlockRows:
    """A block with its fields sorted into rows, for the HTML table."""

    block: PageBlock
    rows: tuple[tuple[int, ...], ...]
    """For each printed row the indices of its fields in ``block.fields``."""


@dataclass(frozen=True, slots=True)
class PagePage:
    """A whole page beside its text."""

    template: ClassVar[str] = "page.html.j2"
    view: PageView
    blocks: tuple[BlockRows, ...]
    cleaned: bool
    waiting: int
    may_decide: bool


@dataclass(frozen=True, slots=True)
class OperatorLine:
    """An operator's days together."""

    user: str
    decided: int
    changed: int
    per_hour: float | None


@dataclass(frozen=True, slots=True)
class DashboardPage:
    """The desk at a glance."""

    template: ClassVar[str] = "dashboard.html.j2"
    view: DashboardView
    archive: str | None
    archives: tuple[Choice, ...]
    documents: Stack
    fields: Stack
    reasons: tuple[Bar, ...]
    days: tuple[Bar, ...]
    audit: Interval
    operators: tuple[OperatorLine, ...]


@dataclass(frozen=True, slots=True)
class ProposalsPage:
    """What confirmed corrections say should be known."""

    template: ClassVar[str] = "proposals.html.j2"
    proposals: tuple[Proposal, ...]
    status: ProposalStatus
    may_approve: bool
    has_folder: bool
    """Whether a dictionary folder was named for what is approved."""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class UsersPage:
    """Who may log in."""

    template: ClassVar[str] = "users.html.j2"
    users: tuple[User, ...]
    problem: Problem | None = None
    done: str | None = None
    """Key of what was done."""


@dataclass(frozen=True, slots=True)
class PasswordPage:
    """One's own password."""

    template: ClassVar[str] = "password.html.j2"
    problem: Problem | None = None
