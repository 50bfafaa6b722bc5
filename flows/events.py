"""What the flows tell the world, as Prefect events that automations can hang on.

``qingzhang.document.completed`` and ``.partial``: a document's outputs are in their place.
``qingzhang.upload.arrived``: a file lies in an inbox and has stopped growing.
``qingzhang.review.resolved``: people have decided on a document.
A document is announced at least once: where a run is cut off just then, by the next one again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from prefect.events import emit_event

from document.exceptions import InputError
from flows.pieces import Item, Job, Outputs

COMPLETED = "qingzhang.document.completed"
PARTIAL = "qingzhang.document.partial"
ARRIVED = "qingzhang.upload.arrived"
RESOLVED = "qingzhang.review.resolved"
MOST_FILES = 100
"""Files that an event names."""


def announce_document(item: Item, job: Job, outputs: Outputs) -> None:
    """Say that a document came out, whole or partial."""
    emit_event(
        PARTIAL if outputs.failures else COMPLETED,
        resource={
            "prefect.resource.id": f"qingzhang.document.{outputs.sha256}",
            "prefect.resource.name": item.name,
            "qingzhang.source": item.url,
            "qingzhang.output": job.folder.child(item.name).url,
        },
        payload={
            "pages": outputs.pages,
            "failed_pages": [failure.page for failure in outputs.failures],
            "for_review": outputs.for_review,
            "amounts": outputs.amounts,
            "verified": outputs.verified,
        },
    )


def announce_uploads(inbox: Path, files: Sequence[Path]) -> None:
    """Say that files have arrived in an inbox and stopped growing: one event for all that did at once."""
    resource = {"prefect.resource.id": f"qingzhang.inbox.{inbox.absolute()}", "prefect.resource.name": inbox.name}
    emit_event(ARRIVED, resource=resource, payload={"files": [str(f) for f in files[:MOST_FILES]], "count": len(files)})


def announce_review(name: str, folder: str) -> None:
    """Say that people have decided on a document, whose outputs lie in ``folder``."""
    emit_event(RESOLVED, resource={"prefect.resource.id": f"qingzhang.review.{name}", "qingzhang.output": folder})


def announcing(notify: Callable[[int], None], folder_of: Callable[[int], Path]) -> Callable[[int], None]:
    """``notify`` of a document's number, which also says that people have decided on it."""

    def both(number: int) -> None:
        notify(number)
        folder = folder_of(number)
        announce_review(folder.name, str(folder))

    return both


def check_server() -> None:
    """Raises InputError where no Prefect server is named."""
    if not os.environ.get("PREFECT_API_URL"):
        raise InputError("PREFECT_API_URL is not set. `make flows` starts a server and says its address.")
