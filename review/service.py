"""What the pages and the command line call: the functions of the desk in one place.

Times are UTC with zone. Every function opens and ends its own transaction. Functions that take a ``User`` check the
role and raise NotAllowed; ids that do not exist raise NotFound.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from document.geometry import Box
from review.desk import Desk
from review.store import Store
from review.types import (
    Action,
    AuditEstimate,
    Claim,
    DashboardView,
    Decided,
    Decision,
    DocumentLine,
    FieldLine,
    FieldView,
    FilterChoices,
    Order,
    PageView,
    Proposal,
    ProposalStatus,
    QueueCounts,
    QueueFilter,
    Role,
    Session,
    SimilarFields,
    SumView,
    Undone,
    User,
)

# --- people ------------------------------------------------------------------------------------------------


def has_user(store: Store) -> bool:
    """Whether anyone may log in: without, nothing is served."""
    raise NotImplementedError


def add_user(store: Store, name: str, password: str, role: Role) -> User:
    """A new user. Raises BadValue: name taken or malformed, password shorter than 10 characters or over 200."""
    raise NotImplementedError


def list_users(store: Store) -> tuple[User, ...]:
    """All users by name, the disabled ones too."""
    raise NotImplementedError


def set_password(store: Store, name: str, password: str) -> None:
    """A new password; all the user's sessions end. Raises NotFound, BadValue."""
    raise NotImplementedError


def set_role(store: Store, name: str, role: Role) -> User:
    """Another role. Raises NotFound."""
    raise NotImplementedError


def disable_user(store: Store, name: str, disabled: bool = True) -> User:
    """Close an account, ending its sessions, or open it again. Raises NotFound."""
    raise NotImplementedError


def log_in(store: Store, name: str, password: str, address: str, now: datetime | None = None) -> Session:
    """A new session. ``address`` is the caller's, for throttling.

    Raises LoginThrottled after 5 failures of a name and address, or 50 of an address, within 15 minutes; LoginRefused
    for a wrong name or password, taking as long for an unknown name as for a known one.
    """
    raise NotImplementedError


def session_user(store: Store, token: str, now: datetime | None = None) -> User | None:
    """Who the cookie's token belongs to; None for unknown and expired ones. Use prolongs a session."""
    raise NotImplementedError


def log_out(store: Store, token: str) -> None:
    """End a session."""
    raise NotImplementedError


def proxy_user(store: Store, name: str) -> User | None:
    """The user that a trusted proxy's header names; None for unknown and disabled ones."""
    raise NotImplementedError


# --- the queue ---------------------------------------------------------------------------------------------


def claim_next(
    store: Store,
    user: User,
    chosen: QueueFilter | None = None,
    order: Order = Order.WORST,
    now: datetime | None = None,
) -> Claim | None:
    """The next waiting field for this operator, in nobody else's hand; None when there is none.

    An operator has one field in hand: a claim of theirs that fits the filter is given again and prolonged, any other
    is let go. Claims lapse after ten minutes. Two operators never get the same field.
    """
    raise NotImplementedError


def claim_field(store: Store, user: User, field_id: int, now: datetime | None = None) -> Claim:
    """This very field, whatever its status: to correct what was decided, or what nobody flagged.

    Raises FieldTaken while another operator has it in hand.
    """
    raise NotImplementedError


def release(store: Store, user: User, field_id: int) -> None:
    """Let a field go that this operator has in hand; nothing else happens."""
    raise NotImplementedError


def queue_counts(store: Store, chosen: QueueFilter | None = None, now: datetime | None = None) -> QueueCounts:
    """How many fields the filter's queue has, and how far it is."""
    raise NotImplementedError


def filter_choices(store: Store, chosen: QueueFilter | None = None) -> FilterChoices:
    """What can be filtered by, with counts of waiting fields."""
    raise NotImplementedError


def queue_page(
    store: Store,
    chosen: QueueFilter | None = None,
    order: Order = Order.WORST,
    limit: int = 50,
    offset: int = 0,
) -> tuple[FieldLine, ...]:
    """A page of the waiting fields; ``limit`` at most 200."""
    raise NotImplementedError


def field_view(store: Store, field_id: int) -> FieldView:
    """All that the page of one field shows."""
    raise NotImplementedError


def sums_with(store: Store, field_id: int, text: str) -> tuple[SumView, ...]:
    """The field's sums as they would stand with ``text`` in it: the same that the page computes as one types."""
    raise NotImplementedError


