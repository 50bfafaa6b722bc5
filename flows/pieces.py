"""A document in pieces that any machine may take: open, read chunks of pages, close. Plain functions, no Prefect.

What is done lies in the output's work folder (``flows/chunks.py``); each piece first looks there, so that nothing is
done twice, whoever began it. The outputs are those of ``qingzhang run``, byte for byte.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from document.exceptions import ExitCode, NotADocument, OutputError, QingzhangError
from document.writers.formats import Format
from flows.chunks import (
    Chunk,
    chunk_name,
    chunk_names,
    left_to_read,
    read_chunk,
    read_plan,
    work_folder,
    write_chunk,
    write_plan,
)
from flows.export import DOCUMENT
from flows.inputs import place_digest
from flows.options import RunOptions
from flows.outputs import MANIFEST, Manifest, PageFailure, cache_key, commit, file_hash
from flows.places import Folder, content_hash, fetch, file_name, folder_at, local_path, scratch
from flows.readers import Done, Readers, Slot, lent_readers
from flows.tasks import (
    Answer,
    Conclude,
    Failed,
    Finish,
    Finished,
    Look,
    Looked,
    Open,
    PageDoubts,
    PageRead,
    Prepared,
    ReadPage,
    Steps,
    Task,
    WarmUp,
    document_steps,
    draft,
    load_stored,
    manifest_of,
    page_file,
    plan_file,
    seen_file,
    store,
)
from flows.tasks import Opened as Chosen
from flows.versions import versions
from flows.workers import Lost
from review.decisions import FILE as DECISIONS

Answered = TypeVar("Answered")
_OTHER_STEPS = 10
"""Times ``page_seconds`` that opening and closing a document may take, as in ``flows/batch.py``."""


class DocumentFailed(QingzhangError):
    """A document did not come out; the message is the one that ``qingzhang run`` prints."""

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.OTHER_ERROR) -> None:
        super().__init__(message, exit_code)
        self.exit_code = exit_code

    def __str__(self) -> str:
        return str(self.args[0])


class OtherVersions(QingzhangError):
    """This machine would not write the bytes that the machine which runs the flow would."""

    exit_code = ExitCode.MISSING_DEPENDENCY


class WorkGone(OSError):
    """What an earlier piece left is not there: the document has to be opened again."""


@dataclass(frozen=True, slots=True)
class Job:
    """What all documents of a run have in common."""

    output: str
    """Path or URL of the output folder."""
    options: RunOptions
    versions: Mapping[str, str]
    """Of the machine that runs the flow: all others have to have the same."""
    force: bool = False
    page_seconds: int = 600
    steps: Callable[[], Steps] = document_steps
    processes: int = 1
    """That read pages on a machine for this run."""
    slot: Slot = contextlib.nullcontext
    """What each of them holds while it works."""
    together: bool = True
    """Whether the process that opens a document reads its pages as well."""

    @property
    def folder(self) -> Folder:
        """The output folder."""
        return folder_at(self.output)


@dataclass(frozen=True, slots=True)
class Item:
    """A file to be read, and the name of its folder in the output."""

    url: str
    """Path or URL."""
    name: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A document that has to be read."""

    key: str
    sha256: str
    numbers: tuple[int, ...]
    left: tuple[int, ...]
    """The pages that no run has read yet."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Outputs:
    """A document whose outputs are in their place."""

    key: str
    sha256: str
    pages: int
    """Of the document."""
    read: int
    """Read now; 0 where nothing had to be."""
    failures: tuple[PageFailure, ...] = ()
    for_review: int = 0
    amounts: int = 0
    verified: int = 0
    worst: tuple[PageDoubts, ...] = ()
    seconds: float = 0.0
    announced: bool = True
    """False where the run that wrote them was cut off before it could say so."""


def open_document(item: Item, job: Job) -> Opened | Outputs:
    """The first piece: what is to be read of a file; or its outputs, where they are there already.

    Raises DocumentFailed, OtherVersions, OSError.
    """
    check_versions(job)
    sha256 = _read(content_hash, item.url)
    key = cache_key(file_name(item.url), sha256, job.options.model_dump(mode="json"), job.versions)
    work, folder = work_folder(job.folder, key), job.folder.child(item.name)
    manifest = manifest_in(folder)
    if manifest is not None and not job.force and holds(folder, manifest, key):
        if missing := set(job.options.outputs) - set(manifest.formats):
            add_formats(folder, _read(fetch, item.url), missing)
        return _as_they_are(manifest, key, announced=not work.names())
    plan, seconds = read_plan(work, job.steps.__module__), 0.0
    if plan is None:
        plan, seconds = _prepare(item, _read(fetch, item.url), job, key)
        write_plan(work, plan)
    numbers = tuple(plan.numbers)
    return Opened(key, sha256, numbers, left_to_read(numbers, chunk_names(work)), seconds)


def read_pages(item: Item, job: Job, key: str, numbers: tuple[int, ...]) -> float:
    """The second piece, for some pages: they lie in the work folder afterwards. The seconds of work; 0 if done before.

    Raises DocumentFailed, OtherVersions, WorkGone, OSError.
    """
    work = work_folder(job.folder, key)
    if read_chunk(work, chunk_name(numbers)) is not None:
        return 0.0
    check_versions(job)
    with _at_hand(item, job, work) as here, _readers(job) as readers:
        _SEEN.hand_out(key, here, numbers)
        done = readers.do([(ReadPage(here, n), job.page_seconds) for n in numbers])
        lost = [failure for n, one in zip(numbers, done, strict=True) if (failure := _lost(item, n, one))]
        gone = {failure.page for failure in lost}
        pages = tuple(load_stored(page_file(here, n)) for n in numbers if n not in gone)
    seconds = sum(one.seconds for one in done)
    write_chunk(work, numbers, Chunk(pages, tuple(lost), seconds))
    return seconds


def close_document(item: Item, job: Job, opened: Opened) -> Outputs:
    """The last piece: the chunks as one document, and its outputs in their place. Raises as ``read_pages``."""
    check_versions(job)
    work = work_folder(job.folder, opened.key)
    with _at_hand(item, job, work) as here, _drafting(job.folder, work) as drafts:
        shutil.copyfile(plan_file(here), plan_file(drafts))
        spread = _spread_out(work, drafts)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):  # what people decided in an earlier review
            (drafts / DECISIONS).write_bytes(job.folder.child(item.name).read(DECISIONS))
        lost = {failure.page: failure for failure in spread.lost}
        if absent := [n for n in opened.numbers if n not in lost and not page_file(drafts, n).exists()]:
            raise WorkGone(f"{item.url}: page {absent[0]} was read and is not there any more.")
        left_out = tuple(sorted(lost.values(), key=lambda failure: failure.page))
        with _readers(job) as readers:
            (done,) = readers.do([(Finish(drafts, opened.numbers, left_out, drafts), job.page_seconds * _OTHER_STEPS)])
        finished = _finished(item, done.answer)
        key = None if lost else opened.key
        place = place_of(item.url)
        manifest = manifest_of(finished, key, opened.sha256, place, job.options, job.versions, len(opened.numbers))
        publish(draft(drafts), manifest, job.folder.child(item.name))
    seconds = opened.seconds + spread.seconds + done.seconds
    return Outputs(
        opened.key,
        opened.sha256,
        len(opened.numbers),
        len(opened.numbers),
        finished.failures,
        finished.for_review,
        finished.amounts,
        finished.verified,
        finished.worst,
        seconds,
        announced=False,
    )


def _spread_out(work: Folder, here: Path) -> Chunk:
    """Write the pages of all chunks to files of their own, chunk after chunk; what remains to be said of them.

    A damaged chunk is taken away, so that its pages are read again. Raises OSError.
    """
    lost: list[PageFailure] = []
    seconds = 0.0
    for name in chunk_names(work):
        chunk = read_chunk(work, name)
        if chunk is None:
            work.remove(name)
            continue
        for page in chunk.pages:
            store(page_file(here, page.page.number), page)
        lost += chunk.lost
        seconds += chunk.seconds
    return Chunk((), tuple(lost), seconds)


def put_away(job: Job, key: str) -> None:
    """Take away what was kept of a document on its way. Raises OSError."""
    _SEEN.forget(key)
    work_folder(job.folder, key).remove_all()


def check_versions(job: Job) -> None:
    """Refuse to work where the outputs would differ. Raises OtherVersions."""
    here = _versions(job.options.model_dump_json(), str(job.options.dictionaries), job.options)
    wrong = sorted(name for name in {*here, *job.versions} if here.get(name) != job.versions.get(name))
    if wrong:
        raise OtherVersions(
            f"This machine has {wrong[0]} {here.get(wrong[0])}, the flow {job.versions.get(wrong[0])}: "
            "install the same on all, and start their workers anew."
        )


_KNOWN_VERSIONS: dict[tuple[str, str], Mapping[str, str]] = {}


def _versions(options: str, dictionaries: str, chosen: RunOptions) -> Mapping[str, str]:
    """The versions here; models are hashed once for each process. A folder of one's own may change meanwhile."""
    key = options, dictionaries
    if chosen.dictionaries is not None or key not in _KNOWN_VERSIONS:
        _KNOWN_VERSIONS[key] = versions(chosen.engine, chosen.dictionaries)
    return _KNOWN_VERSIONS[key]


