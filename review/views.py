"""What the pages show (页面数据): a field with all that speaks about it, a page with its text, documents in a list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from document.geometry import Box
from document.types import DocumentKind, Origin, Status
from review import schema
from review.fieldsums import Sums, sum_views, sums_of
from review.queue import archive_id, no_field
from review.record import decision_from, history_of
from review.schema import AnyRow
from review.store import Store
from review.sums import printed
from review.types import (
    Decision,
    DocumentLine,
    FieldKind,
    FieldStatus,
    FieldView,
    NeighbourCell,
    NotFound,
    PageBlock,
    PageField,
    PageView,
    ReasonKind,
    Suggestion,
    SuggestionKind,
    SumView,
    TableContext,
)

MOST_SUGGESTIONS = 9
NEIGHBOURS = 5
"""Cells shown above and below a field."""
_F, _D, _DOC = schema.FIELDS.c, schema.DECISIONS.c, schema.DOCUMENTS.c


# --- one field ---------------------------------------------------------------------------------------------


def field_view(store: Store, field_id: int) -> FieldView:
    """All that the page of one field shows."""
    with store.read() as connection:
        row = field_row(connection, field_id)
        sums = sums_of(connection, [field_id])
        views = sum_views(sums, field_id)
        decision = _decision(connection, row)
        context = _context(connection, row)
        return FieldView(
            id=row.id,
            document_id=row.document_id,
            document_name=row.document_name,
            archive=row.archive,
            entity=row.entity,
            year=row.year,
            page=row.page,
            box=Box(row.left, row.top, row.right, row.bottom),
            kind=FieldKind(row.kind),
            text=row.text,
            machine_text=row.machine_text,
            raw=row.raw,
            confidence=row.confidence,
            reasons=tuple(row.reasons),
            reason=ReasonKind(row.reason) if row.reason else None,
            corrections=tuple(row.corrections),
            suggestions=_suggestions(row, views, sums, _precedents(connection, row)),
            sums=views,
            context=context,
            status=FieldStatus(row.status),
            is_audit=row.is_audit,
            revision=row.revision,
            decision=decision,
            claimed_by=row.claimed_by,
            has_cleaned=_is_marked(row.pages, row.page),
        )


def field_row(connection: Connection, field_id: int) -> AnyRow:
    """The field with its document and archive. Raises NotFound."""
    archives = schema.ARCHIVES
    row = connection.execute(
        select(
            schema.FIELDS,
            _DOC.name.label("document_name"),
            _DOC.entity,
            _DOC.year,
            _DOC.pages,
            _DOC.blocks,
            archives.c.name.label("archive"),
        )
        .join(schema.DOCUMENTS, _DOC.id == _F.document_id)
        .join(archives, archives.c.id == _DOC.archive_id)
        .where(_F.id == field_id)
    ).one_or_none()
    if row is None:
        raise no_field(field_id)
    return row


def _is_marked(pages: Iterable[dict[str, Any]], number: int) -> bool:
    return any(p["number"] == number and p["marked"] and p["origin"] == Origin.SCAN.value for p in pages)


def _decision(connection: Connection, row: AnyRow) -> Decision | None:
    if row.decision_uid is None:
        return None
    return decision_from(connection.execute(select(schema.DECISIONS).where(_D.uid == row.decision_uid)).one())


def _context(connection: Connection, row: AnyRow) -> TableContext | None:
    if row.row < 0 or row.block < 0:
        return None
    near = connection.execute(
        select(_F.id, _F.row, _F.col, _F.text)
        .where(
            _F.document_id == row.document_id,
            _F.block == row.block,
            or_(_F.row == row.row, _F.row.between(row.row - NEIGHBOURS, row.row + NEIGHBOURS) & (_F.col == row.col)),
            _F.is_lost.is_(False),
        )
        .order_by(_F.row, _F.col)
    ).all()
    cells = [NeighbourCell(r.id, r.row, r.col, r.text, r.id == row.id) for r in near]
    return TableContext(
        row.table_name,
        row.blocks[row.block]["unit"] if row.block < len(row.blocks) else None,
        row.row,
        row.col,
        row.row_label,
        row.column_label,
        tuple(c for c in cells if c.row == row.row and c.row >= 0),
        tuple(c for c in cells if c.col == row.col and c.row >= 0),
    )


def _precedents(connection: Connection, row: AnyRow) -> list[tuple[str, int]]:
    """What people made of the same reading elsewhere, with how often."""
    if row.read_key is None:
        return []
    n = func.count()
    query = (
        select(_F.text, n)
        .where(_F.read_key == row.read_key, _F.status == FieldStatus.DECIDED.value, _F.id != row.id)
        .where(_F.outcome.in_(("accept", "edit")))
        .group_by(_F.text)
        .order_by(n.desc())
        .limit(3)
    )
    return [(text, count) for text, count in connection.execute(query)]


def _suggestions(
    row: AnyRow, views: Sequence[SumView], sums: Sums, precedents: Sequence[tuple[str, int]]
) -> tuple[Suggestion, ...]:
    """Ranked, each text once with its best reason: what stands now among them."""
    found = [Suggestion(text, SuggestionKind(kind), score, why) for text, kind, score, why in row.suggestions]
    found += [Suggestion(t, SuggestionKind.PRECEDENT, 1 - 0.5 / (1 + n), f"人工复核 {n} 次") for t, n in precedents]
    found += _from_sums(row, views, sums)
    found.append(Suggestion(row.text, SuggestionKind.AS_READ, _trust(row, views), "现值"))
    if row.machine_text != row.text:
        found.append(Suggestion(row.machine_text, SuggestionKind.RAW, 0.1, "机器的值"))
    if row.raw not in (row.text, row.machine_text):
        found.append(Suggestion(row.raw, SuggestionKind.RAW, 0.05, "原识别"))
    best: dict[str, Suggestion] = {}
    for suggestion in sorted(found, key=lambda s: -s.score):
        best.setdefault(suggestion.text, suggestion)
    return tuple(best.values())[:MOST_SUGGESTIONS]


def _trust(row: AnyRow, views: Sequence[SumView]) -> float:
    """What speaks for the text as it stands: its confidence, halved where a sum denies it."""
    if row.decision_uid is not None:
        return 1.0
    return float(row.confidence) * (0.5 if any(not v.holds for v in views) else 1.0)


def _from_sums(row: AnyRow, views: Sequence[SumView], sums: Sums) -> list[Suggestion]:
    """The values that failing sums ask for: the surer the more sums ask for the same and the likelier the slip."""
    asked: dict[str, list[SumView]] = defaultdict(list)
    texts = "".join(r.text for r in sums.rows.values())
    for view in views:
        if not view.holds:
            asked[printed(view.should_be, view.decimals, texts)].append(view)
    holding = any(v.holds and v.difference == 0 for v in views)
    found = []
    for text, asking in asked.items():
        likely = 0.9 if _is_slip(row.raw, text) else 0.35
        score = (1 - (1 - likely) ** len(asking)) * (0.3 if holding else 1.0)
        view = asking[0]
        words = f"{view.words}；此值使等式成立" + (f"（共 {len(asking)} 条）" if len(asking) > 1 else "")
        found.append(Suggestion(text, SuggestionKind.SUM, round(score, 4), words, view.id))
    return found


def _is_slip(read: str, text: str) -> bool:
    """Whether one slip of a recogniser lies between: a character more, less or other, or marks alone."""
    a, b = ("".join(c for c in t if c.isdigit() or c in "-") for t in (read, text))
    if a == b or not a:
        return bool(a)
    if abs(len(a) - len(b)) > 1:
        return False
    short, long = sorted((a, b), key=len)
    if len(short) == len(long):
        return sum(x != y for x, y in zip(short, long, strict=True)) == 1
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))


def sums_with(store: Store, field_id: int, text: str) -> tuple[SumView, ...]:
    """The field's sums as they would stand with ``text`` in it: the same that the page computes as one types."""
    with store.read() as connection:
        field_row(connection, field_id)
        return sum_views(sums_of(connection, [field_id]), field_id, text)


