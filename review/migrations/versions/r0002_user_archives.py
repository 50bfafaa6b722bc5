"""Users may be limited to archives."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Everyone sees every archive, as before."""
    op.create_table(
        "user_archives",
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("archive_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["archive_id"], ["archives.id"], name=op.f("fk_user_archives_archive_id")),
        sa.ForeignKeyConstraint(["user"], ["users.key"], name=op.f("fk_user_archives_user")),
        sa.PrimaryKeyConstraint("user", "archive_id", name=op.f("pk_user_archives")),
    )