def place_of(url: str) -> str:
    """Eight hex digits for where a file lies, so that its path need not be written down."""
    path = local_path(url)
    return place_digest(path) if path is not None else hashlib.sha256(url.encode()).hexdigest()[:8]


def manifest_in(folder: Folder) -> Manifest | None:
    """The folder's ``run.json``, or None where there is none that can be read. Raises OSError."""
    try:
        return Manifest.model_validate_json(folder.read(MANIFEST))
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None


def holds(folder: Folder, manifest: Manifest, key: str) -> bool:
    """Whether the folder holds the whole, unedited outputs of exactly this key, in whatever formats."""
    if manifest.key != key or Format.JSON not in manifest.formats:
        return False
    try:
        return all(folder.sha256(name) == digest for name, digest in manifest.outputs.items())
    except FileNotFoundError:
        return False


def publish(drafts: Path, manifest: Manifest, folder: Folder) -> None:
    """Bring a document's files to their place. In a bucket the manifest goes first and comes last, after
    ``document.json``, so that a run killed in between is noticed. Raises OutputError, OSError."""
    if folder.local is not None:
        commit(drafts, manifest, folder.local)
        return
    old = manifest_in(folder)
    folder.remove(MANIFEST)
    for name in sorted((n for n in manifest.outputs if (drafts / n).exists()), key=lambda n: (n == DOCUMENT, n)):
        folder.write(name, (drafts / name).read_bytes())
    folder.write(MANIFEST, (manifest.model_dump_json(indent=1) + "\n").encode())
    for name in set(old.outputs if old else ()) - set(manifest.outputs):
        folder.remove(name)


