"""``qingzhang doctor``: what is installed, what works, and what is missing. Touches no network."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass

import click

from document.exceptions import ExitCode, QingzhangError
from flows.batch import usable_cores
from flows.versions import code_fingerprint, library_version, program_version
from ocr.engine import EngineName, EngineOptions, load_engine

LIBRARIES = ("pymupdf", "opencv-contrib-python", "numpy", "rapidfuzz", "pydantic", "paddleocr", "paddlex", "rapidocr")
RUNTIMES = ("openvino", "onnxruntime", "onnxruntime-gpu", "paddlepaddle", "paddlepaddle-gpu", "prefect")
"""Libraries that may be there or not; the default engine needs the first two."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    topic: str
    found: str
    fine: bool = True
    needed: bool = True
    """Whether the program is of no use without it."""


@click.command(name="doctor")
def command() -> int:
    """Show versions, engines and models, and what is missing. Touches no network.

    The exit code is 3 when something is missing that the default way needs.
    """
    sick = False
    for check in checks():
        mark = "ok" if check.fine else "MISSING" if check.needed else "absent"
        click.echo(f"{mark:8}{check.topic:24}{check.found}")
        sick = sick or (check.needed and not check.fine)
    return ExitCode.MISSING_DEPENDENCY if sick else ExitCode.OK


def checks() -> Iterator[Check]:
    """Everything that is looked at, in the order of the report."""
    yield Check("qingzhang", f"{program_version()} (code {code_fingerprint()})")
    yield Check("python", f"{platform.python_version()}, {platform.platform()}, {usable_cores()} cores")
    yield from (_library(name, needed=True) for name in LIBRARIES)
    yield from (_library(name, needed=name in RUNTIMES[:2]) for name in RUNTIMES)
    yield _one_cv2()
    yield _dictionaries()
    yield from (_engine(name) for name in EngineName)
    yield _gpu()


def _library(name: str, needed: bool) -> Check:
    version = library_version(name)
    return Check(name, version or "not installed", version is not None, needed)


def _one_cv2() -> Check:
    """Several OpenCV distributions overwrite each other's files."""
    names = ("opencv-python", "opencv-python-headless", "opencv-contrib-python-headless")
    rivals = [name for name in names if library_version(name)]
    advice = f"{', '.join(rivals)} shares its files with opencv-contrib-python: uninstall both, install contrib again"
    return Check("one OpenCV", advice if rivals else "no rival of opencv-contrib-python", not rivals)


def _dictionaries() -> Check:
    from dictionaries.loader import load_dictionary

    try:
        dictionary = load_dictionary()
    except (ValueError, OSError) as error:
        return Check("dictionaries", str(error), fine=False)
    return Check("dictionaries", f"{dictionary.version}, {len(dictionary.subjects)} subjects")


def _engine(name: EngineName) -> Check:
    """Load the engine as a run would, with its default models."""
    before = os.dup(2)
    silence = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silence, 2)  # the libraries' own chatter
        version = load_engine(EngineOptions(name=name)).version
    except QingzhangError as error:
        return Check(f"engine {name}", str(error), fine=False, needed=name is EngineName.PADDLE)
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(silence)
    return Check(f"engine {name}", version)


def _gpu() -> Check:
    try:
        import onnxruntime

        providers = onnxruntime.get_available_providers()
    except ImportError:
        providers = []
    gpu = [name for name in providers if "CUDA" in name or "Tensorrt" in name]
    return Check("gpu", ", ".join(gpu) or "none; the CPU does", bool(gpu), needed=False)
