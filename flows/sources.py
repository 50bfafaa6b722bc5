"""The files of a run by path or URL, each with the name of its folder in the output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from document.exceptions import InputError, NotADocument
from flows.batch import line_up
from flows.inputs import MAX_FILES, SUFFIXES, find_inputs, folder_names, scans_below
from flows.outputs import Manifest
from flows.pieces import Item, manifest_in, place_of
from flows.places import Folder, content_hash, file_system, local_path

_AT_ONCE = 16
"""Requests to a bucket at a time."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An input that cannot be worked on, and why."""

    url: str
    error: InputError


@dataclass(frozen=True, slots=True)
class Found:
    """The files of a run in a fixed order, each once, and what was refused."""

    items: tuple[Item, ...]
    refused: tuple[Refused, ...] = ()


def find_sources(inputs: Sequence[str], output: Folder) -> Found:
    """The files that paths and URLs name, as ``qingzhang run`` finds and names them."""
    paths = [local_path(url) for url in inputs]
    if output.local is not None and all(path is not None for path in paths):
        found = find_inputs([path for path in paths if path is not None], output.local)
        items = tuple(Item(str(file.source), file.name) for file in line_up(found, output.local))
        return Found(items, tuple(Refused(str(r.path), r.error) for r in found.refusals))
    urls: dict[str, None] = {}
    refused: list[Refused] = []
    for url in inputs:
        files, errors = _files_of(url, output)
        urls.update(dict.fromkeys(files))
        refused += errors
    return Found(name_items(tuple(urls), output), tuple(refused))


def scans_at(folder: Folder, output: Folder) -> tuple[str, ...]:
    """The scans below a folder, sorted; none is no error. Raises OSError."""
    if folder.local is not None:
        leave_out = output.local or folder.local / ".none"
        return tuple(str(path) for path in sorted(scans_below(folder.local, leave_out)))
    try:
        return tuple(_remote_scans(folder.url, output))
    except InputError:
        return ()


def name_items(urls: Sequence[str], output: Folder) -> tuple[Item, ...]:
    """The files with the name of each one's folder: fixed before any is read, so that none takes another's."""
    there = _manifests(output)

    def is_taken(name: str, file: Path) -> bool:
        manifest, url = there.get(name), by_path[file]
        if manifest is None or manifest.place == place_of(url):
            return False
        try:
            return manifest.sha256 != content_hash(url)
        except OSError:
            return False

    by_path = {Path(url): url for url in urls}
    names = folder_names([Path(url) for url in urls], is_taken, lambda file: place_of(by_path[file]))
    return tuple(Item(url, name) for url, name in zip(urls, names, strict=True))


def _manifests(output: Folder) -> dict[str, Manifest | None]:
    names = [name for name in output.folders() if not name.startswith(".")]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return dict(zip(names, threads.map(lambda name: manifest_in(output.child(name)), names), strict=True))


def _files_of(url: str, output: Folder) -> tuple[tuple[str, ...], tuple[Refused, ...]]:
    path = local_path(url)
    if path is not None:
        found = find_inputs([path], output.local or path / ".")
        return tuple(map(str, found.files)), tuple(Refused(str(r.path), r.error) for r in found.refusals)
    try:
        return tuple(_remote_scans(url, output)), ()
    except InputError as error:
        return (), (Refused(url, error),)


def _remote_scans(url: str, output: Folder) -> Iterable[str]:
    """The scans at a URL: the file itself, or those below it; hidden ones and the output are left out."""
    system, path = file_system(url)
    try:
        entries = system.find(path, detail=True)
    except FileNotFoundError:
        entries = {}
    if not entries:
        raise NotADocument(f"{url}: is not there, or holds nothing. Check the name.")
    if set(entries) == {path}:
        return [url]
    scans = [system.unstrip_protocol(name) for name in sorted(entries) if _is_scan(name.removeprefix(path))]
    found = [scan for scan in scans if not scan.startswith(f"{output.url}/")]
    if not found:
        raise InputError(f"{url}: holds no scans ({', '.join(sorted(s[1:].upper() for s in SUFFIXES))}).")
    if len(found) > MAX_FILES:
        raise InputError(f"{url}: holds more than {MAX_FILES} scans. Name a smaller folder.")
    return found


def _is_scan(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return PurePosixPath(name).suffix.lower() in SUFFIXES and not any(part[0] == "." for part in parts if part != "/")
