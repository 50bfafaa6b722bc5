"""``qingzhang run --via-prefect``: the run as one of the deployment ``archive``, followed to its end."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelling

from document.exceptions import InputError, QingzhangError
from flows.archive import ROWS
from flows.artifacts import DocumentRow
from flows.batch import BatchOptions, BatchReport, DocumentResult, Watcher
from flows.events import check_server
from flows.options import RunOptions
from flows.places import folder_at, local_path

DEPLOYMENT = "archive/archive"
_POLL = 1.0
"""Seconds between two looks at the run."""
_TAKEN = 30
"""Looks after which a run that no worker has taken is told of: a worker asks for runs every 10 s by default."""


class RunLost(QingzhangError):
    """The flow run ended without a report: its log says why."""


def submit_run(
    inputs: Sequence[str], output: str, options: RunOptions, batch: BatchOptions, watcher: Watcher
) -> BatchReport:
    """Run the deployment and wait for it; its report, as ``run_batch`` gives it.

    Workers have to reach inputs and output under the same paths or URLs. Raises InputError where no server is named
    or it has no such deployment, RunLost; a run that is interrupted here is cancelled there.
    """
    check_server()
    deployed = _parameters()
    place = _absolute(output)
    name = f".report-{uuid.uuid4().hex}.json"
    parameters: dict[str, Any] = {
        "inputs": [_absolute(url) for url in inputs],
        "output": place,
        "options": _complete(options),
        "spread": spread_for(deployed.get("spread"), batch),
        "force": batch.force,
        "report": f"{place}/{name}",
    }
    started = run_deployment(DEPLOYMENT, parameters=parameters, timeout=0, as_subflow=False)
    assert isinstance(started, FlowRun)
    with get_client(sync_client=True) as client:
        ended = _followed(client, started, watcher)
    folder = folder_at(place)
    try:
        rows = ROWS.validate_json(folder.read(name))
    except FileNotFoundError as error:
        state = ended.state
        reason = f"{state.name}: {state.message}" if state else "no state"
        raise RunLost(f"Flow run {ended.name} ended without a report ({reason}). Its log says more.") from error
    folder.remove(name)
    results = tuple(_result(row) for row in rows)
    for result in results:
        watcher.document_done(result)
    return BatchReport(results, local_path(place) or Path(place))


def _parameters() -> dict[str, Any]:
    """The deployment's own parameters. Raises InputError where there is no such deployment."""
    with get_client(sync_client=True) as client:
        try:
            return dict(client.read_deployment_by_name(DEPLOYMENT).parameters)
        except ObjectNotFound as error:
            raise InputError(f"{DEPLOYMENT}: no such deployment on this server. `make flows` registers it.") from error


def spread_for(deployed: dict[str, Any] | None, batch: BatchOptions) -> dict[str, Any]:
    """How the deployment spreads work (its Dask scheduler, its limit, the cores of its worker), but for what was asked
    for here: how many cores this machine has does not matter there."""
    asked: dict[str, Any] = {
        name: getattr(batch, name) for name in ("jobs", "page_seconds") if name in batch.model_fields_set
    }
    return {**(deployed or {}), **asked}


def _followed(
    client: SyncPrefectClient, run: FlowRun, watcher: Watcher, sleep: Callable[[float], None] = time.sleep
) -> FlowRun:
    """The run when it has ended."""
    try:
        for look in itertools.count():
            if run.state is not None and run.state.is_final():
                break
            if look == _TAKEN and run.state is not None and run.state.is_scheduled():
                start = f"`prefect worker start --pool {run.work_pool_name}`"
                watcher.said(f"flow run {run.name} waits, for no worker has taken it yet. Start one: {start}.")
            sleep(_POLL)
            run = client.read_flow_run(run.id)
    except (KeyboardInterrupt, SystemExit):
        client.set_flow_run_state(run.id, Cancelling())
        raise
    return run


def _complete(options: RunOptions) -> dict[str, Any]:
    """All options as JSON: also those that are no part of the cache key."""
    own = options.dictionaries
    return {
        **options.model_dump(mode="json"),
        "outputs": [str(name) for name in options.outputs],
        "dictionaries": str(own.absolute()) if own is not None else None,
    }


def _absolute(url: str) -> str:
    """As another process can find it, that runs elsewhere."""
    path = local_path(url)
    return url.rstrip("/") if path is None else str(path.absolute())


def _result(row: DocumentRow) -> DocumentResult:
    folder = Path(row.folder) if row.folder else None
    return DocumentResult(
        Path(row.source), row.outcome, folder, row.read, row.failures, row.for_review, row.message, row.exit_code
    )
