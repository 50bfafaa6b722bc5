"""The queue (待复核队列): whose turn it is, who has what in hand, how far it is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, literal_column, or_, select, update

from review import schema
from review.schema import AnyRow
from review.store import Store, utc_now
from review.types import (
    Choice,
    Claim,
    FieldKind,
    FieldLine,
    FieldStatus,
    FieldTaken,
    FilterChoices,
    NotAllowed,
    NotFound,
    Order,
    QueueCounts,
    QueueFilter,
    ReasonKind,
    Role,
    User,
)

CLAIM = timedelta(minutes=10)
"""After so long without a decision a field goes to the next operator."""
MOST_LINES = 200
MOST_CHOICES = 200
REASON_WORDS = {
    ReasonKind.MOVED: "重新识别后位置存疑",
    ReasonKind.SUM: "勾稽不符",
    ReasonKind.COPY: "两处不一致",
    ReasonKind.STRUCTURE: "表格结构",
    ReasonKind.FORM: "数字格式",
    ReasonKind.DICTIONARY: "科目名称",
    ReasonKind.UNCLEAR: "识别不清",
    ReasonKind.AUDIT: "抽查",
    ReasonKind.OTHER: "其他",
}
KIND_WORDS = {
    FieldKind.AMOUNT: "金额",
    FieldKind.LABEL: "表内文字",
    FieldKind.TEXT: "正文",
    FieldKind.TABLE: "整表",
}
_F = schema.FIELDS.c


def need(user: User, role: Role) -> None:
    """Raise NotAllowed unless the user may do what ``role`` may."""
    if user.disabled or not user.role.may(role):
        raise NotAllowed(f"{user.name} may not do this: it needs the role {role.value}. Ask an administrator.")


def no_field(field_id: int) -> NotFound:
    """What is said of an id that no field has."""
    return NotFound(f"There is no field {field_id}. It may have gone when its document was read again.")


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
    need(user, Role.OPERATOR)
    now = now or utc_now()
    wanted = conditions(store, chosen)
    with store.write() as connection:
        mine = [row.id for row in _in_hand(connection, now) if row.claimed_by == user.name]
        own = select(_F.id).where(_F.id.in_(mine), *wanted).limit(1)
        field_id = connection.execute(own).scalar() if mine else None
        _let_go(connection, user.name, field_id)
        if field_id is not None:
            return _claimed(connection, field_id, user.name, now, again=True)
    with store.write() as connection:  # a transaction of its own: it holds no other field while it takes one
        free = or_(_F.claimed_until.is_(None), _F.claimed_until <= now)
        first = select(_F.id).where(waiting(), free, *wanted).order_by(*in_order(order)).limit(1)
        field_id = connection.execute(first.with_for_update(skip_locked=True)).scalar()
        return None if field_id is None else _claimed(connection, field_id, user.name, now)


def claim_field(store: Store, user: User, field_id: int, now: datetime | None = None) -> Claim:
    """This very field, whatever its status: to correct what was decided, or what nobody flagged.

    Raises FieldTaken while another operator has it in hand.
    """
    need(user, Role.OPERATOR)
    now = now or utc_now()
    with store.write() as connection:
        _let_go(connection, user.name, field_id)
    with store.write() as connection:
        row = connection.execute(
            select(_F.claimed_by, _F.claimed_until).where(_F.id == field_id).with_for_update()
        ).one_or_none()
        if row is None:
            raise no_field(field_id)
        refuse_if_taken(row, user.name, now)
        return _claimed(connection, field_id, user.name, now, again=row.claimed_by == user.name)


def release(store: Store, user: User, field_id: int) -> None:
    """Let a field go that this operator has in hand; nothing else happens."""
    with store.write() as connection:
        if connection.execute(select(_F.id).where(_F.id == field_id)).first() is None:
            raise no_field(field_id)
        connection.execute(update(schema.FIELDS).where(_F.id == field_id, _F.claimed_by == user.name).values(**NOBODY))


NOBODY = {"claimed_by": None, "claimed_at": None, "claimed_until": None}


def refuse_if_taken(row: AnyRow, user: str, now: datetime) -> None:
    """Raise FieldTaken where another operator's claim on the row holds."""
    if row.claimed_by not in (None, user) and row.claimed_until is not None and row.claimed_until > now:
        raise FieldTaken(f"{row.claimed_by} has this field in hand. Take the next one.")


def _in_hand(connection: Connection, now: datetime) -> list[AnyRow]:
    """The waiting fields that someone has in hand; asked by the claim alone, of which there are only a few."""
    query = select(_F.id, _F.claimed_by, _F.claimed_until, _F.status).where(_F.claimed_by.is_not(None))
    rows = connection.execute(query).all()
    return [r for r in rows if r.status == FieldStatus.WAITING.value and r.claimed_until > now]


