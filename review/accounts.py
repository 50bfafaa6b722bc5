"""Users, passwords, sessions (用户与登录): argon2id, tokens stored as hashes, failures counted."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from math import ceil

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from review import schema
from review.schema import AnyRow
from review.store import Store, utc_now
from review.types import Archive, BadValue, LoginRefused, LoginThrottled, NotFound, Role, Session, User

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
"""argon2 takes longer for longer ones: a megabyte of password is an attack."""
SESSION = timedelta(hours=12)
"""A working day; use prolongs it."""
_PROLONG_AFTER = timedelta(minutes=10)
WINDOW = timedelta(minutes=15)
MOST_FAILURES = 5
"""Of one name from one address within the window."""
MOST_FAILURES_OF_ADDRESS = 50
_NAME = re.compile(r"[\w.@-]{1,64}")
_U, _S, _X = schema.USERS.c, schema.SESSIONS.c, schema.FAILURES.c
_A, _UA = schema.ARCHIVES.c, schema.USER_ARCHIVES.c
_HASHER = PasswordHasher()
_REFUSED = "Name or password is wrong."


def has_user(store: Store) -> bool:
    """Whether anyone may log in: without, nothing is served."""
    with store.read() as connection:
        return connection.execute(select(_U.key).where(_U.disabled.is_(False)).limit(1)).first() is not None


def add_user(store: Store, name: str, password: str, role: Role, archives: Iterable[str] = ()) -> User:
    """A new user, limited to the archives of these names where some are named.

    Raises BadValue: name taken or malformed, password shorter than 10 characters or over 200, an admin to be limited;
    NotFound: no such archive.
    """
    name = unicodedata.normalize("NFC", name)
    if not _NAME.fullmatch(name):
        raise BadValue("A name has 1 to 64 letters, digits and .-_@ .")
    key = name.casefold()[:64]
    row = {
        "key": key,
        "name": name,
        "role": role.value,
        "password": _hashed(password),
        "disabled": False,
        "created_at": utc_now(),
    }
    try:
        with store.write() as connection:
            connection.execute(insert(schema.USERS).values(**row))
            _limit(connection, key, role, archives)
            return _changed(connection, key)
    except IntegrityError as error:
        raise BadValue(
            f"There is a user {name} already. Change the password with `qingzhang review user passwd`."
        ) from error


def list_users(store: Store) -> tuple[User, ...]:
    """All users by name, the disabled ones too."""
    with store.read() as connection:
        rows = connection.execute(select(schema.USERS).order_by(_U.key)).all()
        return tuple(_user(connection, row) for row in rows)


def set_password(store: Store, name: str, password: str) -> None:
    """A new password; all the user's sessions end. Raises NotFound, BadValue."""
    hashed = _hashed(password)
    with store.write() as connection:
        _change(connection, name, password=hashed)
        _end_sessions(connection, name)


def set_role(store: Store, name: str, role: Role) -> User:
    """Another role. Raises NotFound, BadValue for a user limited to archives who is to be admin."""
    with store.write() as connection:
        user = _change(connection, name, role=role.value)
        _refuse_limited_admin(role, user.archives)
        return user


def set_archives(store: Store, name: str, archives: Iterable[str]) -> User:
    """Limit a user to the archives of these names from the next request on; none named: every archive.

    Raises NotFound (user or archive), BadValue for an admin: who looks after users could free themselves.
    """
    with store.write() as connection:
        user = _changed(connection, _key(name))
        _limit(connection, _key(name), user.role, archives)
        return _changed(connection, _key(name))


def disable_user(store: Store, name: str, disabled: bool = True) -> User:
    """Close an account, ending its sessions, or open it again. Raises NotFound."""
    with store.write() as connection:
        _end_sessions(connection, name)
        return _change(connection, name, disabled=disabled)


def log_in(store: Store, name: str, password: str, address: str, now: datetime | None = None) -> Session:
    """A new session. ``address`` is the caller's, for throttling.

    Raises LoginThrottled after 5 failures of a name and address, or 50 of an address, within 15 minutes; LoginRefused
    for a wrong name or password, taking as long for an unknown name as for a known one.
    """
    now = now or utc_now()
    key, address = _key(name), address[:64]
    with store.read() as connection:
        _throttle(connection, key, address, now)
        row = connection.execute(select(schema.USERS).where(_U.key == key)).one_or_none()
        user = _user(connection, row) if row else None
    if not _fits(row.password if row else _nobodys_hash(), password) or row is None or user is None or user.disabled:
        with store.write() as connection:
            connection.execute(delete(schema.FAILURES).where(_X.at <= now - WINDOW))
            connection.execute(insert(schema.FAILURES).values(user=key, address=address, at=now))
        raise LoginRefused(_REFUSED)
    token = secrets.token_urlsafe(32)
    expires = now + SESSION
    with store.write() as connection:
        connection.execute(delete(schema.SESSIONS).where(_S.expires_at <= now))
        connection.execute(delete(schema.FAILURES).where(_X.user == key, _X.address == address))
        values = {"token": _token_hash(token), "user": key, "created_at": now, "expires_at": expires}
        connection.execute(insert(schema.SESSIONS).values(**values))
        if _HASHER.check_needs_rehash(row.password):
            connection.execute(update(schema.USERS).where(_U.key == key).values(password=_HASHER.hash(password)))
    return Session(token, user, expires)


