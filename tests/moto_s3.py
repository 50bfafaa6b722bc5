"""An S3 server of our own for tests: moto in an environment of its own, as a process on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from postgres import free_port
from prefect_server import wait_for

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


def server_program() -> Path:
    """``make test`` puts it beside the environment of the tests."""
    return Path(sys.prefix).parent / ".venv-moto" / "bin" / "moto_server"


def listens(url: str) -> bool:
    """Whether a server answers there, whatever it says."""
    try:
        urllib.request.urlopen(url, timeout=60)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """A server without anything in it; gives the environment that its clients need."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(server_program()), "-H", "127.0.0.1", "-p", str(port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, env={**os.environ, **KEYS})
    try:
        wait_for(lambda: listens(url), 300, process)
        yield {**KEYS, "AWS_ENDPOINT_URL": url}
    finally:
        process.kill()
        process.wait()


@contextmanager
def s3_bucket(name: str = "archive") -> Iterator[str]:
    """The URL of an empty bucket; this process's environment leads to it meanwhile."""
    import s3fs

    with s3_server() as env, pytest.MonkeyPatch.context() as patch:
        for variable, value in env.items():
            patch.setenv(variable, value)
        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().mkdir(name)
        yield f"s3://{name}"
        s3fs.S3FileSystem.clear_instance_cache()
