"""Run by Alembic with the connection that ``review.store`` hands in."""

from __future__ import annotations

from alembic import context

from review.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, transactional_ddl=True)
context.run_migrations()
