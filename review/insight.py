"""What clean-up knows of a document beyond its JSON, as it is handed to the desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from document.types import Document
from review.fields import FieldKey
from review.sidecar import Sidecar
from review.sums import Sum
from review.types import Suggestion


@dataclass(frozen=True, slots=True)
class Insight:
    """Sums over a document's fields, and suggestions for those in doubt."""

    sums: tuple[Sum[FieldKey], ...] = ()
    suggestions: Mapping[FieldKey, tuple[Suggestion, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """For flagged fields and others that the recogniser had second thoughts about; best first."""


InsightOf = Callable[[Document, Sidecar], Insight]
"""Given the machine's document and what lies beside it."""


def no_insight(_document: Document, _sidecar: Sidecar) -> Insight:
    """Nothing known beyond the document itself."""
    return Insight()
