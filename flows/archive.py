"""Prefect around the same functions that ``qingzhang run`` calls: one task per document, for archives.

What is not Prefect's is left out: the cache is ``run.json`` in each document's folder (a file's bytes, options and
versions), which also holds where a server has forgotten everything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.futures import wait
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from document.exceptions import QingzhangError
from flows.batch import BatchOptions, DocumentResult, NamedFile, Outcome, line_up, run_documents, usable_cores
from flows.inputs import find_inputs
from flows.options import RunOptions
from flows.outputs import prepare_output


class DocumentFailed(QingzhangError):
    """A document did not come out; the message is the one that ``qingzhang run`` prints."""


class ArchiveIncomplete(QingzhangError):
    """Some documents of an archive did not come out, or not with all pages; the others did."""


@task(task_run_name="{name}", cache_policy=NO_CACHE, persist_result=False)
def clean_one(source: Path, name: str, output: Path, options: RunOptions, batch: BatchOptions) -> DocumentResult:
    """One document, in processes of its own. Raises DocumentFailed."""
    (result,) = run_documents([NamedFile(source, name)], output, options, batch).results
    if result.outcome is Outcome.FAILED:
        raise DocumentFailed(result.message)
    return result


# a task only waits for its document's processes: threads do
_SIDE_BY_SIDE: Any = ThreadPoolTaskRunner(max_workers=usable_cores())


@flow(name="archive", task_runner=_SIDE_BY_SIDE, persist_result=False)
def archive(
    inputs: list[Path],
    output: Path,
    options: RunOptions | None = None,
    jobs: Annotated[int, Field(ge=1, le=256)] = 1,
    force: bool = False,
) -> None:
    """Clean an archive of scans: documents side by side, one task each; unchanged ones are left as they are.

    Raises ArchiveIncomplete after all documents are through, where any failed or is partial.

    Args:
        inputs: files, or folders that are searched for PDFs and pictures
        output: folder for the output: one folder per document
        options: what decides the content, as the options of ``qingzhang run``
        jobs: processes for each document
        force: read documents again even where nothing has changed
    """
    prepare_output(output)
    found = find_inputs(inputs, output)
    for refusal in found.refusals:
        get_run_logger().error(str(refusal.error))
    batch = BatchOptions(jobs=jobs, force=force)
    chosen = options or RunOptions()
    futures = [clean_one.submit(f.source, f.name, output, chosen, batch) for f in line_up(found, output)]
    wait(futures)
    rows = [_refused(str(r.path), str(r.error)) for r in found.refusals]
    for source, future in zip(found.files, futures, strict=True):
        result = future.result(raise_on_failure=False)
        rows.append(_row(result) if isinstance(result, DocumentResult) else _refused(str(source), str(result)))
    create_table_artifact(table=rows, key="documents", description="What became of each document")
    bad = [row for row in rows if row["outcome"] == Outcome.FAILED or row["failed pages"]]
    if bad:
        raise ArchiveIncomplete(f"{len(bad)} of {len(rows)} documents failed or have pages that failed.")


def _row(result: DocumentResult) -> dict[str, object]:
    return {
        "document": str(result.source),
        "outcome": result.outcome.value,
        "pages read": result.pages,
        "failed pages": ", ".join(str(failure.page) for failure in result.failures),
        "for review": result.for_review,
        "message": result.message,
    }


def _refused(source: str, message: str) -> dict[str, object]:
    return _row(DocumentResult(Path(source), Outcome.FAILED, message=message))
