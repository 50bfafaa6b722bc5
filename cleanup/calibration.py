"""From evidence to one calibrated number per field (可信度): of fields at 0.99, 99 in 100 are right.

A logistic model over the recogniser's doubt, the dictionary, the sums, the watermark over the crop and what is
wrong with the table. Its weights are data (``dictionaries/data/calibration.csv``), fitted by
``python -m benchmarks.calibrate fit`` on documents whose truth is known, and measured on others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log

from dictionaries.calibration import Calibration

_FLOOR, _CEILING = 0.02, 0.9998
"""No evidence is proof: confidences stay between these."""
_LOGIT_LIMIT = 8.0


@dataclass(frozen=True, slots=True)
class FieldEvidence:
    """What is known of one field, before it becomes a number."""

    kind: str
    """amount, label, blank or prose."""
    doubt: float
    """The recogniser's probability of its least sure character, 0–1."""
    mean: float
    """Its mean probability over the field's lines, 0–1."""
    sums: int = 0
    """Identities and copies that hold with the amount."""
    known: bool = False
    """In the dictionary, or confirmed by its neighbours in a count."""
    mended: bool = False
    """More than its form was corrected."""
    doubted: bool = False
    """An earlier step has a reason against it."""
    cover: float = 0.0
    """Share of the crop under the watermark, 0–1."""
    table_doubted: bool = False
    """Sums of its table fail, or rows may be missing."""
    headless: bool = False
    """Its table has a column under no head: columns may be split or shifted."""

    def features(self) -> dict[str, float]:
        """The model's inputs by name."""
        return {
            "bias": 1.0,
            "doubt": _logit(self.doubt) / _LOGIT_LIMIT,
            "mean": _logit(self.mean) / _LOGIT_LIMIT,
            "one_sum": float(self.sums >= 1),
            "two_sums": float(self.sums >= 2),
            "known": float(self.known),
            "mended": float(self.mended),
            "doubted": float(self.doubted),
            "cover": self.cover,
            "table_doubted": float(self.table_doubted),
            "headless": float(self.headless),
        }


def _logit(probability: float) -> float:
    inside = min(max(probability, 1e-4), 1 - 1e-4)
    return max(-_LOGIT_LIMIT, min(_LOGIT_LIMIT, log(inside / (1 - inside))))


def confidence(evidence: FieldEvidence, calibration: Calibration) -> float:
    """The probability (0–1) that the field is right."""
    weights = calibration.weights.get(evidence.kind, {})
    score = sum(weights.get(name, 0.0) * value for name, value in evidence.features().items())
    return min(_CEILING, max(_FLOOR, 1 / (1 + exp(-max(-30.0, min(30.0, score))))))


def least_sure(confidences: Iterable[float], silent_per_10k: float, sure_enough: float) -> float:
    """The confidence below which fields must be flagged so that few errors stay silent; 0 flags none.

    ``silent_per_10k``: expected errors among the fields that stay unflagged, in 10,000 fields. ``sure_enough``: a
    confidence (0–1) from which no field is flagged, however many small doubts add up: a person who looks at twenty
    right fields to find a wrong one stops looking.
    """
    ordered = sorted(confidences)
    expected = sum(1 - c for c in ordered)
    allowed = silent_per_10k / 10_000 * len(ordered)
    for value in ordered:
        if expected <= allowed or value >= sure_enough:
            return value
        expected -= 1 - value
    return 1.0 if ordered else 0.0
