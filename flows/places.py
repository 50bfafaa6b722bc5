"""Folders of a run, on a disk or in a bucket (fsspec URLs: ``file:``, ``s3:`` …), behind one small interface.

A local folder is used as it is, through ``pathlib``; only for other URLs is fsspec imported.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from document.exceptions import MissingDependencyError
from flows.outputs import file_hash

_MOST_BYTES = 20_000_000_000
"""Of copies that a machine keeps."""
_IN_USE = 3600.0
"""Seconds for which a copy counts as in use since it was last asked for: a chunk of pages takes minutes."""


class Folder(ABC):
    """A folder that several processes and machines may share. Names are relative, with slashes."""

    url: str
    """As a user would write it: a path, or a URL."""

    @property
    def local(self) -> Path | None:
        """The folder on this machine's disk; None where it lies elsewhere."""
        return None

    @abstractmethod
    def child(self, name: str) -> Folder:
        """The folder of that name in this one."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """A file's bytes. Raises FileNotFoundError, OSError."""

    @abstractmethod
    def write(self, name: str, data: bytes) -> None:
        """Write a file so that readers see the old one or the new, also after a power cut. Raises OSError."""

    @abstractmethod
    def create(self, name: str, data: bytes) -> bool:
        """Write a file that is not there yet; False where it is: of several that try, one succeeds. Raises OSError."""

    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The names of the files directly in the folder, sorted; none where it is not there. Raises OSError."""

    @abstractmethod
    def folders(self) -> tuple[str, ...]:
        """The names of the folders directly in the folder, sorted. Raises OSError."""

    @abstractmethod
    def sha256(self, name: str) -> str:
        """SHA-256 of a file, in hex. Raises OSError."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Take a file away, where it is there. Raises OSError."""

    @abstractmethod
    def remove_all(self) -> None:
        """Take the folder away with all that is in it, where it is there. Raises OSError."""

    def has(self, name: str) -> bool:
        """Whether a file of that name lies directly in the folder."""
        return name in self.names()


class LocalFolder(Folder):
    """A folder on a disk of this machine, or one that is mounted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = str(path)

    @property
    def local(self) -> Path | None:
        """The folder itself."""
        return self.path

    def child(self, name: str) -> LocalFolder:
        """The folder of that name in this one."""
        return LocalFolder(self.path / name)

    def read(self, name: str) -> bytes:
        """A file's bytes."""
        return (self.path / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        """By way of a second file that gets the name when its bytes are on the disk."""
        draft = self._draft(name, data)
        os.replace(draft, self.path / name)

    def create(self, name: str, data: bytes) -> bool:
        """As ``write``, by a link, which fails where the name is taken."""
        draft = self._draft(name, data)
        try:
            os.link(draft, self.path / name)
        except FileExistsError:
            return False
        finally:
            draft.unlink()
        return True

    def _draft(self, name: str, data: bytes) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f".{file.name}.{uuid.uuid4().hex[:12]}.draft")
        with draft.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        return draft

    def names(self) -> tuple[str, ...]:
        """Drafts are no files yet."""
        return tuple(sorted(e.name for e in self._entries() if e.is_file() and not e.name.endswith(".draft")))

    def folders(self) -> tuple[str, ...]:
        """The names of the folders in this one."""
        return tuple(sorted(e.name for e in self._entries() if e.is_dir()))

    def _entries(self) -> list[os.DirEntry[str]]:
        with contextlib.suppress(FileNotFoundError), os.scandir(self.path) as entries:
            return list(entries)
        return []

    def sha256(self, name: str) -> str:
        """SHA-256 of a file."""
        return file_hash(self.path / name)

    def has(self, name: str) -> bool:
        """Whether the file is there."""
        return (self.path / name).is_file()

    def remove(self, name: str) -> None:
        """Take a file away."""
        (self.path / name).unlink(missing_ok=True)

    def remove_all(self) -> None:
        """Take the folder away."""
        shutil.rmtree(self.path, ignore_errors=True)


