"""What the engine's options come to on this machine: which runtime, in which numbers. Loads nothing heavy."""

from __future__ import annotations

import importlib.metadata
import platform
from functools import cache
from pathlib import Path

from ocr.engine import Device, EngineOptions, Precision, Runtime

_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})
"""Processor flags, as Linux names them, of which one is needed for bf16 to be faster than f32."""
_INT8_FLAGS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8"})
"""The same for 8-bit integers."""
_DISTRIBUTIONS = {
    Runtime.OPENVINO: ("openvino",),
    Runtime.ONNXRUNTIME: ("onnxruntime", "onnxruntime-gpu"),
    Runtime.PADDLE: ("paddlepaddle", "paddlepaddle-gpu"),
}


def chosen_runtime(options: EngineOptions) -> Runtime:
    """What runs PaddleOCR's networks, also where the options leave it open.

    OpenVINO on the processor, where both models are there as files for it; else ONNX Runtime, which has CUDA and
    lets PaddleOCR find models by name.
    """
    if options.runtime is not Runtime.AUTO:
        return options.runtime
    named = (choice for choice in (options.detection_model, options.recognition_model) if choice is not None)
    files = all((Path(choice) / "inference.onnx").exists() for choice in named)
    return Runtime.OPENVINO if options.device is Device.CPU and files else Runtime.ONNXRUNTIME


def chosen_precision(options: EngineOptions) -> Precision:
    """The numbers that OpenVINO computes in, also where the options leave it open."""
    if options.precision is not Precision.AUTO:
        return options.precision
    return Precision.INT8 if has_int8() else float_precision(options)


def float_precision(options: EngineOptions) -> Precision:
    """The numbers of all that is not computed in integers."""
    if options.precision in (Precision.F32, Precision.BF16):
        return options.precision
    return Precision.BF16 if has_bf16() else Precision.F32


def has_int8() -> bool:
    """Whether this processor sums up products of 8-bit integers in one step."""
    return not _INT8_FLAGS.isdisjoint(_processor_flags())


def has_bf16() -> bool:
    """Whether this processor multiplies 16-bit brain floats."""
    return not _BF16_FLAGS.isdisjoint(_processor_flags())


@cache
def _processor_flags() -> frozenset[str]:
    """What this processor can; where the system does not tell, nothing special."""
    if platform.system() != "Linux":
        return frozenset()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line for line in lines if line.startswith("flags")), "").split())


def runtime_version(options: EngineOptions) -> str:
    """The runtime with its version, and the precision where that is a choice: all that changes what is read."""
    runtime = chosen_runtime(options)
    version = next(filter(None, map(_version, _DISTRIBUTIONS[runtime])), "absent")
    if runtime is not Runtime.OPENVINO:
        return f"{runtime} {version}"
    numbers = dict.fromkeys((chosen_precision(options), float_precision(options)))
    return f"{runtime} {version} {'+'.join(numbers)}"


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
