"""The desk's data: SQLite (WAL) by default, PostgreSQL by URL; brought to the newest schema when it is opened."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from document.exceptions import ExitCode, MissingDependencyError
from review import reach
from review.types import ReviewError

_BUSY_SECONDS = 20
"""How long a writer waits for another one on SQLite."""
_MIGRATING = threading.Lock()
_LOCK = 71_401_253
"""PostgreSQL's advisory lock under which one process at a time migrates; any number will do."""


class StoreUnreachable(ReviewError):
    """The database cannot be opened or written."""

    exit_code = ExitCode.FILE_ACCESS_ERROR


class _Turns:
    """A lock that is given in the order in which it was asked for.

    SQLite's writers only look again now and then whether the file is free: one that writes without a pause would keep
    all others waiting.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()

    def __exit__(self, *_: object) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


class Store:
    """The desk's database, migrated and ready; safe to share between threads."""

    def __init__(self, engine: Engine, turns: AbstractContextManager[None] | None = None) -> None:
        self.engine = engine
        self._writing = engine.execution_options(writes=True)
        self._turns = turns or (_Turns() if self.is_sqlite else nullcontext())

    @property
    def is_sqlite(self) -> bool:
        """Whether the data lies in a file, where one writer at a time holds all of it."""
        return self.engine.dialect.name == "sqlite"

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that only reads: one consistent state."""
        return self.engine.begin()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write: all of it or nothing. SQLite's is alone from its first statement on."""
        with self._turns, self._writing.begin() as connection:
            yield connection

    def limited_to(self, archives: Iterable[int]) -> Store:
        """The same store as if these archives (ids) were all it has; for none named, the whole of it.

        ``review.reach`` says how. It shares the connections of the whole one, which is the one to close.
        """
        ids = frozenset(archives)
        return Store(self.engine.execution_options(**{reach.OPTION: ids}), self._turns) if ids else self

    def close(self) -> None:
        """Let all connections go."""
        self.engine.dispose()


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def sqlite_url(file: Path) -> str:
    """The URL of a SQLite file."""
    return URL.create("sqlite", database=str(file)).render_as_string(hide_password=False)


def open_store(url: str) -> Store:
    """The store behind a URL (``sqlite:///desk.db``, ``postgresql://user@host/name``), brought to the newest schema.

    Raises StoreUnreachable, MissingDependencyError (PostgreSQL without psycopg).
    """
    engine = _engine(url)
    try:
        _migrate(engine)
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        reason = error.orig if isinstance(error, DBAPIError) else error
        shown = engine.url.render_as_string(hide_password=True)
        raise StoreUnreachable(f"{shown}: cannot be used ({reason}). Check the address, rights and room.") from error
    return Store(engine)


def insert_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row unless one with the same unique key is there: two transactions may try at once."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(make(table).values(**values).on_conflict_do_nothing())


def _engine(url: str) -> Engine:
    try:
        made = make_url(url)
        if made.drivername in ("postgresql", "postgres"):
            made = made.set(drivername="postgresql+psycopg")
        if made.get_backend_name() == "postgresql":
            return _limitable(create_engine(made, pool_pre_ping=True, connect_args={"options": "-c timezone=utc"}))
        if made.get_backend_name() != "sqlite":
            raise StoreUnreachable(f"{made.drivername}: no database of the desk's. Use sqlite:/// or postgresql://.")
        engine = create_engine(made, connect_args={"timeout": _BUSY_SECONDS})
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreUnreachable("The database's URL cannot be read. Write sqlite:///file or postgresql://…") from error
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"PostgreSQL needs the package {error.name}: install qingzhang[cluster]."
        ) from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return _limitable(engine)


def _limitable(engine: Engine) -> Engine:
    event.listen(engine, "before_execute", reach.keep_within, retval=True)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver would begin transactions of its own, too late
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # a decision acknowledged is on the disk
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-65536")  # 64 MB
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(engine: Engine) -> None:
    """Bring the database to the newest schema; several processes may try at once."""
    with _MIGRATING, engine.execution_options(writes=True).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        with as_file(files("review").joinpath("migrations")) as folder:
            command.upgrade(_config(folder, connection), "head")


def _config(folder: Path, connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
