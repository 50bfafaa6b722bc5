"""What the store's row of a field holds: what the machine says, where it stands, and how urgent it is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Described

from review import schema
from review.decisions import HeldDecision
from review.fields import Field, FieldKey, correction_words, worst_reason
from review.rematch import Plan
from review.status import Standing, settled
from review.sums import Sum
from review.types import Action, FieldKind, FieldStatus, ReasonKind, Suggestion, SuggestionKind

AUDIT_REASON = "抽查：随机抽取，请核对"
LOST = "重新识别后找不到原来的位置，请重新确认"


class AuditOptions(BaseModel):
    """The random sample of fields that nothing flagged (抽查)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    audit_share: float = Described(
        0.002, ge=0, le=1, description="share (0-1) of the fields with a text that nothing flagged, asked at random"
    )
    audit_seed: int = Described(0, ge=0, description="another number draws another sample")


def cleared_fields(fields: Sequence[Field], sums: Sequence[Sum[FieldKey]], plan: Plan) -> frozenset[FieldKey]:
    """The fields that the decisions' sums put beyond doubt."""
    standings = {}
    changed = set()
    for field in fields:
        decision, reading = plan.sure.get(field.key), field.reading
        text = _text_now(reading.text, decision)
        standings[field.key] = Standing(text, reading.needs_review, reading.reasons, decision is not None)
        if text != reading.text:
            changed.add(field.key)
    return settled(standings, sums, changed)


def _text_now(machine: str, decision: HeldDecision | None) -> str:
    return machine if decision is None or decision.action is Action.ILLEGIBLE else decision.after


def standing_row(field: Field, plan: Plan, is_cleared: bool, is_audit: bool) -> dict[str, Any]:
    """Status, text and decision of a field."""
    decision, doubt = plan.sure.get(field.key), plan.doubts.get(field.key)
    if doubt is not None:
        person = [schema.safe(doubt.decision.after), SuggestionKind.PRECEDENT.value, 1.0, "重新识别前人工复核的值"]
        return {
            "status": FieldStatus.WAITING.value,
            "text": field.reading.text,
            "decision_uid": doubt.decision.uid,
            "outcome": None,
            "reasons": [doubt.reason, *(schema.safe(r) for r in field.reading.reasons)],
            "reason": ReasonKind.MOVED.value,
            "suggestions": [person],
            "rank": field.reading.confidence - _URGENT[ReasonKind.MOVED],
        }
    flagged = field.reading.needs_review
    waits = FieldStatus.WAITING if flagged or is_audit else FieldStatus.QUIET
    status = FieldStatus.DECIDED if decision else FieldStatus.SETTLED if is_cleared else waits
    return {
        "status": status.value,
        "text": _text_now(field.reading.text, decision),
        "decision_uid": decision.uid if decision else None,
        "outcome": decision.action.value if decision else None,
    }


def field_row(field: Field, found: Sequence[Suggestion], sha256: str, asked: bool) -> dict[str, Any]:
    """What the machine says of a field."""
    reading, box = field.reading, field.box
    flagged = reading.needs_review
    is_audit = asked and not flagged
    reason = worst_reason(reading.reasons) if flagged else ReasonKind.AUDIT if is_audit else None
    return {
        "block": field.key.block,
        "row": field.key.row,
        "col": field.key.col,
        "row_span": field.row_span,
        "col_span": field.col_span,
        "page": field.page,
        "left": box.left,
        "top": box.top,
        "right": box.right,
        "bottom": box.bottom,
        "kind": field.kind.value,
        "table_name": field.table,
        "row_label": field.row_label,
        "column_label": field.column_label,
        "raw": reading.raw,
        "machine_text": reading.text,
        "confidence": reading.confidence,
        "flagged": flagged,
        "reasons": [schema.safe(r) for r in reading.reasons] if flagged else [AUDIT_REASON] if is_audit else [],
        "reason": reason.value if reason else None,
        "corrections": [schema.safe(correction_words(c)) for c in reading.corrections],
        "suggestions": [[schema.safe(s.text), s.kind.value, s.score, schema.safe(s.why)] for s in found],
        "in_text": field.in_text,
        "verified": bool(field.verified_by),
        "read_key": read_key(field),
        "rank": _rank(field, reason, sha256),
        "is_audit": is_audit,
    }


def read_key(field: Field) -> str | None:
    """Equal for fields of words where the same was read; amounts have none, for equal amounts are chance."""
    text = "".join(field.reading.raw.split())
    if field.kind not in (FieldKind.LABEL, FieldKind.TEXT) or not any(c.isalpha() for c in text):
        return None
    return hashlib.blake2b(f"{field.kind}\n{text}".encode("utf-8", "replace"), digest_size=16).hexdigest()


_URGENT = {ReasonKind.MOVED: 3.0, ReasonKind.STRUCTURE: 2.0, ReasonKind.SUM: 1.0, ReasonKind.COPY: 0.5}
"""How far ahead of others a class of doubt comes: a moved decision is lost work, and a missing row spoils a table."""


def _rank(field: Field, reason: ReasonKind | None, sha256: str) -> float:
    """Confidence less urgency; fields of the audit sample are spread among the others."""
    if reason is ReasonKind.AUDIT:
        return 2 * _draw(field, sha256, "rank") - 1
    return field.reading.confidence - (_URGENT.get(reason, 0.0) if reason else 0.0)


def is_drawn(field: Field, sha256: str, audit: AuditOptions) -> bool:
    """Whether the audit sample has the field: by its place on paper, so that another run draws the same."""
    fits = field.kind is not FieldKind.TABLE and field.in_text and bool(field.reading.text.strip())
    return fits and _draw(field, sha256, f"audit {audit.audit_seed}") < audit.audit_share


def _draw(field: Field, sha256: str, purpose: str) -> float:
    """A number from 0 to 1 that depends on the place on paper alone (to 4 points: readings differ by less)."""
    x, y = field.box.center
    text = f"{purpose}|{sha256}|{field.page}|{round(x / 4)}|{round(y / 4)}|{field.kind is FieldKind.TEXT}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64


def lost_values(reason: str) -> dict[str, Any]:
    """What changes on a row whose field is gone while a decision about it is in force: it waits for a person."""
    return {
        "status": FieldStatus.WAITING.value,
        "reasons": [reason],
        "reason": ReasonKind.MOVED.value,
        "rank": -_URGENT[ReasonKind.MOVED],
        "is_lost": True,
        "outcome": None,
    }
