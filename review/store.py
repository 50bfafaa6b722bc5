"""The desk's data: one engine, SQLite (WAL) by default, PostgreSQL by URL."""

from __future__ import annotations

from sqlalchemy import Engine


class Store:
    """The desk's database, migrated and ready."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine


def open_store(url: str) -> Store:
    """The store behind a URL (``sqlite:///desk.db``, ``postgresql://user@host/name``), brought to the newest schema.

    Raises ReviewError where it cannot be reached.
    """
    raise NotImplementedError
