"""Several models that do one task together: their calibrated mean is the answer, and they are kept beside it.

Boxes are fused as in Solovyev, Wang and Gabruseva, "Weighted boxes fusion" (Image and Vision Computing 2021):
boxes of one label that overlap are one, drawn at their mean place, each weighing as much as it is probable;
a place that only some of the members see is less probable by as much.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum

from router.types import Box, Finding, Mode, ModelRef

JOINT = "+"  # between the members' names, in a rule and in the ensemble's own name
SAME_PLACE = 0.5  # intersection over union from which on two boxes of a label are one, as in the paper


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What one model says of a film.

    ``thresholds``: every label that it may state, with the probability it needs; ``candidates``: all that it
    sees, also what stays below. ``silence``: why it has no vote on this film, where its gate stayed shut.
    """

    model: ModelRef
    thresholds: Mapping[str, float]
    candidates: tuple[Finding, ...]
    silence: str | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Boxes of one label that are one, at most one of each member."""

    parts: tuple[Finding, ...]
    box: Box

    def takes(self, finding: Finding) -> bool:
        return all(part.model != finding.model for part in self.parts)


def members_of(name: str) -> tuple[str, ...]:
    """The packs that do a task together, by the name that a rule asks for: mostly one alone."""
    return tuple(name.split(JOINT))


def ensemble_model(members: Sequence[ModelRef]) -> ModelRef:
    """The model that an ensemble's findings carry, its members in the rule's order; one alone is itself."""
    if len(members) == 1:
        return members[0]
    return ModelRef(
        name=JOINT.join(member.name for member in members),
        version=JOINT.join(member.version for member in members),
        sha256=hashlib.sha256("\n".join(member.sha256 for member in members).encode()).hexdigest(),
    )


def combined(members: Sequence[Member], model: ModelRef) -> tuple[Finding, ...]:
    """What the members state together, most probable first; their order does not matter.

    A label's probability, score and threshold are means over the members that know the label; one that sees
    nothing counts 0, and one that is silent does not count. A member that gives a label without a box speaks
    of the whole film: it counts at every place that others box. A whole film's finding is stated only where
    no box of its label is. Raises ValueError for two members of one model.
    """
    if len({member.model for member in members}) < len(members):
        raise ValueError("an ensemble's members are different models")
    voters = voting(members)
    labels = {label for member in voters for label in member.thresholds}
    found = [finding for label in labels for finding in _of_label(label, voters, model)]
    return tuple(sorted((each for each in found if each.probability >= each.threshold), key=_rank))


def voting(members: Iterable[Member]) -> tuple[Member, ...]:
    """Those that have a vote on this film."""
    return tuple(member for member in members if member.silence is None)


def silences(members: Sequence[Member], model: ModelRef) -> Mapping[ModelRef, str]:
    """Who of the members had no vote, and why; where nobody had one the ensemble, in the same words."""
    own = {member.model: member.silence for member in members if member.silence is not None}
    if len(own) < len(members):
        return own
    return {model: "; ".join(dict.fromkeys(own.values())), **own}


def kept(members: Sequence[Member], stated: Sequence[Finding]) -> tuple[Finding, ...]:
    """The voters' part, marked as such: what is stated together, and what each would have stated."""
    labels = {finding.label for finding in stated}
    return tuple(
        replace(finding, mode=Mode.MEMBER)
        for member in voting(members)
        for finding in sorted(member.candidates, key=_rank)
        if finding.label in labels or finding.probability >= finding.threshold
    )


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, in [0, 1]; 0 where both are empty."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(0.0, width) * max(0.0, height)
    union = one.width * one.height + other.width * other.height - shared
    return min(1.0, shared / union) if union > 0 else 0.0


def _of_label(label: str, members: Sequence[Member], model: ModelRef) -> list[Finding]:
    """The label's boxes; the whole film's finding only where no box of it is stated."""
    knowing = [member for member in members if label in member.thresholds]
    seen = [each for member in knowing for each in member.candidates if each.label == label]
    boxed = [each for each in seen if each.box is not None]
    whole = _best_of_each([each for each in seen if each.box is None])
    boxing = {each.model for each in boxed}
    beside = [each for each in whole if each.model not in boxing]
    groups = [((*place.parts, *beside), place.box) for place in _places(boxed)]
    found = [_joined(label, parts, box, knowing, model) for parts, box in groups]
    if whole and not any(each.probability >= each.threshold for each in found):
        speaking = {each.model for each in whole}
        somewhere = [each for each in _best_of_each(boxed) if each.model not in speaking]
        found.append(_joined(label, (*whole, *somewhere), None, knowing, model))
    return found


def _joined(
    label: str, parts: Sequence[Finding], box: Box | None, knowing: Sequence[Member], model: ModelRef
) -> Finding:
    own = {part.model: part.threshold for part in parts}
    thresholds = [own.get(member.model, member.thresholds[label]) for member in knowing]
    return Finding(
        label=label,
        score=_mean([part.score for part in parts], len(knowing)),
        probability=_mean([part.probability for part in parts], len(knowing)),
        threshold=_mean(thresholds, len(knowing)),
        model=model,
        box=box,
    )


def _mean(values: Sequence[float], count: int) -> float:
    """Exact before it is rounded, so that the order does not matter."""
    return fsum(values) / count


def _best_of_each(findings: Sequence[Finding]) -> list[Finding]:
    best: dict[ModelRef, Finding] = {}
    for finding in sorted(findings, key=_rank):
        best.setdefault(finding.model, finding)
    return list(best.values())


def _places(findings: Sequence[Finding]) -> list[_Place]:
    """The most probable first: each joins the place it overlaps most, or begins one."""
    places: list[_Place] = []
    for finding in sorted(findings, key=_rank):
        if finding.box is None:
            continue
        box = finding.box
        fitting = [
            (overlap(place.box, box), -index) for index, place in enumerate(places) if place.takes(finding)
        ]
        best, index = max(fitting, default=(0.0, 0))
        if best < SAME_PLACE:
            places.append(_Place((finding,), box))
        else:
            parts = (*places[-index].parts, finding)
            places[-index] = _Place(parts, _mean_box(parts))
    return places


def _mean_box(parts: Sequence[Finding]) -> Box:
    boxes = [(part.box, part.probability) for part in parts if part.box is not None]
    total = fsum(weight for _, weight in boxes)
    weights = [weight / total if total > 0 else 1 / len(boxes) for _, weight in boxes]

    def mean(of: str) -> float:
        return fsum(getattr(box, of) * weight for (box, _), weight in zip(boxes, weights, strict=True))

    return Box(x=mean("x"), y=mean("y"), width=mean("width"), height=mean("height"))


def _rank(finding: Finding) -> tuple[float | str, ...]:
    """Most probable first; equals in an order that does not depend on who came first."""
    box = finding.box or Box(x=0, y=0, width=0, height=0)
    place = (box.x, box.y, box.width, box.height)
    return (-finding.probability, finding.label, *place, -finding.score, *_name(finding.model))


def _name(model: ModelRef) -> tuple[str, str, str]:
    return model.name, model.version, model.sha256
