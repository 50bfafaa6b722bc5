"""Slots of Prefect's named concurrency limit: a process of ours holds one while it works.

Prefect's own ``concurrency`` makes clients and threads anew for each slot, half a second on a busy machine; here one
client and one thread serve all slots of this process, and who waits for a slot asks every few seconds.

Prefect does not tell who waits, so who does leaves a note in this machine's cache folder: whoever has had a slot for
a while then hands it on. An upload need not wait until an archive is through.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import os
import platform
import random
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.responses import ConcurrencyLimitWithLeaseResponse
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.places import cache_folder

log = logging.getLogger(__name__)
_LEASE = 60.0
"""Seconds after which Prefect gives the slot of a killed worker to others; at least 60."""
_RENEW = 20.0
"""Seconds between two renewals: two may fail."""
_ASK = 2.0
"""Seconds between two questions for a slot, more or less."""
_GIVE_WAY = 1.75 * _ASK
"""Seconds for which a slot is left to others that were seen to ask: longer than between two of their questions."""
_SECONDS = 30.0
"""Seconds that a request may take."""


@dataclass(frozen=True, slots=True)
class EngineSlot:
    """A slot of the limit ``name``, to be held in a ``with`` statement; may be sent to other machines.

    Where the server has no such limit, or cannot be reached, work goes on without: a slot spares a machine, and no
    output depends on it.
    """

    name: str
    """``{host}`` stands for the machine's name."""
    api: str = ""
    """The server's URL; empty: that of this process's settings."""

    def __call__(self) -> AbstractContextManager[None]:
        """Wait for a slot, and hold it."""
        return _limit(self.name.replace("{host}", platform.node()), self.api).slot()


class _Limit:
    """The slots of one limit that this process holds."""

    def __init__(self, name: str, api: str = "") -> None:
        self._name = name
        with temporary_settings({PREFECT_API_URL: api}) if api else nullcontext():
            # settings of its own: without any, Prefect may lend the client of a task, which is closed with it
            self._client = get_client(httpx_settings={"timeout": _SECONDS}, sync_client=True)
        self._client.__enter__()
        self._leases: set[UUID] = set()
        self._give_way = -math.inf
        self._notes = cache_folder() / "waiting" / hashlib.sha256(name.encode()).hexdigest()[:32]
        self._note = self._notes / f"{os.getpid()}-{id(self)}"
        threading.Thread(target=self._renew, name=f"slots of {name}", daemon=True).start()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot, where there is such a limit."""
        lease = self._wait()
        try:
            yield
        finally:
            if lease is not None:
                self._give_back(lease)

    def _wait(self) -> UUID | None:
        """The lease of a slot, once there is one; None where no limit is to be had."""
        time.sleep(max(0.0, self._give_way - time.monotonic()))
        try:
            while (answer := self._ask()) is None:
                self._notes.mkdir(parents=True, exist_ok=True)
                self._note.touch()
                time.sleep(random.uniform(_ASK / 2, _ASK * 3 / 2))
        except httpx.HTTPError as error:
            log.warning("no slot of %s to be had (%s): going on without one", self._name, error)
            return None
        self._note.unlink(missing_ok=True)
        found = ConcurrencyLimitWithLeaseResponse.model_validate(answer.json())
        if not found.limits:
            return None
        self._leases.add(found.lease_id)
        return found.lease_id

    def _ask(self) -> httpx.Response | None:
        """Ask for a slot; None where all are taken. Raises httpx.HTTPError."""
        try:
            return self._client.increment_concurrency_slots_with_lease([self._name], 1, "concurrency", _LEASE)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != httpx.codes.LOCKED:
                raise
            return None

    def _give_back(self, lease: UUID) -> None:
        if self._others_wait():
            self._give_way = time.monotonic() + _GIVE_WAY
        self._leases.discard(lease)
        try:
            self._client.release_concurrency_slots_with_lease(lease)
        except httpx.HTTPError as error:  # the lease ends by itself
            log.warning("a slot of %s could not be given back (%s)", self._name, error)

    def _others_wait(self) -> bool:
        """Whether another run on this machine has asked of late; what killed ones left does not count."""
        with contextlib.suppress(OSError):
            others = [note for note in self._notes.iterdir() if note != self._note]
            return any(time.time() - note.stat().st_mtime < 2 * _ASK for note in others)
        return False

    def _renew(self) -> None:
        while True:
            time.sleep(_RENEW)
            for lease in tuple(self._leases):
                try:
                    self._client.renew_concurrency_lease(lease, _LEASE)
                except httpx.HTTPError as error:  # in time for another attempt, or the next turn takes a new one
                    log.warning("a slot of %s could not be renewed (%s)", self._name, error)


_LIMITS: dict[tuple[str, str], _Limit] = {}
_LOCK = threading.Lock()


def _limit(name: str, api: str) -> _Limit:
    with _LOCK:
        if (name, api) not in _LIMITS:
            _LIMITS[name, api] = _Limit(name, api)
        return _LIMITS[name, api]


def existing_limit(name: str | None) -> str | None:
    """The limit's name where the server has it: then only need slots be asked for."""
    if name is None or "{host}" in name:
        return name
    with get_client(sync_client=True) as client:
        try:
            client.read_global_concurrency_limit_by_name(name)
        except ObjectNotFound:
            return None
    return name
