"""Which files a run works on, and in which folder each one's output goes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from document.exceptions import InputError, NotADocument

SUFFIXES = frozenset({".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff"})
"""What a folder is searched for; a file named outright may have any name."""
MAX_FILES = 1_000_000
"""Files of one run: a folder that holds more is a mistake, such as the root of a disk."""
_LONGEST = 120
"""Bytes of a file's stem that go into the name of its folder: 255 is what file systems take."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An input that cannot be worked on, and why."""

    path: Path
    error: InputError


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of a run, in a fixed order, each once; and what was refused."""

    files: tuple[Path, ...]
    refusals: tuple[Refusal, ...] = ()


def find_inputs(paths: Iterable[Path], output: Path) -> Inputs:
    """The files that ``paths`` name: files as they are, folders searched through, ``output`` left out.

    A path that is not there and a folder without scans are refused, each with the way out.
    """
    files: dict[Path, Path] = {}
    refusals: list[Refusal] = []
    for path in paths:
        try:
            for file in _files(path, output):
                files.setdefault(Path(os.path.realpath(file)), file)
        except InputError as error:
            refusals.append(Refusal(path, error))
    return Inputs(tuple(files.values()), tuple(refusals))


def _files(path: Path, output: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(scans_below(path, output))
        if not found:
            wanted = ", ".join(sorted(s[1:].upper() for s in SUFFIXES))
            raise InputError(f"{path}: holds no scans ({wanted}). Name the folder that has them.")
        return found
    if not os.path.lexists(path):
        raise NotADocument(f"{path}: is not there. Check the name.")
    if not path.is_file():
        raise NotADocument(f"{path}: is no ordinary file. Name a PDF, an image, or a folder of them.")
    return [path]


def scans_below(folder: Path, output: Path) -> Iterator[Path]:
    """Scans below ``folder``; hidden folders, linked folders and ``output`` are not entered."""
    leave_out = os.path.realpath(output)
    count = 0
    for here, folders, names in os.walk(folder):
        folders[:] = [f for f in folders if f[0] != "." and os.path.realpath(os.path.join(here, f)) != leave_out]
        for name in names:
            if name[0] != "." and os.path.splitext(name)[1].lower() in SUFFIXES:
                count += 1
                if count > MAX_FILES:
                    raise InputError(f"{folder}: holds more than {MAX_FILES} scans. Name a smaller folder.")
                yield Path(here, name)


def place_digest(path: Path) -> str:
    """Eight hex digits for the place of a file, so that its path need not be written down."""
    return hashlib.sha256(os.path.realpath(path).encode("utf-8", "surrogateescape")).hexdigest()[:8]


def folder_names(
    files: Sequence[Path], is_taken: Callable[[str, Path], bool], place: Callable[[Path], str] = place_digest
) -> tuple[str, ...]:
    """A folder name for each file: its stem, or stem and ``place`` where another document has that name.

    ``is_taken(name, file)`` says whether the output already holds another document under that name. Names are
    compared without case, as some file systems do.
    """
    used: set[str] = set()
    names = []
    for file in files:
        name = _stem(file)
        if name.casefold() in used or is_taken(name, file):
            name = f"{name}-{place(file)}"
        used.add(name.casefold())
        names.append(name)
    return tuple(names)


def _stem(file: Path) -> str:
    """The file's stem as a folder name: not hidden, not too long, no backslash."""
    stem = file.stem.replace("\\", "_").strip().lstrip(".") or "document"
    raw = stem.encode("utf-8", "surrogateescape")[:_LONGEST]
    return raw.decode("utf-8", "ignore").strip() or "document"