def session_user(store: Store, token: str, now: datetime | None = None) -> User | None:
    """Who the cookie's token belongs to; None for unknown and expired ones. Use prolongs a session."""
    now = now or utc_now()
    hashed = _token_hash(token)
    with store.read() as connection:
        row = connection.execute(
            select(schema.USERS, _S.expires_at)
            .join(schema.SESSIONS, _S.user == _U.key)
            .where(_S.token == hashed, _S.expires_at > now, _U.disabled.is_(False))
        ).one_or_none()
        if row is None:
            return None
        user = _user(connection, row)
    if row.expires_at < now + SESSION - _PROLONG_AFTER:
        with store.write() as connection:
            connection.execute(update(schema.SESSIONS).where(_S.token == hashed).values(expires_at=now + SESSION))
    return user


def log_out(store: Store, token: str) -> None:
    """End a session."""
    with store.write() as connection:
        connection.execute(delete(schema.SESSIONS).where(_S.token == _token_hash(token)))


def proxy_user(store: Store, name: str) -> User | None:
    """The user that a trusted proxy's header names; None for unknown and disabled ones."""
    with store.read() as connection:
        found = select(schema.USERS).where(_U.key == _key(name), _U.disabled.is_(False))
        row = connection.execute(found).one_or_none()
        return _user(connection, row) if row else None


def _key(name: str) -> str:
    return schema.safe(unicodedata.normalize("NFC", name).casefold())[:64]


def _user(connection: Connection, row: AnyRow) -> User:
    mine = select(_A.id, _A.name).join(schema.USER_ARCHIVES, _UA.archive_id == _A.id).where(_UA.user == row.key)
    archives = tuple(Archive(a.id, a.name) for a in connection.execute(mine.order_by(_A.name)))
    return User(row.name, Role(row.role), row.disabled, row.created_at, archives)


def _hashed(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadValue(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters. Four words will do.")
    return _HASHER.hash(password)


@cache
def _nobodys_hash() -> str:
    """What the password of an unknown name is compared with, so that it takes as long as for a known one."""
    return _HASHER.hash(secrets.token_urlsafe(32))


def _fits(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password[:LONGEST_PASSWORD].encode("utf-8", "replace"))
    except (VerificationError, InvalidHashError):
        return False


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _throttle(connection: Connection, key: str, address: str, now: datetime) -> None:
    """Raise LoginThrottled where too many failures are recent."""
    recent = [_X.address == address, _X.at > now - WINDOW]
    for extra, most in ((_X.user == key, MOST_FAILURES), (_X.id.is_not(None), MOST_FAILURES_OF_ADDRESS)):
        count, oldest = connection.execute(select(func.count(), func.min(_X.at)).where(*recent, extra)).one()
        if count >= most:
            seconds = max(1, ceil((oldest + WINDOW - now).total_seconds()))
            raise LoginThrottled(f"Too many failed logins. Try again in {ceil(seconds / 60)} minutes.", seconds)


def _change(connection: Connection, name: str, **values: object) -> User:
    key = _key(name)
    if not connection.execute(update(schema.USERS).where(_U.key == key).values(**values)).rowcount:
        raise NotFound(_no_user(name))
    return _changed(connection, key)


def _changed(connection: Connection, key: str) -> User:
    """The user as it stands now. Raises NotFound."""
    row = connection.execute(select(schema.USERS).where(_U.key == key)).one_or_none()
    if row is None:
        raise NotFound(_no_user(key))
    return _user(connection, row)


def _no_user(name: str) -> str:
    return f"There is no user {name}. `qingzhang review user list` shows them."


def _limit(connection: Connection, key: str, role: Role, archives: Iterable[str]) -> None:
    wanted = {schema.safe(name) for name in archives}
    found = connection.execute(select(_A.id, _A.name).where(_A.name.in_(wanted))).all()
    missing = sorted(wanted - {row.name for row in found})
    if missing:
        known = "、".join(connection.execute(select(_A.name).order_by(_A.name).limit(20)).scalars()) or "none yet"
        raise NotFound(
            f"There is no archive {missing[0]}. Import it first (`qingzhang review import`); there are: {known}."
        )
    _refuse_limited_admin(role, found)
    connection.execute(delete(schema.USER_ARCHIVES).where(_UA.user == key))
    if found:
        connection.execute(insert(schema.USER_ARCHIVES), [{"user": key, "archive_id": row.id} for row in found])


def _refuse_limited_admin(role: Role, archives: Sequence[object]) -> None:
    if role is Role.ADMIN and archives:
        raise BadValue(
            "An admin looks after users of every archive and cannot be limited to some. Give another role, or free "
            "the user with `qingzhang review user archives NAME --all`."
        )


def _end_sessions(connection: Connection, name: str) -> None:
    connection.execute(delete(schema.SESSIONS).where(_S.user == _key(name)))