def history(store: Store, field_id: int) -> tuple[Decision, ...]:
    """The field's whole record, oldest first."""
    with store.read() as connection:
        return history_of(connection, [field_id])[field_id]


# --- documents ---------------------------------------------------------------------------------------------


def documents(
    store: Store, archive: str | None = None, containing: str = "", limit: int = 100, offset: int = 0
) -> tuple[DocumentLine, ...]:
    """Documents, those with most to do first; ``containing`` is looked for in names and entities."""
    wanted: list[ColumnElement[bool]] = []
    if archive is not None:
        wanted.append(_DOC.archive_id == archive_id(store, archive))
    if containing:
        wanted.append(
            or_(*(c.contains(containing, autoescape=True) for c in (_DOC.name, _DOC.source_name, _DOC.entity)))
        )
    query = _lines().where(*wanted).order_by(_DOC.n_waiting.desc(), _DOC.id)
    with store.read() as connection:
        return tuple(_document_line(r) for r in connection.execute(query.limit(min(limit, 500)).offset(max(offset, 0))))


def document_line(store: Store, document_id: int) -> DocumentLine:
    """One document."""
    with store.read() as connection:
        return _document_line(document_row(connection, document_id))


def document_row(connection: Connection, document_id: int) -> AnyRow:
    """The document with its archive. Raises NotFound."""
    row = connection.execute(_lines().where(_DOC.id == document_id)).one_or_none()
    if row is None:
        raise NotFound(f"There is no document {document_id}.")
    return row