@contextlib.contextmanager
def on_disk(folder: Folder, *others: str) -> Iterator[Path]:
    """A document's folder as one of this machine's disk: itself, or a copy whose changes are brought back.

    ``others`` are files beside the outputs that are wanted as well. Raises OSError.
    """
    if folder.local is not None:
        yield folder.local
        return
    with scratch() as base:
        copy = base / "document"
        manifest = manifest_in(folder)
        for name in (*(manifest.outputs if manifest else ()), MANIFEST, *others):
            with contextlib.suppress(FileNotFoundError):
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                (copy / name).write_bytes(folder.read(name))
        before = _hashes(copy)
        yield copy
        after = _hashes(copy)
        changed = [name for name in after if before.get(name) != after[name]]
        if changed:
            folder.remove(MANIFEST)
            for name in sorted(changed, key=lambda n: (n == MANIFEST, n == DOCUMENT, n)):
                folder.write(name, (copy / name).read_bytes())
            if MANIFEST not in changed and MANIFEST in after:
                folder.write(MANIFEST, (copy / MANIFEST).read_bytes())
        for name in set(before) - set(after):
            folder.remove(name)


def add_formats(folder: Folder, source: Path, formats: set[Format]) -> None:
    """Write further formats of a document; no page is read for them. Raises OutputError, InputError, OSError."""
    from flows.export import export, read_document
    from flows.original import original_of

    with on_disk(folder) as here:
        document = read_document(here)
        export(here, document, formats, original_of(source, document))


def _hashes(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): file_hash(p) for p in folder.rglob("*") if p.is_file()}


def _as_they_are(manifest: Manifest, key: str, announced: bool) -> Outputs:
    return Outputs(
        key,
        manifest.sha256,
        manifest.pages,
        0,
        manifest.failures,
        manifest.for_review,
        manifest.amounts,
        manifest.verified,
        announced=announced,
    )


def _read(how: Callable[[str], Answered], url: str) -> Answered:
    """``how(url)``; what is wrong with the file for good fails the document. Raises DocumentFailed, OSError."""
    try:
        return how(url)
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        reason = error.strerror or str(error)
        raise DocumentFailed(
            f"{url}: cannot be read ({reason}). Check its permissions.", NotADocument.exit_code
        ) from error


