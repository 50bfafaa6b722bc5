"""One folder per document: written under a temporary name, renamed when whole, and known again at the next run."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from document.exceptions import OutputError
from document.types import Document
from document.writers.formats import DEFAULT_FORMATS, Format, write_format
from document.writers.original import Original
from flows.inputs import place_digest

MANIFEST = "run.json"
TEMPORARY = "temporary"
"""Folder beside the outputs that ``--keep-temporary-files`` keeps."""
_ABANDONED = 3600.0
"""Seconds after which an untouched temporary folder counts as left by a run that was killed."""

_FileName = Annotated[str, StringConstraints(pattern=r"^(tables/)?[\w（(-][\w.（）()-]*$", max_length=100)]


class PageFailure(BaseModel):
    """A page that could not be read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    page: int
    error: str


class Manifest(BaseModel):
    """``run.json``: what made the outputs of one document, so that the next run can tell whether they still hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str | None = Field(description="hash over file, options and versions; null: to be read again in any case")
    sha256: str = Field(description="of the source file")
    place: str = Field(description="eight hex digits for where the source file lies")
    options: dict[str, object] = Field(description="that decided the content")
    versions: dict[str, str] = Field(description="of code, libraries, models and dictionaries")
    outputs: dict[_FileName, str] = Field(description="SHA-256 of each output, by file name")
    formats: tuple[Format, ...] = Field((), description="that the outputs are")
    pages: int = Field(description="pages read")
    failures: tuple[PageFailure, ...] = ()
    for_review: int = Field(0, description="table cells, blocks and tables that a person should look at")
    amounts: int = Field(0, description="amounts in tables")
    verified: int = Field(0, description="amounts that take part in sums that hold, and are in no doubt")


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hex. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def cache_key(name: str, sha256: str, options: Mapping[str, object], versions: Mapping[str, str]) -> str:
    """The hash that an output depends on: the file's name and bytes, the options, the versions."""
    text = json.dumps([name, sha256, options, versions], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def read_manifest(folder: Path) -> Manifest | None:
    """The folder's manifest, or None when there is none that can be read."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        return None


def is_unchanged(folder: Path, manifest: Manifest | None, key: str) -> bool:
    """Whether the folder holds the whole, unedited outputs of exactly this key, in whatever formats."""
    if manifest is None or manifest.key != key or Format.JSON not in manifest.formats:
        return False
    try:
        return all(file_hash(folder / name) == digest for name, digest in manifest.outputs.items())
    except OSError:
        return False


def is_taken(folder: Path, source: Path) -> bool:
    """Whether the folder holds another document than ``source``: neither from that place nor of those bytes."""
    manifest = read_manifest(folder)
    if manifest is None or manifest.place == place_digest(source):
        return False
    try:
        return manifest.sha256 != file_hash(source)
    except OSError:
        return False


def prepare_output(output: Path) -> None:
    """Make the output folder, try to write there, and take away what killed runs left.

    Raises OutputError with the way out.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=output, prefix=".try-"):
            pass
        for left in output.glob(".*.partial"):
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)
    except OSError as error:
        raise OutputError(
            f"{output}: cannot be written ({error.strerror}). Choose another folder with -o, or make room."
        ) from error


def temporary_folder(output: Path, name: str) -> Path:
    """A new folder beside the final one, on the same file system. Raises OutputError."""
    try:
        return Path(tempfile.mkdtemp(prefix=f".{name}.", suffix=".partial", dir=output))
    except OSError as error:
        raise OutputError(f"{output}: cannot be written ({error.strerror}). Make room or rights there.") from error


def write_outputs(
    document: Document,
    folder: Path,
    formats: Collection[Format] = DEFAULT_FORMATS,
    original: Original | None = None,
) -> dict[str, str]:
    """Write the outputs of a document into ``folder``, made where it is not there; the SHA-256 of each by name.

    Raises OutputError, and ContractError when the document does not fit its schema.
    """
    hashes = {}
    try:
        folder.mkdir(exist_ok=True)
        for name in sorted(set(formats)):
            for file, data in write_format(name, document, original).items():
                (folder / file).parent.mkdir(exist_ok=True)
                (folder / file).write_bytes(data)
                hashes[file] = hashlib.sha256(data).hexdigest()
    except OSError as error:
        raise OutputError(f"{folder.parent.parent}: cannot be written ({error.strerror}). Make room.") from error
    return hashes


def write_whole(file: Path, data: bytes) -> None:
    """Write a file so that readers see the old one or the new, never a part of one. Raises OutputError."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".try-", delete=False) as draft:
            draft.write(data)
        Path(draft.name).chmod(0o644)
        os.replace(draft.name, file)
    except OSError as error:
        raise OutputError(f"{file}: cannot be written ({error.strerror}). Choose another place.") from error


def commit(draft: Path, manifest: Manifest, final: Path) -> None:
    """Bring the files in ``draft`` to ``final``; readers see the old document or the new, never a part of one.

    A new folder is renamed in one step. In an existing one the manifest goes first and comes last, so that a run
    killed in between is noticed; files of the user's own stay. Raises OutputError.
    """
    old = read_manifest(final)
    try:
        (draft / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
        if not final.exists():
            draft.rename(final)
            return
        (final / MANIFEST).unlink(missing_ok=True)
        for name in (*(n for n in manifest.outputs if (draft / n).exists()), MANIFEST):
            (final / name).parent.mkdir(exist_ok=True)
            os.replace(draft / name, final / name)
        for name in set(old.outputs if old else ()) - set(manifest.outputs):
            (final / name).unlink(missing_ok=True)
        shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{final}: cannot be written ({error.strerror}). Make room or rights there.") from error


def keep_temporary(work: Path, final: Path) -> None:
    """Move the temporary files of a document to ``temporary/`` in its folder, in place of those of an earlier run."""
    kept = final / TEMPORARY
    shutil.rmtree(kept, ignore_errors=True)
    final.mkdir(exist_ok=True)
    work.rename(kept)
    kept.chmod(0o755)
