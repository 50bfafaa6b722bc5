"""The dashboard, the proposals, the users, and the record to take away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from review import service
from review.types import BadValue, OperatorDay, ProposalStatus, ReviewError, Role
from review.web import charts
from review.web.contexts import DashboardPage, OperatorLine, ProposalsPage, UsersPage
from review.web.errors import problem_of
from review.web.room import Admin, Approver, InRoom, Visitor, page

router = APIRouter()


@router.get("/dashboard")
def dashboard(request: Request, room: InRoom, user: Visitor, archive: str | None = None) -> Response:
    """The desk at a glance."""
    view = service.dashboard(room.desk.store, archive or None)
    return page(
        request,
        DashboardPage(
            view=view,
            archive=archive or None,
            archives=service.archive_choices(room.desk.store),
            documents=charts.stack((("done", view.documents_done), ("waiting", view.documents_waiting))),
            fields=charts.stack(
                (("decided", view.counts.decided), ("settled", view.counts.settled), ("waiting", view.counts.waiting))
            ),
            reasons=charts.reason_bars(view.by_reason),
            days=charts.day_bars(view.operators),
            audit=charts.audit_interval(view.audit),
            operators=by_operator(view.operators),
        ),
        user,
    )


def by_operator(days: Iterable[OperatorDay]) -> tuple[OperatorLine, ...]:
    """Each operator's days together, who decided most first."""
    grouped: dict[str, list[OperatorDay]] = defaultdict(list)
    for day in days:
        grouped[day.user].append(day)
    lines = (_operator_line(name, theirs) for name, theirs in grouped.items())
    return tuple(sorted(lines, key=lambda line: (-line.decided, line.user)))


def _operator_line(name: str, days: list[OperatorDay]) -> OperatorLine:
    decided, seconds = sum(d.decided for d in days), sum(d.seconds for d in days)
    return OperatorLine(name, decided, sum(d.changed for d in days), 3600 * decided / seconds if seconds > 0 else None)


# --- proposals ---------------------------------------------------------------------------------------------


@router.get("/proposals")
def proposals(request: Request, room: InRoom, user: Visitor, status: ProposalStatus = ProposalStatus.OPEN) -> Response:
    """What confirmed corrections say should be known."""
    return page(request, _proposals(room, user.role, status), user)


def _proposals(room: InRoom, role: Role, status: ProposalStatus, error: ReviewError | None = None) -> ProposalsPage:
    return ProposalsPage(
        proposals=service.proposals(room.desk.store, status),
        status=status,
        may_approve=role.may(Role.APPROVER),
        has_folder=room.desk.dictionaries is not None,
        problem=None if error is None else problem_of(error),
    )


@router.post("/proposals/{proposal_id}")
def resolve(
    request: Request, room: InRoom, user: Approver, proposal_id: int, answer: Annotated[ProposalStatus, Form()]
) -> Response:
    """Approve a proposal or put it aside."""
    deeds = {ProposalStatus.APPROVED: service.approve, ProposalStatus.REJECTED: service.reject}
    try:
        if answer not in deeds:
            raise BadValue("a proposal is approved or rejected")
        deeds[answer](room.desk, user, proposal_id)
    except ReviewError as error:
        problem = problem_of(error)
        return page(request, _proposals(room, user.role, ProposalStatus.OPEN, error), user, problem.status)
    return RedirectResponse("/proposals", 303)


# --- users -------------------------------------------------------------------------------------------------

UserName = Annotated[str, Form(max_length=64)]


@router.get("/users")
def users(request: Request, room: InRoom, user: Admin, done: str | None = None) -> Response:
    """Who may log in."""
    known = done if done in {"added", "changed"} else None
    return page(request, UsersPage(service.list_users(room.desk.store), done=known), user)


@router.post("/users")
def add_user(
    request: Request,
    room: InRoom,
    user: Admin,
    name: UserName,
    password: Annotated[str, Form(max_length=200)],
    role: Annotated[Role, Form()],
) -> Response:
    """A new user."""
    return _users_after(request, room, user, lambda: service.add_user(room.desk.store, name, password, role), "added")


@router.post("/users/change")
def change_user(
    request: Request,
    room: InRoom,
    user: Admin,
    name: UserName,
    role: Annotated[Role, Form()],
    disabled: Annotated[bool, Form()] = False,
) -> Response:
    """Another role, or an account closed or opened again; nobody locks themselves out."""

    def change() -> object:
        if name.casefold() == user.name.casefold():
            raise BadValue("another administrator has to change your own account")
        service.set_role(room.desk.store, name, role)
        return service.disable_user(room.desk.store, name, disabled)

    return _users_after(request, room, user, change, "changed")


def _users_after(request: Request, room: InRoom, user: Admin, deed: Callable[[], object], done: str) -> Response:
    try:
        deed()
    except ReviewError as error:
        problem = problem_of(error)
        listed = service.list_users(room.desk.store)
        return page(request, UsersPage(listed, problem), user, problem.status)
    return RedirectResponse(f"/users?done={done}", 303)


# --- the record --------------------------------------------------------------------------------------------


@router.get("/decisions.csv")
def decisions_csv(room: InRoom, user: Admin, archive: str | None = None) -> Response:
    """Every decision as CSV."""
    text = service.decisions_csv(room.desk.store, archive or None)
    return _download(text, "text/csv; charset=utf-8", "decisions.csv")


@router.get("/decisions.json")
def decisions_json(room: InRoom, user: Admin, archive: str | None = None) -> Response:
    """Every decision as JSON."""
    text = service.decisions_json(room.desk.store, archive or None)
    return _download(text, "application/json", "decisions.json")


def _download(text: str, kind: str, name: str) -> Response:
    return Response(text, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
