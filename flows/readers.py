"""The processes that do the heavy work for tasks of a flow: started once, lent to one task at a time.

A task of Prefect or Dask runs in a thread; what reads pages runs in a process of its own, so that a page that kills
or hangs it costs that page alone, and engines stay loaded from one task to the next.
"""

from __future__ import annotations

import atexit
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from document.exceptions import MissingDependencyError
from flows.options import RunOptions
from flows.tasks import Answer, Steps, Task, TaskRunner
from flows.workers import Lost, Workers

Reader = Callable[[Task, float], Answer | Lost[Task]]
"""Does one task, which may take so many seconds; what became of it."""

_IDLE: dict[str, list[Workers[Task, Answer]]] = {}
_LOCK = threading.Lock()


@contextmanager
def lent_reader(steps: Callable[[], Steps], options: RunOptions) -> Iterator[Reader]:
    """A process for one task at a time; it is kept for whoever asks next with the same options."""
    if multiprocessing.current_process().daemon:
        raise MissingDependencyError(
            "This Dask worker may start no processes. Start it with --no-nanny, "
            "or with DASK_DISTRIBUTED__WORKER__DAEMON=False in its environment."
        )
    way = f"{steps.__module__}.{steps.__qualname__}"
    key = f"{way} {options.model_dump_json()} {options.dictionaries} {options.outputs}"
    workers = _take(key) or Workers(1, TaskRunner(steps, options))

    def do(task: Task, seconds: float) -> Answer | Lost[Task]:
        workers.give(task, seconds)
        while True:
            for event in workers.collect():
                return event if isinstance(event, Lost) else event[1]

    try:
        yield do
    except BaseException:
        _end(workers)
        raise
    with _LOCK:
        _IDLE.setdefault(key, []).append(workers)


def end_readers() -> None:
    """End the processes that nobody uses now."""
    with _LOCK:
        idle = [workers for kept in _IDLE.values() for workers in kept]
        _IDLE.clear()
    for workers in idle:
        _end(workers)


def _take(key: str) -> Workers[Task, Answer] | None:
    """An idle process for these options; those for other options are ended: each holds its models in memory."""
    with _LOCK:
        kept = _IDLE.get(key)
        found = kept.pop() if kept else None
        others = [_IDLE.pop(other) for other in list(_IDLE) if other != key]
    for workers in (w for group in others for w in group):
        _end(workers)
    return found


def _end(workers: Workers[Task, Answer]) -> None:
    workers.__exit__(None, None, None)


atexit.register(end_readers)
