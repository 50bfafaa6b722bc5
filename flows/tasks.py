"""The pieces that a document is cut into for the pool, and what a process does with each.

Open once, look at a sample of pages, conclude what they have in common, read page by page, finish once. Between
processes only small messages pass; plans and pages lie in the document's temporary folder, so neither the parent nor
a process grows with the number of pages.
"""

from __future__ import annotations

import contextlib
import logging
import pickle
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from document.exceptions import ExitCode, MissingDependencyError, QingzhangError
from document.types import Document, Origin, Page, PageContent, Reading, Table, TextLine
from document.writers.original import Original
from flows.options import RunOptions
from flows.outputs import Manifest, PageFailure, write_outputs
from ocr.engine import Engine, EngineOptions, Region, load_engine
from ocr.types import PageImage

log = logging.getLogger(__name__)
_MANY = 100
"""Pages from which putting a document together gets a process of its own: 1,000 take up to 1 GB, beside the 1 GB of an
engine that has read scans; a hundred take no more than reading does."""
_WORST = 5
"""Pages of a document that are named for their doubts."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The way of one document, as ``flows/document.py`` has it; functions at the top of a module."""

    outline: Callable[[Path, RunOptions], Any]
    """Opens the file and chooses the pages (``numbers``, and the ``sample`` among them). Raises QingzhangError."""
    look: Callable[[Any, int], Any]
    """What a page shows before it is read; None where that fails."""
    conclude: Callable[[Any, Sequence[Any], Engine], Any]
    """Looks for the watermark in what the sample shows: the plan (``numbers``). Raises QingzhangError."""
    read_page: Callable[[Any, int, Engine, Any], PageContent]
    """Reads one page, from what it showed where that is at hand; what goes wrong is in the page."""
    failed_page: Callable[[int, str], PageContent]
    """A page that could not be read, with the reason."""
    finish: Callable[[Any, Sequence[PageContent]], Document]
    """Puts the pages together."""


def document_steps() -> Steps:
    """The steps of ``flows/document.py``; its libraries are imported only now."""
    from flows import document as story

    return Steps(story.outline, story.look, story.conclude, story.read_page, story.failed_page, story.finish)


@dataclass(frozen=True, slots=True)
class Open:
    """Choose the pages of a document: the first of its tasks, where it is spread over processes."""

    work: Path
    """The document's temporary folder."""
    source: Path


@dataclass(frozen=True, slots=True)
class Look:
    """Keep what a page shows: one of the sample, or one that can be read the faster afterwards."""

    work: Path
    number: int


@dataclass(frozen=True, slots=True)
class Conclude:
    """Make the plan of a document from its sample."""

    work: Path


@dataclass(frozen=True, slots=True)
class WarmUp:
    """Load the engine, unless that is done: a page of this document will need it."""

    work: Path


@dataclass(frozen=True, slots=True)
class ReadPage:
    """Read one page."""

    work: Path
    number: int


@dataclass(frozen=True, slots=True)
class Finish:
    """Put the pages together and write the outputs."""

    work: Path
    numbers: tuple[int, ...]
    lost: tuple[PageFailure, ...] = ()
    """Pages whose process died."""
    target: Path | None = None
    """Where the outputs will lie: what people decided in an earlier review is read there, and holds."""


Task = Open | Look | Conclude | WarmUp | ReadPage | Finish


@dataclass(frozen=True, slots=True)
class Opened:
    """The pages that a document has to be read, and those that speak for all."""

    numbers: tuple[int, ...]
    sample: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """What a page shows is kept, as far as it shows anything."""

    picture: bool = False
    """Whether an engine will have to read it."""


@dataclass(frozen=True, slots=True)
class Warm:
    """The engine is loaded, or cannot be, which the first page will tell."""


def fills_a_process(task: Task) -> bool:
    """Whether a task needs so much memory that it has to have a process of its own, without an engine in it."""
    return isinstance(task, Finish) and len(task.numbers) > _MANY


@dataclass(frozen=True, slots=True)
class Prepared:
    """The pages that a document has to be read."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page is done."""

    error: str | None


@dataclass(frozen=True, slots=True)
class PageDoubts:
    """How much of a page a person should look at."""

    page: int
    for_review: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The outputs of a document are written to the temporary folder."""

    outputs: dict[str, str]
    failures: tuple[PageFailure, ...]
    for_review: int
    amounts: int = 0
    verified: int = 0
    worst: tuple[PageDoubts, ...] = ()
    """The pages with most for review, most first."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The document cannot go on."""

    message: str
    exit_code: ExitCode


Answer = Opened | Looked | Warm | Prepared | PageRead | Finished | Failed


