"""What a benchmark ran on: machine, operating system, versions. No names of hosts or people."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

_LIBRARIES = (
    "qingzhang",
    "paddleocr",
    "paddlex",
    "rapidocr",
    "onnxruntime",
    "openvino",
    "opencv-contrib-python",
    "pymupdf",
    "numpy",
    "rapidfuzz",
)


def _processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def machine() -> str:
    """Processor, usable cores and system, in one line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{_processor()}, {cores} cores, {platform.system()}"


def _commit() -> str | None:
    """The commit that the code is at, marked where the code differs from it."""
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def versions() -> dict[str, str]:
    """Python, the commit and the libraries that decide the output."""
    found = {"python": platform.python_version(), "commit": _commit()}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return {name: version for name, version in found.items() if version}
