"""The detector's end, computed before the map is enlarged, gives what it gave after."""

from typing import Any

import numpy as np
import openvino
import pytest
from openvino import opset13 as operations

from ocr.engines import openvino_networks
from ocr.engines.models import DETECTION, bundled_model
from ocr.engines.openvino_upsampling import without_enlarging

CHANNELS = 3


def network(strides: int = 2, channels: int = 1, sigmoid: bool = True) -> Any:
    """A map (1, 3, rows, columns) enlarged twice, as PP-OCR's detector ends, with weights by chance."""
    chance = np.random.default_rng(0)

    def enlarged(source: Any, outputs: int, stride: int) -> Any:
        weights = chance.normal(size=(CHANNELS, outputs, 2, 2)).astype(np.float32)
        product = operations.convolution_backprop_data(
            source, operations.constant(weights), [stride] * 2, pads_begin=[0, 0], pads_end=[0, 0], dilations=[1, 1]
        )
        return operations.add(product, operations.constant(chance.normal(size=(1, outputs, 1, 1)).astype(np.float32)))

    given = operations.parameter(openvino.PartialShape([1, CHANNELS, -1, -1]), np.float32, "x")
    last = enlarged(operations.relu(enlarged(given, CHANNELS, 2)), channels, strides)
    return openvino.Model([operations.sigmoid(last) if sigmoid else last], [given], "drawn")


def answer(of: Any, pixels: np.ndarray) -> np.ndarray:
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    return np.asarray(next(iter(openvino.Core().compile_model(of, "CPU", settings)([pixels]).values())))


def test_the_answer_is_the_same() -> None:
    pixels = np.random.default_rng(1).normal(size=(1, CHANNELS, 5, 7)).astype(np.float32)
    rewritten = without_enlarging(network())
    assert "ConvolutionBackpropData" not in {o.get_type_name() for o in rewritten.get_ops()}
    assert answer(rewritten, pixels).shape == (1, 1, 20, 28)
    assert np.allclose(answer(rewritten, pixels), answer(network(), pixels), atol=1e-6)


@pytest.mark.parametrize("other", [{"strides": 1}, {"channels": 2}, {"sigmoid": False}])
def test_a_network_that_ends_otherwise_is_left_alone(other: dict[str, Any]) -> None:
    assert without_enlarging(network(**other)) is None


def test_the_shipped_detector_ends_so() -> None:
    shipped = openvino_networks._network(bundled_model(DETECTION))
    rewritten = without_enlarging(shipped)
    assert rewritten is not None
    page = np.random.default_rng(2).normal(size=(1, 3, 64, 96)).astype(np.float32)
    assert np.allclose(answer(rewritten, page), answer(shipped, page), atol=1e-5)