def history(store: Store, field_id: int) -> tuple[Decision, ...]:
    """The field's whole record, oldest first."""
    raise NotImplementedError


# --- deciding ----------------------------------------------------------------------------------------------


def decide(
    desk: Desk,
    user: User,
    field_id: int,
    action: Action,
    text: str | None = None,
    revision: int | None = None,
    comment: str = "",
    now: datetime | None = None,
) -> Decided:
    """Record a decision and let the field go; the document's outputs are written anew soon after.

    ``text`` is needed for EDIT and left out otherwise; a blank text says that nothing is printed there. White space
    at the ends is taken off. ``revision`` is that of the FieldView shown.

    Raises FieldTaken (another operator has it in hand, or decided it since it was shown), BadValue (over 10,000
    characters, control characters, EDIT without text, UNDO), NotAllowed (viewers).
    """
    raise NotImplementedError


def similar_fields(store: Store, decision_id: int) -> SimilarFields:
    """Undecided fields of the same kind where the same was read as in a decision's field."""
    raise NotImplementedError


def accept_similar(
    desk: Desk, user: User, decision_id: int, field_ids: Sequence[int], now: datetime | None = None
) -> tuple[Decision, ...]:
    """The same decision for those of ``field_ids`` that are still similar and in nobody's hand: one batch."""
    raise NotImplementedError


def undo(desk: Desk, user: User, decision_id: int | None = None, now: datetime | None = None) -> Undone:
    """Take back this user's last decision (a bulk accept as a whole), or a given one; as new records.

    Another user's decision needs the role approver. Raises NotFound where there is nothing to undo, FieldTaken where
    the field was decided again since.
    """
    raise NotImplementedError


# --- documents and pages -----------------------------------------------------------------------------------


def documents(
    store: Store, archive: str | None = None, containing: str = "", limit: int = 100, offset: int = 0
) -> tuple[DocumentLine, ...]:
    """Documents, those with most to do first; ``containing`` is looked for in names and entities."""
    raise NotImplementedError


def document_line(store: Store, document_id: int) -> DocumentLine:
    """One document."""
    raise NotImplementedError


def page_view(store: Store, document_id: int, number: int) -> PageView:
    """A whole page with its fields. Raises NotFound for a page that the document does not have."""
    raise NotImplementedError


def crop_png(desk: Desk, field_id: int, cleaned: bool = False) -> bytes:
    """PNG of the field with its surroundings; ``crop_box`` says which part of the page that is.

    ``cleaned``: with the watermark taken off. Raises InputError where the source file cannot be found.
    """
    raise NotImplementedError


def crop_box(store: Store, field_id: int) -> Box:
    """The part of the page, in points, that ``crop_png`` shows: the page outlines the field's own box within it."""
    raise NotImplementedError


def page_png(desk: Desk, document_id: int, number: int, cleaned: bool = False) -> bytes:
    """PNG of a whole page, about 1,240 pixels wide for A4."""
    raise NotImplementedError


# --- the dashboard, proposals ------------------------------------------------------------------------------


def dashboard(store: Store, archive: str | None = None, days: int = 14, now: datetime | None = None) -> DashboardView:
    """The desk at a glance."""
    raise NotImplementedError


def audit_estimate(store: Store, archive: str | None = None) -> AuditEstimate:
    """Silent errors, estimated from the audit sample."""
    raise NotImplementedError


def proposals(store: Store, status: ProposalStatus = ProposalStatus.OPEN, limit: int = 200) -> tuple[Proposal, ...]:
    """Proposals, the best supported first."""
    raise NotImplementedError


def approve(desk: Desk, user: User, proposal_id: int, now: datetime | None = None) -> Proposal:
    """Write a proposal into the user's dictionary folder. Role approver.

    Raises ReviewError where no folder was named, BadValue where the dictionary does not take the row, FieldTaken
    where someone else resolved it.
    """
    raise NotImplementedError


def reject(desk: Desk, user: User, proposal_id: int, now: datetime | None = None) -> Proposal:
    """Put a proposal aside. Role approver."""
    raise NotImplementedError


# --- the record --------------------------------------------------------------------------------------------


def decisions_csv(store: Store, archive: str | None = None) -> str:
    """Every decision as CSV; no text in it is a formula in a spreadsheet."""
    raise NotImplementedError


def decisions_json(store: Store, archive: str | None = None) -> str:
    """Every decision as a JSON list."""
    raise NotImplementedError
