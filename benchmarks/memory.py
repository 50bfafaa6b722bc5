"""Memory of a process and all its children while it runs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

_EVERY = 0.25
"""Seconds between looks: a page takes longer."""


def peak_of_tree(process: subprocess.Popen[bytes], proc: Path = Path("/proc")) -> float:
    """Wait for a process; MiB that it and its children held at most, each shared page counted once.

    0 where the system does not tell (only Linux does).
    """
    peak = 0.0
    while True:
        peak = max(peak, sum(_held(pid, proc) for pid in tree(process.pid, proc)))
        try:
            process.wait(_EVERY)
        except subprocess.TimeoutExpired:
            continue
        return peak


def tree(pid: int, proc: Path = Path("/proc")) -> Iterator[int]:
    """The process and all below it that are alive."""
    yield pid
    for children in proc.glob(f"{pid}/task/*/children"):
        try:
            below = children.read_text(encoding="ascii").split()
        except OSError:  # ended meanwhile
            continue
        for child in below:
            yield from tree(int(child), proc)


def _held(pid: int, proc: Path) -> float:
    """MiB of one process; a page that n processes share counts 1/n (proportional set size)."""
    try:
        lines = (proc / str(pid) / "smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)