@dataclass(slots=True)
class TaskRunner:
    """What each process of the pool does; keeps its engine, and the plan it read last."""

    load_steps: Callable[[], Steps]
    options: RunOptions
    _steps: Steps | None = None
    _engine: LazyEngine | None = None
    _plan: tuple[Path, Any] | None = field(default=None, repr=False)
    _outline: tuple[Path, Any] | None = field(default=None, repr=False)

    def __call__(self, task: Task) -> Answer:
        """Do one task. Never raises: what goes wrong is in the answer."""
        try:
            self._steps = self._steps or self.load_steps()
            return self._do(task, self._steps)
        except QingzhangError as error:
            return Failed(str(error), error.exit_code)
        except MemoryError:
            return Failed("ran out of memory. Use fewer processes (-j) or a lower --dpi.", ExitCode.OTHER_ERROR)
        except Exception as error:
            log.exception("unexpected, on %s", task)
            return Failed(f"unexpected {type(error).__name__}: {error}. Please report this.", ExitCode.OTHER_ERROR)

    def warm_up(self) -> None:
        """Import what tasks need, before there is one."""
        self._steps = self._steps or self.load_steps()

    def _do(self, task: Task, steps: Steps) -> Answer:
        match task:
            case Open():
                return self._open(task, steps)
            case Look():
                return self._look(task, steps)
            case Conclude():
                return self._conclude(task, steps)
            case WarmUp():
                return self._warm_up()
            case ReadPage():
                return self._read(task, steps)
            case Finish():
                return self._finish(task, steps)

    def _open(self, task: Open, steps: Steps) -> Opened:
        outline = steps.outline(task.source, self.options)
        store(_outline_file(task.work), outline)
        self._outline = task.work, outline
        return Opened(tuple(outline.numbers), tuple(outline.sample))

    def _look(self, task: Look, steps: Steps) -> Looked:
        try:
            seen = steps.look(self._outline_of(task.work), task.number)
        except Exception as error:  # MemoryError too: reading the page will tell
            log.debug("page %d shows nothing: %s", task.number, error)
            seen = None
        if seen is None:
            return Looked()
        store(seen_file(task.work, task.number), seen)
        return Looked(picture=isinstance(seen.shown, PageImage))

    def _conclude(self, task: Conclude, steps: Steps) -> Prepared:
        outline = self._outline_of(task.work)
        sample = [_load_seen(task.work, number) for number in outline.sample]
        plan = steps.conclude(outline, sample, self._lazy_engine())
        for number, seen in zip(outline.sample, sample, strict=True):
            if seen is not None and not seen.as_read:
                seen_file(task.work, number).unlink(missing_ok=True)
        store(plan_file(task.work), plan)
        self._plan = task.work, plan
        return Prepared(tuple(plan.numbers))

    def _warm_up(self) -> Warm:
        with contextlib.suppress(QingzhangError):
            self._lazy_engine().load()
        return Warm()

    def _read(self, task: ReadPage, steps: Steps) -> PageRead:
        plan = self._plan_of(task.work)
        engine = self._lazy_engine()
        try:
            page = steps.read_page(plan, task.number, engine, _load_seen(task.work, task.number))
        except QingzhangError as error:
            page = steps.failed_page(task.number, str(error))
        except Exception as error:  # MemoryError too: it belongs to this page alone
            log.exception("page %d", task.number)
            page = steps.failed_page(task.number, f"{type(error).__name__}: {error}")
        if engine.missing:  # not this page's fault: no page could be read
            raise engine.missing
        store(page_file(task.work, task.number), page)
        seen_file(task.work, task.number).unlink(missing_ok=True)
        return PageRead(page_error(page.page) if page.page.origin is Origin.FAILED else None)

    def _lazy_engine(self) -> LazyEngine:
        self._engine = self._engine or LazyEngine(self.options.engine)
        return self._engine

    def _finish(self, task: Finish, steps: Steps) -> Finished:
        plan = self._plan_of(task.work)
        lost = {failure.page: failure.error for failure in task.lost}
        pages = [
            steps.failed_page(n, lost[n]) if n in lost else load_stored(page_file(task.work, n)) for n in task.numbers
        ]
        outputs, document = _reviewed_outputs(steps.finish(plan, pages), plan, task, self.options)
        verified, amounts = verified_amounts(document)
        return Finished(
            outputs, failures(document), for_review(document), amounts, verified, worst_pages(document, _WORST)
        )

    def _outline_of(self, work: Path) -> Any:
        if self._outline is None or self._outline[0] != work:
            self._outline = work, load_stored(_outline_file(work))
        return self._outline[1]

    def _plan_of(self, work: Path) -> Any:
        if self._plan is None or self._plan[0] != work:
            self._plan = work, load_stored(plan_file(work))
        return self._plan[1]