def _let_go(connection: Connection, user: str, but: int | None) -> None:
    mine = [_F.claimed_by == user] + ([] if but is None else [_F.id != but])
    connection.execute(update(schema.FIELDS).where(*mine).values(**NOBODY))


def _claimed(connection: Connection, field_id: int, user: str, now: datetime, again: bool = False) -> Claim:
    until = now + CLAIM
    values = {"claimed_by": user, "claimed_until": until} | ({} if again else {"claimed_at": now})
    connection.execute(update(schema.FIELDS).where(_F.id == field_id).values(**values))
    return Claim(field_id, user, until)


# --- which fields ------------------------------------------------------------------------------------------


def _said(condition: str) -> ColumnElement[bool]:
    """A condition in exactly these words: of a typed one SQLAlchemy makes ``… = 1`` on SQLite, and no index fits it."""
    return literal_column(condition)


def waiting() -> ColumnElement[bool]:
    """Fields in the queue, in the words of the partial indexes."""
    return _said(f"fields.{schema.WAITING}")


def decided() -> ColumnElement[bool]:
    """Fields that a person's decision holds for."""
    return _said(f"fields.{schema.DECIDED}")


def audited() -> ColumnElement[bool]:
    """Fields of the random sample."""
    return _said("fields.is_audit")


def asked() -> ColumnElement[bool]:
    """Fields that are or were in the queue."""
    return _said(f"fields.{schema.ASKED}")


def conditions(store: Store, chosen: QueueFilter | None) -> list[ColumnElement[bool]]:
    """The filter on fields."""
    if chosen is None:
        return []
    found: list[ColumnElement[bool]] = []
    if chosen.archive is not None:
        found.append(_F.archive_id == archive_id(store, chosen.archive))
    if chosen.document_id is not None:
        found.append(_F.document_id == chosen.document_id)
    if chosen.table is not None:
        found.append(_F.table_name == chosen.table)
    if chosen.reason is not None:
        found.append(_F.reason == chosen.reason.value)
    if chosen.kind is not None:
        found.append(_F.kind == chosen.kind.value)
    return found


def archive_id(store: Store, name: str) -> int:
    """The archive's id; 0, which none has, where there is none of that name."""
    with store.read() as connection:
        found = connection.execute(select(schema.ARCHIVES.c.id).where(schema.ARCHIVES.c.name == name)).scalar()
    return int(found or 0)


def in_order(order: Order) -> tuple[ColumnElement[Any], ...]:
    """What the queue is sorted by."""
    if order is Order.DOCUMENT:
        return _F.document_id, _F.block, _F.row, _F.col, _F.id
    return _F.skips, _F.rank, _F.id


# --- lists and counts --------------------------------------------------------------------------------------


def queue_page(
    store: Store,
    chosen: QueueFilter | None = None,
    order: Order = Order.WORST,
    limit: int = 50,
    offset: int = 0,
) -> tuple[FieldLine, ...]:
    """A page of the waiting fields; ``limit`` at most 200."""
    ids = (
        select(_F.id)
        .where(waiting(), *conditions(store, chosen))
        .order_by(*in_order(order))
        .limit(min(max(limit, 0), MOST_LINES))
        .offset(max(offset, 0))
    )
    with store.read() as connection:
        return field_lines(connection, list(connection.execute(ids).scalars()))


def field_lines(connection: Connection, ids: Sequence[int]) -> tuple[FieldLine, ...]:
    """The fields of these ids, in their order; at most some hundreds."""
    rows = connection.execute(
        select(schema.FIELDS, schema.DOCUMENTS.c.name.label("document_name"))
        .join(schema.DOCUMENTS, schema.DOCUMENTS.c.id == _F.document_id)
        .where(_F.id.in_(ids))
    )
    found = {row.id: _line(row) for row in rows}
    return tuple(found[i] for i in ids if i in found)


def _line(row: AnyRow) -> FieldLine:
    return FieldLine(
        row.id,
        row.document_id,
        row.document_name,
        row.page,
        FieldKind(row.kind),
        row.table_name,
        row.row_label,
        row.column_label,
        row.text,
        row.raw,
        row.confidence,
        ReasonKind(row.reason) if row.reason else None,
        row.reasons[0] if row.reasons else "",
        FieldStatus(row.status),
        row.claimed_by,
    )


def queue_counts(store: Store, chosen: QueueFilter | None = None, now: datetime | None = None) -> QueueCounts:
    """How many fields the filter's queue has, and how far it is."""
    now = now or utc_now()
    wanted = conditions(store, chosen)
    with store.read() as connection:
        found = _summed(connection) if not wanted else _by_status(connection, wanted)
        held = [row.id for row in _in_hand(connection, now)]
        claimed = connection.execute(select(func.count()).where(_F.id.in_(held), *wanted)).scalar_one() if held else 0
    return QueueCounts(
        found[FieldStatus.WAITING.value], claimed, found[FieldStatus.DECIDED.value], found[FieldStatus.SETTLED.value]
    )


