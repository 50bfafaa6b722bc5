"""PP-OCR's recogniser with its large convolutions in 8-bit integers.

A FakeQuantize operation stands before each input of these convolutions: one rounds the weights, each output channel by
its own largest, the other what flows in, by the range that was measured for this layer. OpenVINO's compiler makes
8-bit convolutions of them; all else stays in the precision that the options name. The ranges belong to one network
file (``data/ranges.csv``, by ``python -m benchmarks.ranges``): a network that was not measured is left as it is.
The detector stays in floats: in 8 bits it was an eighth faster, and lost three boxes in a hundred.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

RANGES = Path(__file__).parent / "data" / "ranges.csv"
COLUMNS = ("network", "layer", "low", "high")
_LEVELS = 256
"""Of what flows in; weights have one less, the same on both sides of zero."""
_LEAST = 1e-8
"""A channel whose weights are all smaller is nothing; no division by zero."""


@dataclass(frozen=True, slots=True)
class Range:
    """Between what numbers the values that flow into a layer are told apart."""

    low: float
    high: float

    @property
    def steps(self) -> tuple[float, float]:
        """The same with zero, which is what a picture is padded with, exactly on one of the 256 levels."""
        low, high = min(self.low, 0.0), max(self.high, 0.0)
        step = (high - low) / (_LEVELS - 1) or 1.0
        first = -round(-low / step) * step
        return first, first + step * (_LEVELS - 1)


@cache
def known_ranges(network: str) -> Mapping[str, Range]:
    """The ranges of a network's layers by their names; ``network``: the fingerprint of its file. Empty if unknown."""
    return MappingProxyType(read_ranges(RANGES).get(network, {}))


def read_ranges(path: Path) -> dict[str, dict[str, Range]]:
    """The file's ranges by network and layer."""
    found: dict[str, dict[str, Range]] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            found.setdefault(row["network"], {})[row["layer"]] = Range(float(row["low"]), float(row["high"]))
    return found


def layers(network: Any) -> Iterator[Any]:
    """The convolutions that take the time: with fixed weights, over more than one pixel, no channel by itself."""
    for node in network.get_ordered_ops():
        if node.get_type_name() != "Convolution" or node.input_value(1).get_node().get_type_name() != "Constant":
            continue
        shape = node.get_output_partial_shape(0)
        if not all(side.is_static and side.get_length() == 1 for side in (shape[2], shape[3])):
            yield node


def rounded(network: Any, ranges: Mapping[str, Range]) -> Any:
    """The network, changed in place: the layers that have a range compute in 8 bits."""
    from openvino import opset13 as operations

    flowing: dict[tuple[str, int], Any] = {}
    for node in [n for n in layers(network) if n.get_friendly_name() in ranges]:
        source = node.input_value(0)
        key = source.get_node().get_friendly_name(), source.get_index()
        if key not in flowing:  # several layers may take the same values
            flowing[key] = _rounded_values(operations, source, ranges[node.get_friendly_name()])
        weights = _rounded_weights(operations, node.input_value(1).get_node().data)
        node.input(0).replace_source_output(flowing[key].output(0))
        node.input(1).replace_source_output(weights.output(0))
    network.validate_nodes_and_infer_types()
    return network


def _rounded_values(operations: Any, source: Any, given: Range) -> Any:
    ends = [operations.constant(np.full((1, 1, 1, 1), end, np.float32)) for end in given.steps]
    return operations.fake_quantize(source, *ends, *ends, _LEVELS)


def _rounded_weights(operations: Any, weights: NDArray[np.float32]) -> Any:
    """Weights (out, in, rows, columns) in 255 steps, by output channel."""
    largest = np.maximum(np.abs(weights).max(axis=(1, 2, 3), keepdims=True), _LEAST).astype(np.float32)
    ends = [operations.constant(-largest), operations.constant(largest)]
    return operations.fake_quantize(operations.constant(weights.copy()), *ends, *ends, _LEVELS - 1)


def watched(network: Any) -> tuple[Any, tuple[str, ...]]:
    """For measuring: a network that gives what flows into each of the layers, and the layers' names."""
    import openvino
    from openvino import opset13 as operations

    nodes = list(layers(network))
    flowing = [operations.result(node.input_value(0)) for node in nodes]
    return openvino.Model(flowing, network.get_parameters(), "watched"), tuple(n.get_friendly_name() for n in nodes)