def _reviewed_outputs(
    machine: Document, plan: Any, task: Finish, options: RunOptions
) -> tuple[dict[str, str], Document]:
    """The outputs with people's decisions in them, and the document that they hold."""
    from flows.desk import with_decisions, write_sidecar

    reviewed = with_decisions(machine, task.target, options.dictionaries)
    document = reviewed.document
    outputs = write_outputs(document, draft(task.work), options.outputs, _original(plan, document))
    return outputs | write_sidecar(reviewed.sidecar, draft(task.work)), document


def _original(plan: Any, document: Document) -> Original:
    from flows.original import original_of

    return original_of(plan.path, document)


def draft(work: Path) -> Path:
    """Where the outputs lie until they are whole."""
    return work / "outputs"


def failures(document: Document) -> tuple[PageFailure, ...]:
    """The pages of a document that failed, each with its error."""
    return tuple(PageFailure(page=p.number, error=page_error(p)) for p in document.pages if p.origin is Origin.FAILED)


def page_error(page: Page) -> str:
    """What is wrong with a page, without its number: whoever shows it names the page first."""
    return (page.error or "unknown").removeprefix(f"page {page.number}: ")


def for_review(document: Document) -> int:
    """How many cells, text blocks and whole tables a person should look at."""
    tables = [b for b in document.blocks if isinstance(b, Table)]
    readings: list[Reading] = [cell.reading for table in tables for cell in table.cells]
    readings += [b.reading for b in document.blocks if not isinstance(b, Table)]
    return sum(r.needs_review for r in readings) + sum(t.needs_review for t in tables)


def verified_amounts(document: Document) -> tuple[int, int]:
    """How many amounts take part in sums that hold and are in no doubt, and how many there are."""
    found = [cell for table in document.tables for cell in table.cells if cell.amount is not None]
    return sum(bool(cell.verified_by) and not cell.reading.needs_review for cell in found), len(found)


def worst_pages(document: Document, most: int) -> tuple[PageDoubts, ...]:
    """The pages with most cells and texts for review, most first; pages without any are none."""
    doubts = Counter(
        [c.page for t in document.tables for c in t.cells if c.reading.needs_review]
        + [b.pages[0] for b in document.blocks if not isinstance(b, Table) and b.reading.needs_review]
    )
    ranked = sorted(doubts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(PageDoubts(page, count) for page, count in ranked[:most])


def manifest_of(
    finished: Finished,
    key: str | None,
    sha256: str,
    place: str,
    options: RunOptions,
    versions: Mapping[str, str],
    pages: int,
) -> Manifest:
    """What the next run has to know of a document."""
    return Manifest(
        key=key,
        sha256=sha256,
        place=place,
        options=options.model_dump(mode="json"),
        versions=dict(versions),
        outputs=finished.outputs,
        formats=options.outputs,
        pages=pages,
        failures=finished.failures,
        for_review=finished.for_review,
        amounts=finished.amounts,
        verified=finished.verified,
    )


def plan_file(work: Path) -> Path:
    """Where the plan of a document lies."""
    return work / "plan"


def page_file(work: Path, number: int) -> Path:
    """Where what was read of a page lies."""
    return work / f"page-{number:05d}"


def _outline_file(work: Path) -> Path:
    return work / "outline"


def seen_file(work: Path, number: int) -> Path:
    """Where what a page shows lies, until it is read."""
    return work / f"seen-{number:05d}"


def _load_seen(work: Path, number: int) -> Any:
    """What a page shows, where that was kept, else None."""
    try:
        return load_stored(seen_file(work, number))
    except FileNotFoundError:
        return None


def store(path: Path, value: Any) -> None:
    """Write a value for ``load_stored``."""
    path.write_bytes(pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL))


def load_stored(path: Path) -> Any:
    """A value that ``store`` wrote, in a folder that only this user may enter."""
    return pickle.loads(path.read_bytes())


class LazyEngine(Engine):
    """An engine whose models are loaded when the first page needs them: text layers never do."""

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        self._loaded: Engine | None = None
        self.missing: MissingDependencyError | None = None
        """Why it could not be loaded, once that was tried."""

    @property
    def _engine(self) -> Engine:
        try:
            self._loaded = self._loaded or load_engine(self._options)
        except MissingDependencyError as error:
            self.missing = error
            raise
        return self._loaded

    def load(self) -> None:
        """Load the models now. Raises MissingDependencyError."""
        _ = self._engine

    @property
    def name(self) -> str:
        """As on the command line; loads nothing."""
        return self._options.name.value

    @property
    def version(self) -> str:
        """The engine's own."""
        return self._engine.version

    def find(self, image: PageImage) -> tuple[Region, ...]:
        """Where text is. Raises EngineError, MissingDependencyError."""
        return self._engine.find(image)

    def read(self, image: PageImage, regions: tuple[Region, ...]) -> tuple[TextLine, ...]:
        """What each region says. Raises EngineError, MissingDependencyError."""
        return self._engine.read(image, regions)
