"""Read the tensors of a PyTorch weights file without PyTorch.

Only the format from before version 1.6 is read: pickles one after another (a magic number, the protocol,
facts about the machine, the tensors by name, the keys of the storages), then each storage as its length
(int64) and its raw values. Nothing but tensors is ever constructed.
"""

from __future__ import annotations

import collections
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MAGIC: Final = 0x1950A86A20F9469CFC6C
TYPES: Final = {"FloatStorage": "<f4", "LongStorage": "<i8"}


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: str
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def tensors(path: Path) -> dict[str, NDArray[Any]]:
    """All tensors by name. Raises FileNotFoundError, ValueError when the file is of another format, and
    pickle.UnpicklingError when it holds anything but tensors."""
    with path.open("rb") as file:
        types: dict[str, str] = {}
        if _Unpickler(file, types).load() != MAGIC:
            raise ValueError(f"{path.name} is not a PyTorch weights file of the old format")
        _Unpickler(file, types).load()
        _Unpickler(file, types).load()
        named = _Unpickler(file, types).load()
        values = {}
        for key in _Unpickler(file, types).load():
            count = int.from_bytes(file.read(8), "little")
            kind = np.dtype(types[key])
            values[key] = np.frombuffer(file.read(count * kind.itemsize), dtype=kind)
    return {name: _array(tensor, values[tensor.storage]) for name, tensor in named.items()}


def _array(tensor: _Tensor, values: NDArray[Any]) -> NDArray[Any]:
    size = values.dtype.itemsize
    return np.lib.stride_tricks.as_strided(
        values[tensor.start :], tensor.shape, tuple(stride * size for stride in tensor.strides)
    ).copy()


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: Any, types: dict[str, str]) -> None:
        super().__init__(file)
        self._types = types

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in TYPES:
            return name
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of weights")

    def persistent_load(self, identity: Any) -> str:
        _, kind, key, *_ = identity
        self._types[key] = TYPES[kind]
        return str(key)


def _tensor(storage: str, start: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> _Tensor:
    return _Tensor(storage, start, shape, strides)
