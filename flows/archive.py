"""Prefect over archives of documents: a folder or bucket, fanned out over documents and chunks of pages.

The same functions as ``qingzhang run`` do the work, and the outputs are the same. What is done lies in the output
folder, under keys of content, options and versions: a run that was killed is taken up by the next one, also where a
server has forgotten everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from prefect import flow, get_run_logger
from pydantic import Field, TypeAdapter

from document.exceptions import QingzhangError
from flows.artifacts import DocumentRow, Progress, Shown, publish
from flows.batch import Outcome
from flows.chunks import remove_abandoned
from flows.fanout import Fanout, SpreadOptions, failed_row
from flows.options import RunOptions
from flows.outputs import prepare_output
from flows.pieces import Job
from flows.places import Folder, folder_at
from flows.sources import find_sources
from flows.tasks import document_steps
from flows.versions import versions

ROWS = TypeAdapter(tuple[DocumentRow, ...])
"""A report of a run as JSON."""


class ArchiveIncomplete(QingzhangError):
    """Some documents of an archive did not come out, or not with all pages; the others did."""


@flow(name="archive", persist_result=False)
def archive(
    inputs: list[str],
    output: str,
    options: RunOptions | None = None,
    spread: SpreadOptions | None = None,
    force: bool = False,
    report: Annotated[str | None, Field(max_length=4096)] = None,
    served_at: str | None = None,
) -> None:
    """Clean an archive of scans, fanned out over documents and chunks of pages; unchanged ones are left as they are.

    Raises ArchiveIncomplete after all documents are through, where any failed or is partial.

    Args:
        inputs: files or folders (paths or fsspec URLs, e.g. s3://bucket/scans), searched for PDFs and pictures
        output: folder for the output (path or fsspec URL): one folder per document
        options: what decides the content, as the options of `qingzhang run`
        spread: how the work is spread over processes and machines
        force: read documents again even where nothing has changed
        report: file to write what became of each document to, as JSON; `qingzhang run --via-prefect` reads it
        served_at: URL under which a web server shows the output folder; links on Prefect's page lead there
    """
    rows = clean_all(inputs, output, options or RunOptions(), spread or SpreadOptions(), force)
    publish("archive", Shown(output, served_at), rows)
    if report is not None:
        folder, _, name = report.rpartition("/")
        folder_at(folder).write(name, ROWS.dump_json(rows))
    bad = [row for row in rows if row.outcome is Outcome.FAILED or row.failures]
    if bad:
        raise ArchiveIncomplete(f"{len(bad)} of {len(rows)} documents failed or have pages that failed.")


def clean_all(
    inputs: Sequence[str], output: str, options: RunOptions, spread: SpreadOptions, force: bool = False
) -> tuple[DocumentRow, ...]:
    """What became of each document, refused inputs first. Raises what makes the whole run impossible."""
    job = job_for(output, options, spread, force)
    found = find_sources(inputs, job.folder)
    rows = {refusal.url: failed_row(refusal.url, refusal.error) for refusal in found.refused}
    for row in rows.values():
        get_run_logger().error(row.message)
    progress = Progress("archive")
    progress.show(0.0)
    order = [*rows, *(item.url for item in found.items)]
    Fanout(job, spread, lambda row, _: rows.update({row.source: row}), progress.show).run(found.items)
    progress.show(1.0, last=True)
    tidy(job.folder)
    return tuple(rows[url] for url in order)


def job_for(output: str, options: RunOptions, spread: SpreadOptions, force: bool = False) -> Job:
    """What all documents of a run have in common; the output folder is there afterwards.

    Raises OutputError, MissingDependencyError, DictionaryError.
    """
    folder = folder_at(output)
    if folder.local is not None:
        prepare_output(folder.local)
    made_by = versions(options.engine, options.dictionaries)
    return Job(folder.url, options, dict(made_by), force, spread.page_seconds, document_steps)


def tidy(output: Folder) -> None:
    """Take away what runs left long ago that were never taken up again."""
    remove_abandoned(output)
