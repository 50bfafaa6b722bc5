"""Documents through Prefect tasks, piece by piece: on threads of this machine, or on a Dask cluster.

A window of documents is open at a time, so a run over a million pages holds no more than one over a hundred; closing
goes before reading, reading before opening, so outputs come early.
"""

from __future__ import annotations

import math
import queue
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, cast

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.settings import PREFECT_API_URL
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.tasks import Task, exponential_backoff
from pydantic import BaseModel, ConfigDict, Field

from document.exceptions import ExitCode, QingzhangError
from flows.artifacts import DocumentRow
from flows.batch import Outcome, usable_cores
from flows.chunks import chunk_of
from flows.cluster import Place, call, dask_cluster
from flows.events import announce_document
from flows.healing import can_heal
from flows.pieces import Item, Job, Opened, Outputs, WorkGone, close_document, open_document, put_away, read_pages
from flows.readers import end_readers
from flows.slots import EngineSlot, existing_limit

_REOPENED = 2
"""Times that a document is opened again because what was kept of it is gone."""


_FEWEST = 2
"""Pages of a chunk at the end of a run on a cluster: handing one out costs a fraction of a second."""


_MOST_AT_ONCE = 4096
"""Pieces under way at a time, each with a thread that waits for it."""


class SpreadOptions(BaseModel):
    """How the work is spread over processes and machines; nothing here changes an output."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    jobs: int = Field(
        default_factory=usable_cores, ge=1, le=256, description="processes on this machine; default: one per core"
    )
    chunk_pages: int = Field(8, ge=1, le=1000, description="pages that a task reads; a finished chunk is never redone")
    scheduler: str | None = Field(
        None, description="address of a Dask scheduler, e.g. tcp://10.0.0.1:8786; default: processes of this machine"
    )
    engine_limit: str | None = Field(
        "qingzhang-engine",
        description="Prefect concurrency limit of which every process at work holds a slot, where there is one of "
        "that name; {host} stands for the machine's name",
    )
    page_seconds: int = Field(600, ge=1, le=86_400, description="seconds after which a page is given up")


def _worth_retrying(_: Task[Any, Any], __: TaskRun, state: State[Any]) -> bool:
    """Whether Prefect may try a task again: not for what a bad file does."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, BaseException) and can_heal(error)


RETRYING: dict[str, Any] = {
    "retries": 4,
    "retry_delay_seconds": exponential_backoff(backoff_factor=2),  # 2, 4, 8, 16 seconds
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": _worth_retrying,
    "cache_policy": NO_CACHE,  # what is done lies in the work folder, under a key of content, options and versions
    "persist_result": False,
}


@task(name="open", task_run_name="open {item.name}", **RETRYING)
def open_task(place: Place[Any], item: Item, job: Job) -> Opened | Outputs:
    """What is to be read of a document, or its outputs where they are there already."""
    return cast(Opened | Outputs, place(open_document, item, job))


@task(name="read", task_run_name="read {item.name} {first}-{last}", **RETRYING)
def read_task(
    place: Place[Any], item: Item, job: Job, key: str, numbers: tuple[int, ...], first: int, last: int
) -> float:
    """Read a chunk of pages, unless that is done already."""
    return cast(float, place(read_pages, item, job, key, numbers))


@task(name="close", task_run_name="close {item.name}", **RETRYING)
def close_task(place: Place[Any], item: Item, job: Job, opened: Opened) -> Outputs:
    """Put the pages together and bring the outputs to their place."""
    return cast(Outputs, place(close_document, item, job, opened))


