"""How a run goes, on stderr: failures always, a progress bar where stderr is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from flows.batch import DocumentResult, Outcome, Watcher


@contextmanager
def watching() -> Iterator[Watcher]:
    """A watcher for the length of a run."""
    if not sys.stderr.isatty():
        yield Failures()
        return
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        PagesPerSecond(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bar(progress)


class PagesPerSecond(ProgressColumn):
    """How fast pages are read."""

    def render(self, task: Task) -> Text:
        """Pages a second, once there is a speed."""
        return Text(f"{task.speed:.2f} pages/s" if task.speed else "")


class Failures(Watcher):
    """Says only what failed, and what else must be known."""

    def document_done(self, result: DocumentResult) -> None:
        """Print why a document failed."""
        if result.outcome is Outcome.FAILED:
            click.echo(f"qingzhang: {result.message}", err=True)

    def said(self, message: str) -> None:
        """Print it."""
        click.echo(f"qingzhang: {message}", err=True)


class Bar(Watcher):
    """A bar over the pages; those of documents that are not open yet are estimated by the mean of the others."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("looking at the scans", total=None)
        self._documents = 0
        self._through = 0
        self._pages: dict[Path, int] = {}

    def started(self, documents: int) -> None:
        """So many documents."""
        self._documents = documents

    def prepared(self, source: Path, pages: int) -> None:
        """A document's pages are known."""
        self._pages[source] = pages
        self._update()

    def page_done(self, source: Path, number: int, error: str | None) -> None:
        """One page on; a failed one is named."""
        if error:
            self._progress.console.print(f"qingzhang: {source}, page {number}: {error}", style="yellow", markup=False)
        self._progress.advance(self._task)

    def document_done(self, result: DocumentResult) -> None:
        """One document on; a failed one is named."""
        if result.outcome is Outcome.FAILED:
            self._progress.console.print(f"qingzhang: {result.message}", style="red", markup=False)
        if result.source not in self._pages:
            self._documents -= 1  # nothing had to be read
        else:
            self._through += 1
        self._update()

    def said(self, message: str) -> None:
        """Print it above the bar."""
        self._progress.console.print(f"qingzhang: {message}", style="yellow", markup=False)

    def _update(self) -> None:
        known = sum(self._pages.values())
        mean = known / len(self._pages) if self._pages else 0
        total = known + mean * (self._documents - len(self._pages))
        self._progress.update(
            self._task,
            total=round(total) or None,
            description=f"document {min(self._through + 1, self._documents)} of {self._documents}, pages",
        )
