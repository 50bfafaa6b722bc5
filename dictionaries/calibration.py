"""The weights of the confidence model as data: ``data/calibration.csv``, written by ``benchmarks.calibrate``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from dictionaries.loader import SHIPPED, DictionaryError, FileKind, Row, parse_file

FILE = "calibration.csv"
KINDS = ("amount", "label", "blank", "prose")
LARGEST = 100.0
"""No weight of a sane fit is larger."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights of the logistic model: for each kind of field, by feature."""

    weights: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: MappingProxyType({}))
    version: str = ""
    """First 12 hex digits of the SHA-256 of all weights."""


def load_calibration(shipped: Path = SHIPPED) -> Calibration:
    """The weights. Raises DictionaryError when a row cannot be used. Read once per process and file state."""
    path = shipped / FILE
    return _load(path, path.stat().st_size, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _load(path: Path, _size: int, _time: int) -> Calibration:
    rows, faults = parse_file(path, WEIGHTS)
    if faults:
        raise DictionaryError("\n".join([f"{FILE}: {len(faults)} rows cannot be used:", *faults]))
    weights: dict[str, dict[str, float]] = {kind: {} for kind in KINDS}
    for kind, name, weight in rows:
        weights[kind][name] = weight
    frozen = MappingProxyType({kind: MappingProxyType(found) for kind, found in weights.items()})
    return Calibration(frozen, hashlib.sha256(repr(rows).encode()).hexdigest()[:12])


def _weight(row: Row) -> tuple[str, str, float]:
    kind = row.text("kind")
    if kind not in KINDS:
        raise row.fault(f"kind must be one of {', '.join(KINDS)}")
    try:
        weight = float(row.text("weight"))
    except ValueError:
        raise row.fault("weight must be a number") from None
    if not abs(weight) <= LARGEST:
        raise row.fault(f"weight must lie between -{LARGEST:g} and {LARGEST:g}")
    return kind, row.text("feature"), weight


WEIGHTS: FileKind[tuple[str, str, float]] = FileKind(("kind", "feature", "weight"), _weight, lambda w: w[:2])
