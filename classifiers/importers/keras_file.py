"""Files of today's Keras (.keras, and .h5 written by Keras 3): loaded by Keras itself, after their
description was looked through.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

from classifiers.importers import h5
from router.errors import PackError

# What Keras's own layers are described with. Code from elsewhere, functions, and layers that run
# either are refused.
MODULES = frozenset(
    {"keras", "keras.layers", "keras.models", "keras.initializers", "keras.regularizers", "keras.constraints"}
)
OF_KERAS = ("keras.src.models", "keras.src.layers")
REFUSED = frozenset(
    {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "function", "__lambda__"}
)


def read(path: Path) -> Any:
    """The ``keras.Model`` in a .keras or Keras 3 .h5 file, compiled for nothing.

    Raises PackError for one that holds more than Keras's own layers, or that Keras cannot load.
    """
    description = h5.topology(path) if path.suffix == ".h5" else _config(path)
    for entry in _entries(description):
        _refuse(path, entry)
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, KeyError, OSError, AttributeError) as error:
        raise PackError(f"{path.name} cannot be loaded: {' '.join(str(error).split())[:300]}") from error


def _config(path: Path) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("config.json"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise PackError(f"{path.name} is not a Keras file: {error}") from error


def _entries(value: Any) -> Iterator[dict[str, Any]]:
    """Every description of an object in the file; how it was trained is not loaded, so not looked at."""
    if isinstance(value, dict):
        if "class_name" in value:
            yield value
        for key, item in value.items():
            if key != "compile_config":
                yield from _entries(item)
    elif isinstance(value, list):
        for item in value:
            yield from _entries(item)


def _refuse(path: Path, entry: dict[str, Any]) -> None:
    name, module = entry["class_name"], entry.get("module")
    of_keras = module is None or module in MODULES or str(module).startswith(OF_KERAS)
    if name in REFUSED or not of_keras or entry.get("registered_name") not in (None, name, "Functional"):
        raise PackError(f"{path.name} holds {name!r}, which could run code of its own")
