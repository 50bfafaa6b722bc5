"""Prefect for tests: its temporary server in this process, or a real one of several processes on loopback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from postgres import free_port

ROOT = Path(__file__).parent.parent
QUIET = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1", "PREFECT_LOGGING_LEVEL": "WARNING"}
STARTUP = 300
"""Seconds that a server may take: two busy cores need up to 40, and how soon it is there proves nothing."""


@contextmanager
def temporary_server() -> Iterator[None]:
    """Prefect's temporary server, for flows that are called in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUIET.items():
            patch.setenv(name, value)
        from prefect.settings import PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS, temporary_settings
        from prefect.testing.utilities import prefect_test_harness

        with (
            temporary_settings({PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: STARTUP}),
            prefect_test_harness(server_startup_timeout=STARTUP),
        ):
            yield


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of processes that share nothing with the user's own Prefect."""
    code = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    home = {"PREFECT_HOME": str(folder / "prefect"), "QINGZHANG_CACHE": str(folder / "cache")}
    return {**os.environ, **QUIET, **home, "PYTHONPATH": code, **more}


@contextmanager
def process(*command: str, env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with all it starts, killed afterwards."""
    with log.open("ab") as out:
        started = subprocess.Popen(
            [sys.executable, "-m", *command], env=dict(env), cwd=ROOT, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield started
    finally:
        kill(started)


def kill(started: subprocess.Popen[bytes]) -> None:
    """``kill -9`` for a process and all it started."""
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


@contextmanager
def server(folder: Path, **more: str) -> Iterator[dict[str, str]]:
    """A real server; gives the environment for its clients."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    env = environment(folder, **more)
    command = ("prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port))
    with process(*command, env=env, log=folder / "server.log") as started:
        wait_for(lambda: answers(f"{url}/health"), STARTUP, started, folder / "server.log")
        yield {**env, "PREFECT_API_URL": url}


def answers(url: str) -> bool:
    """Whether a server answers there."""
    with suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def wait_for(
    what: object, seconds: float, started: subprocess.Popen[bytes] | None = None, log: Path | None = None
) -> None:
    """Wait until ``what()`` is true; fails where it takes too long or the process ends."""
    end = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        said = log.read_text(encoding="utf-8", errors="replace")[-3000:] if log and log.exists() else ""
        assert started is None or started.poll() is None, f"ended with {started.returncode}: {said}"
        assert time.monotonic() < end, f"not within {seconds} s: {said}"
        time.sleep(0.1)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