def _ahead(at_once: int) -> int:
    """How many pieces are under way where so many are done at a time: the others wait there, so that nobody waits for
    them while a task begins or ends."""
    return at_once + max(1, at_once // 2)


@dataclass(slots=True)
class _Way:
    """A document on its way."""

    item: Item
    opened: Opened | None = None
    waiting: deque[int] = field(default_factory=deque)
    """Pages that are to be read."""
    under_way: int = 0
    done: int = 0
    """Pages read, in this run or before."""
    reopened: int = 0
    again: bool = False
    """What was kept of it is gone: to be opened anew, once nothing of it is under way."""
    failed: bool = False


Done = Callable[[DocumentRow, Outputs | None], None]


class Fanout:
    """Takes documents to their outputs.

    ``admit`` is asked for each when its turn comes, and may name it, or leave it out; ``done`` hears of each that is
    through, before the traces of its way are removed.
    """

    def __init__(
        self,
        job: Job,
        spread: SpreadOptions,
        done: Done,
        progress: Callable[[float], None],
        admit: Callable[[Item], Item | None] = lambda item: item,
    ) -> None:
        self._admit = admit
        self._job = job
        self._spread = spread
        self._done = done
        self._progress = progress
        self._work: tuple[Any, Place[Any]] = None, call
        """What records the pieces, and where they are done."""
        self._events: queue.SimpleQueue[tuple[_Way, int, Any]] = queue.SimpleQueue()
        self._closing: deque[_Way] = deque()
        self._open: list[_Way] = []
        self._open_soon: deque[_Way] = deque()
        self._under_way = 0
        self._through = 0
        self._total = 0

    def run(self, items: Sequence[Item]) -> None:
        """All documents; one that fails does not stop the others."""
        self._open_soon.extend(_Way(item) for item in items)
        self._total = len(items)
        limit = existing_limit(self._spread.engine_limit)
        slot = EngineSlot(limit, str(PREFECT_API_URL.value() or "")) if limit else nullcontext
        self._job = replace(self._job, processes=self._spread.jobs, slot=slot)
        runner: Any = ThreadPoolTaskRunner(max_workers=_MOST_AT_ONCE)
        with _place(self._spread) as (place, at_once), runner:
            self._work = runner, place
            try:
                while self._open_soon or self._open:
                    while self._under_way < _ahead(at_once()) and self._next(at_once()):
                        pass
                    if not self._under_way:
                        break
                    self._take(*self._events.get())
                    self._progress(self._share())
            finally:
                end_readers()

    def _share(self) -> float:
        """How much of the work is done, 0–1: documents that are through, and the pages of those under way."""
        begun = sum(way.done / len(way.opened.numbers) for way in self._open if way.opened)
        return (self._through + begun) / max(self._total, 1)

    def _next(self, at_once: int) -> bool:
        """Start the next piece; False where there is none now."""
        if self._closing:
            way = self._closing.popleft()
            self._submit(close_task, way, 0, {"opened": way.opened})
            return True
        for way in self._open:
            if way.waiting and way.opened:
                numbers = self._chunk(way, at_once)
                parameters = {"key": way.opened.key, "numbers": numbers, "first": numbers[0], "last": numbers[-1]}
                self._submit(read_task, way, len(numbers), parameters)
                return True
        begun = self._open_next() if len(self._open) <= at_once + 1 else None
        if begun is None:
            return False
        self._open.append(begun)
        self._submit(open_task, begun, 0, {})
        return True

    def _chunk(self, way: _Way, at_once: int) -> tuple[int, ...]:
        """The next pages of a document that are read together.

        On a cluster each chunk is read by one process: towards the end of a run chunks grow smaller, so that none
        reads alone for long.
        """
        most = self._spread.chunk_pages
        if self._spread.scheduler and not self._open_soon:
            rest = sum(len(other.waiting) for other in self._open)
            most = min(most, max(_FEWEST, math.ceil(rest / (2 * at_once))))
        numbers = chunk_of(way.waiting, most)
        for _ in numbers:
            way.waiting.popleft()
        return numbers

    def _open_next(self) -> _Way | None:
        """The next document that is to be opened."""
        while self._open_soon:
            way = self._open_soon.popleft()
            if way.reopened:
                return way
            if (item := self._admit(way.item)) is not None:
                return _Way(item)
            self._total -= 1
        return None

    def _submit(self, piece: Any, way: _Way, pages: int, parameters: dict[str, Any]) -> None:
        way.under_way += 1
        self._under_way += 1
        runner, place = self._work
        future = runner.submit(piece, {"place": place, "item": way.item, "job": self._job, **parameters})
        future.add_done_callback(lambda done: self._events.put((way, pages, done)))

    def _take(self, way: _Way, pages: int, future: Any) -> None:
        """Note what a piece came to."""
        way.under_way -= 1
        self._under_way -= 1
        answer = future.result(raise_on_failure=False)
        match answer:
            case _ if way.failed or way.again:
                pass
            case Opened():
                way.opened = answer
                way.done = len(answer.numbers) - len(answer.left)
                way.waiting.extend(answer.left)
            case Outputs():
                self._close(way, answer)
                return
            case float() | int():
                way.done += pages
            case WorkGone() if way.reopened < _REOPENED:
                way.again = True
                way.waiting.clear()
            case _:
                self._fail(way, answer)
        if not way.under_way:
            self._all_back(way)

    def _all_back(self, way: _Way) -> None:
        """What comes next for a document of which nothing is under way."""
        if way.failed:
            self._open.remove(way)
            self._through += 1
        elif way.again:
            self._open.remove(way)
            self._open_soon.append(_Way(way.item, reopened=way.reopened + 1))
        elif way.opened and not way.waiting:
            self._closing.append(way)

    def _close(self, way: _Way, outputs: Outputs) -> None:
        self._open.remove(way)
        self._through += 1
        if not outputs.announced:
            announce_document(way.item, self._job, outputs)
        folder = self._job.folder.child(way.item.name).url
        unchanged = outputs.read == 0
        outcome = Outcome.UNCHANGED if unchanged else Outcome.PARTIAL if outputs.failures else Outcome.CLEAN
        row = DocumentRow(
            way.item.url,
            outcome,
            folder,
            outputs.pages,
            outputs.read,
            outputs.seconds,
            outputs.failures,
            outputs.for_review,
            outputs.amounts,
            outputs.verified,
            outputs.worst,
        )
        self._done(row, outputs)
        if not outputs.announced:
            put_away(self._job, outputs.key)

    def _fail(self, way: _Way, error: object) -> None:
        way.failed = True
        way.waiting.clear()
        row = failed_row(way.item.url, error)
        get_run_logger().error(row.message)
        self._done(row, None)


def failed_row(source: str, error: object) -> DocumentRow:
    """A document that did not come out."""
    known = isinstance(error, QingzhangError)
    code = error.exit_code if isinstance(error, QingzhangError) else ExitCode.OTHER_ERROR
    if isinstance(error, OSError) and not known:
        code = ExitCode.FILE_ACCESS_ERROR
    text = str(error) if known else f"{type(error).__name__}: {error}"
    message = text if source in text else f"{source}: {text}"
    return DocumentRow(source, Outcome.FAILED, message=message, exit_code=code)


@contextmanager
def _place(spread: SpreadOptions) -> Iterator[tuple[Place[Any], Callable[[], int]]]:
    """Where pieces are done, and how many are done at a time now. Raises MissingDependencyError."""
    if spread.scheduler is None:
        yield call, lambda: spread.jobs
        return
    with dask_cluster(spread.scheduler) as cluster:
        yield cluster
