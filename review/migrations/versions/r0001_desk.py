"""The desk's tables, and the guards of its record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

_GUARDS = {
    "sqlite": (
        "CREATE TRIGGER decisions_no_update BEFORE UPDATE ON decisions "
        "BEGIN SELECT RAISE(ABORT, 'decisions are only ever added to'); END",
        "CREATE TRIGGER decisions_no_delete BEFORE DELETE ON decisions "
        "BEGIN SELECT RAISE(ABORT, 'decisions are only ever added to'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION decisions_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'decisions are only ever added to'; END $$",
        "CREATE TRIGGER decisions_no_change BEFORE UPDATE OR DELETE ON decisions "
        "FOR EACH ROW EXECUTE FUNCTION decisions_append_only()",
        "CREATE TRIGGER decisions_no_truncate BEFORE TRUNCATE ON decisions "
        "FOR EACH STATEMENT EXECUTE FUNCTION decisions_append_only()",
    ),
}


def upgrade() -> None:
    """From nothing."""
    op.create_table(
        "archives",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("location", sa.Text(), nullable=False, comment="the folder that qingzhang run wrote"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archives")),
        sa.UniqueConstraint("location", name=op.f("uq_archives_location")),
        sa.UniqueConstraint("name", name=op.f("uq_archives_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "login_failures",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_failures")),
    )
    op.create_index(op.f("ix_login_failures_address_at"), "login_failures", ["address", "at"], unique=False)
    op.create_index(op.f("ix_login_failures_at"), "login_failures", ["at"], unique=False)
    op.create_table(
        "proposals",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False, comment="hash of kind and entry"),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("resolved_by", sa.String(length=64), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
        sa.UniqueConstraint("key", name=op.f("uq_proposals_key")),
    )
    op.create_index(op.f("ix_proposals_status"), "proposals", ["status"], unique=False)
    op.create_table(
        "settings",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_settings")),
    )
    op.create_table(
        "users",
        sa.Column("key", sa.String(length=64), nullable=False, comment="the name without case"),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("password", sa.String(length=200), nullable=False, comment="argon2id"),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'operator', 'approver', 'admin')", name=op.f("ck_users_role")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_users")),
    )
    op.create_table(
        "documents",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("archive_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False, comment="of its folder"),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("source_path", sa.Text(), nullable=True, comment="the scan, where it was found"),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="of the scan"),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="of the files imported"),
        sa.Column("entity", sa.Text(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("page_count", sa.Integer(), nullable=False),
        sa.Column("pages", sa.JSON(), nullable=False),
        sa.Column("blocks", sa.JSON(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, comment="goes up with every decision"),
        sa.Column("emitted", sa.Integer(), nullable=False, comment="the revision that the outputs hold"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True, comment="of the last decision"),
        sa.Column("n_fields", sa.Integer(), nullable=False),
        sa.Column("n_waiting", sa.Integer(), nullable=False),
        sa.Column("n_decided", sa.Integer(), nullable=False),
        sa.Column("n_settled", sa.Integer(), nullable=False),
        sa.Column("n_verified", sa.Integer(), nullable=False),
        sa.Column("n_unflagged", sa.Integer(), nullable=False, comment="fields with a text that nothing flagged"),
        sa.ForeignKeyConstraint(["archive_id"], ["archives.id"], name=op.f("fk_documents_archive_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("archive_id", "name", name=op.f("uq_documents_archive_id_name")),
        sa.UniqueConstraint("folder", name=op.f("uq_documents_folder")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_documents_n_waiting_id"), "documents", ["n_waiting", "id"], unique=False)
    op.create_index(
        "ix_documents_unemitted",
        "documents",
        ["id"],
        unique=False,
        sqlite_where=sa.text("revision > emitted"),
        postgresql_where=sa.text("revision > emitted"),
    )
    op.create_table(
        "proposal_sources",
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("decision_uid", sa.String(length=32), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.id"], name=op.f("fk_proposal_sources_proposal_id")),
        sa.PrimaryKeyConstraint("proposal_id", "decision_uid", name=op.f("pk_proposal_sources")),
    )
    op.create_index(op.f("ix_proposal_sources_decision_uid"), "proposal_sources", ["decision_uid"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("token", sa.String(length=64), nullable=False, comment="SHA-256 of what the cookie holds"),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.key"], name=op.f("fk_sessions_user")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sessions_user"), "sessions", ["user"], unique=False)
    op.create_table(
        "fields",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("archive_id", sa.Integer(), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("col", sa.Integer(), nullable=False),
        sa.Column("row_span", sa.Integer(), nullable=False),
        sa.Column("col_span", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("left", sa.Float(), nullable=False),
        sa.Column("top", sa.Float(), nullable=False),
        sa.Column("right", sa.Float(), nullable=False),
        sa.Column("bottom", sa.Float(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_label", sa.Text(), nullable=False),
        sa.Column("column_label", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("machine_text", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="as it stands now"),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False, comment="by the machine"),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=12), nullable=True, comment="class of the worst"),
        sa.Column("corrections", sa.JSON(), nullable=False),
        sa.Column("suggestions", sa.JSON(), nullable=False),
        sa.Column("in_text", sa.Boolean(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("read_key", sa.String(length=32), nullable=True, comment="same where the same was read"),
        sa.Column("rank", sa.Float(), nullable=False, comment="the lower, the more urgent"),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True, comment="action of the decision that holds"),
        sa.Column("decision_uid", sa.String(length=32), nullable=True),
        sa.Column("is_audit", sa.Boolean(), nullable=False),
        sa.Column("is_lost", sa.Boolean(), nullable=False, comment="its place is not in the document any more"),
        sa.Column("skips", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(length=64), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_fields_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fields")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_fields_audit",
        "fields",
        ["archive_id", "status"],
        unique=False,
        sqlite_where=sa.text("is_audit"),
        postgresql_where=sa.text("is_audit"),
    )
    op.create_index(
        "ix_fields_claimed",
        "fields",
        ["claimed_by"],
        unique=False,
        sqlite_where=sa.text("claimed_by IS NOT NULL"),
        postgresql_where=sa.text("claimed_by IS NOT NULL"),
    )
    op.create_index(
        "ix_fields_facets",
        "fields",
        ["archive_id", "table_name", "reason", "kind", "document_id"],
        unique=False,
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(
        "ix_fields_filters",
        "fields",
        ["status", "archive_id", "reason", "kind", "document_id", "table_name"],
        unique=False,
        sqlite_where=sa.text("status <> 'quiet'"),
        postgresql_where=sa.text("status <> 'quiet'"),
    )
    op.create_index(
        "ix_fields_in_order",
        "fields",
        ["document_id", "block", "row", "col", "id"],
        unique=False,
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(
        "ix_fields_of_archive",
        "fields",
        ["archive_id", "skips", "rank", "id"],
        unique=False,
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(
        "ix_fields_of_document",
        "fields",
        ["document_id", "skips", "rank", "id"],
        unique=False,
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(
        "ix_fields_of_kind",
        "fields",
        ["kind", "skips", "rank", "id"],
        unique=False,
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(
        "ix_fields_of_reason",
        "fields",
        ["reason", "skips", "rank", "id"],
        unique=False,
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(
        "ix_fields_of_table",
        "fields",
        ["table_name", "skips", "rank", "id"],
        unique=False,
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(
        "ix_fields_outcome",
        "fields",
        ["archive_id", "outcome"],
        unique=False,
        sqlite_where=sa.text("status = 'decided'"),
        postgresql_where=sa.text("status = 'decided'"),
    )
    op.create_index("ix_fields_page", "fields", ["document_id", "page"], unique=False)
    op.create_index("ix_fields_place", "fields", ["document_id", "block", "row", "col"], unique=False)
    op.create_index("ix_fields_read", "fields", ["read_key", "status"], unique=False)
    op.create_index(
        "ix_fields_worst",
        "fields",
        ["skips", "rank", "id"],
        unique=False,
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_table(
        "sums",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("decimals", sa.Integer(), nullable=False),
        sa.Column("tolerance", sa.String(length=40), nullable=False, comment="decimal"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_sums_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sums")),
    )
    op.create_index(op.f("ix_sums_document_id"), "sums", ["document_id"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False, comment="JSON of what the operator saw"),
        sa.Column("place", sa.Text(), nullable=False, comment="JSON of where the field stood"),
        sa.Column("batch", sa.String(length=32), nullable=True),
        sa.Column("undoes", sa.String(length=32), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("is_audit", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_decisions_document_id")),
        sa.ForeignKeyConstraint(["field_id"], ["fields.id"], name=op.f("fk_decisions_field_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("uid", name=op.f("uq_decisions_uid")),
        sa.UniqueConstraint("undoes", name=op.f("uq_decisions_undoes")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_decisions_at"), "decisions", ["at"], unique=False)
    op.create_index(op.f("ix_decisions_batch"), "decisions", ["batch"], unique=False)
    op.create_index(op.f("ix_decisions_document_id"), "decisions", ["document_id"], unique=False)
    op.create_index(op.f("ix_decisions_field_id"), "decisions", ["field_id"], unique=False)
    op.create_index(op.f("ix_decisions_user_id"), "decisions", ["user", "id"], unique=False)
    op.create_table(
        "terms",
        sa.Column("sum_id", sa.Integer(), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("sign", sa.Integer(), nullable=False, comment="0: the total"),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["field_id"], ["fields.id"], name=op.f("fk_terms_field_id")),
        sa.ForeignKeyConstraint(["sum_id"], ["sums.id"], name=op.f("fk_terms_sum_id")),
        sa.PrimaryKeyConstraint("sum_id", "field_id", name=op.f("pk_terms")),
    )
    op.create_index(op.f("ix_terms_field_id"), "terms", ["field_id"], unique=False)
    for statement in _GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)
