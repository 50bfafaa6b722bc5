"""What a run shows in Prefect's page: how far it is, each document, and the pages that are worst."""

from __future__ import annotations

import html
import logging
import math
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import httpx
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from document.exceptions import ExitCode
from flows.batch import Outcome
from flows.outputs import PageFailure
from flows.places import local_path
from flows.tasks import PageDoubts

log = logging.getLogger(__name__)
MOST_ROWS = 1000
"""Rows of the table of documents: Prefect keeps an artifact as one value, and its page shows it whole."""
MOST_PAGES = 20
"""Worst pages that the summary names."""
_EVERY = 5.0
"""Seconds between two states of the progress bar."""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """What became of one document."""

    source: str
    outcome: Outcome
    folder: str | None = None
    """Path or URL of its outputs."""
    pages: int = 0
    read: int = 0
    """Pages read now."""
    seconds: float = 0.0
    failures: tuple[PageFailure, ...] = ()
    for_review: int = 0
    amounts: int = 0
    verified: int = 0
    worst: tuple[PageDoubts, ...] = ()
    message: str = ""
    exit_code: ExitCode = ExitCode.OK

    @property
    def trouble(self) -> tuple[bool, int, int]:
        """By which rows are sorted, worst last."""
        return self.outcome is Outcome.FAILED, len(self.failures), self.for_review


@dataclass(slots=True)
class Progress:
    """A progress bar, renewed every few seconds at most. A server that is away for a while stops no run."""

    key: str
    description: str = "Share of the documents and pages that are through"
    _artifact: UUID | None = None
    _shown: float = -math.inf
    _last: float = field(default=-1.0)

    def show(self, share: float, last: bool = False) -> None:
        """``share`` (0–1) of the work is done; ``last`` shows it in any case."""
        percent = round(100 * min(max(share, 0.0), 1.0), 1)
        if percent == self._last or (time.monotonic() - self._shown < _EVERY and not last):
            return
        self._shown, self._last = time.monotonic(), percent
        try:
            self._put(percent)
        except httpx.HTTPError as error:
            log.warning("the progress bar could not be renewed (%s)", error)

    def _put(self, percent: float) -> None:
        if self._artifact is not None:
            update_progress_artifact(self._artifact, percent)
            return
        created = create_progress_artifact(percent, key=f"{self.key}-progress", description=self.description)
        assert isinstance(created, UUID)
        self._artifact = created


@dataclass(frozen=True, slots=True)
class Shown:
    """Where a run's outputs lie, and where people see them: browsers follow no link from a page to a file."""

    folder: str
    """Path or URL; empty where the run has no folder of its own."""
    served_at: str | None = None
    """URL under which a web server shows the folder."""

    def link(self, place: str) -> str:
        """A path or URL, of the folder or in it, as a link."""
        path, folder = local_path(place), local_path(self.folder)
        inside = str(path) if path is not None else place
        root = (str(folder) if folder is not None else self.folder).rstrip("/")
        if self.served_at and root and (inside == root or inside.startswith(f"{root}/")):
            return self.served_at.rstrip("/") + quote(inside.removeprefix(root))
        return place if path is None else path.absolute().as_uri()


def publish(key: str, outputs: Shown, rows: Sequence[DocumentRow]) -> None:
    """The table of documents, the summary, and a link to the outputs. ``key`` names the flow."""
    ranked = sorted(rows, key=lambda row: row.trouble, reverse=True)
    more = f" (the {MOST_ROWS} with most to look at, of {len(rows)})" if len(rows) > MOST_ROWS else ""
    create_table_artifact(
        table=[table_row(row) for row in ranked[:MOST_ROWS]],
        key=f"{key}-documents",
        description=f"What became of each document{more}",
    )
    create_markdown_artifact(summary(outputs, rows), key=f"{key}-summary", description="The run in a few lines")
    if outputs.folder:
        create_link_artifact(
            outputs.link(outputs.folder),
            link_text=f"Outputs: {outputs.folder}",
            key=f"{key}-outputs",
            description="Where the outputs lie",
        )


def table_row(row: DocumentRow) -> dict[str, object]:
    """One document's line of the table."""
    return {
        "document": row.source,
        "status": row.outcome.value,
        "pages": row.pages,
        "pages read": row.read,
        "seconds": round(row.seconds, 1),
        "amounts verified": f"{row.verified} of {row.amounts}",
        "for review": row.for_review,
        "failed pages": ", ".join(str(failure.page) for failure in row.failures),
        "message": row.message,
        "outputs": row.folder or "",
    }


def summary(outputs: Shown, rows: Sequence[DocumentRow]) -> str:
    """The run as Markdown: how many documents came out how, and the pages with most to look at."""
    counts = Counter(row.outcome for row in rows)
    amounts, verified = sum(row.amounts for row in rows), sum(row.verified for row in rows)
    lines = [
        f"**{len(rows)} document{'s' * (len(rows) != 1)}**: "
        + ", ".join(f"{counts[o]} {o.value}" for o in Outcome if counts[o]),
        "",
        f"- pages: {sum(row.pages for row in rows)}, of them read now: {sum(row.read for row in rows)}",
        f"- amounts: {amounts}, verified by sums: {verified}",
        f"- cells and texts for review: {sum(row.for_review for row in rows)}",
        *([f"- outputs: {_linked(outputs.folder, outputs.folder, outputs)}"] if outputs.folder else ()),
    ]
    for title, listed in (("Failed documents", _failed(rows)), ("Failed pages", _failed_pages(rows, outputs))):
        if listed:
            lines += ["", f"### {title}", "", *listed[:MOST_PAGES]]
            lines += [f"- … and {len(listed) - MOST_PAGES} more"] if len(listed) > MOST_PAGES else []
    worst = sorted(((d.for_review, row, d.page) for row in rows for d in row.worst), key=lambda w: -w[0])
    if worst:
        lines += ["", "### Pages with most for review", "", "| document | page | for review |", "| --- | --- | --- |"]
        lines += [f"| {_document(row, outputs)} | {page} | {count} |" for count, row, page in worst[:MOST_PAGES]]
    return "\n".join(lines) + "\n"


def _failed(rows: Iterable[DocumentRow]) -> list[str]:
    return [f"- {plain(row.message or row.source)}" for row in rows if row.outcome is Outcome.FAILED]


def _failed_pages(rows: Iterable[DocumentRow], outputs: Shown) -> list[str]:
    return [f"- {_document(row, outputs)}, page {f.page}: {plain(f.error)}" for row in rows for f in row.failures]


def _document(row: DocumentRow, outputs: Shown) -> str:
    return _linked(Path(row.source).name, row.folder, outputs) if row.folder else plain(row.source)


def _linked(text: str, place: str, outputs: Shown) -> str:
    return f"[{plain(text)}]({outputs.link(place).replace('(', '%28').replace(')', '%29').replace(' ', '%20')})"


def plain(text: str) -> str:
    """A text of unknown origin that Markdown shall show as it is."""
    escaped = html.escape(" ".join(text.split())[:500], quote=False)
    return "".join(f"\\{c}" if c in "\\`*_[]|#~" else c for c in escaped)
