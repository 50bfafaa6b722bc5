"""Confirmed corrections as proposals for the user's dictionaries (词典建议): a second role approves them.

A label that a person typed and no dictionary knows; a code that stands beside its name and is unknown; two
characters that were taken for each other. Nothing is learnt without a person's approval.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, select, update

from dictionaries.editing import FILES, add_rows, rows_of, write_rows
from dictionaries.loader import DictionaryError, load_dictionary
from dictionaries.types import Dictionary, LabelKind, Scheme
from review import schema
from review.desk import Desk
from review.queue import need
from review.schema import AnyRow
from review.store import Store, insert_new, utc_now
from review.types import (
    BadValue,
    Decision,
    FieldKind,
    FieldTaken,
    NotFound,
    Proposal,
    ProposalKind,
    ProposalStatus,
    ReviewError,
    Role,
    User,
)

SOURCE = "复核"
"""How an entry that comes from the desk names its source."""
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_ENUMERATOR = re.compile(r"^(?:[（(]?[一二三四五六七八九十]{1,3}[）)、.．]|[（(]?\d{1,2}[）)、.．](?!\d))\s*")
_CODE = re.compile(r"(?:^|\s)(\d{3}|\d{5}|\d{7})(?=\s|$)")
_LONGEST_LABEL = 40
_P, _PS = schema.PROPOSALS.c, schema.PROPOSAL_SOURCES.c


@dataclass(frozen=True, slots=True)
class Idea:
    """What one correction says should be known."""

    kind: ProposalKind
    row: tuple[tuple[str, str], ...]
    """The dictionary file's columns with their values, but for the weight, which grows with the support."""
    words: str

    @property
    def key(self) -> str:
        """The same for the same idea."""
        text = json.dumps([self.kind.value, self.row], ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


# --- ideas -------------------------------------------------------------------------------------------------


def ideas(raw: str, after: str, kind: FieldKind, row_label: str, in_head: bool, known: Dictionary) -> Iterator[Idea]:
    """What a correction of ``raw`` to ``after`` says, that ``known`` does not have."""
    if kind not in (FieldKind.LABEL, FieldKind.TEXT):
        return
    yield from _look_alikes(raw, after)
    core = _ENUMERATOR.sub("", after.strip())
    if kind is FieldKind.TEXT or not _is_label(core) or _key(core) in _known_keys(known):
        return
    code = _CODE.search(row_label)
    if code and not in_head and not any(s.code == code.group(1) for s in known.subjects):
        scheme = _scheme(code.group(1)).value
        entry = (("scheme", scheme), ("code", code.group(1)), ("name", core), ("source", SOURCE))
        yield Idea(ProposalKind.SUBJECT, entry, f"科目 {code.group(1)}：“{core}”")
    elif not code:
        where = LabelKind.COLUMN if in_head else LabelKind.ROW
        text = _YEAR.sub("{年}", core)
        row = (("kind", where.value), ("text", text), ("source", SOURCE))
        yield Idea(ProposalKind.LABEL, row, f"{'列名' if in_head else '行名'}“{text}”")


def _look_alikes(raw: str, after: str) -> Iterator[Idea]:
    """Characters that were taken for each other: only where all else is the same, and at most two differ."""
    before, now = _key(raw), _key(after)
    pairs = [(a, b) for a, b in zip(before, now, strict=False) if a != b]
    if len(before) != len(now) or not 1 <= len(pairs) <= 2 or len(now) < 3 * len(pairs):
        return
    for read, printed in dict.fromkeys(pairs):
        if read.isalpha() and printed.isalpha():
            left, right = sorted((read, printed))
            row = (("left", left), ("right", right), ("source", SOURCE))
            yield Idea(ProposalKind.LOOK_ALIKE, row, f"形近字“{read}”→“{printed}”")


def _is_label(text: str) -> bool:
    letters = sum(c.isalpha() for c in text)
    return 2 <= len(text) <= _LONGEST_LABEL and letters >= 2 and "\n" not in text


def _key(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=8)
def _known_keys(known: Dictionary) -> frozenset[str]:
    labels = {_key(label.text) for label in known.labels}
    return frozenset(labels | {_key(subject.name) for subject in known.subjects})


def _scheme(code: str) -> Scheme:
    """By its first digits: 3xx are economic classes of departments, 5xx of governments, all else are functions."""
    if len(code) <= 5 and code.startswith(("30", "31", "39")):
        return Scheme.DEPT_ECONOMIC
    if len(code) <= 5 and code.startswith(("50", "51", "59")):
        return Scheme.GOV_ECONOMIC
    return Scheme.FUNCTIONAL


def weight(support: int) -> float:
    """The look-alike weight after so many confirmed mistakes: 0.67 after one, 0.9 after eight (rule of succession)."""
    return round((support + 1) / (support + 2), 2)


# --- in the store ------------------------------------------------------------------------------------------


def propose(connection: Connection, row: AnyRow, decision: Decision, folder: Path | None) -> None:
    """Note what a decision on the field ``row`` says."""
    in_head = row.kind == FieldKind.LABEL.value and not row.column_label
    known = load_dictionary(folder if folder is not None and folder.is_dir() else None)
    for idea in ideas(row.raw, decision.after, FieldKind(row.kind), row.row_label, in_head, known):
        values = {
            "key": idea.key,
            "kind": idea.kind.value,
            "row": [[name, schema.safe(value)] for name, value in idea.row],
            "words": idea.words,
            "status": ProposalStatus.OPEN.value,
        }
        insert_new(connection, schema.PROPOSALS, values)
        source = {
            "proposal_id": connection.execute(select(_P.id).where(_P.key == idea.key)).scalar_one(),
            "decision_uid": decision.uid,
            "document_id": row.document_id,
            "field_id": row.id,
        }
        connection.execute(insert(schema.PROPOSAL_SOURCES).values(**source))


def withdraw(connection: Connection, decision_uid: str) -> None:
    """A decision was taken back: it speaks for nothing any more."""
    connection.execute(delete(schema.PROPOSAL_SOURCES).where(_PS.decision_uid == decision_uid))


def proposals(store: Store, status: ProposalStatus = ProposalStatus.OPEN, limit: int = 200) -> tuple[Proposal, ...]:
    """Proposals, the best supported first."""
    with store.read() as connection:
        return _proposals(connection, status, limit)


def count_open(connection: Connection) -> int:
    """Proposals that wait for approval."""
    open_ = select(func.count(_PS.proposal_id.distinct())).join(schema.PROPOSALS, _P.id == _PS.proposal_id)
    return int(connection.execute(open_.where(_P.status == ProposalStatus.OPEN.value)).scalar_one())


def _proposals(
    connection: Connection, status: ProposalStatus | None, limit: int, proposal_id: int | None = None
) -> tuple[Proposal, ...]:
    support = func.count(_PS.decision_uid)
    join = schema.PROPOSALS.outerjoin(schema.PROPOSAL_SOURCES, _P.id == _PS.proposal_id)
    query = (
        select(
            schema.PROPOSALS,
            support.label("support"),
            func.count(_PS.document_id.distinct()).label("documents"),
            func.min(_PS.field_id).label("example"),
        )
        .select_from(join)
        .group_by(_P.id)
        .order_by(support.desc(), _P.id)
        .limit(limit)
    )
    if status is not None:
        query = query.where(_P.status == status.value)
    if status is ProposalStatus.OPEN:
        query = query.having(support > 0)
    if proposal_id is not None:
        query = query.where(_P.id == proposal_id)
    return tuple(_proposal(row) for row in connection.execute(query))


def _proposal(row: AnyRow) -> Proposal:
    kind = ProposalKind(row.kind)
    columns = [(name, value) for name, value in row.row]
    if kind is ProposalKind.LOOK_ALIKE:
        columns.insert(2, ("weight", str(weight(row.support))))
    return Proposal(
        row.id,
        kind,
        tuple(columns),
        row.words,
        row.support,
        row.documents,
        ProposalStatus(row.status),
        row.example,
        row.resolved_by,
        row.resolved_at,
    )


def approve(desk: Desk, user: User, proposal_id: int, now: datetime | None = None) -> Proposal:
    """Write a proposal into the user's dictionary folder. Role approver.

    Raises ReviewError where no folder was named, BadValue where the dictionary does not take the row, FieldTaken
    where someone else resolved it.
    """
    need(user, Role.APPROVER)
    if desk.dictionaries is None:
        raise ReviewError("No dictionary folder is named. Start with `qingzhang review serve --dictionaries FOLDER`.")
    with desk.store.write() as connection:
        proposal = _resolve(connection, user, proposal_id, ProposalStatus.APPROVED, now or utc_now())
        try:
            _write(desk.dictionaries, proposal)
        except (DictionaryError, OSError) as error:  # the transaction is taken back with it
            raise BadValue(f"The dictionary does not take this entry: {error}") from error
        return proposal


def reject(desk: Desk, user: User, proposal_id: int, now: datetime | None = None) -> Proposal:
    """Put a proposal aside. Role approver."""
    need(user, Role.APPROVER)
    with desk.store.write() as connection:
        return _resolve(connection, user, proposal_id, ProposalStatus.REJECTED, now or utc_now())


def _resolve(connection: Connection, user: User, proposal_id: int, status: ProposalStatus, now: datetime) -> Proposal:
    values = {"status": status.value, "resolved_by": user.name, "resolved_at": now}
    open_ = update(schema.PROPOSALS).where(_P.id == proposal_id, _P.status == ProposalStatus.OPEN.value)
    done = connection.execute(open_.values(**values)).rowcount
    found = _proposals(connection, None, 1, proposal_id)
    if not found:
        raise NotFound(f"There is no proposal {proposal_id}.")
    if not done:
        raise FieldTaken(f"{found[0].resolved_by} has dealt with this proposal already.")
    return found[0]


_FILES: Mapping[ProposalKind, str] = {
    ProposalKind.LABEL: "labels",
    ProposalKind.SUBJECT: "subjects",
    ProposalKind.LOOK_ALIKE: "look_alikes",
}


def _write(folder: Path, proposal: Proposal) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name, row = _FILES[proposal.kind], dict(proposal.row)
    if proposal.kind is not ProposalKind.LOOK_ALIKE:
        add_rows(folder, name, [row])
        return
    pair = {row["left"], row["right"]}  # one weight for a pair: an older one gives way
    kept = [r for r in rows_of(folder, name) if {r["left"], r["right"]} != pair]
    write_rows(folder / f"{name}.csv", FILES[name][0], [*kept, row], name)
