"""The real things: a Prefect server on PostgreSQL, a process worker, the deployments of prefect.yaml; processes that
are killed; a Dask scheduler with two workers. Small drawn PDFs with a text layer keep the pages cheap."""

from __future__ import annotations

import functools
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from flow_story import noted, noting_steps, patient_steps
from postgres import free_port, postgres
from prefect_server import ROOT, contents, environment, kill, process, server, wait_for

from document.exceptions import ExitCode
from flows.batch import BatchOptions, run_batch
from flows.fanout import SpreadOptions
from flows.options import RunOptions
from ocr.engine import EngineName, EngineOptions

NULL = RunOptions(engine=EngineOptions(name=EngineName.NULL))


def scans(folder: Path, *names: str, pages: int = 3) -> Path:
    """Born-digital documents with a little table each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        with pymupdf.open() as pdf:
            for number in range(1, pages + 1):
                page = pdf.new_page()
                page.insert_text((72, 72), f"{name} {number}", fontsize=14)
                for row in range(4):
                    page.insert_text((72, 120 + 20 * row), f"label {row}")
                    page.insert_text((300, 120 + 20 * row), f"{number},{row}00.0{row}")
            pdf.save(folder / f"{name}.pdf")
    return folder


# --- killed midway -----------------------------------------------------------------------------------------

KILLED = """
import sys
from flow_story import noted, noting_steps, patient_steps
from flows import archive
from flows.fanout import SpreadOptions
from flows.options import RunOptions
from ocr.engine import EngineName, EngineOptions
if __name__ == "__main__":
    archive.document_steps = noting_steps
    options = RunOptions(engine=EngineOptions(name=EngineName.NULL))
    archive.archive([sys.argv[1]], sys.argv[2], options, SpreadOptions(jobs=2, chunk_pages=2))
"""


def chunks(out: Path) -> dict[Path, int]:
    """The finished chunks of documents under way, with their times."""
    return {path: path.stat().st_mtime_ns for path in (out / ".work").glob("*/pages-*")}


def midway(folder: Path, out: Path) -> bool:
    """Whether both processes wait in a page, and the chunks before those are finished."""
    surely = ["pages-00001-00002", "pages-00001-00002", "pages-00003-00004"]
    finished = sorted(path.name for path in chunks(out) if path.name in surely)
    return {*noted(folder, "waiting.log")} == {"a.pdf 5", "b.pdf 3"} and finished == surely


def test_after_kill_9_the_next_run_takes_up_where_it_was(
    prefect_api: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a machine dies: the flow's process, all of its own, and the server, while one page of two documents
    cannot be read on. The next run has a server that has heard of nothing."""
    from flows import archive

    folder, out = tmp_path / "scans", tmp_path / "out"
    folder.mkdir()
    (folder / "a.pdf").write_text("one two three four wait six", encoding="utf-8")
    (folder / "b.pdf").write_text("one two wait", encoding="utf-8")
    (folder / "c.pdf").write_text("one", encoding="utf-8")
    run_batch([folder], tmp_path / "plain", NULL, BatchOptions(jobs=1), steps=noting_steps)
    (folder / "read.log").unlink()
    (folder / "wait").touch()
    program = tmp_path / "killed.py"
    program.write_text(KILLED, encoding="utf-8")
    with server(tmp_path) as env, (tmp_path / "log").open("wb") as log:
        command = [sys.executable, str(program), str(folder), str(out)]
        running = subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for(functools.partial(midway, folder, out), 300, running, tmp_path / "log")
        finally:
            kill(running)
    before = noted(folder, "read.log")
    through = (out / "c" / "run.json").exists() or any(path.name == "pages-00001-00001" for path in chunks(out))
    (folder / "wait").unlink()
    monkeypatch.setattr(archive, "document_steps", noting_steps)
    archive.archive([str(folder)], str(out), NULL, SpreadOptions(jobs=2, chunk_pages=2))
    assert contents(out) == contents(tmp_path / "plain")
    again = noted(folder, "read.log")[len(before) :]
    assert sorted(again) == ["a.pdf 5", "a.pdf 6", "b.pdf 3", *([] if through else ["c.pdf 1"])]


# --- Dask --------------------------------------------------------------------------------------------------


