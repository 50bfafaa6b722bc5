"""The end of PP-OCR's detector, computed before the picture is enlarged instead of after.

The detector ends with two transposed convolutions of 2 × 2 and stride 2: each pixel of a map at a quarter of the
picture's size becomes 4 × 4 of the answer, and no other pixel has a part in them. So the same sums are two
convolutions of 1 × 1 at a quarter of the size, the second with 16 channels, which are then laid out as 4 × 4 pixels.
In 32-bit floats the answer is the same to the last bit; OpenVINO computes the transposed convolutions, and the sigmoid
of their one channel, slowly and in 32-bit floats whatever is asked for: a seventh of the detector's time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_PLAIN = {"strides": [2, 2], "dilations": [1, 1], "pads_begin": [0, 0], "pads_end": [0, 0], "output_padding": [0, 0]}
"""Attributes of a transposed convolution whose 2 × 2 outputs of each pixel touch and do not overlap."""


@dataclass(frozen=True, slots=True)
class _Doubling:
    """A transposed convolution of 2 × 2 and stride 2, with its bias."""

    source: Any
    """What flows in: an output of OpenVINO's."""
    weights: Floats
    """(in, out, 2, 2)."""
    bias: Floats
    """(out,)."""


def without_enlarging(network: Any) -> Any | None:
    """The detector, ending in convolutions of 1 × 1. None where it ends otherwise than PP-OCR's."""
    import openvino
    from openvino import opset13 as operations

    sigmoid = before(network.output(0).get_node().input_value(0))
    if sigmoid.get_type_name() != "Sigmoid" or (last := _doubling(sigmoid.input_value(0))) is None:
        return None
    relu = before(last.source)
    if relu.get_type_name() != "Relu" or (first := _doubling(relu.input_value(0))) is None:
        return None
    if last.weights.shape[1] != 1:
        return None
    four = operations.relu(_mixed(first.source, _four(first.weights), np.tile(first.bias, 4)))
    sixteen = operations.sigmoid(_mixed(four.output(0), _sixteen(last.weights), np.tile(last.bias, 16)))
    answer = operations.depth_to_space(sixteen, "blocks_first", 4)
    return openvino.Model([answer], network.get_parameters(), network.get_friendly_name())


def before(output: Any) -> Any:
    """The node that computes a value, past those that only hand it on."""
    node = output.get_node()
    while node.get_type_name() == "Identity":
        node = node.input_value(0).get_node()
    return node


def _doubling(output: Any) -> _Doubling | None:
    """The transposed convolution and the bias that compute a value, where that is what computes it."""
    total = before(output)
    if total.get_type_name() != "Add":
        return None
    product, bias = (before(total.input_value(i)) for i in (0, 1))
    if product.get_type_name() != "ConvolutionBackpropData" or bias.get_type_name() != "Constant":
        return None
    weights = before(product.input_value(1))
    attributes = product.get_attributes()
    if weights.get_type_name() != "Constant" or any(attributes[name] != value for name, value in _PLAIN.items()):
        return None
    if weights.data.shape[2:] != (2, 2) or bias.data.size not in (1, weights.data.shape[1]):
        return None
    return _Doubling(product.input_value(0), weights.data, np.broadcast_to(bias.data.ravel(), weights.data.shape[1:2]))


def _mixed(source: Any, weights: Floats, bias: Floats) -> Any:
    """A convolution of 1 × 1; ``weights`` (out, in), ``bias`` (out,)."""
    from openvino import opset13 as operations

    kernels = operations.constant(np.ascontiguousarray(weights[:, :, None, None]))
    product = operations.convolution(source, kernels, [1, 1], [0, 0], [0, 0], [1, 1])
    return operations.add(product, operations.constant(bias.reshape(1, -1, 1, 1)))


def _four(weights: Floats) -> Floats:
    """Weights (4 · out, in): the four pixels row by row, the channels of each together."""
    inputs, outputs = weights.shape[:2]
    return weights.transpose(2, 3, 1, 0).reshape(4 * outputs, inputs)


def _sixteen(weights: Floats) -> Floats:
    """Weights (16, 4 · in) of the last layer, (in, 1, 2, 2): each of the four pixels to its own four of 4 × 4."""
    inputs = weights.shape[0]
    spread = np.zeros((2, 2, 2, 2, 2, 2, inputs), np.float32)  # row, row in it, column, column in it; from: row, column
    for row in range(2):
        for column in range(2):
            spread[row, :, column, :, row, column] = weights[:, 0].transpose(1, 2, 0)
    return spread.reshape(16, 4 * inputs)
