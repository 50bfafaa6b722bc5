"""A pool of processes in which one may die, or hang, without taking the others along.

``concurrent.futures`` breaks the whole pool when one process is killed and cannot say which task killed it; here
each process has its own pipe, so the task that was lost is known and everything else goes on.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import connection, get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Any, Generic, TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_STARTING = threading.Lock()
"""Held while a process is started: there is only one main module to hide from it."""
_GRACE = 2.0
"""Seconds that a process has to end by itself."""


@dataclass(frozen=True, slots=True)
class Lost(Generic[Task]):
    """A task whose process died, or was stopped because it took too long."""

    task: Task
    reason: str


@dataclass(slots=True)
class _Worker(Generic[Task]):
    process: SpawnProcess
    pipe: Connection
    task: Task | None = None
    deadline: float = 0.0
    alone: bool = False
    """Whether the process ends with its task."""


class Workers(Generic[Task, Answer]):
    """``count`` processes that each do ``work(task)``, one task at a time; use it in a ``with`` statement.

    ``work`` and tasks are pickled; ``work`` must not raise. Processes are spawned, not forked (libraries with
    threads do not survive a fork), and started when they are first needed. With ``warm_up`` one more is started each
    time all are at work, and calls it while it waits for its first task: importing libraries takes seconds.
    """

    def __init__(
        self,
        count: int,
        work: Callable[[Task], Answer],
        threads: int = 1,
        warm_up: Callable[[], object] | None = None,
    ) -> None:
        self._count = count
        self._work = work
        self._threads = threads
        self._warm_up = warm_up
        self._workers: list[_Worker[Task]] = []

    def __enter__(self) -> Workers[Task, Answer]:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        for worker in self._workers:
            worker.pipe.close()
            if kind is not None or worker.task is None:  # an idle one has nothing to bring to an end
                worker.process.kill()
        for worker in self._workers:
            _end(worker.process)
        self._workers.clear()

    @property
    def has_room(self) -> bool:
        """Whether a further task would start at once."""
        return self.busy < self._count

    @property
    def busy(self) -> int:
        """Tasks under way."""
        return sum(worker.task is not None for worker in self._workers)

    def start(self) -> None:
        """Start a process before there is a task for it: with ``warm_up`` it imports meanwhile."""
        self._start()

    def give(self, task: Task, seconds: float, alone: bool = False) -> None:
        """Start ``task``, which may take so many seconds; ask ``has_room`` first.

        ``alone``: in a process of its own, which ends with it. What a process needs once, it would keep.
        """
        worker = next((w for w in self._workers if w.task is None), None)
        if worker is not None and alone:
            self._retire(worker)
            worker = None
        worker = worker or self._start()
        worker.task, worker.deadline, worker.alone = task, time.monotonic() + seconds, alone
        # a process that died while idle is noticed by ``collect``
        with contextlib.suppress(OSError):
            worker.pipe.send(task)
        if self._warm_up and self.busy == len(self._workers) < self._count:
            self._start()

    def collect(self) -> Iterator[tuple[Task, Answer] | Lost[Task]]:
        """Wait until at least one task is done or lost, and give all that are."""
        busy = {worker.pipe: worker for worker in self._workers if worker.task is not None}
        if not busy:
            return
        first = min(worker.deadline for worker in busy.values())
        ready = connection.wait(list(busy), timeout=max(0.0, first - time.monotonic()))
        for pipe, worker in busy.items():
            if pipe in ready:
                yield self._answer(worker)
            elif time.monotonic() >= worker.deadline:
                yield self._lose(worker, "it took too long and was stopped")

    def _answer(self, worker: _Worker[Task]) -> tuple[Task, Answer] | Lost[Task]:
        assert worker.task is not None
        try:
            answer: Answer = worker.pipe.recv()
        except (EOFError, OSError):  # the other end is gone
            worker.process.join(_GRACE)
            return self._lose(worker, _cause(worker.process.exitcode))
        task, worker.task = worker.task, None
        if worker.alone:
            self._retire(worker)
        return task, answer

    def _lose(self, worker: _Worker[Task], reason: str) -> Lost[Task]:
        assert worker.task is not None
        self._retire(worker)
        return Lost(worker.task, reason)

    def _retire(self, worker: _Worker[Task]) -> None:
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.kill()
        _end(worker.process)

    def _start(self) -> _Worker[Task]:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        packed = pickle.dumps((self._work, self._warm_up))
        process = context.Process(target=_serve, args=(theirs, self._threads, packed), daemon=True)
        worker: _Worker[Task] = _Worker(process, ours)
        resource_tracker.ensure_running()  # starting it would let Ctrl-C through again
        with _STARTING, _deaf_to_interrupts(), _without_main():
            process.start()
            self._workers.append(worker)
        theirs.close()
        return worker


def _serve(pipe: Connection, threads: int, packed: bytes) -> None:
    """The life of one process: it ends when the other end of its pipe does.

    What its numeric libraries may use is said here, before unpacking imports them: the parent's environment is read
    by other threads, and must not change under their hands.
    """
    os.environ.update(dict.fromkeys(_THREADS, str(threads)))
    work, warm_up = pickle.loads(packed)
    if warm_up:
        with contextlib.suppress(Exception):  # what is missing, the first task will say
            warm_up()
    with contextlib.suppress(EOFError, OSError):
        while True:
            pipe.send(work(pipe.recv()))


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Processes started meanwhile do not import this one's main module, as ``multiprocessing`` has them do.

    Nothing of it is needed there, and that of a flow, Prefect, takes seconds of processor time in each.
    """
    main: Any = vars(sys.modules["__main__"])
    names = {name: main[name] for name in ("__spec__", "__file__") if name in main}
    main.update(dict.fromkeys(names))
    try:
        yield
    finally:
        main.update(names)


def _end(process: SpawnProcess) -> None:
    process.join(_GRACE)
    if process.is_alive():
        process.kill()
        process.join()


def _cause(exit_code: int | None) -> str:
    if exit_code == -signal.SIGKILL and sys.platform == "linux":
        return "its process was killed, most likely for want of memory"
    return f"its process died ({'signal' if (exit_code or 0) < 0 else 'exit status'} {abs(exit_code or 0)})"


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """What a process to be started inherits: that Ctrl-C is the parent's business."""
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)  # a Ctrl-C that came meanwhile is heard here
