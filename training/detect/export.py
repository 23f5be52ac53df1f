"""Write a trained detector as a pack: OpenVINO weights, manifest, and a check that both say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfile
from types import MappingProxyType
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray

from classifiers.detectmanifest import Closer, Detect, OneName
from classifiers.manifest import (
    Classes,
    Engine,
    Fit,
    Format,
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
from classifiers.vino import ov
from router.types import Mode
from training.detect.calibrate import Calibration
from training.quick import as_openvino, compiled

PARITY: Final = 2e-2  # largest difference of a score or a film's probability between Keras and OpenVINO
PARITY_PIXELS: Final = 1.0  # of a box edge at places with a score that matters
OUTPUTS: Final = ("scores", "boxes", "image", "heat")
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """What a pack's manifest says beside the calibration."""

    labels: tuple[str, ...]
    side: int
    calibration: Calibration
    thresholds: Mapping[str, float]  # of boxes, by label; sites of ``closer`` have none
    licence: str
    training_data: str
    closer: Closer | None = None
    one_name: OneName | None = None
    box_size: tuple[float, ...] | None = None  # by label
    image_thresholds: Mapping[str, float] = field(default_factory=dict)  # labels stated without a box
    heat: bool = True
    overlap: float = 0.5
    most: int = 5
    metrics: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    mode: Mode = Mode.ACTIVE


def export(model: keras.Model, shipped: Shipped, folder: Path, *, probes: Floats) -> Pack:
    """Write the pack ``folder`` (NAME/VERSION) and check it on ``probes`` (n, side, side, 1).

    The card stays as it is; where there is none a line stands for it. Raises ValueError when OpenVINO, in
    half precision, and Keras disagree.
    """
    return written(converted(model, probes), shipped, folder, probes=probes, expected=said_by(model, probes))


def written(
    network: ov.Model | Path,
    shipped: Shipped,
    folder: Path,
    *,
    probes: Floats,
    expected: Mapping[str, Floats],
) -> Pack:
    """Write a converted network, or the file of one as it is, as a pack and check that it says what is
    ``expected`` of the probes. The rest as ``export``."""
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(network, Path):
        for kind in (".xml", ".bin"):
            copyfile(network.with_suffix(kind), (folder / "model.xml").with_suffix(kind))
    else:
        ov.save_model(network, str(folder / "model.xml"), compress_to_fp16=True)
    if not (folder / "CARD.md").is_file():
        (folder / "CARD.md").write_text(f"# {folder.parent.name}\n\nNot yet evaluated.\n")
    pack = write_pack(folder, manifest(shipped, name=folder.parent.name, version=folder.name))
    worst = parity(expected, folder / "model.xml", probes)
    alike = max(worst["scores"], worst["image"]) <= PARITY and worst["boxes"] <= PARITY_PIXELS
    if not alike:  # also where a difference is not a number
        raise ValueError(f"OpenVINO and Keras differ: {worst}")
    return pack


def manifest(shipped: Shipped, *, name: str, version: str) -> Manifest:
    """The pack.toml of a detector."""
    return Manifest(
        name=name,
        version=version,
        task=Task.DETECT,
        mode=shipped.mode,
        runtime=Engine.OPENVINO,
        licence=shipped.licence,
        training_data=shipped.training_data,
        weights=Weights(format=Format.OPENVINO_IR, path="model.xml", sha256="0" * 64),
        input=_input(shipped.side),
        outputs=_outputs(shipped),
        detect=Detect(
            boxes="boxes",
            overlap=shipped.overlap,
            most=shipped.most,
            image_weight=shipped.calibration.image_weight,
            box_size=shipped.box_size,
            heat="heat" if shipped.heat else None,
            closer=shipped.closer,
            one_name=shipped.one_name,
        ),
        metrics=MappingProxyType(dict(shipped.metrics)),
    )


def _outputs(shipped: Shipped) -> Mapping[str, Output]:
    """The heads: per place, and of the whole film."""
    found = shipped.calibration
    detect = Output(
        name="scores",
        values=Values.LOGITS,
        classes=Classes.INDEPENDENT,
        labels=shipped.labels,
        temperature=found.temperature,
        bias=found.bias,
        thresholds=MappingProxyType(dict(shipped.thresholds)),
    )
    classify = Output(
        name="image",
        values=Values.LOGITS,
        classes=Classes.INDEPENDENT,
        labels=shipped.labels,
        temperature=found.image_temperature,
        bias=found.image_bias,
        thresholds=MappingProxyType(dict(shipped.image_thresholds)),
    )
    return MappingProxyType({"detect": detect, "classify": classify})


def _input(side: int) -> Input:
    return Input(
        name="film",
        height=side,
        width=side,
        channels=1,
        layout=Layout.NHWC,
        fit=Fit.FILM,
        polarity=Polarity.BONE_BRIGHT,
        range=(0.0, 1.0),
    )


def said_by(model: keras.Model, probes: Floats) -> dict[str, Floats]:
    """What a Keras network says of films, its outputs by name."""
    return {name: np.asarray(values) for name, values in model(probes, training=False).items()}


def converted(model: keras.Model, probes: Floats) -> ov.Model:
    """A Keras network as an OpenVINO one that takes ``film`` and gives ``OUTPUTS``.

    OpenVINO names the outputs as it likes: each is known by its numbers.
    """
    only = keras.Model(model.input, {name: model.output[name] for name in OUTPUTS})
    network = as_openvino(only)
    # Not "image" too: OpenVINO would rename one of two tensors of that name when it writes them.
    network.inputs[0].get_tensor().set_names({"film"})
    there, here = compiled(network)(probes[:1]), said_by(only, probes[:1])
    for place, output in enumerate(network.outputs):
        output.get_tensor().set_names({_same(there[place], here)})
    return network


def _same(values: Floats, named: Mapping[str, Floats]) -> str:
    alike = {
        name: float(np.abs(one - values).max()) for name, one in named.items() if one.shape == values.shape
    }
    return min(alike, key=lambda name: alike[name])


def parity(here: Mapping[str, Floats], path: Path, probes: Floats) -> dict[str, float]:
    """The largest differences between what is expected of ``probes`` and what the exported network says: of
    scores and of films' probabilities in [0, 1], of box edges in pixels where a score is among the film's
    best hundred."""
    there = compiled(path)(probes)
    found = {name: np.asarray(there[name]) for name in OUTPUTS}
    best = np.argsort(-here["scores"].max(axis=2), axis=1)[:, :100, None]
    edges = np.take_along_axis(found["boxes"] - here["boxes"], best, axis=1)
    return {"boxes": float(np.abs(edges).max())} | {
        name: float(np.abs(_odds(found[name]) - _odds(here[name])).max())
        for name in ("scores", "image", "heat")
    }


def _odds(logits: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)))


def thresholds_of(labels: Sequence[str], values: Sequence[float]) -> dict[str, float]:
    """By label, as the manifest and the setting ``models.thresholds`` want them."""
    return {label: round(float(value), 4) for label, value in zip(labels, values, strict=True)}