def _summed(connection: Connection) -> Counter[str]:
    d = schema.DOCUMENTS.c
    row = connection.execute(
        select(*(func.coalesce(func.sum(c), 0) for c in (d.n_waiting, d.n_decided, d.n_settled)))
    ).one()
    names = (FieldStatus.WAITING, FieldStatus.DECIDED, FieldStatus.SETTLED)
    return Counter({name.value: int(n) for name, n in zip(names, row, strict=True)})


def _by_status(connection: Connection, wanted: Sequence[ColumnElement[bool]]) -> Counter[str]:
    rows = connection.execute(select(_F.status, func.count()).where(asked(), *wanted).group_by(_F.status))
    return Counter({status: int(n) for status, n in rows})


def filter_choices(store: Store, chosen: QueueFilter | None = None) -> FilterChoices:
    """What can be filtered by, with counts of waiting fields."""
    chosen = chosen or QueueFilter()
    with store.read() as connection:
        archives, documents, tables, reasons, kinds = _facets(connection, store, chosen)
        archive_names = _names(connection, schema.ARCHIVES, archives)
        document_names = _names(connection, schema.DOCUMENTS, documents)
    return FilterChoices(
        tuple(Choice(archive_names[i], archive_names[i], n) for i, n in archives),
        tuple(Choice(str(i), document_names[i], n) for i, n in documents),
        tuple(Choice(t, t or "（无标题）", n) for t, n in tables),
        tuple(Choice(r, REASON_WORDS[ReasonKind(r)], n) for r, n in reasons if r),
        tuple(Choice(k, KIND_WORDS[FieldKind(k)], n) for k, n in kinds),
    )


def archive_choices(store: Store) -> tuple[Choice, ...]:
    """All archives by name, those that are done too, with how many fields wait in each."""
    a, d = schema.ARCHIVES.c, schema.DOCUMENTS.c
    query = (
        select(a.name, func.coalesce(func.sum(d.n_waiting), 0))
        .outerjoin(schema.DOCUMENTS, d.archive_id == a.id)
        .group_by(a.name)
        .order_by(a.name)
        .limit(MOST_CHOICES)
    )
    with store.read() as connection:
        return tuple(Choice(name, name, int(n)) for name, n in connection.execute(query))


Counts = list[tuple[Any, int]]
"""Values with how many fields wait there, most first."""


def _facets(connection: Connection, store: Store, chosen: QueueFilter) -> tuple[Counts, ...]:
    """How many fields wait, by archive, document, table, reason and kind.

    One look along one index that holds all five; by table, reason and kind is chosen here, for a database that is
    asked to would go by another index and look every field up.
    """
    columns = (_F.archive_id, _F.document_id, _F.table_name, _F.reason, _F.kind)
    where = conditions(store, QueueFilter(archive=chosen.archive, document_id=chosen.document_id))
    query = select(*columns, func.count()).where(waiting(), *where).group_by(*columns)
    asked_for = {2: chosen.table, 3: chosen.reason and chosen.reason.value, 4: chosen.kind and chosen.kind.value}
    wanted = {column: str(value) for column, value in asked_for.items() if value is not None}
    narrowed: dict[int, list[Any]] = {column: [] for column in wanted}
    found = _counted(_chosen(connection.execute(query), wanted, narrowed) if wanted else connection.execute(query))
    for column, rows in narrowed.items():
        for row in rows:
            found[column][row[column]] += row[-1]
    return tuple(sorted(c.items(), key=lambda item: (-item[1], str(item[0])))[:MOST_CHOICES] for c in found)


def _chosen(rows: Iterable[Any], wanted: Mapping[int, str], narrowed: dict[int, list[Any]]) -> Iterator[Any]:
    """The rows with the wanted values; those that only one column keeps out go to its list in ``narrowed``.

    What is chosen does not narrow its own choices.
    """
    for row in rows:
        unlike = [column for column, value in wanted.items() if row[column] != value]
        if not unlike:
            yield row
        elif len(unlike) == 1:
            narrowed[unlike[0]].append(row)


def _counted(rows: Iterable[Any]) -> tuple[defaultdict[Any, int], ...]:
    """The counts, last in each row, summed for the values of each of the five columns.

    Written out, for it goes over 30,000 groups for each page of a long queue: three times as quick as a loop.
    """
    archives: defaultdict[Any, int] = defaultdict(int)
    documents, tables, reasons, kinds = archives.copy(), archives.copy(), archives.copy(), archives.copy()
    for archive, document, table, reason, kind, count in rows:
        archives[archive] += count
        documents[document] += count
        tables[table] += count
        reasons[reason] += count
        kinds[kind] += count
    return archives, documents, tables, reasons, kinds


def _names(connection: Connection, table: Table, counts: Counts) -> dict[int, str]:
    found = select(table.c.id, table.c.name).where(table.c.id.in_([i for i, _ in counts]))
    return {i: name for i, name in connection.execute(found)}  # noqa: C416