def _lines() -> Any:
    archives = schema.ARCHIVES
    return select(schema.DOCUMENTS, archives.c.name.label("archive")).join(archives, archives.c.id == _DOC.archive_id)


def _document_line(row: AnyRow) -> DocumentLine:
    return DocumentLine(
        row.id,
        row.archive,
        row.name,
        row.source_name,
        row.entity,
        row.year,
        DocumentKind(row.kind) if row.kind else None,
        Status(row.status),
        row.page_count,
        row.n_fields,
        row.n_waiting,
        row.n_decided,
        row.n_settled,
        row.n_verified,
        row.emitted >= row.revision,
    )


def first_page(store: Store, document_id: int) -> int:
    """The number of the first page with a waiting field, else of the first page. Raises NotFound."""
    waiting = (_F.document_id == document_id) & (_F.status == FieldStatus.WAITING.value)
    with store.read() as connection:
        row = document_row(connection, document_id)
        first = connection.execute(select(func.min(_F.page)).where(waiting, _F.is_lost.is_(False))).scalar_one()
    return int(first if first is not None else next((p["number"] for p in row.pages), 1))


def page_view(store: Store, document_id: int, number: int) -> PageView:
    """A whole page with its fields. Raises NotFound for a page that the document does not have."""
    with store.read() as connection:
        row = document_row(connection, document_id)
        page = next((p for p in row.pages if p["number"] == number), None)
        if page is None:
            raise NotFound(f"{row.name} has no page {number}.")
        fields = connection.execute(
            select(schema.FIELDS)
            .where(_F.document_id == document_id, _F.page == number, _F.is_lost.is_(False))
            .order_by(_F.block, _F.row, _F.col)
        ).all()
    blocks: dict[int, list[AnyRow]] = defaultdict(list)
    for field in fields:
        blocks[field.block].append(field)
    return PageView(
        _document_line(row),
        number,
        tuple(p["number"] for p in row.pages),
        page["width"],
        page["height"],
        Origin(page["origin"]),
        page["error"],
        _is_marked(row.pages, number),
        tuple(_block(row.blocks[index], found) for index, found in sorted(blocks.items())),
    )


def _block(block: dict[str, Any], rows: Sequence[AnyRow]) -> PageBlock:
    cells = [r for r in rows if r.kind != FieldKind.TABLE.value]
    whole = next((r for r in rows if r.kind == FieldKind.TABLE.value), None)
    return PageBlock(
        block["id"],
        block["kind"],
        block["title"],
        block["n_cols"],
        tuple(_page_field(r) for r in cells),
        _page_field(whole) if whole is not None else None,
    )


def _page_field(row: AnyRow) -> PageField:
    return PageField(
        row.id,
        Box(row.left, row.top, row.right, row.bottom),
        FieldKind(row.kind),
        row.text,
        row.confidence,
        FieldStatus(row.status),
        tuple(row.reasons),
        row.row,
        row.col,
        row.row_span,
        row.col_span,
    )
