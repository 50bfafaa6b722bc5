"""The processes that do the heavy work for tasks of a flow: started once, shared by all tasks of this process.

A task of Prefect or Dask runs in a thread; what reads pages runs in processes of its own, so that a page that kills
or hangs one costs that page alone, and engines stay loaded from one task to the next. Pages of all tasks wait in one
line, so that processes have work while a task is begun or ended, and the last chunk of a run is read by all of them.
"""

from __future__ import annotations

import atexit
import contextvars
import heapq
import itertools
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

from document.exceptions import MissingDependencyError
from flows.options import RunOptions
from flows.tasks import Answer, Finish, ReadPage, Steps, Task, TaskRunner, fills_a_process
from flows.workers import Lost, Workers

Slot = Callable[[], AbstractContextManager[None]]
"""What a process holds while it works: it may wait for it, so that a machine is not asked for more than it has."""
_IDLE = 3.0
"""Seconds for which a process without work keeps its slot: the next chunk is on its way."""
_GRACE = 5.0
"""Seconds that processes have to end by themselves."""
_TURN = 60.0
"""Seconds after which a process hands its slot back between two tasks, for others may wait for one."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a task."""

    answer: Answer | Lost[Task]
    seconds: float
    """What it took, without the wait for a process."""


@dataclass(order=True, slots=True)
class _Request:
    rank: tuple[int, int]
    """Finishing goes before opening, opening before reading, so that pages never run out; else first come, first
    served."""
    task: Task = field(compare=False)
    seconds: float = field(compare=False)
    done: Future[Done] = field(compare=False, default_factory=Future)


class Readers:
    """``count`` processes that do tasks for any number of threads; ``close`` ends them."""

    def __init__(self, count: int, runner: TaskRunner, slot: Slot = nullcontext) -> None:
        self._runner = runner
        self._slot = slot
        self._waiting: list[_Request] = []
        self._change = threading.Condition()
        self._began = False
        self._closed = False
        self._numbers = itertools.count()
        # with the context of whoever makes them: Prefect's settings lie there
        self._threads = [
            threading.Thread(target=contextvars.copy_context().run, args=(self._seat,), name=f"reader-{n}", daemon=True)
            for n in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def do(self, tasks: Sequence[tuple[Task, float]]) -> list[Done]:
        """Do tasks, each of which may take so many seconds; what became of each, in their order, when all are done.

        Raises what hinders every process, such as a limit that cannot be asked for.
        """
        requests = [_Request((_rank(task), next(self._numbers)), task, seconds) for task, seconds in tasks]
        with self._change:
            for request in requests:
                heapq.heappush(self._waiting, request)
            self._began = True
            self._change.notify_all()
        try:
            return [request.done.result() for request in requests]
        except BaseException:  # nobody waits for the others any more
            for request in requests:
                request.done.cancel()
            raise

    def close(self) -> None:
        """End the processes; one that does not come to an end soon is left to the end of this process."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        for thread in self._threads:
            thread.join(_GRACE)

    def _seat(self) -> None:
        """The life of one process, seen from its thread."""
        with self._change:
            self._change.wait_for(lambda: self._began or self._closed)
        if self._closed:
            return
        with Workers[Task, Answer](1, self._runner, warm_up=self._runner.warm_up) as workers:
            workers.start()
            while self._await_work(None):
                self._hold_slot(workers)

    def _hold_slot(self, workers: Workers[Task, Answer]) -> None:
        """Do what is waiting, as long as the slot is ours."""
        try:
            with self._slot():
                until = time.monotonic() + _TURN
                while time.monotonic() < until and self._await_work(_IDLE):
                    self._do_next(workers)
        except Exception as error:  # no slot to be had: whoever waits hears why
            if request := self._next():
                request.done.set_exception(error)

    def _do_next(self, workers: Workers[Task, Answer]) -> None:
        request = self._next()
        if request is None:
            return
        try:
            request.done.set_result(_do(workers, request))
        except Exception as error:
            request.done.set_exception(error)

    def _await_work(self, seconds: float | None) -> bool:
        """Wait for work for so long; False where there is none, or no more is to be done."""
        with self._change:
            return self._change.wait_for(lambda: bool(self._waiting) or self._closed, seconds) and not self._closed

    def _next(self) -> _Request | None:
        """The next request that somebody still waits for, where no other process was faster."""
        with self._change:
            while self._waiting:
                request = heapq.heappop(self._waiting)
                if request.done.set_running_or_notify_cancel():
                    return request
        return None


def _rank(task: Task) -> int:
    return 0 if isinstance(task, Finish) else 2 if isinstance(task, ReadPage) else 1


def _do(workers: Workers[Task, Answer], request: _Request) -> Done:
    began = time.monotonic()
    workers.give(request.task, request.seconds, alone=fills_a_process(request.task))
    while True:
        for event in workers.collect():
            answer = event if isinstance(event, Lost) else event[1]
            return Done(answer, time.monotonic() - began)


@dataclass(slots=True)
class _Shared:
    readers: Readers
    users: int = 0


_SHARED: dict[str, _Shared] = {}
_LOCK = threading.Lock()


@contextmanager
def lent_readers(
    steps: Callable[[], Steps], options: RunOptions, count: int = 1, slot: Slot = nullcontext
) -> Iterator[Readers]:
    """The processes of this one for these options; they are kept for whoever asks next.

    Those for other options that nobody uses are ended: each holds its models in memory.
    """
    if multiprocessing.current_process().daemon:
        raise MissingDependencyError(
            "This Dask worker may start no processes. Start it with --no-nanny, "
            "or with DASK_DISTRIBUTED__WORKER__DAEMON=False in its environment."
        )
    way = f"{steps.__module__}.{steps.__qualname__}"
    key = f"{way} {options.model_dump_json()} {options.dictionaries} {options.outputs} {count} {slot!r}"
    _close_others(key)
    with _LOCK:
        if key not in _SHARED:
            _SHARED[key] = _Shared(Readers(count, TaskRunner(steps, options), slot))
        shared = _SHARED[key]
        shared.users += 1
    try:
        yield shared.readers
    finally:
        with _LOCK:
            shared.users -= 1


def end_readers() -> None:
    """End the processes that nobody uses now."""
    _close_others("")


def _close_others(key: str) -> None:
    with _LOCK:
        unused = [name for name, shared in _SHARED.items() if name != key and not shared.users]
        ended = [_SHARED.pop(name) for name in unused]
    for shared in ended:
        shared.readers.close()


atexit.register(end_readers)
