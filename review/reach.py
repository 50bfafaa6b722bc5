"""Whose archives (可见档案): what a user who is limited to certain archives is kept from, in one place.

Every statement that a limited store runs is told, for each table in it whose rows came from documents, that they belong
to one of the store's archives. No function of the desk has to think of it, so none forgets it: what is not theirs is
not there, and its id is answered like one that never was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Alias, ColumnElement, Connection, Delete, FromClause, Join, Select, Table, Update, select

from review import schema

OPTION = "archives"
"""Execution option with the ids of the archives; without it nothing is limited."""
BY_ARCHIVE: Mapping[Table, str] = {schema.ARCHIVES: "id", schema.DOCUMENTS: "archive_id", schema.FIELDS: "archive_id"}
"""Tables that say themselves to which archive a row belongs, with the column."""
BY_DOCUMENT = frozenset({schema.SUMS, schema.DECISIONS, schema.PROPOSAL_SOURCES})
"""Tables that say it by ``document_id``. A proposal is reached by its sources alone, so that each sees it with the
support of their own archives."""


def keep_within(
    connection: Connection, statement: Any, many: Any, one: Any, _options: Mapping[str, Any]
) -> tuple[Any, Any, Any]:
    """SQLAlchemy's ``before_execute``: the statement, limited where its connection is."""
    archives = connection.get_execution_options().get(OPTION)
    return statement if archives is None else within(statement, archives), many, one


def within(statement: Any, archives: frozenset[int]) -> Any:
    """The statement over rows of these archives alone; one that chooses no rows as it is."""
    if isinstance(statement, Select):
        sources = statement.get_final_froms()
    elif isinstance(statement, Update | Delete):
        sources = [statement.table]
    else:
        return statement
    return statement.where(*(c for source in sources for c in _conditions(source, sorted(archives))))


def _conditions(source: FromClause, archives: list[int]) -> Iterator[ColumnElement[bool]]:
    if isinstance(source, Join):
        yield from _conditions(source.left, archives)
        yield from _conditions(source.right, archives)
        return
    table = source.element if isinstance(source, Alias) else source
    if not isinstance(table, Table):  # what cannot be limited must not run
        raise TypeError(f"A limited store cannot tell whose rows {type(table).__name__} has.")
    if table in BY_ARCHIVE:
        yield source.c[BY_ARCHIVE[table]].in_(archives)
    elif table in BY_DOCUMENT:
        documents = schema.DOCUMENTS.c
        yield source.c["document_id"].in_(select(documents.id).where(documents.archive_id.in_(archives)))
