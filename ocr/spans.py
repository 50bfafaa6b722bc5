"""Stretches of a line (区间), and what hangs together: small tools of rulings and grids."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Spans = tuple[tuple[float, float], ...]


def merged(spans: Iterable[tuple[float, float]]) -> Spans:
    """The union of stretches (start, end), in order and apart."""
    result: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return tuple(result)


def covered(spans: Spans, low: Floats, high: Floats) -> Floats:
    """The length of ``spans`` (in order, apart) between each ``low`` and ``high``."""
    if not spans:
        return np.zeros_like(low)
    marks = np.array(spans).ravel()
    lengths = np.array([[0.0, end - start] for start, end in spans]).ravel()
    total = np.cumsum(lengths)
    return np.asarray(np.interp(high, marks, total) - np.interp(low, marks, total))


def connected(number: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """For each of ``number`` items a representative of the connected group that the pairs put it in."""
    parent = list(range(number))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for a, b in pairs:
        parent[root(a)] = root(b)
    return [root(i) for i in range(number)]
