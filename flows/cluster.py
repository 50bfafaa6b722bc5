"""Pieces of documents on a Dask cluster: its workers run plain functions, and need no Prefect for them.

Prefect keeps the record of each piece where the flow runs. Its own way onto Dask sets up settings, clients and
contexts anew on the worker for every task, which takes it longer than a quick page.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from document.exceptions import MissingDependencyError
from flows.pieces import Item, Job

_RECOUNT = 2.0
"""Seconds after which the threads of the cluster are counted again: workers come and go."""

Answer = TypeVar("Answer")
Place = Callable[..., Answer]
"""Calls a function with arguments, here or elsewhere, and waits for its answer."""


def call(piece: Callable[..., Answer], *arguments: object) -> Answer:
    """In this process."""
    return piece(*arguments)


@contextmanager
def dask_cluster(scheduler: str) -> Iterator[tuple[Place[object], Callable[[], int]]]:
    """The cluster of a scheduler as a place to call pieces, and how many it takes at a time now.

    Raises MissingDependencyError, OSError where the scheduler does not answer.
    """
    try:
        from prefect_dask import DaskTaskRunner
    except ImportError as error:
        raise MissingDependencyError("Dask is not installed: `pip install qingzhang[cluster]`.") from error
    with DaskTaskRunner(address=scheduler, client_kwargs={"set_as_default": False}) as dask:
        client = dask.client

        def there(piece: Callable[..., object], *arguments: object) -> object:
            # pure=False: the same piece may have to be done again, when what it left is gone
            return client.submit(_on_worker, piece, *arguments, pure=False).result()

        yield there, _remembered(lambda: sum(client.ncores().values()), _RECOUNT)


def _remembered(count: Callable[[], int], seconds: float) -> Callable[[], int]:
    """``count``, which is asked anew after so many seconds."""
    asked, known = -math.inf, 0

    def remembered() -> int:
        nonlocal asked, known
        if time.monotonic() - asked > seconds:
            asked, known = time.monotonic(), count()
        return known

    return remembered


def _on_worker(piece: Callable[..., Answer], item: Item, job: Job, *more: object) -> Answer:
    """``piece`` with as many processes for pages as this Dask worker has threads."""
    from distributed import get_worker

    return piece(item, replace(job, processes=get_worker().state.nthreads, together=False), *more)
