"""An inbox under watch: says on Prefect's bus which files have stopped growing. It looks, and changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from document.exceptions import InputError
from flows.inbox import QUARANTINE
from flows.inputs import scans_below


class WatchOptions(BaseModel):
    """How an inbox is watched."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    settle_seconds: float = Field(
        10.0, ge=0, le=86_400, description="seconds for which a file must not have changed to count as arrived"
    )
    poll_seconds: float = Field(2.0, ge=0.1, le=3600, description="seconds between two looks at the folder")


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was seen."""

    size: int
    mtime_ns: int
    since: float
    """When it was first seen like this, in seconds of the watch's clock."""
    said: bool = False
    """Whether its arrival has been said."""


def look(
    before: Mapping[Path, Seen], found: Mapping[Path, tuple[int, int]], now: float, settle: float
) -> tuple[dict[Path, Seen], tuple[Path, ...]]:
    """What is known after a look that found files of these sizes and times, and which of them have just arrived.

    A file that changes later arrives again.
    """
    seen: dict[Path, Seen] = {}
    arrived: list[Path] = []
    for path, (size, mtime_ns) in found.items():
        old = before.get(path)
        if old is None or (old.size, old.mtime_ns) != (size, mtime_ns):
            old = Seen(size, mtime_ns, now)
        if not old.said and now - old.since >= settle and size > 0:
            old = Seen(size, mtime_ns, old.since, said=True)
            arrived.append(path)
        seen[path] = old
    return seen, tuple(sorted(arrived))


def watch(
    folder: Path, options: WatchOptions, say: Callable[[tuple[Path, ...]], None], clock: Callable[[], float] = time.time
) -> None:
    """Look at a folder until interrupted, and ``say`` which files have arrived. Raises InputError."""
    seen: Mapping[Path, Seen] = {}
    while True:
        seen, arrived = look(seen, _files(folder), clock(), options.settle_seconds)
        if arrived:
            say(arrived)
        time.sleep(options.poll_seconds)


def _files(folder: Path) -> dict[Path, tuple[int, int]]:
    if not folder.is_dir():
        raise InputError(f"{folder}: is no folder. Make it, or name another.")
    found = {}
    for path in scans_below(folder, folder / QUARANTINE):
        try:
            stat = path.stat()
        except OSError:  # taken away this moment
            continue
        found[path] = stat.st_size, stat.st_mtime_ns
    return found
