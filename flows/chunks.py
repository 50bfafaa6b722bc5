"""What a run has done of a document so far: its plan, and chunks of pages, in a folder that workers share.

The folder's name is the document's cache key (bytes, options, versions), so whoever comes next finds what is done,
whichever run did it. Files are written whole, and a damaged one counts as not there.

They are pickles. Whoever may write to an output folder could put others there; only classes of this program and
arrays are let in.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import math
import pickle
import re
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, is_dataclass
from enum import Enum
from typing import Any

from pydantic import BaseModel

from document.types import PageContent
from flows.outputs import PageFailure
from flows.places import Folder

WORK = ".work"
"""Folder in the output for documents under way."""
_PLAN = "plan"
_ABANDONED = 14 * 86_400.0
"""Seconds after which nobody will come back for a document's work."""
_NAME = re.compile(r"pages-(\d+)-(\d+)")
_ROOMS = frozenset({"document", "ocr", "cleanup", "dictionaries", "flows"})
_OTHERS = frozenset(
    {
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
        ("pathlib", "PosixPath"),
        ("pathlib", "WindowsPath"),
        ("decimal", "Decimal"),
        ("builtins", "frozenset"),
        ("builtins", "set"),
    }
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some pages of a document that were read together."""

    pages: tuple[PageContent, ...]
    lost: tuple[PageFailure, ...] = ()
    """Pages whose process died; they are not among ``pages``."""
    seconds: float = 0.0
    """What reading took, for the table of documents; no output depends on it."""


def work_folder(output: Folder, key: str) -> Folder:
    """The folder for what is done of the document with this cache key."""
    return output.child(WORK).child(key[:40])


def chunk_name(numbers: Sequence[int]) -> str:
    """The name of a chunk: first and last page."""
    return f"pages-{numbers[0]:05d}-{numbers[-1]:05d}"


def chunk_of(waiting: Sequence[int], most: int) -> tuple[int, ...]:
    """The first of the chunks of nearly the same size, at most ``most``, that the waiting pages make."""
    pieces = math.ceil(len(waiting) / most)
    return tuple(itertools.islice(waiting, math.ceil(len(waiting) / pieces)))


def left_to_read(numbers: Sequence[int], done: Iterable[str]) -> tuple[int, ...]:
    """The pages that no chunk among the names ``done`` covers, whatever the size of chunks was then."""
    spans = [(int(m[1]), int(m[2])) for name in done if (m := _NAME.fullmatch(name))]
    return tuple(n for n in numbers if not any(first <= n <= last for first, last in spans))


def write_plan(work: Folder, plan: Any) -> None:
    """Keep the plan of a document. Raises OSError."""
    work.write(_PLAN, _sealed(plan))


def read_plan(work: Folder, room: str = "") -> Any | None:
    """The plan of a document, or None where there is none that can be used. Raises OSError."""
    return _read(work, _PLAN, room)


def write_chunk(work: Folder, numbers: Sequence[int], chunk: Chunk) -> None:
    """Keep a chunk. Raises OSError."""
    work.write(chunk_name(numbers), _sealed(chunk))


def read_chunk(work: Folder, name: str) -> Chunk | None:
    """A chunk that is done, or None. Raises OSError."""
    found = _read(work, name)
    return found if isinstance(found, Chunk) else None


def chunk_names(work: Folder) -> tuple[str, ...]:
    """The names of the chunks that are done. Raises OSError."""
    return tuple(name for name in work.names() if _NAME.fullmatch(name))


def remove_abandoned(output: Folder) -> None:
    """Take away, on a disk, the work of documents that nobody has touched for weeks: options or versions changed.

    In a bucket a lifecycle rule on ``.work/`` does this.
    """
    if output.local is None:
        return
    work = output.local / WORK
    for name in output.child(WORK).folders():
        if time.time() - (work / name).stat().st_mtime > _ABANDONED:
            shutil.rmtree(work / name, ignore_errors=True)
    with contextlib.suppress(OSError):  # not empty, or not there
        work.rmdir()


def _sealed(value: Any) -> bytes:
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return hashlib.sha256(data).digest() + data


def _read(work: Folder, name: str, room: str = "") -> Any | None:
    try:
        data = work.read(name)
    except FileNotFoundError:
        return None
    if hashlib.sha256(data[32:]).digest() != data[:32]:
        return None
    return _Unpickler(io.BytesIO(data[32:]), room).load()


class _Unpickler(pickle.Unpickler):
    """Makes values of this program's own classes, and nothing that acts."""

    def __init__(self, stream: io.BytesIO, room: str) -> None:
        super().__init__(stream)
        self._rooms = _ROOMS | {room.partition(".")[0]}

    def find_class(self, module: str, name: str) -> Any:
        """The class of that name, where it is one of values."""
        if (module, name) in _OTHERS:
            return super().find_class(module, name)
        if module.partition(".")[0] in self._rooms and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and (is_dataclass(found) or issubclass(found, (Enum, BaseModel))):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} has no business in a chunk")
