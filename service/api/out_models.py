"""How a model pack looks over REST, as plain data: the API itself loads no network."""

from __future__ import annotations

from pydantic import Field

from classifiers.detectmanifest import Detect
from classifiers.manifest import Baseline, Manifest, Output
from service.api.shape import Out


class GateOut(Out):
    """What an answer needs to be stated at all."""

    margin: float = Field(description="lead over the second label, in [0, 1]", examples=[0.3])
    min_score: float = Field(description="lowest score, in [0, 1]", examples=[0.0])


class HeadOut(Out):
    """One output of a network."""

    labels: tuple[str, ...] = Field(examples=[["chest_pa_ap", "hand_ap", "other"]])
    classes: str = Field(description="exclusive or independent", examples=["exclusive"])
    thresholds: dict[str, float] = Field(description="probability a label needs to be stated", examples=[{}])


class BaselineOut(Out):
    """How the pack answered to the films that it was measured on."""

    films: int = Field(examples=[522])
    measured: str = Field(description="which films", examples=["real films nobody had looked at"])
    score_edges: tuple[float, ...] = Field(examples=[[0.5, 0.9]])
    score_films: tuple[int, ...] = Field(
        description="films below the first edge, between the edges, from the last", examples=[[2, 20, 500]]
    )
    stated: dict[str, int] = Field(description="films by what was stated", examples=[{"hand_ap": 522}])


class DetectOut(Out):
    """How a pack that draws boxes finds them."""

    overlap: float = Field(
        description="of two boxes of a label above which the weaker one goes (IoU)", examples=[0.5]
    )
    most: int = Field(description="boxes of a label on a film", examples=[5])
    sites: dict[str, tuple[str, ...]] = Field(
        description="places that are looked at closer, and what is looked for at each",
        examples=[{"hindfoot": ["os_trigonum"]}],
    )
    heat: bool = Field(description="whether it can show where it looked")


class ModelOut(Out):
    """One model pack at one version."""

    name: str = Field(examples=["view"])
    version: str = Field(examples=["1"])
    sha256: str = Field(description="digest of the weights", examples=["3f1c" + "0" * 60])
    task: str = Field(description="view, classify or detect", examples=["view"])
    mode: str = Field(
        description="active: its answers count; shadow: kept for comparison", examples=["active"]
    )
    runtime: str = Field(examples=["openvino"])
    licence: str = Field(examples=["Apache-2.0"])
    training_data: str = Field(examples=["simulated films and real films, CC BY 4.0"])
    heads: dict[str, HeadOut]
    gate: GateOut
    metrics: dict[str, str | int | float | bool] = Field(
        description="as the pack states them", examples=[{"real_films_accuracy": 0.94}]
    )
    card: str = Field(description="the model card, Markdown", examples=["# view 1"])
    baseline: BaselineOut | None = Field(default=None, description="what drift is measured against")
    detect: DetectOut | None = Field(default=None, description="of the task detect alone")
    window: tuple[float, float] | None = Field(
        default=None,
        description="centre and width in Hounsfield units of what it looks at, if not the header's own",
        examples=[None],
    )

    @property
    def heat_labels(self) -> tuple[str, ...]:
        """The labels of which it can show where it saw them."""
        return self.heads["detect"].labels if self.detect is not None and self.detect.heat else ()


class ModelsOut(Out):
    """All installed packs."""

    models: tuple[ModelOut, ...]


def describe(manifest: Manifest, *, card: str, mode: str | None = None) -> ModelOut:
    """A pack's manifest and card as plain data; ``mode`` where settings overrule the pack's own."""
    return ModelOut(
        name=manifest.name,
        version=manifest.version,
        sha256=manifest.weights.sha256,
        task=manifest.task,
        mode=mode or manifest.mode,
        runtime=manifest.runtime,
        licence=manifest.licence,
        training_data=manifest.training_data,
        heads={name: _head(output) for name, output in manifest.outputs.items()},
        gate=GateOut(margin=manifest.gate.margin, min_score=manifest.gate.min_score),
        metrics=dict(manifest.metrics),
        card=card,
        baseline=_baseline(manifest.baseline) if manifest.baseline else None,
        detect=_detect(manifest.detect) if manifest.detect else None,
        window=manifest.input.window,
    )


def _head(output: Output) -> HeadOut:
    return HeadOut(labels=output.labels, classes=output.classes, thresholds=dict(output.thresholds))


def _detect(detect: Detect) -> DetectOut:
    return DetectOut(
        overlap=detect.overlap,
        most=detect.most,
        sites=dict(detect.closer.sites) if detect.closer else {},
        heat=detect.heat is not None,
    )


def _baseline(baseline: Baseline) -> BaselineOut:
    return BaselineOut(
        films=baseline.films,
        measured=baseline.measured,
        score_edges=baseline.score_edges,
        score_films=baseline.score_films,
        stated=dict(baseline.stated),
    )
