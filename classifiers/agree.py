"""What the keys of pack.toml must be together, where each alone is as it may be."""

from __future__ import annotations

from classifiers.film import Accepts
from classifiers.manifest import (
    QUARTER_TURNS,
    ROTATION,
    VIEW,
    Classes,
    Engine,
    Fit,
    Format,
    Manifest,
    RejectByClass,
    RejectByEnergy,
    Task,
    Values,
)
from classifiers.strict import Table
from router.views import OTHER

VIEW_PACK = "view"  # its versions are what names views: one answers, the others may run in shadow


def agree(manifest: Manifest, top: Table) -> None:
    """Refuse what each key allows but the keys together do not. Raises PackError in a sentence."""
    if (manifest.task is Task.VIEW) != (manifest.name == VIEW_PACK):
        raise top.error(f"the task view and the name {VIEW_PACK!r} must come together")
    if manifest.task is Task.VIEW and manifest.input.accepts is not Accepts.RADIOGRAPH:
        raise top.error("only radiographs have a view: accepts = 'radiograph'")
    if manifest.detect and manifest.detect.closer and manifest.input.fit is not Fit.FILM:
        raise top.error("[detect.closer] needs fit = 'film'")
    _agree_on_further_looks(manifest, top)
    by_class = any(isinstance(reject, RejectByClass) for reject in manifest.reject)
    if manifest.reject and manifest.task is not Task.VIEW:
        raise top.error("has a [[reject]], which only the task view knows")
    if manifest.task is Task.VIEW and by_class != (OTHER in manifest.outputs["view"].labels):
        raise top.error("the view label 'other' and a [[reject]] of rule 'class' must come together")
    by_energy = any(isinstance(reject, RejectByEnergy) for reject in manifest.reject)
    if by_energy and manifest.outputs["view"].values is not Values.LOGITS:
        raise top.error(
            "a [[reject]] of rule 'energy' needs values = 'logits': probabilities have lost the energy"
        )
    if manifest.runtime is Engine.TENSORFLOW and manifest.weights.format is Format.OPENVINO_IR:
        raise top.error("the tensorflow runtime cannot read an OpenVINO IR")


def _can_look_again(manifest: Manifest, head: str) -> bool:
    output = manifest.outputs[head]
    # an energy is of one look's raw numbers, which the mean of several has not
    by_energy = any(isinstance(reject, RejectByEnergy) for reject in manifest.reject)
    known = (head == ROTATION and output.labels == QUARTER_TURNS) or (head == VIEW and not by_energy)
    # probabilities are logits up to a constant, which temperatures of their own would make several of
    alike = output.values is Values.LOGITS or len(output.temperature) == 1
    exclusive = output.classes is Classes.EXCLUSIVE
    return manifest.task is Task.VIEW and known and alike and exclusive and manifest.input.fit is Fit.FILM


def _agree_on_further_looks(manifest: Manifest, top: Table) -> None:
    for head, output in manifest.outputs.items():
        if output.look_again is not None and not _can_look_again(manifest, head):
            raise top.error(
                "look_again is for exclusive heads (of probabilities: with one temperature) of a view pack "
                f"with fit = 'film': {VIEW!r} without a [[reject]] by energy, or {ROTATION!r} with the "
                f"labels {', '.join(QUARTER_TURNS)}; not for this {head!r}"
            )
    again = manifest.task is Task.VIEW and manifest.outputs[VIEW].look_again is not None
    if manifest.weights.further is not None and not again:
        raise top.error("[weights] further is for a view pack with look_again in [output.view]")
