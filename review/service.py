"""What the pages, the flows and the command line call: the functions of the desk in one place.

Times are UTC with zone. Every function opens and ends its own transaction. Functions that take a ``User`` check the
role and raise NotAllowed; ids that do not exist raise NotFound. What a user limited to archives may see is decided
before: call them with ``desk.seen_by(user)`` and its store, as ``review.web.room`` does for every page.
"""

from __future__ import annotations

from review.accounts import (
    add_user,
    disable_user,
    has_user,
    list_users,
    log_in,
    log_out,
    proxy_user,
    session_user,
    set_archives,
    set_password,
    set_role,
)
from review.dashboard import audit_estimate, dashboard
from review.deciding import accept_similar, decide, similar_fields, undo
from review.exporting import (
    changed_since,
    decisions_csv,
    decisions_json,
    decisions_of,
    document_folder,
    document_source,
    documents_to_reemit,
    find_document,
    mark_emitted,
    write_decisions,
)
from review.fieldrows import AuditOptions
from review.importing import Folder, import_folders
from review.pictures import crop_box, crop_png, page_png
from review.proposing import approve, proposals, reject
from review.queue import archive_choices, claim_field, claim_next, filter_choices, queue_counts, queue_page, release
from review.views import document_line, documents, field_view, first_page, history, page_view, sums_with

__all__ = [
    "AuditOptions",
    "Folder",
    "accept_similar",
    "add_user",
    "approve",
    "archive_choices",
    "audit_estimate",
    "changed_since",
    "claim_field",
    "claim_next",
    "crop_box",
    "crop_png",
    "dashboard",
    "decide",
    "decisions_csv",
    "decisions_json",
    "decisions_of",
    "disable_user",
    "document_folder",
    "document_line",
    "document_source",
    "documents",
    "documents_to_reemit",
    "field_view",
    "filter_choices",
    "find_document",
    "first_page",
    "has_user",
    "history",
    "import_folders",
    "list_users",
    "log_in",
    "log_out",
    "mark_emitted",
    "page_png",
    "page_view",
    "proposals",
    "proxy_user",
    "queue_counts",
    "queue_page",
    "reject",
    "release",
    "session_user",
    "set_archives",
    "set_password",
    "set_role",
    "similar_fields",
    "sums_with",
    "undo",
    "write_decisions",
]
