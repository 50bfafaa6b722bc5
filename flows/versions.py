"""What made an output besides the file and the options: code, libraries, models, dictionaries.

Together they are part of the cache key: when any of them changes, a document is read again.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from dictionaries.forms import load_forms
from dictionaries.identities import load_identities
from dictionaries.loader import DictionaryError as BadRows
from dictionaries.loader import load_dictionary
from document.exceptions import DictionaryError
from ocr.engine import EngineName, EngineOptions, load_engine
from ocr.engines.choice import runtime_version
from ocr.engines.models import DETECTION, RECOGNITION, bundled_file, fingerprint

_ROOT = Path(__file__).resolve().parent.parent
_CODE = ("document", "ocr", "cleanup", "dictionaries", "flows")
_LIBRARIES = ("pymupdf", "numpy", "opencv-contrib-python", "rapidfuzz")
_READERS = ("paddleocr", "paddlex", "onnxruntime", "paddlepaddle")
_MODEL_FILES = frozenset({".onnx", ".pdiparams", ".json", ".yml", ".yaml"})


def program_version() -> str:
    """The version of this program."""
    return library_version("qingzhang") or "unknown"


def library_version(name: str) -> str | None:
    """The version of an installed distribution, or None when it is not installed."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def versions(engine: EngineOptions, dictionaries: Path | None = None) -> Mapping[str, str]:
    """Everything that can change an output, by name; ``dictionaries`` is the user's own folder. Loads nothing heavy.

    Raises MissingDependencyError when the engine or its model is not there, DictionaryError when a dictionary file
    cannot be used.
    """
    found = {name: library_version(name) for name in _LIBRARIES}
    return {
        "qingzhang": program_version(),
        "code": code_fingerprint(),
        "dictionaries": _dictionaries(dictionaries),
        "identities": _identities(dictionaries),
        "forms": _forms(dictionaries),
        **{name: version for name, version in found.items() if version},
        **engine_versions(engine),
    }


def _dictionaries(own: Path | None) -> str:
    try:
        return load_dictionary(own).version
    except BadRows as error:
        raise DictionaryError(str(error)) from error


def _identities(own: Path | None) -> str:
    try:
        return load_identities(own).version
    except BadRows as error:
        raise DictionaryError(str(error)) from error


def _forms(own: Path | None) -> str:
    try:
        return load_forms(own).version
    except BadRows as error:
        raise DictionaryError(str(error)) from error


def engine_versions(engine: EngineOptions) -> Mapping[str, str]:
    """The versions behind one engine: its libraries and the hashes of its models."""
    if engine.name is not EngineName.PADDLE:
        return {engine.name.value: load_engine(engine).version}
    found = {name: library_version(name) for name in _READERS}
    return {
        "runtime": runtime_version(engine),
        **{name: version for name, version in found.items() if version},
        "detection model": _model(engine.detection_model, DETECTION),
        "recognition model": _model(engine.recognition_model, RECOGNITION),
    }


def _model(choice: str | None, default: str) -> str:
    """Name and hash of a model's files; a name that PaddleOCR resolves itself has no hash."""
    if choice is None:
        return f"{default}@{fingerprint(bundled_file(default))}"
    folder = Path(choice)
    if not folder.is_dir():
        return choice
    files = sorted(p for p in folder.iterdir() if p.suffix in _MODEL_FILES)
    return f"{folder.name}@{'.'.join(fingerprint(p) for p in files)}"


@cache
def code_fingerprint() -> str:
    """Twelve hex digits for all that this program is made of: a change between releases counts as well."""
    digest = hashlib.sha256()
    for file in _source_files():
        digest.update(file.relative_to(_ROOT).as_posix().encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


def _source_files() -> Iterator[Path]:
    for room in _CODE:
        yield from sorted(
            p for p in (_ROOT / room).rglob("*") if p.is_file() and p.suffix != ".pyc" and p.name[0] != "."
        )
