"""What is known of the files in an inbox: which are done, which failed how often, and under which name each lies.

Everything lies beside the outputs, in ``.uploads/``; the inbox itself is only read, but for files that are moved to
quarantine, their bytes untouched.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from document.exceptions import ExitCode, InputError
from flows.artifacts import DocumentRow
from flows.inputs import folder_names
from flows.outputs import file_hash
from flows.pieces import Item, manifest_in, place_of
from flows.places import Folder, LocalFolder, RemoteFolder, cache_folder, content_hash, file_name, local_path
from flows.sources import scans_at

STATE = ".uploads"
QUARANTINE = "quarantine"
ATTEMPTS = 3
"""Failures after which a file goes to quarantine."""
FAULTS_OF_THE_FILE = frozenset(
    {
        ExitCode.INPUT_FILE,
        ExitCode.ENCRYPTED,
        ExitCode.CHILD_PROCESS_ERROR,
        ExitCode.INVALID_OUTPUT,
        ExitCode.OTHER_ERROR,
    }
)
"""A missing engine, a full disk or a dictionary with a fault are not the file's: it waits until they are mended."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in an inbox: this place, these bytes."""

    url: str
    sha256: str

    @property
    def id(self) -> str:
        """Tells it from other files, and from other bytes in the same place."""
        return hashlib.sha256(f"{place_of(self.url)} {self.sha256}".encode()).hexdigest()[:32]


class Inbox:
    """A folder that files are put into, and what is known of them in the output."""

    def __init__(self, inbox: Folder, output: Folder) -> None:
        self.inbox = inbox
        self.output = output
        self.state = output.child(STATE)
        self.quarantine = inbox.child(QUARANTINE)

    def settled(self, seconds: float) -> Iterator[Upload]:
        """The files that nobody has written to for so long; quarantine, hidden files and the output are left out.

        Raises OSError, InputError where the inbox is not there.
        """
        for url in self._files():
            path = local_path(url)
            try:
                if path is None:
                    yield Upload(url, content_hash(url))  # objects in a bucket come whole
                elif time.time() - path.stat().st_mtime >= seconds:
                    yield Upload(url, _known_hash(path))
            except FileNotFoundError:  # taken away meanwhile
                continue

    def _files(self) -> tuple[str, ...]:
        if self.inbox.local is not None and not self.inbox.local.is_dir():
            raise InputError(f"{self.inbox.url}: is no folder. Make it, or name another.")
        inside = f"{self.quarantine.url}/"
        return tuple(url for url in scans_at(self.inbox, self.output) if not url.startswith(inside))

    def done(self) -> frozenset[str]:
        """The uploads that are through, by id. Raises OSError."""
        return frozenset(self.state.child("done").names())

    def named(self, upload: Upload) -> Item:
        """The upload with a folder name that is its own for good: names are reserved, also between runs."""
        (stem,) = folder_names([Path(upload.url)], lambda *_: False)
        place = place_of(upload.url)
        for name in (stem, f"{stem}-{place}"):
            reserved = self.state.child("names")
            key = hashlib.sha256(name.casefold().encode()).hexdigest()[:32]
            if reserved.create(key, place.encode()) or reserved.read(key) == place.encode():
                manifest = manifest_in(self.output.child(name))
                if manifest is None or place == manifest.place or manifest.sha256 == upload.sha256:
                    return Item(upload.url, name)
        return Item(upload.url, f"{stem}-{upload.id}")

    def note_done(self, upload: Upload, row: DocumentRow) -> bool:
        """Write down that an upload is through; False where another run did. Raises OSError."""
        note = {"file": upload.url, "sha256": upload.sha256, "output": row.folder, "pages": row.pages, "at": _now()}
        return self.state.child("done").create(upload.id, json.dumps(note, ensure_ascii=False).encode())

    def note_failure(self, upload: Upload, message: str) -> int:
        """Write down that an upload failed; how often it has, with this time. Raises OSError."""
        failures = self.state.child("failures").child(upload.id)
        count = len(failures.names()) + 1
        while not failures.create(f"{count}", f"{_now()} {message}".encode()):
            count += 1
        return count

    def put_aside(self, upload: Upload) -> str:
        """Move a file to quarantine with a note of what happened; its new place. Raises OSError."""
        failures = self.state.child("failures").child(upload.id)
        said = [failures.read(name).decode() for name in failures.names()]
        name = file_name(upload.url)
        if self.quarantine.has(name):
            name = f"{upload.id[:8]}-{name}"
        note = [f"{name} could not be read {len(said)} times; its bytes are as they came.", f"SHA-256 {upload.sha256}"]
        note += [f"It came as {upload.url}", "", *said, "", "Put it right and back into the inbox to try again."]
        self.quarantine.write(f"{name}.note.txt", ("\n".join(note) + "\n").encode())
        _move(upload.url, self.quarantine, name)
        failures.remove_all()
        return f"{self.quarantine.url}/{name}"


def _move(url: str, folder: Folder, name: str) -> None:
    """Move a file; over file systems it is copied, compared, and only then taken away. Raises OSError."""
    path = local_path(url)
    if isinstance(folder, RemoteFolder):
        folder.fs.mv(folder.fs._strip_protocol(url), folder.at(name))
        return
    assert path is not None
    assert isinstance(folder, LocalFolder)
    try:
        os.rename(path, folder.path / name)
    except OSError:
        shutil.copy2(path, folder.path / name)
        if file_hash(folder.path / name) != file_hash(path):
            raise
        path.unlink()


def _known_hash(path: Path) -> str:
    """SHA-256 of a file; taken from a note of this machine while size, time and inode are the same. Raises OSError."""
    stat = path.stat()
    mark = f"file {os.path.realpath(path)} {stat.st_size} {stat.st_mtime_ns} {stat.st_ino}"
    notes = LocalFolder(cache_folder() / "known")
    name = hashlib.sha256(mark.encode("utf-8", "surrogateescape")).hexdigest()
    if notes.has(name):
        return notes.read(name).decode()
    digest = file_hash(path)
    if path.stat().st_mtime_ns == stat.st_mtime_ns:
        notes.write(name, digest.encode())
    return digest


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
