"""OpenVINO: reads an IR, a TensorFlow SavedModel or a frozen graph, and runs it on the CPU.

The files are read by the runtime itself (``Core.read_model``), not by the converter package, which reports
its use over the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.manifest import Input, Layout
from classifiers.vino import ov


class OpenVinoNetwork:
    """A network compiled for this CPU. Not for several threads at once."""

    def __init__(
        self,
        path: Path,
        wanted: Input,
        outputs: Sequence[str],
        *,
        threads: int,
        throughput: bool,
        cache: Path | None,
    ) -> None:
        """Raises RuntimeError or ValueError for a network that is not as described."""
        core = ov.Core()
        model = read(core, path)
        if len(model.inputs) != 1:
            raise ValueError(f"the network has {len(model.inputs)} inputs, not one")
        model.reshape({model.inputs[_index(model.inputs, wanted.name)]: _shape(wanted)})
        self._outputs = {name: _index(model.outputs, name) for name in outputs}
        properties: dict[str, Any] = {
            "PERFORMANCE_HINT": "THROUGHPUT" if throughput else "LATENCY",
            # bfloat16, the default where the CPU has it, would make a score depend on the machine.
            "INFERENCE_PRECISION_HINT": "f32",
        }
        if threads > 0:
            properties["INFERENCE_NUM_THREADS"] = threads
        if cache is not None:
            properties["CACHE_DIR"] = str(cache)
        compiled = core.compile_model(model, "CPU", properties)
        self._queue = ov.AsyncInferQueue(compiled, compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
        self._queue.set_callback(self._keep)

    def __call__(self, tensor: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        """Run the tensor; outputs by name.

        Film by film: on a CPU one film's activations stay in the caches, which makes 16 films in one tensor
        take more than twice as long, and no score depends on what else was in the batch.
        """
        found: list[dict[str, NDArray[Any]]] = [{} for _ in range(len(tensor))]
        for i, row in enumerate(found):
            self._queue.start_async([tensor[i : i + 1]], userdata=row, share_inputs=True)
        self._queue.wait_all()
        return {name: np.concatenate([row[name] for row in found]) for name in self._outputs}

    def _keep(self, request: Any, row: dict[str, NDArray[Any]]) -> None:
        """Copy the outputs of one film out of the engine's memory, which the next film overwrites."""
        for name, index in self._outputs.items():
            row[name] = request.get_output_tensor(index).data.copy()


def read(core: ov.Core, path: Path) -> ov.Model:
    """The network at ``path``: an .xml, a .pb or a SavedModel folder. Raises RuntimeError."""
    return core.read_model(str(path))


def names_of(port: Any) -> set[str]:
    """The names a tensor goes by: TensorFlow's ``name:0`` is also ``name``."""
    names = set(port.get_names())
    return names | {name.removesuffix(":0") for name in names}


def _index(ports: Sequence[Any], name: str) -> int:
    for index, port in enumerate(ports):
        if name in names_of(port):
            return index
    known = sorted(name for port in ports for name in port.get_names())
    raise ValueError(f"the network has no tensor {name!r}, only {', '.join(known)}")


def _shape(wanted: Input) -> ov.PartialShape:
    spatial = [wanted.height, wanted.width]
    nchw = wanted.layout is Layout.NCHW
    return ov.PartialShape([1, wanted.channels, *spatial] if nchw else [1, *spatial, wanted.channels])
