"""How fast each runtime is on one network: a MobileNetV2 for 30 views at 224 pixels, in batches of 1 and 16.

    python -m bench.runtimes [--seconds 5] [--batches 1 16] [--threads 0]

Measured the way each is used: Keras' ``predict`` (what most Keras programs call), the Keras model called
directly, the SavedModel's signature on TensorFlow, and OpenVINO reading the same SavedModel with each of its
hints. All get the same films and give the same numbers, which is checked first. The rounds of all runtimes
are interleaved, so that what else the machine does hits them alike.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.report import Row, percentile, show
from classifiers import runtimes
from classifiers.importers.sources import export
from classifiers.manifest import (
    Engine,
    Fit,
    Format,
    Gate,
    Input,
    Layout,
    Manifest,
    Output,
    Polarity,
    Task,
    Values,
    Weights,
)
from classifiers.packs import Pack, write_pack
from router.views import NNCPR_VIEWS

SIDE = 224
Floats = NDArray[np.float32]
Infer = Callable[[Floats], Floats]


def main() -> None:
    """Build, check, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="for each runtime and batch size")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--threads", type=int, default=0, help="of the CPU; 0: each runtime's own choice")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        ways = _ways(Path(scratch), args.threads)
        difference = _largest_difference(ways)
        rows = [row for batch in args.batches for row in _measure(ways, batch, args.seconds)]
    show("runtimes", rows, notes=[f"largest difference of a probability from Keras: {difference:.1e}"])


def _ways(scratch: Path, threads: int) -> dict[str, Infer]:
    """Every way to run the network, the slowest customary one first."""
    import keras

    keras.utils.set_random_seed(1)
    model = keras.applications.MobileNetV2(
        weights=None, classes=len(NNCPR_VIEWS), input_shape=(SIDE, SIDE, 3), classifier_activation="softmax"
    )
    for layer in model.layers:  # as training leaves them: else random weights give every film the same answer
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    model(_films(8), training=True)
    folder = scratch / "view" / "1"
    folder.mkdir(parents=True)
    export(model, folder / "saved_model")
    pack = write_pack(folder, _manifest())
    return {
        "Keras predict": lambda batch: np.asarray(model.predict(batch, verbose=0)),
        "Keras call": lambda batch: np.asarray(model(batch, training=False)),
        "TensorFlow": _runtime(pack, engine=Engine.TENSORFLOW, threads=threads),
        "OpenVINO latency": _runtime(pack, hint="latency", threads=threads),
        "OpenVINO throughput": _runtime(pack, hint="throughput", threads=threads),
    }


def _runtime(pack: Pack, **options: Any) -> Infer:
    runtime = runtimes.load(pack, **options)
    return lambda batch: runtime.infer(batch)["view"]


def _largest_difference(ways: dict[str, Infer]) -> float:
    """Run every way on the same films; also warms them. Raises ValueError when two disagree by more than
    1e-3.
    """
    films = _films(16)
    expected, *others = [infer(films) for infer in ways.values()]
    largest = max(float(np.abs(found - expected).max()) for found in others)
    if largest > 1e-3:
        raise ValueError(f"the runtimes disagree by {largest:.2g}")
    return largest


def _measure(ways: dict[str, Infer], batch: int, seconds: float) -> list[Row]:
    films = _films(batch)
    times: dict[str, list[float]] = {name: [] for name in ways}
    while min(sum(found) for found in times.values()) < seconds:
        for name, infer in ways.items():
            start = time.perf_counter()
            infer(films)
            times[name].append(time.perf_counter() - start)
    slowest = statistics.median(times["Keras predict"])
    return [
        {
            "runtime": name,
            "batch": batch,
            "median_ms": 1000 * statistics.median(found),
            "p95_ms": 1000 * percentile(found, 95),
            "films_per_second": batch / statistics.median(found),
            "times_faster_than_keras_predict": slowest / statistics.median(found),
        }
        for name, found in times.items()
    ]


def _films(count: int) -> Floats:
    return np.random.default_rng(count).uniform(-1, 1, (count, SIDE, SIDE, 3)).astype(np.float32)


def _manifest() -> Manifest:
    return Manifest(
        name="view",
        version="1",
        task=Task.VIEW,
        runtime=Engine.OPENVINO,
        licence="none",
        training_data="none: random weights",
        weights=Weights(format=Format.SAVED_MODEL, path="saved_model", sha256=hashlib.sha256().hexdigest()),
        input=Input(
            name="film",
            height=SIDE,
            width=SIDE,
            channels=3,
            layout=Layout.NHWC,
            fit=Fit.STRETCH,
            polarity=Polarity.BONE_BRIGHT,
            range=(-1.0, 1.0),
        ),
        outputs=MappingProxyType(
            {"view": Output(name="output", values=Values.PROBABILITIES, labels=NNCPR_VIEWS)}
        ),
        gate=Gate(),
    )


if __name__ == "__main__":
    main()
