"""Many documents through a pool of processes: the run behind ``qingzhang run`` and the Prefect flow."""

from __future__ import annotations

import os
import shutil
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from document.exceptions import ExitCode, NotADocument, QingzhangError
from flows.inputs import Inputs, Refusal, find_inputs, folder_names, place_digest
from flows.options import RunOptions
from flows.outputs import (
    Manifest,
    PageFailure,
    cache_key,
    commit,
    file_hash,
    is_taken,
    is_unchanged,
    keep_temporary,
    prepare_output,
    read_manifest,
    temporary_folder,
)
from flows.tasks import (
    Answer,
    Conclude,
    Failed,
    Finish,
    Finished,
    Look,
    Looked,
    Open,
    Opened,
    PageRead,
    Prepared,
    ReadPage,
    Steps,
    Task,
    TaskRunner,
    WarmUp,
    document_steps,
    draft,
    fills_a_process,
    manifest_of,
)
from flows.versions import versions
from flows.workers import Lost, Workers


def usable_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class BatchOptions(BaseModel):
    """How a run goes about it; nothing here changes an output."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    jobs: int = Field(default_factory=usable_cores, ge=1, le=256, description="processes; default: one per core")
    force: bool = Field(False, description="read documents again even where nothing has changed")
    keep_temporary_files: bool = Field(False, description="keep each document's temporary files beside its output")
    page_seconds: int = Field(
        600, ge=1, le=86_400, description="seconds after which a page is given up and listed as failed"
    )


class Outcome(StrEnum):
    """How a document came out."""

    CLEAN = "clean"
    PARTIAL = "partial"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file to be read, and the name of its folder in the output."""

    source: Path
    name: str


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """What became of one input."""

    source: Path
    outcome: Outcome
    folder: Path | None = None
    """Where the output lies; None when there is none."""
    pages: int = 0
    """Pages read now; 0 where nothing had to be read."""
    failures: tuple[PageFailure, ...] = ()
    for_review: int = 0
    message: str = ""
    """One sentence with the way out, where the document failed."""
    exit_code: ExitCode = ExitCode.OK


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What became of all inputs, in their order."""

    results: tuple[DocumentResult, ...]
    output: Path

    @property
    def exit_code(self) -> ExitCode:
        """That of the first document that failed; else PARTIAL where pages failed; else OK."""
        failed = [r.exit_code for r in self.results if r.outcome is Outcome.FAILED]
        partial = any(r.failures for r in self.results)
        return failed[0] if failed else ExitCode.PARTIAL if partial else ExitCode.OK

    @property
    def counts(self) -> Counter[Outcome]:
        """How many documents came out how."""
        return Counter(r.outcome for r in self.results)

    @property
    def pages(self) -> int:
        """Pages read in this run."""
        return sum(r.pages for r in self.results)


class Watcher:
    """Is told how a run goes; this one does nothing with it."""

    def started(self, documents: int) -> None:
        """A run over so many documents begins."""

    def prepared(self, source: Path, pages: int) -> None:
        """A document has so many pages to be read."""

    def page_done(self, source: Path, number: int, error: str | None) -> None:
        """A page is read, or failed."""

    def document_done(self, result: DocumentResult) -> None:
        """A document is through, or failed."""

    def said(self, message: str) -> None:
        """Something else that whoever waits should know."""


def run_batch(
    paths: Sequence[Path],
    output: Path,
    options: RunOptions,
    batch: BatchOptions,
    watcher: Watcher | None = None,
    steps: Callable[[], Steps] = document_steps,
) -> BatchReport:
    """Clean every scan that ``paths`` name, one folder per document below ``output``.

    A document that cannot be worked on is in the report, and the others go on. Raises OutputError when nothing can
    be written, MissingDependencyError when the engine is not there, DictionaryError when a dictionary file cannot be
    used, and passes KeyboardInterrupt on; nothing half-written stays behind.
    """
    prepare_output(output)
    inputs = find_inputs(paths, output)
    return run_documents(line_up(inputs, output), output, options, batch, watcher, steps, inputs.refusals)


def line_up(inputs: Inputs, output: Path) -> tuple[NamedFile, ...]:
    """The files with the name of each one's folder: fixed before any is read, so that none takes another's."""
    names = folder_names(inputs.files, lambda name, source: is_taken(output / name, source))
    return tuple(NamedFile(source, name) for source, name in zip(inputs.files, names, strict=True))


def run_documents(
    files: Sequence[NamedFile],
    output: Path,
    options: RunOptions,
    batch: BatchOptions,
    watcher: Watcher | None = None,
    steps: Callable[[], Steps] = document_steps,
    refusals: Sequence[Refusal] = (),
) -> BatchReport:
    """``run_batch`` for files that have their names; ``refusals`` only go into the report."""
    runner = TaskRunner(steps, options)
    workers: Workers[Task, Answer]
    with ExitStack() as cleanup, Workers(batch.jobs, runner, warm_up=runner.warm_up) as workers:
        if files:
            workers.start()  # it imports its libraries while models and dictionaries are hashed here
        run = _Run(output, options, batch, watcher or Watcher(), versions(options.engine, options.dictionaries))
        cleanup.callback(run.remove_temporary)  # when the processes have ended
        run.begin(files, refusals)
        while run.goes_on:
            while workers.has_room and (task := run.next_task()):
                seconds = batch.page_seconds * (1 if isinstance(task, (Look, ReadPage)) else 10)
                workers.give(task, seconds, alone=fills_a_process(task))
            for event in workers.collect():
                run.take(event)
    return BatchReport(tuple(run.results[path] for path in run.order), output)


class _Stage(Enum):
    """How far a document is."""

    OPENING = auto()
    LOOKING = auto()
    CONCLUDING = auto()
    READING = auto()
    FINISHING = auto()


@dataclass(slots=True)
class _Open:
    """A document under way."""

    source: Path
    name: str
    work: Path
    sha256: str
    key: str
    numbers: tuple[int, ...] = ()
    sample: deque[int] = field(default_factory=deque)
    """Pages of the sample that nobody has looked at yet."""
    ahead: deque[int] = field(default_factory=deque)
    """Further pages to look at while the watermark is looked for."""
    looking: set[int] = field(default_factory=set)
    """Pages that are being looked at."""
    cold: int = 0
    """Engines that may be loaded while the watermark is looked for."""
    stage: _Stage = _Stage.OPENING
    waiting: deque[int] = field(default_factory=deque)
    """Pages to be read."""
    done: int = 0
    lost: list[PageFailure] = field(default_factory=list)

    @property
    def can_conclude(self) -> bool:
        return self.stage is _Stage.LOOKING and not self.sample and not self.looking

    @property
    def can_finish(self) -> bool:
        return self.stage is _Stage.READING and self.done == len(self.numbers)

    def look(self, numbers: deque[int]) -> Look:
        """Have the first of some pages looked at."""
        number = numbers.popleft()
        self.looking.add(number)
        return Look(self.work, number)


def _meanwhile(doc: _Open) -> Task | None:
    """What helps a document on while its watermark is looked for: engines loaded, pages looked at."""
    if doc.stage is not _Stage.CONCLUDING:
        return None
    if doc.cold:
        doc.cold -= 1
        return WarmUp(doc.work)
    return doc.look(doc.ahead) if doc.ahead else None


_AHEAD = 8
"""Pages of a document that are looked at beforehand: what they show lies on the disk, 4 to 26 MB each."""


class _Run:
    """The state of one run: which documents are waiting, under way, and through."""

    def __init__(
        self, output: Path, options: RunOptions, batch: BatchOptions, watcher: Watcher, made_by: Mapping[str, str]
    ) -> None:
        self.output = output
        self.options = options
        self.formats = options.outputs
        self.batch = batch
        self.watcher = watcher
        self.versions = dict(made_by)
        self.waiting: deque[NamedFile] = deque()
        self.open: dict[Path, _Open] = {}
        self.order: dict[Path, None] = {}
        self.results: dict[Path, DocumentResult] = {}

    def begin(self, files: Sequence[NamedFile], refusals: Sequence[Refusal]) -> None:
        """Line the documents up; what was refused is through already."""
        self.watcher.started(len(files) + len(refusals))
        self.order = dict.fromkeys([*(r.path for r in refusals), *(f.source for f in files)])
        for refusal in refusals:
            self._fail(refusal.path, str(refusal.error), refusal.error.exit_code)
        self.waiting.extend(files)

    @property
    def goes_on(self) -> bool:
        """Whether anything is left to do."""
        return bool(self.waiting or self.open)

    def next_task(self) -> Task | None:
        """The next piece of work: finishing before reading, reading before opening further documents."""
        documents = tuple(self.open.values())
        for doc in documents:
            if doc.can_finish:
                doc.stage = _Stage.FINISHING
                return Finish(doc.work, doc.numbers, tuple(doc.lost), self.output / doc.name)
        for doc in documents:
            if doc.waiting:
                return ReadPage(doc.work, doc.waiting.popleft())
        for doc in documents:
            if doc.can_conclude:
                doc.stage = _Stage.CONCLUDING
                return Conclude(doc.work)
            if doc.sample:
                return doc.look(doc.sample)
        opened = self._open_next() if len(self.open) <= self.batch.jobs else None
        return opened or next((task for doc in documents if (task := _meanwhile(doc))), None)

    def take(self, event: tuple[Task, Answer] | Lost[Task]) -> None:
        """Note what a process has done, or that it died."""
        if isinstance(event, Lost):
            self._take_lost(event)
            return
        task, answer = event
        doc = self.open.get(task.work)
        if doc is None:  # failed while this task was under way
            return
        match task, answer:
            case _, Failed(message, exit_code):
                self._close_failed(doc, message, exit_code)
            case Open(), Opened(numbers, sample):
                doc.numbers, doc.sample, doc.stage = numbers, deque(sample), _Stage.LOOKING
                doc.ahead = deque([number for number in numbers if number not in sample][:_AHEAD])
                self.watcher.prepared(doc.source, len(numbers))
            case Look(_, number), Looked(picture):
                if picture and doc.stage is _Stage.LOOKING:
                    doc.cold = min(self.batch.jobs, len(doc.numbers)) - 1
                self._looked(doc, number)
            case Conclude(), Prepared(numbers):
                # what somebody is looking at just now follows when that is done
                doc.stage, doc.waiting = _Stage.READING, deque(n for n in numbers if n not in doc.looking)
            case ReadPage(_, number), PageRead(error):
                doc.done += 1
                self.watcher.page_done(doc.source, number, error)
            case Finish(), Finished():
                self._close(doc, answer)

    @staticmethod
    def _looked(doc: _Open, number: int) -> None:
        """A page has been looked at, with success or not: it can be read."""
        doc.looking.discard(number)
        if doc.stage is _Stage.READING:
            doc.waiting.appendleft(number)

    def remove_temporary(self) -> None:
        """Take away the temporary folders of documents under way."""
        for doc in self.open.values():
            shutil.rmtree(doc.work, ignore_errors=True)

    def _open_next(self) -> Task | None:
        """The first step of the next document that has to be read."""
        while self.waiting:
            file = self.waiting.popleft()
            try:
                doc = self._opened(file.source, file.name)
            except QingzhangError as error:
                self._fail(file.source, str(error), error.exit_code)
                continue
            if doc is not None:
                self.open[doc.work] = doc
                return Open(doc.work, file.source)
        return None

    def _opened(self, source: Path, name: str) -> _Open | None:
        """The document, with a temporary folder; None when its output is there already."""
        try:
            sha256 = file_hash(source)
        except OSError as error:
            raise NotADocument(f"{source}: cannot be read ({error.strerror}). Check its permissions.") from error
        key = cache_key(source.name, sha256, self.options.model_dump(mode="json"), self.versions)
        folder = self.output / name
        manifest = read_manifest(folder)
        if manifest and not self.batch.force and is_unchanged(folder, manifest, key):
            self._add_formats(folder, manifest, source)
            self._done(
                DocumentResult(
                    source, Outcome.UNCHANGED, folder, failures=manifest.failures, for_review=manifest.for_review
                )
            )
            return None
        return _Open(source, name, temporary_folder(self.output, name), sha256, key)

    def _add_formats(self, folder: Path, manifest: Manifest, source: Path) -> None:
        """Write the formats that are asked for now and are not there yet; no page is read for them."""
        missing = set(self.formats) - set(manifest.formats)
        if missing:
            from flows.export import export, read_document
            from flows.original import original_of

            document = read_document(folder)
            export(folder, document, missing, original_of(source, document))

    def _take_lost(self, event: Lost[Task]) -> None:
        doc = self.open.get(event.task.work)
        if doc is None:
            return
        if isinstance(event.task, ReadPage):
            failure = PageFailure(page=event.task.number, error=f"given up: {event.reason}")
            doc.lost.append(failure)
            doc.done += 1
            self.watcher.page_done(doc.source, failure.page, failure.error)
            return
        if isinstance(event.task, Look):  # reading the page will tell
            self._looked(doc, event.task.number)
            return
        if isinstance(event.task, WarmUp):
            return
        message = f"{doc.source}: given up: {event.reason}. Try fewer processes (-j) or fewer pages (--pages)."
        self._close_failed(doc, message, ExitCode.CHILD_PROCESS_ERROR)

    def _close(self, doc: _Open, finished: Finished) -> None:
        """Bring the outputs of a finished document to their place."""
        folder = self.output / doc.name
        try:
            commit(draft(doc.work), self._manifest(doc, finished), folder)
        except QingzhangError as error:
            self._close_failed(doc, str(error), error.exit_code)
            return
        self._put_away(doc)
        outcome = Outcome.PARTIAL if finished.failures else Outcome.CLEAN
        self._done(
            DocumentResult(doc.source, outcome, folder, len(doc.numbers), finished.failures, finished.for_review)
        )

    def _manifest(self, doc: _Open, finished: Finished) -> Manifest:
        """What the next run has to know. A page lost with its process may come out next time: no key then."""
        key = None if doc.lost else doc.key
        place = place_digest(doc.source)
        return manifest_of(finished, key, doc.sha256, place, self.options, self.versions, len(doc.numbers))

    def _close_failed(self, doc: _Open, message: str, exit_code: ExitCode) -> None:
        self._put_away(doc)
        self._fail(doc.source, message, exit_code)

    def _put_away(self, doc: _Open) -> None:
        del self.open[doc.work]
        if self.batch.keep_temporary_files:
            keep_temporary(doc.work, self.output / doc.name)
        shutil.rmtree(doc.work, ignore_errors=True)

    def _fail(self, source: Path, message: str, exit_code: ExitCode) -> None:
        sentence = message if str(source) in message else f"{source}: {message}"
        self._done(DocumentResult(source, Outcome.FAILED, message=sentence, exit_code=exit_code))

    def _done(self, result: DocumentResult) -> None:
        self.results[result.source] = result
        self.watcher.document_done(result)
