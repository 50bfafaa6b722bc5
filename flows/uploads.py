"""Prefect over an inbox: takes what is new, each file exactly once, however many runs look at the same time."""

from __future__ import annotations

from typing import Annotated

from prefect import flow, get_run_logger
from pydantic import Field

from document.exceptions import QingzhangError
from flows.archive import job_for, tidy
from flows.artifacts import DocumentRow, Progress, Shown, publish
from flows.batch import Outcome
from flows.claims import Claims
from flows.fanout import Fanout, SpreadOptions
from flows.inbox import ATTEMPTS, FAULTS_OF_THE_FILE, Inbox, Upload
from flows.options import RunOptions
from flows.pieces import Item, Outputs
from flows.places import folder_at


class UploadsFailed(QingzhangError):
    """Some uploads did not come out, or not with all pages. The first are tried again, or lie in quarantine; the others
    are through, as ``partial``."""


@flow(name="uploads", persist_result=False)
def uploads(
    inbox: str,
    output: str,
    options: RunOptions | None = None,
    spread: SpreadOptions | None = None,
    settle_seconds: Annotated[float, Field(ge=0, le=86_400)] = 10.0,
    served_at: str | None = None,
) -> None:
    """Clean what is new in an inbox, each file exactly once, also when runs overlap.

    Raises UploadsFailed after all files are through, where any failed or is partial.

    Args:
        inbox: folder that files are put into (path or fsspec URL); they stay there, unaltered
        output: folder for the output (path or fsspec URL): one folder per document
        options: what decides the content, as the options of `qingzhang run`
        spread: how the work is spread over processes and machines
        settle_seconds: seconds for which a file must not have changed, so that none is taken half written
        served_at: URL under which a web server shows the output folder; links on Prefect's page lead there
    """
    rows = take_uploads(inbox, output, options or RunOptions(), spread or SpreadOptions(), settle_seconds)
    publish("uploads", Shown(output, served_at), rows)
    bad = [row for row in rows if row.outcome is Outcome.FAILED or row.failures]
    if bad:
        raise UploadsFailed(f"{len(bad)} of {len(rows)} new files failed or have pages that failed.")


def take_uploads(
    inbox: str, output: str, options: RunOptions, spread: SpreadOptions, settle_seconds: float
) -> tuple[DocumentRow, ...]:
    """What became of each new file that this run took."""
    job = job_for(output, options, spread)
    box = Inbox(folder_at(inbox), job.folder)
    done = box.done()
    new = {upload.url: upload for upload in box.settled(settle_seconds) if upload.id not in done}
    progress = Progress("uploads")
    progress.show(0.0)
    rows: list[DocumentRow] = []
    with Claims(box.state.child("claims")) as claims:

        def admit(item: Item) -> Item | None:
            return _claimed(box, claims, new[item.url])

        def take(row: DocumentRow, outputs: Outputs | None) -> None:
            upload = new[row.source]
            rows.append(row if outputs else _failed(box, upload, row))
            if outputs:
                box.note_done(upload, row)
            claims.release(upload.id)

        Fanout(job, spread, take, progress.show, admit).run([Item(url, "") for url in new])
    progress.show(1.0, last=True)
    tidy(job.folder)
    return tuple(rows)


def _claimed(box: Inbox, claims: Claims, upload: Upload) -> Item | None:
    """The upload under its name, where this run is the one to take it."""
    if not claims.take(upload.id):
        return None
    if box.state.child("done").has(upload.id):  # by a run that ended since we looked
        claims.release(upload.id)
        return None
    return box.named(upload)


def _failed(box: Inbox, upload: Upload, row: DocumentRow) -> DocumentRow:
    """Count a failure; after the third the file goes to quarantine."""
    if row.exit_code not in FAULTS_OF_THE_FILE or box.note_failure(upload, row.message) < ATTEMPTS:
        return row
    place = box.put_aside(upload)
    get_run_logger().error("%s: failed %d times, now at %s", upload.url, ATTEMPTS, place)
    return row