class RemoteFolder(Folder):
    """A folder in a bucket, or wherever else fsspec reaches."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.fs, path = file_system(self.url)
        self._path = path.rstrip("/")

    def at(self, name: str) -> str:
        """A file's path in the file system."""
        return f"{self._path}/{name}"

    def child(self, name: str) -> RemoteFolder:
        """The folder of that name in this one."""
        return RemoteFolder(f"{self.url}/{name}")

    def read(self, name: str) -> bytes:
        """An object's bytes."""
        data: bytes = self.fs.cat_file(self.at(name))
        return data

    def write(self, name: str, data: bytes) -> None:
        """An object comes whole or not at all."""
        self.fs.pipe_file(self.at(name), data)

    def create(self, name: str, data: bytes) -> bool:
        """By a conditional write (``If-None-Match: *``), which S3 and its likes have."""
        try:
            self.fs.pipe_file(self.at(name), data, mode="create")
        except FileExistsError:
            return False
        return True

    def names(self) -> tuple[str, ...]:
        """The objects directly below the prefix."""
        return tuple(sorted(_last(e["name"]) for e in self._entries() if e["type"] == "file" and _last(e["name"])))

    def folders(self) -> tuple[str, ...]:
        """The prefixes directly below the prefix."""
        return tuple(sorted(_last(e["name"]) for e in self._entries() if e["type"] == "directory"))

    def _entries(self) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = self.fs.ls(self._path, detail=True, refresh=True)
        except FileNotFoundError:
            return []
        return [e for e in found if e["name"].rstrip("/") != self._path]

    def sha256(self, name: str) -> str:
        """Of bytes that this machine has seen before from its notes, else by fetching them."""
        known = _note(self.fs, self.at(name))
        if not known.exists():
            _write_note(known, hashlib.sha256(self.read(name)).hexdigest())
        return known.read_text()

    def remove(self, name: str) -> None:
        """Take an object away."""
        with contextlib.suppress(FileNotFoundError):
            self.fs.rm_file(self.at(name))

    def remove_all(self) -> None:
        """Take away all objects below the prefix."""
        with contextlib.suppress(FileNotFoundError):
            self.fs.rm(self._path, recursive=True)


def folder_at(url: str | Path) -> Folder:
    """The folder that a path or URL names. Raises MissingDependencyError where its protocol is not installed."""
    path = local_path(url)
    return RemoteFolder(str(url)) if path is None else LocalFolder(path)


def local_path(url: str | Path) -> Path | None:
    """The path that a path or a ``file:`` URL names; None for what lies elsewhere."""
    if isinstance(url, Path):
        return url
    if url.startswith("file:"):
        return Path(unquote(urlsplit(url).path))
    return None if "://" in url else Path(url)


def file_system(url: str) -> tuple[Any, str]:
    """fsspec's file system for a URL, and the path in it; listings are never taken from memory."""
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        raise MissingDependencyError(
            f"{url}: this kind of place is not known here ({error}). `pip install qingzhang[cluster]` brings S3."
        ) from error
    return system, str(path)


def cache_folder() -> Path:
    """Where this machine keeps copies of inputs: ``QINGZHANG_CACHE``, or the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "qingzhang"
    folder = Path(os.environ.get("QINGZHANG_CACHE") or default)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder of this machine for one piece of work; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="qingzhang-") as folder:
        yield Path(folder)


def fetch(url: str) -> Path:
    """The file on this machine's disk: itself where it is local, else a copy, kept by its content. Raises OSError.

    The copy has the file's own name, which is part of what is made of it.
    """
    path = local_path(url)
    if path is not None:
        return path
    system, remote = file_system(url)
    note = _note(system, remote)
    if note.exists() and (copy := _copy(note.read_text(), url)).exists():
        os.utime(copy)
        return copy
    _make_room(_MOST_BYTES)
    draft = cache_folder() / f"{uuid.uuid4().hex}.draft"
    try:
        system.get_file(remote, str(draft))
        digest = file_hash(draft)
        copy = _copy(digest, url)
        copy.parent.mkdir(parents=True, exist_ok=True)
        os.replace(draft, copy)
    finally:
        draft.unlink(missing_ok=True)
    _write_note(note, digest)
    return copy


def content_hash(url: str) -> str:
    """SHA-256 of a file; a remote one is fetched only where this machine has not seen these bytes. Raises OSError."""
    path = local_path(url)
    if path is not None:
        return file_hash(path)
    note = _note(*file_system(url))
    return note.read_text() if note.exists() else file_hash(fetch(url))


def _make_room(most: int) -> None:
    """Take copies away that nobody has used for an hour, the oldest first, until no more than ``most`` bytes remain."""
    found = [(stat.st_mtime, stat.st_size, f) for f in cache_folder().glob("inputs/*/*") if (stat := _stat(f))]
    total = sum(size for _, size, _ in found)
    for used, size, copy in sorted(found, key=lambda item: item[0]):
        if total <= most or time.time() - used < _IN_USE:
            return
        shutil.rmtree(copy.parent, ignore_errors=True)
        total -= size


def _stat(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except OSError:  # another process made room
        return None


def file_name(url: str) -> str:
    """The last part of a path or URL."""
    path = local_path(url)
    return path.name if path is not None else PurePosixPath(url).name


def _copy(digest: str, url: str) -> Path:
    return cache_folder() / "inputs" / digest / file_name(url)


def _note(system: Any, path: str) -> Path:
    """Where the hash of a remote file is noted; it changes with the file (its ETag). Raises FileNotFoundError."""
    name = hashlib.sha256(f"{system.unstrip_protocol(path)} {system.ukey(path)}".encode()).hexdigest()
    return cache_folder() / "known" / name


def _write_note(note: Path, digest: str) -> None:
    LocalFolder(note.parent).write(note.name, digest.encode())


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
