"""Write the trained network as a model pack: OpenVINO weights, manifest, and a check that both say the
same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import keras
import numpy as np

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
    Reject,
    RejectByClass,
    RejectByEnergy,
    Task,
    Values,
    Weights,
)
from classifiers.packs import Pack, write_pack
from classifiers.runtimes import load
from classifiers.vino import ov
from router.known_films import SURE_ENOUGH
from training.load import trained
from training.network import PROJECTIONS, ROTATIONS
from training.quick import as_openvino
from training.recipe import Recipe
from training.simulate.views import LABELS

# largest difference of a probability between Keras and OpenVINO, which keeps weights in half precision
PARITY = 2e-3
LICENCE = "CC-BY-SA-4.0"
TRAINED_ON = (
    "Films simulated from BodyParts3D / Z-Anatomy (CC BY-SA), NIH ChestX-ray14 chest films, and a few dozen "
    "real films under licences that allow it; ImageNet before that. No film marked evaluate-only."
)


def export(*, network_folder: Path, pack: Path) -> str:
    """Write the pack; returns one line about its parity and size. Raises ValueError when the two runtimes
    disagree."""
    model, recipe = trained(network_folder)
    chosen = json.loads((network_folder / "calibration.json").read_text())
    pack.mkdir(parents=True, exist_ok=True)
    _convert(model, pack / "model.xml")
    if not (pack / "CARD.md").is_file():
        (pack / "CARD.md").write_text("# view\n\nNot yet evaluated: run `python -m training evaluate`.\n")
    written = write_pack(pack, manifest(recipe, chosen, name=pack.parent.name, version=pack.name))
    worst = parity(model, written, recipe)
    if worst > PARITY:
        raise ValueError(f"OpenVINO and Keras differ by {worst:.2g} in a probability, more than {PARITY}")
    size = (pack / "model.bin").stat().st_size / 2**20
    return f"{pack}: weights {size:.1f} MiB, largest difference from Keras {worst:.1e}"


def manifest(recipe: Recipe, chosen: dict[str, float], *, name: str, version: str) -> Manifest:
    """The pack's manifest; the digest is filled in when it is written."""
    reject: tuple[Reject, ...] = (RejectByClass(threshold=chosen["other_threshold"]),)
    if chosen["use_energy"]:
        reject += (
            RejectByEnergy(centre=chosen["energy_centre"], width=chosen["energy_width"], threshold=0.5),
        )
    return Manifest(
        name=name,
        version=version,
        task=Task.VIEW,
        runtime=Engine.OPENVINO,
        licence=LICENCE,
        training_data=TRAINED_ON,
        weights=Weights(format=Format.OPENVINO_IR, path="model.xml", sha256="0" * 64),
        input=Input(
            name="image",
            height=recipe.side,
            width=recipe.side,
            channels=1,
            layout=Layout.NHWC,
            fit=Fit.FILM,
            polarity=Polarity.BONE_BRIGHT,
            range=(0.0, 1.0),
            margin=recipe.margin,
        ),
        outputs=_outputs(chosen),
        gate=Gate(margin=chosen["margin"]),
        reject=reject,
    )


def _outputs(chosen: dict[str, float]) -> Mapping[str, Output]:
    """The three heads, calibrated; what is not sure enough to be told to hanging software, as things stand,
    is looked at again."""
    again = None if chosen["use_energy"] else SURE_ENOUGH  # an energy is of one look
    temperature = (round(chosen["temperature"], 3),)
    upright = (chosen["rotation_bias"], 0.0, 0.0, 0.0)
    return MappingProxyType(
        {
            "view": Output(
                name="view", values=Values.LOGITS, labels=LABELS, temperature=temperature, look_again=again
            ),
            "projection": Output(name="projection", values=Values.LOGITS, labels=PROJECTIONS),
            "rotation": Output(
                name="rotation",
                values=Values.LOGITS,
                labels=ROTATIONS,
                bias=upright,
                look_again=SURE_ENOUGH,
            ),
        }
    )


def _convert(model: keras.Model, path: Path) -> None:
    converted = as_openvino(model)
    converted.inputs[0].get_tensor().set_names({"image"})
    for output in converted.outputs:
        head = next(
            name
            for name in ("view", "projection", "rotation")
            if output.partial_shape[1].get_length() == _width(model, name)
        )
        output.get_tensor().set_names({head})
    ov.save_model(converted, str(path), compress_to_fp16=True)


def _width(model: keras.Model, head: str) -> int:
    return int(model.output[head].shape[1])


def parity(model: keras.Model, pack: Pack, recipe: Recipe) -> float:
    """The largest difference of any view's probability over random films between Keras and the exported
    pack."""
    images = np.random.default_rng(0).random((8, recipe.side, recipe.side, 1), dtype=np.float32)
    there = load(pack, threads=1).infer(images)["view"]
    here = np.asarray(model(images, training=False)["view"])

    def odds(
        logits: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        power = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(power / power.sum(axis=1, keepdims=True))

    return float(np.abs(odds(np.asarray(there)) - odds(here)).max())
