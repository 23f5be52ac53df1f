"""Where breaks and dislocated joints lie on a film, carried there through every warp as small pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from training.simulate.fracture.injuries import (
    ELBOW_JOINT,
    FRACTURE,
    GALEAZZI,
    LABELS,
    MONTEGGIA,
    PLACES,
    WRIST_JOINT,
    Injury,
)
from training.simulate.fracture.limb import CAPITELLUM, HEAD, NOTCH, ULNAR_HEAD, Limb
from training.simulate.meshes import Floats
from training.simulate.raster import Camera

ROOM = 4.0  # mm around a break or joint that its box takes in
PLAIN = 4.5  # mm on the film by which a joint must be off to be called so
SEEN, GLIMPSED = 0.55, 0.08  # of a site's area: what counts as on the film, and as not on it
JOINT_OF = {MONTEGGIA: ELBOW_JOINT, GALEAZZI: WRIST_JOINT}
TAGS = {ELBOW_JOINT: (HEAD, CAPITELLUM), WRIST_JOINT: (ULNAR_HEAD, NOTCH)}
Box = tuple[float, float, float, float]  # left, top, right, bottom in film pixels, edge coordinates


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A break, a joint that is apart, or the place of a joint, on the film as the camera sees it."""

    label: str
    outline: NDArray[np.float32]  # (n, 2) x, y in pixels, convex
    plain: bool  # a dislocation that this projection shows

    def inside(self, look: Camera) -> bool:
        """Whether most of it is within the film."""
        x, y = self.outline.mean(axis=0)
        return bool(0.06 < x / look.width < 0.94 and 0.06 < y / look.height < 0.94)

    @property
    def area(self) -> float:
        """Square pixels."""
        return float(cv2.contourArea(self.outline))


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a film shows. ``boxes`` (n, 4) left, top, right, bottom in film pixels, edge coordinates.

    A label in ``unsure`` may be there but cannot be told from this film: nobody is to learn that it is not.
    ``places`` are the joints on the film, by the names of ``PLACES``, whole or apart.
    """

    boxes: NDArray[np.float32]
    labels: tuple[str, ...]
    unsure: frozenset[str]
    places: Mapping[str, Box] = field(default_factory=dict)


def places(arm: Limb, look: Camera) -> tuple[Site, ...]:
    """Where the joints are."""
    return tuple(Site(label=place, outline=_outline(arm.tagged(TAGS[joint]), look), plain=True)
                 for joint, place in PLACES.items())  # fmt: skip


def sites(arm: Limb, injury: Injury | None, before: tuple[Floats, Floats], look: Camera) -> tuple[Site, ...]:
    """What is broken or apart. ``before`` are the joints (``Limb.joints``) when they were whole."""
    if injury is None:
        return ()
    found = [Site(label=label, outline=_outline(arm.tagged([tag]), look), plain=True)
             for label, tag in injury.breaks]  # fmt: skip
    moved = dict(zip((ELBOW_JOINT, WRIST_JOINT), zip(before, arm.joints(), strict=True), strict=True))
    for label in injury.joints:
        was, now = moved[label]
        off = np.hypot((now - was) @ look.right, (now - was) @ look.down)
        outline = _outline(arm.tagged(TAGS[label]), look)
        found.append(Site(label=label, outline=outline, plain=bool(off > PLAIN)))
    return tuple(found)


def _outline(points: Floats, look: Camera) -> NDArray[np.float32]:
    flat = look.project(points)[:, :2].astype(np.float32)
    hull = cv2.convexHull(flat).reshape(-1, 2)
    room = max(ROOM / look.pitch_at_patient, 0.022 * max(look.width, look.height))
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ring = room * np.column_stack([np.cos(angle), np.sin(angle)])
    around = (hull[:, None] + ring[None]).reshape(-1, 2).astype(np.float32)
    return np.asarray(cv2.convexHull(around).reshape(-1, 2), dtype=np.float32)


def drawn(site: Site, shape: tuple[int, int]) -> NDArray[np.float32]:
    """The site's outline filled with 1, (H, W)."""
    mask = np.zeros(shape, dtype=np.float32)
    cv2.fillConvexPoly(mask, np.round(site.outline - 0.5).astype(np.int32), 1.0)
    return mask


def read_off(coded: NDArray[np.float32], found: tuple[Site, ...]) -> Truth:
    """The truth from the warped outlines: ``coded`` (H, W) is 16 plus a bit per site; below 16 is no film."""
    bits = np.where(coded >= 16, coded - 16, 0).astype(np.int64)
    seen = [_Seen(site, (bits >> number) & 1 == 1) for number, site in enumerate(found)]
    joints = [one for one in seen if one.site.label in PLACES.values()]
    hurt = _hurt([one for one in seen if one not in joints])
    doubtful = {one.site.label for one in joints if GLIMPSED <= one.share < SEEN}
    there = {one.site.label: one.box for one in joints if one.share >= SEEN}
    return replace(hurt, unsure=hurt.unsure | doubtful, places=there)


class _Seen:
    """A site, what of it is on the film, and its box there."""

    def __init__(self, site: Site, mask: NDArray[np.bool_]) -> None:
        self.site, self._mask = site, mask
        self.share = float(mask.sum() / max(site.area, 1.0))

    @property
    def box(self) -> Box:
        rows, columns = (np.flatnonzero(self._mask.any(axis=axis)).tolist() for axis in (1, 0))
        return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def _hurt(seen: list[_Seen]) -> Truth:
    told = {one.site.label for one in seen if one.site.label in TAGS and one.share >= SEEN and one.site.plain}
    boxes, labels, unsure = [], [], set()
    for one in seen:
        label = one.site.label
        if label in JOINT_OF and JOINT_OF[label] not in told:
            unsure |= {label} if one.share >= GLIMPSED else set()
            label = FRACTURE  # the joint is not on the film: what it shows is a break
        if one.share >= SEEN and one.site.plain:
            boxes.append(one.box)
            labels.append(label)
        elif one.share >= GLIMPSED:
            unsure.add(label)
    return _merged(boxes, labels, frozenset(unsure))


def _merged(boxes: list[Box], labels: list[str], unsure: frozenset[str]) -> Truth:
    """Boxes of one label that lie over each other become one."""
    kept: list[tuple[str, Box]] = []
    for label, box in zip(labels, boxes, strict=True):
        for index, (other, old) in enumerate(kept):
            if other == label and _overlap(box, old) > 0.3:
                kept[index] = (label, _around(box, old))
                break
        else:
            kept.append((label, box))
    kept.sort(key=lambda one: LABELS.index(one[0]))
    return Truth(boxes=np.array([box for _, box in kept], dtype=np.float32).reshape(-1, 4),
                 labels=tuple(label for label, _ in kept), unsure=unsure)  # fmt: skip


def _around(a: Box, b: Box) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _overlap(a: Box, b: Box) -> float:
    """Intersection over the smaller box."""
    wide = min(a[2], b[2]) - max(a[0], b[0])
    tall = min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return max(wide, 0) * max(tall, 0) / max(smaller, 1)
