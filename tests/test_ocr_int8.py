"""The recogniser in 8-bit integers: ranges, their measuring, and what becomes of the network."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.ranges import best_range, loss, write_ranges
from ocr.engines.models import RECOGNITION, bundled_model, fingerprint
from ocr.engines.openvino_int8 import RANGES, Range, known_ranges, layers, read_ranges, rounded

SHIPPED = bundled_model(RECOGNITION).network


@pytest.fixture
def recogniser() -> Any:
    return openvino.Core().read_model(str(SHIPPED))


@given(st.floats(-100, 100), st.floats(-100, 100))
def test_zero_is_one_of_the_256_levels(one: float, other: float) -> None:
    low, high = sorted((one, other))
    first, last = Range(low, high).steps
    step = (last - first) / 255
    assert first <= 0 <= last
    assert -first / step == pytest.approx(round(-first / step), abs=1e-6)
    assert first <= low + step / 2 + 1e-9
    assert last >= high - step / 2 - 1e-9


def test_every_large_convolution_of_the_shipped_recogniser_was_measured(recogniser: Any) -> None:
    """Else it would be slow in silence: measure again when the model changes."""
    assert SHIPPED is not None
    assert list(known_ranges(fingerprint(SHIPPED))) == [node.get_friendly_name() for node in layers(recogniser)]


def test_a_network_that_was_not_measured_stays_as_it_is(recogniser: Any) -> None:
    before = Counter(node.get_type_name() for node in recogniser.get_ops())
    unknown = known_ranges("0123456789ab")
    assert unknown == {}
    assert Counter(node.get_type_name() for node in rounded(recogniser, unknown).get_ops()) == before


def test_weights_lose_at_most_half_a_step_of_their_channel(recogniser: Any) -> None:
    assert SHIPPED is not None
    given_weights = {n.get_friendly_name(): n.input_value(1).get_node().data.copy() for n in layers(recogniser)}
    changed = rounded(recogniser, known_ranges(fingerprint(SHIPPED)))
    nodes = list(_convolutions(changed, set(given_weights)))
    assert len(nodes) == len(given_weights) > 25
    for node in nodes:
        assert node.input_value(0).get_node().get_type_name() == "FakeQuantize"
        weights, *ends, _, _ = (node.input_value(1).get_node().input_value(i).get_node().data for i in range(5))
        low, high = ends
        assert np.array_equal(weights, given_weights[node.get_friendly_name()])
        assert np.array_equal(low, -high)
        assert (np.abs(weights) <= high).all()


def _convolutions(network: Any, names: set[str]) -> list[Any]:
    return [node for node in network.get_ordered_ops() if node.get_friendly_name() in names]


def test_the_compiled_network_computes_in_integers(recogniser: Any) -> None:
    assert SHIPPED is not None
    network = rounded(recogniser, known_ranges(fingerprint(SHIPPED)))
    network.reshape([1, 3, 48, 96])
    compiled = openvino.Core().compile_model(network, "CPU", {"INFERENCE_NUM_THREADS": 1})
    kinds = [node.get_rt_info() for node in compiled.get_runtime_model().get_ops()]
    integers = [k for k in kinds if k["layerType"] == "Convolution" and k["runtimePrecision"] in ("i8", "u8")]
    assert len(integers) >= 25


@given(st.integers(0, 1000), st.floats(1, 50))
def test_a_measured_range_loses_no_more_than_all_there_is(seed: int, outlier: float) -> None:
    values = np.append(np.random.default_rng(seed).normal(size=500), outlier).astype(np.float32)
    whole = Range(float(values.min()), float(values.max()))
    assert loss(values, best_range(values)) <= loss(values, whole)


def test_many_values_outweigh_one_far_off() -> None:
    values = np.append(np.random.default_rng(1).normal(size=400_000), 20.0).astype(np.float32)
    assert best_range(values).high < 15


def test_ranges_are_read_as_they_were_written(tmp_path: Path) -> None:
    ranges = {"ab12": {"Conv.1": Range(-0.17, 3.25), "Conv.2": Range(0.0, 9.0)}}
    write_ranges(ranges, tmp_path / RANGES.name)
    assert read_ranges(tmp_path / RANGES.name) == ranges
