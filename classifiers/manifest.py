"""What a pack's manifest says, as values. ``docs/packs.md`` is the same in words; ``classifiers.packs`` reads
and writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from classifiers.detectmanifest import Detect
from classifiers.film import Accepts
from router.types import Mode

VIEW = "view"  # the head that names the view
ROTATION = "rotation"  # the head that says how a film lies turned
QUARTER_TURNS = ("0", "90", "180", "270")  # its labels: degrees counter-clockwise
ANSWERING_HEAD = {  # the head a task cannot do without
    "view": VIEW,
    "classify": "classify",
    "detect": "detect",
}


class Task(StrEnum):
    """What a pack is for."""

    VIEW = "view"
    CLASSIFY = "classify"
    DETECT = "detect"


class Engine(StrEnum):
    """What runs the network."""

    OPENVINO = "openvino"
    TENSORFLOW = "tensorflow"


class Format(StrEnum):
    """How the weights are kept."""

    OPENVINO_IR = "openvino_ir"
    SAVED_MODEL = "saved_model"
    FROZEN_GRAPH = "frozen_graph"


class Layout(StrEnum):
    """The order of the network's input axes."""

    NHWC = "NHWC"
    NCHW = "NCHW"


class Fit(StrEnum):
    """How a film of any size becomes the network's height and width."""

    FILM = "film"
    STRETCH = "stretch"
    CENTRE = "centre"


class Polarity(StrEnum):
    """Which end of the grey scale bone is at."""

    BONE_BRIGHT = "bone_bright"
    BONE_DARK = "bone_dark"


class Values(StrEnum):
    """What the network's output numbers are."""

    LOGITS = "logits"
    PROBABILITIES = "probabilities"


class Classes(StrEnum):
    """Whether one label excludes the others."""

    EXCLUSIVE = "exclusive"
    INDEPENDENT = "independent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The network's file or folder, relative to the pack, and the digest.

    ``further``: that of another network with the same input and heads, which a view pack asks too about films
    that it looks at again.
    """

    format: Format
    path: str
    sha256: str
    further: str | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """Those of all networks, relative to the pack."""
        return (self.path,) if self.further is None else (self.path, self.further)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """The network's input: from a film in [0, 1], bone bright, to its tensor. Height and width in pixels.

    ``accepts``: the objects it is for. ``colour``: from the picture in its colours instead of the grey.
    ``margin``: of ``fit`` film, pixels of black kept on every side of the film.
    ``window`` (center, width): from the values that the modality transformation gives, Hounsfield units for
    CT, instead of the header's window.
    """

    name: str
    height: int
    width: int
    channels: int
    layout: Layout
    fit: Fit
    polarity: Polarity
    range: tuple[float, float]
    mean: tuple[float, ...] = (0.0,)
    scale: tuple[float, ...] = (1.0,)
    accepts: Accepts = Accepts.RADIOGRAPH
    colour: bool = False
    window: tuple[float, float] | None = None
    margin: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One head of the network: its tensor, its labels in order, its calibration and its thresholds.

    The tensor is (N, labels), for the head ``detect`` (N, places, labels). ``look_again``: of the heads
    ``view`` and ``rotation``, the probability in [0, 1] below which a film is looked at again.
    """

    name: str
    values: Values
    labels: tuple[str, ...]
    classes: Classes = Classes.EXCLUSIVE
    temperature: tuple[float, ...] = (1.0,)
    bias: tuple[float, ...] = (0.0,)
    thresholds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    look_again: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What an answer needs to be stated at all: a lead over the second label, and a score; both in [0, 1].

    ``otherwise``: what a ``classify`` pack says of a film whose best label does not lead by the margin.
    """

    margin: float = 0.0
    min_score: float = 0.0
    otherwise: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectByClass:
    """``other`` when the calibrated probability of the label ``other`` reaches the threshold."""

    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectByEnergy:
    """``other`` when ``1 / (1 + exp((e - centre) / width))`` reaches the threshold, ``e =
    log(sum(exp(logits)))``.
    """

    centre: float
    width: float
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectByHead:
    """``other`` when a head of its own, of one label, reaches the threshold."""

    head: str
    threshold: float


Reject = RejectByClass | RejectByEnergy | RejectByHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """How the pack answered to the films that it was measured on: what later films are held against.

    ``score_films`` counts the films with a score below the first of ``score_edges``, between the first and
    the second ... from the last; ``stated`` counts what was stated, ``other`` and ``unsure`` included.
    """

    films: int
    measured: str  # which films, in words
    score_edges: tuple[float, ...]  # ascending, inside (0, 1)
    score_films: tuple[int, ...]  # one more than edges
    stated: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that ``pack.toml`` says."""

    name: str
    version: str
    task: Task
    runtime: Engine
    licence: str
    training_data: str
    weights: Weights
    input: Input
    outputs: Mapping[str, Output]  # by head
    detect: Detect | None = None  # of the task detect, and only of it
    gate: Gate = Gate()
    reject: tuple[Reject, ...] = ()
    mode: Mode = Mode.ACTIVE
    metrics: Mapping[str, str | int | float | bool] = field(default_factory=lambda: MappingProxyType({}))
    baseline: Baseline | None = None
