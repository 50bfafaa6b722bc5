"""An S3 server of our own for tests: moto in an environment of its own, as a process on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from postgres import free_port

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


def server_program() -> Path:
    """``make test`` puts it beside the environment of the tests."""
    return Path(sys.prefix).parent / ".venv-moto" / "bin" / "moto_server"


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """A server without anything in it; gives the environment that its clients need."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(server_program()), "-H", "127.0.0.1", "-p", str(port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, env={**os.environ, **KEYS})
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(url, timeout=5)
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                assert process.poll() is None
                time.sleep(0.1)
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
