"""Which failures may heal by waiting: those of disks, networks and services. A bad file never does."""

from __future__ import annotations

import errno

from document.exceptions import OutputError, QingzhangError
from flows.pieces import WorkGone

_PASSING = frozenset(
    {
        errno.EIO,
        errno.EAGAIN,
        errno.EBUSY,
        errno.ENOTEMPTY,  # another run brought the same document to its place first
        errno.EEXIST,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.ESTALE,
        errno.EINTR,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ETIMEDOUT,
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.ECONNABORTED,
        errno.EPIPE,
        errno.EREMOTEIO,
    }
)
_NETWORK = frozenset({"HTTPClientError", "ClientConnectionError"})
"""Base classes of what botocore and aiohttp raise for a broken connection; neither need be installed."""


def can_heal(error: BaseException) -> bool:
    """Whether trying again later can help."""
    if isinstance(error, WorkGone):
        return False
    if isinstance(error, OutputError):
        return error.__cause__ is not None and can_heal(error.__cause__)
    if isinstance(error, QingzhangError):
        return False
    if isinstance(error, (ConnectionError, TimeoutError)) or _NETWORK & {c.__name__ for c in type(error).__mro__}:
        return True
    return isinstance(error, OSError) and error.errno in _PASSING
