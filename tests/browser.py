"""A real browser for tests: Debian's Chromium without a window, a new profile each time, no network of its own."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

needs_browser = pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def screenshot(file: Path, folder: Path, size: str = "1000,2400") -> NDArray[np.uint8]:
    """The first ``size`` pixels of the page, ``(height, width, 3)`` red, green, blue."""
    out = folder / "shot.png"
    _run(file, folder, f"--window-size={size}", f"--screenshot={out}")
    return np.asarray(Image.open(out).convert("RGB"))


def dump_dom(file: Path, folder: Path) -> str:
    """The page as the browser has it after its scripts have run."""
    return _run(file, folder, "--dump-dom").decode()


def printed(file: Path, folder: Path) -> Path:
    """The page as the browser prints it, a PDF."""
    out = folder / "printed.pdf"
    _run(file, folder, f"--print-to-pdf={out}", "--no-pdf-header-footer")
    return out


def _run(file: Path, folder: Path, *options: str) -> bytes:
    command = ["chromium", *OPTIONS, f"--user-data-dir={folder / 'profile'}", *options, file.as_uri()]
    return subprocess.run(command, check=True, capture_output=True, timeout=600).stdout
