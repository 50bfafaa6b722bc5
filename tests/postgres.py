"""A PostgreSQL server of our own for one test run: real, on loopback, in a temporary folder, gone afterwards."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_DEBIAN = Path("/usr/lib/postgresql")
_USER = "postgres"
"""PostgreSQL refuses to run as root: Debian's package makes this user."""


def _tool(name: str) -> str:
    """Debian keeps the server's programs out of PATH, in a folder for each version."""
    newest = sorted(_DEBIAN.glob(f"*/bin/{name}"), key=lambda p: int(p.parts[-3]))
    found = str(newest[-1]) if newest else shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed; .ci/system-packages installs it")
    return found


def _as_user(*command: str) -> list[str]:
    return ["runuser", "-u", _USER, "--", *command] if os.geteuid() == 0 else list(command)


_KEPT: list[IO[bytes]] = []
"""Locks of this process's ports; they end with it."""


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now, and that is given to no other test process.

    Not one of those that the system gives to connections (Linux: 32768 and above): between this question and the
    server's start somebody would get it now and then.
    """
    for port in random.SystemRandom().sample(range(20_000, 30_000), 500):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        lock = (Path(tempfile.gettempdir()) / f"qingzhang-test-port-{port}").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        _KEPT.append(lock)
        return port
    raise RuntimeError("no port is free")


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """``host:port`` of a fresh server whose files lie in ``folder``; user postgres, no password, database postgres."""
    data, port = folder / "data", free_port()
    data.mkdir(parents=True)
    if os.geteuid() == 0:
        for above in (data, *data.parents):  # pytest's folders are closed to other users
            if above == Path(above.anchor) or above.owner() != "root":
                break
            above.chmod(above.stat().st_mode | 0o011)
        shutil.chown(data, _USER, _USER)
        data.chmod(0o700)
    quiet = {"stdout": subprocess.DEVNULL, "cwd": "/"}
    initdb = _as_user(_tool("initdb"), "-D", str(data), "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
    subprocess.run(initdb, check=True, **quiet)  # type: ignore[call-overload]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    log = data / "log"
    start = _as_user(_tool("pg_ctl"), "-D", str(data), "-o", options, "-l", str(log), "-w", "-t", "300", "start")
    subprocess.run(start, check=True, **quiet)  # type: ignore[call-overload]
    try:
        yield f"127.0.0.1:{port}"
    finally:
        _stop(data)


def _stop(data: Path) -> None:
    """End the server at once (SIGQUIT: immediate shutdown).

    Not by pg_ctl: another test run closes the folders above to the server's user (pytest sets /tmp/pytest-of-… to
    0700 whenever one starts), and the server would stay behind.
    """
    pid = int((data / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)
    for _ in range(100):
        if not (data / "postmaster.pid").exists():
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
