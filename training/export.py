"""Write the trained network as a model pack: OpenVINO weights, manifest, and a check that both say the
same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

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
from classifiers.packs import write_pack
from classifiers.runtimes import Runtime, load
from classifiers.vino import ops, ov
from router.known_films import SURE_ENOUGH
from training.begin import after, constant, heads
from training.load import quantised
from training.network import PROJECTIONS, ROTATIONS
from training.quick import Network, named
from training.recipe import Recipe
from training.simulate.views import LABELS

PATHS = ("model.xml", "further.xml")  # of the first network, and of the further one
PARITY = 2e-3  # of a probability: the largest difference between what was calibrated and what the pack says
LICENCE = "CC-BY-SA-4.0"
TRAINED_ON = (
    "Films simulated from BodyParts3D / Z-Anatomy (CC BY-SA), NIH ChestX-ray14 chest films, and a few dozen "
    "real films under licences that allow it; ImageNet before that. No film marked evaluate-only."
)


def export(*, network_folder: Path, pack: Path, further: Path | None = None) -> str:
    """Write the pack; returns one line about its parity and size. ``further`` is the folder of the network
    that the first one was calibrated with. Raises FileNotFoundError without networks in eight bits,
    ValueError when the pack says anything else than they do, and for a further network that was not
    calibrated with, or cannot help."""
    first, recipe = quantised(network_folder)
    chosen = json.loads((network_folder / "calibration.json").read_text())
    networks = [ov.Core().read_model(first)]
    if further is not None:
        networks.append(_further(further, chosen))
    pack.mkdir(parents=True, exist_ok=True)
    for one, path in zip(networks, PATHS, strict=False):
        ov.save_model(one, str(pack / path), compress_to_fp16=True)
    if not (pack / "CARD.md").is_file():
        (pack / "CARD.md").write_text("# view\n\nNot yet evaluated: run `python -m training evaluate`.\n")
    paths = PATHS[: len(networks)]
    written = write_pack(pack, manifest(recipe, chosen, paths, name=pack.parent.name, version=pack.name))
    found = []
    runtime: Runtime | None = load(written, threads=1)
    for one, path in zip(networks, paths, strict=True):
        assert runtime is not None
        worst = parity(named(one), runtime, recipe)
        if worst > PARITY:
            raise ValueError(f"{path} and what was calibrated differ by {worst:.2g}, more than {PARITY}")
        size = (pack / path).with_suffix(".bin").stat().st_size / 2**20
        found.append(f"{path} {size:.1f} MiB, largest difference from what was calibrated {worst:.1e}")
        runtime = runtime.further
    return f"{pack}: {'; '.join(found)}"


def _further(folder: Path, chosen: Mapping[str, Any]) -> ov.Model:
    """The further network, its view's logits as the first one's calibration needs them."""
    scale = chosen["further_scale"]
    if scale is None:
        raise ValueError(f"the first network was calibrated without {folder}: calibrate --further {folder}")
    if chosen["use_energy"]:
        raise ValueError("films are rejected by an energy, which is of one look: there is no further one")
    network = ov.Core().read_model(quantised(folder)[0])
    head = dict(heads(network))["view"]
    for op in (head, after(head)):  # the kernel, the bias
        larger = constant(op.input_value(1).get_node()) * np.float32(scale)
        op.input(1).replace_source_output(ops.constant(larger).output(0))
    return network


def manifest(
    recipe: Recipe, chosen: Mapping[str, Any], paths: Sequence[str], *, name: str, version: str
) -> Manifest:
    """The pack's manifest, its networks in ``paths``; the digest is filled in when it is written."""
    reject: tuple[Reject, ...] = (RejectByClass(threshold=chosen["other_threshold"]),)
    if chosen["use_energy"]:
        reject += (
            RejectByEnergy(centre=chosen["energy_centre"], width=chosen["energy_width"], threshold=0.5),
        )
    further = paths[1] if len(paths) > 1 else None
    return Manifest(
        name=name,
        version=version,
        task=Task.VIEW,
        runtime=Engine.OPENVINO,
        licence=LICENCE,
        training_data=TRAINED_ON,
        weights=Weights(format=Format.OPENVINO_IR, path=paths[0], sha256="0" * 64, further=further),
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


def _outputs(chosen: Mapping[str, Any]) -> Mapping[str, Output]:
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


def parity(network: Network, runtime: Runtime, recipe: Recipe) -> float:
    """The largest difference of a view's probability over random films between a network and the exported
    one."""
    images = np.random.default_rng(0).random((8, recipe.side, recipe.side, 1), dtype=np.float32)
    there, here = runtime.infer(images)["view"], network(images)["view"]

    def odds(
        logits: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        power = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(power / power.sum(axis=1, keepdims=True))

    return float(np.abs(odds(np.asarray(there)) - odds(here)).max())
