"""What a model file does not say about itself, and whoever imports it must."""

from __future__ import annotations

from dataclasses import dataclass

from classifiers.film import Accepts
from classifiers.manifest import Classes, Fit, Format, Polarity, Task, Values
from router.types import Mode

NOT_STATED = "not stated by whoever made the model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a foreign model becomes a pack. None: what its kind of file usually means, or what the file says.

    ``labels`` in the order of the network's output; for a view pack names of ``router.views`` or ``other``.
    ``threshold`` is given to the labels that may be ``stated``, None: every label of a ``classify`` pack.
    ``side`` in pixels, for files that leave it open. ``accepts``, ``colour`` and ``window`` as in
    ``classifiers.manifest.Input``, ``otherwise`` as in its ``Gate``. ``about`` is said on the card.
    """

    name: str
    version: str
    licence: str
    task: Task = Task.CLASSIFY
    mode: Mode = Mode.ACTIVE
    training_data: str = NOT_STATED
    labels: tuple[str, ...] | None = None
    classes: Classes = Classes.EXCLUSIVE
    values: Values | None = None
    margin: float = 0.5
    otherwise: str | None = None
    stated: tuple[str, ...] | None = None
    threshold: float = 0.5
    accepts: Accepts = Accepts.RADIOGRAPH
    colour: bool = False
    window: tuple[float, float] | None = None
    fit: Fit | None = None
    polarity: Polarity = Polarity.BONE_BRIGHT
    range: tuple[float, float] | None = None
    mean: tuple[float, ...] = (0.0,)
    scale: tuple[float, ...] = (1.0,)
    side: int | None = None
    input_name: str | None = None
    output_name: str | None = None
    format: Format = Format.OPENVINO_IR
    about: str = ""