def _prepare(item: Item, path: Path, job: Job, key: str) -> tuple[Any, float]:
    """The plan of a document, made in a process of its own, and the seconds of work."""
    longest = job.page_seconds * _OTHER_STEPS
    with scratch() as here, _readers(job) as readers:
        (opened,) = readers.do([(Open(here, path), longest)])
        _checked(item, opened.answer, Chosen)
        assert isinstance(opened.answer, Chosen)
        looked = readers.do([(Look(here, number), job.page_seconds) for number in opened.answer.sample])
        pictures = any(isinstance(one.answer, Looked) and one.answer.picture for one in looked)
        engines: list[tuple[Task, float]] = [(WarmUp(here), longest)] * (job.processes - 1 if pictures else 0)
        concluded, *_ = readers.do([(Conclude(here), longest), *engines])
        _checked(item, concluded.answer, Prepared)
        if job.together:
            _SEEN.keep(key, here, opened.answer.sample)
        return load_stored(plan_file(here)), sum(one.seconds for one in (opened, *looked, concluded))


class _SeenPages:
    """What pages of documents under way have shown to this process: their reading begins there."""

    def __init__(self) -> None:
        self._folders: dict[str, tempfile.TemporaryDirectory[str]] = {}

    def keep(self, key: str, here: Path, numbers: Sequence[int]) -> None:
        """Keep what these pages of a document show."""
        self._folders[key] = tempfile.TemporaryDirectory(prefix="qingzhang-")
        self._move(here, Path(self._folders[key].name), numbers)

    def hand_out(self, key: str, here: Path, numbers: Sequence[int]) -> None:
        """Bring what is known of these pages to where they are read."""
        if key in self._folders:
            self._move(Path(self._folders[key].name), here, numbers)

    def forget(self, key: str) -> None:
        """The document is through."""
        if folder := self._folders.pop(key, None):
            folder.cleanup()

    @staticmethod
    def _move(here: Path, there: Path, numbers: Sequence[int]) -> None:
        for number in numbers:
            with contextlib.suppress(FileNotFoundError):
                seen_file(here, number).replace(seen_file(there, number))


_SEEN = _SeenPages()


def _readers(job: Job) -> contextlib.AbstractContextManager[Readers]:
    return lent_readers(job.steps, job.options, job.processes, job.slot)


@contextlib.contextmanager
def _at_hand(item: Item, job: Job, work: Folder) -> Iterator[Path]:
    """A folder of this machine with the document's plan, which names this machine's copy of the file."""
    plan = read_plan(work, job.steps.__module__)
    if plan is None:
        raise WorkGone(f"{item.url}: its plan is not there any more.")
    path = _read(fetch, item.url)
    with scratch() as here:
        store(plan_file(here), replace(plan, path=path))
        yield here


@contextlib.contextmanager
def _drafting(output: Folder, work: Folder) -> Iterator[Path]:
    """A folder for the outputs until they are whole: on the output's own disk, so that they need only be renamed."""
    if work.local is None:
        with scratch() as here:
            yield here
        return
    here = work.local / f"close-{uuid.uuid4().hex[:12]}"
    try:
        here.mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"{output.url}: cannot be written ({error.strerror}). Make room or rights there.") from error
    try:
        yield here
    finally:
        shutil.rmtree(here, ignore_errors=True)


def _lost(item: Item, number: int, done: Done) -> PageFailure | None:
    """The failure of a page whose process died or was stopped. Raises DocumentFailed."""
    if isinstance(done.answer, Lost):
        return PageFailure(page=number, error=f"given up: {done.answer.reason}")
    _checked(item, done.answer, PageRead)
    return None


def _finished(item: Item, answer: Answer | Lost[Task]) -> Finished:
    _checked(item, answer, Finished)
    assert isinstance(answer, Finished)
    return answer


def _checked(item: Item, answer: Answer | Lost[Task], wanted: type[Answer]) -> None:
    """Raises DocumentFailed where a document cannot go on."""
    match answer:
        case Failed(message, exit_code):
            raise DocumentFailed(message if item.url in message else f"{item.url}: {message}", exit_code)
        case Lost(_, reason):
            raise DocumentFailed(
                f"{item.url}: given up: {reason}. Try fewer processes (-j) or fewer pages (--pages).",
                ExitCode.CHILD_PROCESS_ERROR,
            )
    assert isinstance(answer, wanted)
