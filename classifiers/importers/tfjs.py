"""TensorFlow.js layers models: ``model.json`` (topology and weights manifest) and the shards of numbers
beside it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.importers.legacy import rebuild
from router.errors import PackError

DTYPES = {"float32": "<f4", "float16": "<f2", "int32": "<i4", "uint8": "u1", "uint16": "<u2"}


def read(path: Path) -> Any:
    """The ``keras.Model`` that a model.json describes. Raises PackError when it cannot be rebuilt."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document.get("format") == "graph-model":
            raise PackError(f"{path.name} is a TensorFlow.js graph model; only layers models are read")
        topology = document["modelTopology"]
        weights = dict(_weights(document["weightsManifest"], path.parent))
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise PackError(f"{path.name} is not a TensorFlow.js layers model: {error}") from error
    return rebuild(topology.get("model_config", topology), weights)


def _weights(manifest: list[dict[str, Any]], folder: Path) -> Iterator[tuple[tuple[str, str], NDArray[Any]]]:
    for group in manifest:
        data = b"".join(_shard(folder, name) for name in group["paths"])
        start = 0
        for entry in group["weights"]:
            values, start = _take(data, start, entry)
            layer, variable = entry["name"].split("/")[-2:]
            yield (layer, variable), values
        if start != len(data):
            raise ValueError(f"the shards of {group['paths'][0]!r} hold {len(data) - start} bytes too many")


def _shard(folder: Path, name: str) -> bytes:
    if (
        PurePosixPath(name).name != name
        or "\\" in name
        or not (folder / name).resolve().is_relative_to(folder.resolve())
    ):
        raise ValueError(f"the shard {name!r} lies in another folder")
    return (folder / name).read_bytes()


def _take(data: bytes, start: int, entry: Mapping[str, Any]) -> tuple[NDArray[Any], int]:
    """The values of one entry, and where the next begins; quantised ones are scaled back."""
    quantised = entry.get("quantization")
    dtype = np.dtype(DTYPES[(quantised or entry)["dtype"]])
    count = math.prod(entry["shape"])
    values = np.frombuffer(data, dtype, count, start).reshape(entry["shape"])
    end = start + count * dtype.itemsize
    if quantised and "scale" in quantised:
        values = values * np.float32(quantised["scale"]) + np.float32(quantised["min"])
    return values.astype(np.float32), end