def test_chunks_are_read_by_two_processes_of_a_dask_cluster(
    prefect_api: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first page of each document waits for that of the other: two processes read them, therefore."""
    from prefect.settings import PREFECT_API_URL

    from flows import archive

    folder = scans(tmp_path / "scans", "a", "b", pages=6)
    run_batch([folder], tmp_path / "plain", NULL, BatchOptions(jobs=1))
    env = environment(tmp_path, PREFECT_API_URL=str(PREFECT_API_URL.value()))
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    with ExitStack() as stack:
        quiet = ("--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
        stack.enter_context(process("distributed.cli.dask_scheduler", *quiet, env=env, log=tmp_path / "scheduler"))
        for name in ("one", "two"):
            command = ("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
            stack.enter_context(process(*command, "--name", name, env=env, log=tmp_path / name))
        wait_for(functools.partial(dask_threads, address, 2), 300)
        (folder / "wait").touch()
        free = threading.Thread(target=let_go, args=(folder, 2))
        free.start()
        monkeypatch.setattr(archive, "document_steps", patient_steps)
        archive.archive([str(folder)], str(tmp_path / "out"), NULL, SpreadOptions(chunk_pages=2, scheduler=address))
        free.join()
        did = tasks_of(address)
    assert contents(tmp_path / "out") == contents(tmp_path / "plain")
    assert sorted(did) == ["one", "two"]


def let_go(folder: Path, waiting: int) -> None:
    """Let pages go on that wait, once so many do at a time."""
    try:
        wait_for(lambda: len(set(noted(folder, "waiting.log"))) == waiting, 300)
    finally:
        (folder / "wait").unlink()


def dask_threads(address: str, wanted: int) -> bool:
    from distributed import Client

    try:
        with Client(address, timeout=60, set_as_default=False) as client:
            return sum(client.ncores().values()) == wanted
    except OSError:
        return False


def tasks_of(address: str) -> dict[str, int]:
    """How many pieces each worker has done, by its name; those that did none are left out."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        counts = client.run(lambda dask_worker: (dask_worker.name, len(dask_worker.state.log)))
        return {str(name): count for name, count in counts.values() if count}


# --- Prefect on PostgreSQL, with a worker ------------------------------------------------------------------


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A server on PostgreSQL with the deployments of prefect.yaml and a process worker; the clients' environment."""
    folder = tmp_path_factory.mktemp("cluster")
    with ExitStack() as stack:
        address = stack.enter_context(postgres(folder / "postgres"))
        database = f"postgresql+asyncpg://postgres@{address}/postgres"
        env = stack.enter_context(server(folder, PREFECT_API_DATABASE_CONNECTION_URL=database))
        prefect(env, "--no-prompt", "work-pool", "create", "qingzhang", "--type", "process", "--overwrite")
        prefect(env, "--no-prompt", "deploy", "--all")
        command = ("prefect", "worker", "start", "--pool", "qingzhang", "--name", "test")
        stack.enter_context(process(*command, env={**env, "PREFECT_WORKER_QUERY_SECONDS": "1"}, log=folder / "worker"))
        yield env


def prefect(env: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "prefect", *arguments], env=env, cwd=ROOT, capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def qingzhang(env: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "commands.main", *map(str, arguments)]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, check=False, text=True, timeout=900)


def test_via_prefect_gives_the_same_bytes_and_exit_codes(deployed: dict[str, str], tmp_path: Path) -> None:
    folder = scans(tmp_path / "scans", "a", "b")
    (folder / "bad.pdf").write_bytes(b"no document")
    run_batch([folder], tmp_path / "plain", NULL, BatchOptions(jobs=1))
    result = qingzhang(deployed, "run", folder, "-o", tmp_path / "out", "--engine", "null", "--via-prefect")
    assert result.returncode == ExitCode.INPUT_FILE, result.stdout + result.stderr
    assert "3 documents: 2 clean, 1 failed; 6 pages read." in result.stdout
    assert "bad.pdf" in result.stderr
    assert contents(tmp_path / "out") == contents(tmp_path / "plain")


def test_a_file_that_arrives_in_a_watched_inbox_is_taken_at_once(deployed: dict[str, str], tmp_path: Path) -> None:
    """The whole way: watch, event, the trigger of prefect.yaml, the worker."""
    box, out = tmp_path / "inbox", tmp_path / "out"
    box.mkdir()
    parameters: dict[str, Any] = {"inbox": str(box), "output": str(out), "settle_seconds": 0}
    set_parameters(deployed, "uploads/uploads", {**parameters, "options": {"engine": {"name": "null"}}})
    command = ("commands.main", "watch", str(box), "--settle-seconds", "1", "--poll-seconds", "0.5")
    with process(*command, env=deployed, log=tmp_path / "watch") as watching:
        scans(box, "new")
        wait_for((out / "new" / "run.json").exists, 600, watching, tmp_path / "watch")
    assert (box / "new.pdf").exists()


def set_parameters(env: dict[str, str], name: str, parameters: dict[str, Any]) -> None:
    """Give a deployment other parameters, as one does in Prefect's page."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import DeploymentUpdate
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: env["PREFECT_API_URL"]}), get_client(sync_client=True) as client:
        found = client.read_deployment_by_name(name)
        client.update_deployment(found.id, DeploymentUpdate(parameters=parameters))
