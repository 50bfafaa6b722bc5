"""The PP-OCR networks on OpenVINO: with ``openvino_int8`` and ``openvino_upsampling`` the only that import openvino.

The networks are PaddleOCR's, unchanged but for four things that OpenVINO can do inside the graph: normalising the
pixels, leaving out the classes of characters that may not be read (the recogniser's last layer is cut to them),
computing in 16-bit brain floats, the recogniser in 8-bit integers, where the processor multiplies them, and the end of
the detector, computed before it is enlarged to the size of the picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from document.exceptions import MissingDependencyError
from ocr.ctc import DecodedCharacter, allowed_alphabet, decode
from ocr.engine import CharacterSet, EngineOptions, Precision
from ocr.engines.choice import chosen_precision, float_precision, runtime_version
from ocr.engines.models import Model, fingerprint, read_configuration
from ocr.engines.openvino_int8 import known_ranges, rounded, watched
from ocr.engines.openvino_upsampling import before, without_enlarging
from ocr.engines.ppocr import (
    DetectionSettings,
    Found,
    Networks,
    batches,
    detector_size,
    found_in,
    line_image,
    line_width,
)
from ocr.types import Pixels

_BATCH_PIXELS = 1024
"""Width of the lines read in one call: from here on a larger call is no faster (measured), only larger."""


class OpenVinoNetworks(Networks):
    """Both networks, each compiled once for all sizes of input."""

    def __init__(self, detection: Model, recognition: Model, options: EngineOptions) -> None:
        self._runtime = runtime_version(options)
        settings = _settings(float_precision(options), options.threads)
        detector, network = _network(detection), _network(recognition)
        if chosen_precision(options) is Precision.INT8 and recognition.network is not None:
            network = rounded(network, known_ranges(fingerprint(recognition.network)))
        found, read = read_configuration(detection), read_configuration(recognition)
        self._settings = DetectionSettings.of(found)
        self._detector = _compiled(_detector(without_enlarging(detector) or detector, found), settings)
        characters = ("", *read["PostProcess"]["character_dict"], " ")
        self._alphabet = allowed_alphabet(characters, options.characters is CharacterSet.SIMPLIFIED)
        if (cut := _cut_to(network, self._alphabet.classes)) is not None:
            network, self._alphabet = cut, self._alphabet.alone
        self._recogniser = _compiled(_lines(network), settings)

    @property
    def runtime(self) -> str:
        """OpenVINO's version and the precision."""
        return self._runtime

    def find(self, pixels: Pixels, longest: int) -> Found:
        """Text of a picture, with its longer side at most ``longest``."""
        height, width = detector_size(pixels.shape, longest)
        small = pixels if pixels.shape[:2] == (height, width) else cv2.resize(pixels, (width, height))
        return found_in(self.run_detector(small), pixels.shape, self._settings)

    def read(self, crops: Sequence[Pixels]) -> list[tuple[DecodedCharacter, ...]]:
        """The characters of each crop. What stands in one batch with a crop does not change its answer."""
        widths = [line_width(crop) for crop in crops]
        answers: list[tuple[DecodedCharacter, ...]] = [()] * len(crops)
        for padded, places in batches(widths, _BATCH_PIXELS):
            scores = self.run_recogniser(np.stack([line_image(crops[i], padded) for i in places]))
            for place, row in zip(places, scores, strict=True):
                answers[place] = decode(row, self._alphabet, used=widths[place] / padded)
        return answers

    def run_detector(self, pixels: Pixels) -> NDArray[np.float32]:
        """The network alone: the probability of text at each pixel. Valid until the next call."""
        self._detector.infer([_tensor(pixels[None])])
        chances: NDArray[np.float32] = self._detector.get_output_tensor().data[0, 0]
        return chances

    def run_recogniser(self, lines: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The network alone: (lines, 48, width, 3) to scores (lines, steps, classes). Valid until the next call."""
        self._recogniser.infer([_tensor(lines)])
        scores: NDArray[np.float32] = self._recogniser.get_output_tensor().data
        return scores


def _settings(precision: Precision, threads: int) -> dict[str, Any]:
    return {
        "INFERENCE_PRECISION_HINT": precision.value,
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "ENABLE_CPU_PINNING": False,  # several processes would be pinned to the same core
    }


@dataclass(frozen=True, slots=True)
class Watch:
    """A recogniser that tells what flows into its large convolutions, in 32-bit floats."""

    names: tuple[str, ...]
    """Of the layers, in the order of the network."""
    request: Any

    def flowing(self, pixels: NDArray[np.uint8]) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Each layer with its values, for lines (batch, 48, width, 3). Valid until the next call."""
        self.request.infer([_tensor(pixels)])
        for place, name in enumerate(self.names):
            yield name, self.request.get_output_tensor(place).data


def watch(recognition: Model) -> Watch:
    """The recogniser, to be watched."""
    network, names = watched(_network(recognition))
    return Watch(names, _compiled(_lines(network), _settings(Precision.F32, 1)))


def _network(model: Model) -> Any:
    """The network as OpenVINO reads it. Raises MissingDependencyError when its file is not there."""
    if model.network is None:
        raise MissingDependencyError(
            f"OpenVINO needs {model.name} as a folder with inference.onnx and inference.yml. "
            "Name such a folder, or use --runtime onnxruntime or paddle."
        )
    return _core().read_model(str(model.network))


@cache
def _core() -> Any:
    import openvino

    return openvino.Core()


def _compiled(network: Any, settings: dict[str, Any]) -> Any:
    return _core().compile_model(network, "CPU", settings).create_infer_request()


def _tensor(pixels: NDArray[np.uint8]) -> Any:
    """The pixels where they lie, not copied."""
    import openvino

    return openvino.Tensor(np.ascontiguousarray(pixels), shared_memory=True)


def _detector(network: Any, configuration: dict[str, Any]) -> Any:
    """The detector, taking pixels as they are."""
    steps = configuration["PreProcess"]["transform_ops"]
    normalise = next(step["NormalizeImage"] for step in steps if "NormalizeImage" in step)
    return _from_pixels(
        network, [255 * float(m) for m in normalise["mean"]], [255 * float(s) for s in normalise["std"]]
    )


def _lines(network: Any) -> Any:
    """The recogniser, taking pixels as they are."""
    return _from_pixels(network, [127.5] * 3, [127.5] * 3)


def _from_pixels(network: Any, mean: list[float], deviation: list[float]) -> Any:
    """The network with an input of ``uint8 (batch, height, width, blue green red)`` pixels, normalised in the graph."""
    import openvino
    from openvino.preprocess import PrePostProcessor

    steps = PrePostProcessor(network)
    steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    steps.input().model().set_layout(openvino.Layout("NCHW"))
    pixels = steps.input().preprocess()
    pixels.reverse_channels().convert_element_type(openvino.Type.f32).mean(mean).scale(deviation)
    return steps.build()


def _cut_to(network: Any, classes: NDArray[np.int64]) -> Any | None:
    """The recogniser with its last layer, a product and a sum before the softmax, cut to some of its classes.

    None where it ends otherwise. The chances are shared out among the classes that stay, as if it were known
    beforehand that no other occurs.
    """
    import openvino
    from openvino import opset13 as operations

    softmax = before(network.output(0).get_node().input_value(0))
    if softmax.get_type_name() != "Softmax" or (total := before(softmax.input_value(0))).get_type_name() != "Add":
        return None
    product, bias = (before(total.input_value(i)) for i in (0, 1))
    if product.get_type_name() != "MatMul" or bias.get_type_name() != "Constant":
        return None
    weights = before(product.input_value(1))
    if weights.get_type_name() != "Constant" or bias.data.shape != weights.data.shape[1:]:
        return None
    cut = operations.matmul(product.input_value(0), operations.constant(weights.data[:, classes].copy()), False, False)
    answer = operations.softmax(operations.add(cut, operations.constant(bias.data[classes].copy())), 2)
    return openvino.Model([answer], network.get_parameters(), network.get_friendly_name())
