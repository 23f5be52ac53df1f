"""Keras .h5 files as Keras 2 and Teachable Machine write them: topology and weights, nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from classifiers.importers.legacy import rebuild
from router.errors import PackError

LARGEST = 2 << 30  # bytes of weights; a classifier of films has a hundredth of it


def keras_version(path: Path) -> int:
    """The major version of Keras that wrote the file. Raises PackError when it holds no Keras model."""
    with _open(path) as file:
        if "model_config" not in file.attrs:
            raise PackError(f"{path.name} holds weights without a model")
        written = _text(file.attrs.get("keras_version", "2"))
    return int(written.split(".")[0])


def topology(path: Path) -> dict[str, Any]:
    """What the file says of the model's layers. Raises PackError when it is not JSON."""
    with _open(path) as file:
        try:
            found = json.loads(_text(file.attrs["model_config"]))
        except (KeyError, ValueError) as error:
            raise PackError(f"{path.name} does not describe its model") from error
    if not isinstance(found, dict):
        raise PackError(f"{path.name} does not describe its model")
    return found


def read(path: Path) -> Any:
    """The ``keras.Model`` in an .h5 file of Keras 2 or older. Raises PackError when it cannot be rebuilt."""
    with _open(path) as file:
        if "model_weights" not in file:
            raise PackError(f"{path.name} holds a model without its weights")
        weights = dict(_weights(file["model_weights"]))
    return rebuild(topology(path), weights)


def _open(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise PackError(f"{path.name} is not an HDF5 file: {error}") from error


def _weights(root: h5py.Group) -> Iterator[tuple[tuple[str, str], NDArray[Any]]]:
    size = 0
    seen: set[tuple[str, str]] = set()
    for path, dataset in _datasets(root, ""):
        size += dataset.size * dataset.dtype.itemsize
        if size > LARGEST:
            raise PackError("the file says it holds more than 2 GiB of weights")
        layer, variable = path.split("/")[-2:]
        key = (layer, variable.split(":")[0])
        if key in seen:
            raise PackError(f"the file holds the weights {'/'.join(key)} twice")
        seen.add(key)
        yield key, np.asarray(dataset[()])


def _datasets(group: h5py.Group, path: str) -> Iterator[tuple[str, h5py.Dataset]]:
    """Every dataset under a group. A link to, or data in, another file is refused: it would read what it
    names.
    """
    for name in group:
        link = group.get(name, getlink=True)
        item = group[name] if isinstance(link, h5py.HardLink) else None
        if item is None or (isinstance(item, h5py.Dataset) and (item.external or item.is_virtual)):
            raise PackError(f"the file's {path}/{name} points elsewhere")
        if isinstance(item, h5py.Dataset):
            yield f"{path}/{name}", item
        else:
            yield from _datasets(item, f"{path}/{name}")


def _text(value: object) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
