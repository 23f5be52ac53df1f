"""What a manifest says of a pack that draws boxes, as values: the table ``[detect]`` and those within it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Closer:
    """Small things are looked for at their sites: found on the whole film, then looked at closer.

    ``sites``: by label of a place, which is never stated itself, the labels that are looked for there, and
    nowhere else, but for those that are looked for ``everywhere``. The square looked at has ``context`` times
    the longer side of the site's box; ``threshold`` is the probability in [0, 1] that a site needs;
    ``long_side`` of the film in pixels that it is cut from.
    """

    sites: Mapping[str, tuple[str, ...]]
    context: float
    threshold: float
    long_side: int = 2048
    everywhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OneName:
    """Labels that name one thing: of their boxes that overlap by more than ``overlap`` (intersection over
    union) only the most probable that may be stated is."""

    labels: tuple[str, ...]
    overlap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Detect:
    """How a network's places and boxes become findings; ``docs/packs.md`` says it in words.

    ``boxes`` and ``heat`` name tensors: (N, places, 4) of left, top, right, bottom in input pixels, and (N,
    rows, columns, labels) of logits on a grid over the input. ``image_weight``: one number per label of the
    head ``detect``, by which the whole film's logit of that label counts for each of its boxes. ``box_size``:
    one number per label, by which the width and height of each of its boxes are multiplied at the very last.
    """

    boxes: str
    overlap: float
    most: int
    image_weight: tuple[float, ...] | None = None
    box_size: tuple[float, ...] | None = None
    heat: str | None = None
    closer: Closer | None = None
    one_name: OneName | None = None
