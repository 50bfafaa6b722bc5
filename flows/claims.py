"""Who works on what, where several runs see the same files: a claim is a file that only one of them can create.

A claim is held for some minutes and renewed while its holder lives. Over a dead holder's claim the next generation of
it is created, which again only one can do; nothing is ever taken away from under a living holder. Clocks of machines
may differ by less than half of ``LEASE``.
"""

from __future__ import annotations

import os
import platform
import re
import threading
import time
import uuid
from pathlib import Path
from types import TracebackType

from pydantic import BaseModel, ConfigDict, ValidationError

from flows.places import Folder

LEASE = 120.0
"""Seconds that a claim holds without being renewed."""
_GENERATION = re.compile(r"(.+)\.(\d+)")


class Holder(BaseModel):
    """Who holds a claim, and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    host: str
    pid: int
    started: str
    """When the process began, as its machine counts; empty where it cannot be told."""
    until: float
    """Seconds since 1970."""


class Claims:
    """The claims of one run; use it in a ``with`` statement, which renews them."""

    def __init__(self, folder: Folder, lease: float = LEASE) -> None:
        self._folder = folder
        self._lease = lease
        self._run = uuid.uuid4().hex
        self._held: dict[str, int] = {}
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="claims", daemon=True)

    def __enter__(self) -> Claims:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._end.set()
        self._thread.join()
        for name in list(self._held):
            self.release(name)

    def take(self, name: str) -> bool:
        """Claim ``name`` for this run; False where another run that lives holds it. Raises OSError."""
        generation = max(self._generations(name), default=0)
        if generation and self._is_alive(name, generation):
            return False
        if not self._folder.create(f"{name}.{generation + 1}", self._holder()):
            return False
        with self._lock:
            self._held[name] = generation + 1
        return True

    def release(self, name: str) -> None:
        """Give up a claim: what was to be done is done, and written down. Raises OSError."""
        with self._lock:
            own = self._held.pop(name, 0)
        for generation in sorted(self._generations(name)):
            if generation <= own:
                self._folder.remove(f"{name}.{generation}")

    def _generations(self, name: str) -> list[int]:
        found = (_GENERATION.fullmatch(entry) for entry in self._folder.names())
        return [int(m[2]) for m in found if m and m[1] == name]

    def _is_alive(self, name: str, generation: int) -> bool:
        try:
            holder = Holder.model_validate_json(self._folder.read(f"{name}.{generation}"))
        except FileNotFoundError:  # released this moment: who asks again will see what came of it
            return True
        except ValidationError:
            return False
        if holder.host == platform.node() and holder.started and holder.started != process_start(holder.pid):
            return False
        return holder.until > time.time()

    def _holder(self) -> bytes:
        pid = os.getpid()
        until = time.time() + self._lease
        holder = Holder(run=self._run, host=platform.node(), pid=pid, started=process_start(pid), until=until)
        return holder.model_dump_json().encode()

    def _renew(self) -> None:
        while not self._end.wait(self._lease / 4):
            with self._lock:
                held = dict(self._held)
            for name, generation in held.items():
                try:
                    with self._lock:
                        if name in self._held:
                            self._folder.write(f"{name}.{generation}", self._holder())
                except OSError:  # the next time, or the lease runs out
                    continue


def process_start(pid: int) -> str:
    """When a process of this machine began (Linux: boot and clock ticks after it); empty where it cannot be told."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    return f"{boot} {fields[19]}"
