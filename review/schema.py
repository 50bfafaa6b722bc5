"""The desk's tables. ``migrations/`` brings a database to this shape; a test holds the two together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

AnyRow = Row[Any]

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """A time with zone, kept as UTC: SQLite knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Safe(TypeDecorator[str]):
    """Text from documents: PostgreSQL takes no NUL character, and nothing encodes half a surrogate pair."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else safe(value)


def safe(value: str) -> str:
    """The text with U+FFFD for what no database holds."""
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _id() -> Column[Any]:
    return Column("id", Integer, primary_key=True, autoincrement=True)


WAITING = "status = 'waiting'"
ASKED = "status <> 'quiet'"
DECIDED = "status = 'decided'"
"""Conditions of partial indexes: a query uses one only where it says the condition in the same words, and SQLite only
where no parameter stands in it."""


def _partial(name: str, condition: str, *columns: str) -> Index:
    """An index over the rows that the condition names."""
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


ARCHIVES = Table(
    "archives",
    METADATA,
    _id(),
    Column("name", String(200), nullable=False, unique=True),
    Column("location", Text, nullable=False, unique=True, comment="the folder that qingzhang run wrote"),
    sqlite_autoincrement=True,
)

DOCUMENTS = Table(
    "documents",
    METADATA,
    _id(),
    Column("archive_id", ForeignKey("archives.id"), nullable=False),
    Column("name", String(255), nullable=False, comment="of its folder"),
    Column("folder", Text, nullable=False, unique=True),
    Column("source_name", Safe, nullable=False),
    Column("source_path", Text, comment="the scan, where it was found"),
    Column("sha256", String(64), nullable=False, comment="of the scan"),
    Column("digest", String(64), nullable=False, comment="of the files imported"),
    Column("entity", Safe),
    Column("year", Integer),
    Column("kind", String(20)),
    Column("status", String(20), nullable=False),
    Column("page_count", Integer, nullable=False),
    Column("pages", JSON, nullable=False),
    Column("blocks", JSON, nullable=False),
    Column("imported_at", Utc, nullable=False),
    Column("revision", Integer, nullable=False, comment="goes up with every decision"),
    Column("emitted", Integer, nullable=False, comment="the revision that the outputs hold"),
    Column("changed_at", Utc, comment="of the last decision"),
    Column("n_fields", Integer, nullable=False),
    Column("n_waiting", Integer, nullable=False),
    Column("n_decided", Integer, nullable=False),
    Column("n_settled", Integer, nullable=False),
    Column("n_verified", Integer, nullable=False),
    Column("n_unflagged", Integer, nullable=False, comment="fields with a text that nothing flagged"),
    UniqueConstraint("archive_id", "name"),
    Index(None, "n_waiting", "id"),
    _partial("ix_documents_unemitted", "revision > emitted", "id"),
    sqlite_autoincrement=True,
)

FIELDS = Table(
    "fields",
    METADATA,
    _id(),
    Column("document_id", ForeignKey("documents.id"), nullable=False),
    Column("archive_id", Integer, nullable=False),
    Column("block", Integer, nullable=False),
    Column("row", Integer, nullable=False),
    Column("col", Integer, nullable=False),
    Column("row_span", Integer, nullable=False),
    Column("col_span", Integer, nullable=False),
    Column("page", Integer, nullable=False),
    Column("left", Float, nullable=False),
    Column("top", Float, nullable=False),
    Column("right", Float, nullable=False),
    Column("bottom", Float, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("table_name", Safe, nullable=False),
    Column("row_label", Safe, nullable=False),
    Column("column_label", Safe, nullable=False),
    Column("raw", Safe, nullable=False),
    Column("machine_text", Safe, nullable=False),
    Column("text", Safe, nullable=False, comment="as it stands now"),
    Column("confidence", Float, nullable=False),
    Column("flagged", Boolean, nullable=False, comment="by the machine"),
    Column("reasons", JSON, nullable=False),
    Column("reason", String(12), comment="class of the worst"),
    Column("corrections", JSON, nullable=False),
    Column("suggestions", JSON, nullable=False),
    Column("in_text", Boolean, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("read_key", String(32), comment="same where the same was read"),
    Column("rank", Float, nullable=False, comment="the lower, the more urgent"),
    Column("status", String(10), nullable=False),
    Column("outcome", String(20), comment="action of the decision that holds"),
    Column("decision_uid", String(32)),
    Column("is_audit", Boolean, nullable=False),
    Column("is_lost", Boolean, nullable=False, comment="its place is not in the document any more"),
    Column("skips", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("claimed_by", String(64)),
    Column("claimed_at", Utc),
    Column("claimed_until", Utc),
    Index("ix_fields_place", "document_id", "block", "row", "col"),
    Index("ix_fields_page", "document_id", "page"),
    _partial("ix_fields_worst", WAITING, "skips", "rank", "id"),
    _partial("ix_fields_in_order", WAITING, "document_id", "block", "row", "col", "id"),
    _partial("ix_fields_of_document", WAITING, "document_id", "skips", "rank", "id"),
    _partial("ix_fields_of_archive", WAITING, "archive_id", "skips", "rank", "id"),
    _partial("ix_fields_of_table", WAITING, "table_name", "skips", "rank", "id"),
    _partial("ix_fields_of_reason", WAITING, "reason", "skips", "rank", "id"),
    _partial("ix_fields_of_kind", WAITING, "kind", "skips", "rank", "id"),
    _partial("ix_fields_filters", ASKED, "status", "archive_id", "reason", "kind", "document_id", "table_name"),
    _partial("ix_fields_facets", WAITING, "archive_id", "table_name", "reason", "kind", "document_id"),
    _partial("ix_fields_outcome", DECIDED, "archive_id", "outcome"),
    Index("ix_fields_read", "read_key", "status"),
    _partial("ix_fields_claimed", "claimed_by IS NOT NULL", "claimed_by"),
    _partial("ix_fields_audit", "is_audit", "archive_id", "status"),
    sqlite_autoincrement=True,
)

SUMS = Table(
    "sums",
    METADATA,
    _id(),
    Column("document_id", ForeignKey("documents.id"), nullable=False, index=True),
    Column("name", Safe, nullable=False),
    Column("decimals", Integer, nullable=False),
    Column("tolerance", String(40), nullable=False, comment="decimal"),
)

TERMS = Table(
    "terms",
    METADATA,
    Column("sum_id", ForeignKey("sums.id"), primary_key=True),
    Column("field_id", ForeignKey("fields.id"), primary_key=True, index=True),
    Column("sign", Integer, nullable=False, comment="0: the total"),
    Column("position", Integer, nullable=False),
)

DECISIONS = Table(
    "decisions",
    METADATA,
    _id(),
    Column("uid", String(32), nullable=False, unique=True),
    Column("field_id", ForeignKey("fields.id"), nullable=False, index=True),
    Column("document_id", ForeignKey("documents.id"), nullable=False, index=True),
    Column("user", String(64), nullable=False),
    Column("at", Utc, nullable=False, index=True),
    Column("action", String(20), nullable=False),
    Column("before", Safe, nullable=False),
    Column("after", Safe, nullable=False),
    Column("shown", Safe, nullable=False, comment="JSON of what the operator saw"),
    Column("place", Safe, nullable=False, comment="JSON of where the field stood"),
    Column("batch", String(32), index=True),
    Column("undoes", String(32), unique=True),
    Column("seconds", Float),
    Column("is_audit", Boolean, nullable=False),
    Column("comment", Safe, nullable=False),
    Index(None, "user", "id"),
    sqlite_autoincrement=True,
)
"""Only ever added to: triggers refuse UPDATE and DELETE."""

USERS = Table(
    "users",
    METADATA,
    Column("key", String(64), primary_key=True, comment="the name without case"),
    Column("name", String(64), nullable=False),
    Column("role", String(10), nullable=False),
    Column("password", String(200), nullable=False, comment="argon2id"),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", Utc, nullable=False),
    CheckConstraint("role IN ('viewer', 'operator', 'approver', 'admin')", name="role"),
)

USER_ARCHIVES = Table(
    "user_archives",
    METADATA,
    Column("user", ForeignKey("users.key"), primary_key=True),
    Column("archive_id", ForeignKey("archives.id"), primary_key=True),
)
"""What a user is limited to; a user without a row here sees every archive."""

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("token", String(64), primary_key=True, comment="SHA-256 of what the cookie holds"),
    Column("user", ForeignKey("users.key"), nullable=False, index=True),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
)

FAILURES = Table(
    "login_failures",
    METADATA,
    _id(),
    Column("user", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", Utc, nullable=False, index=True),
    Index(None, "address", "at"),
)

PROPOSALS = Table(
    "proposals",
    METADATA,
    _id(),
    Column("key", String(64), nullable=False, unique=True, comment="hash of kind and entry"),
    Column("kind", String(12), nullable=False),
    Column("row", JSON, nullable=False),
    Column("words", Safe, nullable=False),
    Column("status", String(10), nullable=False, index=True),
    Column("resolved_by", String(64)),
    Column("resolved_at", Utc),
)

PROPOSAL_SOURCES = Table(
    "proposal_sources",
    METADATA,
    Column("proposal_id", ForeignKey("proposals.id"), primary_key=True),
    Column("decision_uid", String(32), primary_key=True, index=True),
    Column("document_id", Integer, nullable=False),
    Column("field_id", Integer, nullable=False),
)

SETTINGS = Table(
    "settings",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
