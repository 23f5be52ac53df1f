"""From the network's numbers to probabilities, on simulated feet that it has not learnt from.

A simulated foot has an accessory bone far oftener than a person has. Each label's bias is moved from the one
to the other, so that the probability is one for people as they come; how often that is, is a round number
within the ranges that Mellado et al., Eur Radiol 2003, and Coskun et al., Surg Radiol Anat 2009, report.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from training.detect.calibrate import RIGHT, Calibration, calibrated, threshold_at
from training.detect.candidates import Candidates, answers, gathered, seen
from training.detect.example import BoxedFilm
from training.detect.measures import Judged, Truth, judged
from training.ossicle.films import LABELS, SITE_OF, Foot, squares, whole

PEOPLE: Final[Mapping[str, float]] = {
    "os_trigonum": 0.10,
    "accessory_navicular": 0.10,
    "os_peroneum": 0.08,
    "os_intermetatarseum": 0.02,
    "os_vesalianum": 0.01,
    "os_supranaviculare": 0.015,
}  # share of feet
BUDGET: Final = 0.05  # false boxes per label and simulated square that the threshold may leave
SITE_NEEDS: Final = 0.2  # probability of a site at which it is looked at closer


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the network saw on looks it did not learn from, and the truth about them, one per label."""

    candidates: Candidates
    truths: tuple[Truth, ...]
    shown: NDArray[np.float32]  # (F, K) 1, 0 or nan


def looked(model: keras.Model, feet: Sequence[Foot], *, seed: int) -> Held:
    """Both looks at held-out feet. Of a square only the bone that is looked for there counts."""
    rng = np.random.default_rng(seed)
    looks: list[BoxedFilm] = []
    for foot in feet:
        looks.append(whole(foot))
        looks += [_only(square, LABELS.index(name)) for name, square in squares(foot, rng)]
    inputs = [one.pixels[..., None].astype(np.float32) / 255.0 for one in looks]
    found = [(seen(out["scores"], out["boxes"]), out["image"]) for out in answers(model, inputs)]
    groups = np.array([one.group for one in looks])
    truths = tuple(_truth(looks, label, groups) for label in range(len(LABELS)))
    return Held(candidates=gathered(found), truths=truths, shown=np.stack([one.image for one in looks]))


def _only(square: BoxedFilm, label: int) -> BoxedFilm:
    mine = np.arange(len(LABELS)) == label
    return replace(
        square,
        image=np.where(mine, square.image, np.nan).astype(np.float32),
        known=np.where(mine, square.known, 0).astype(np.float32),
    )


def _truth(looks: Sequence[BoxedFilm], label: int, groups: NDArray[np.str_]) -> Truth:
    films = np.flatnonzero([one.known[label] > 0 for one in looks])
    rows = [(film, box) for film in films.tolist() for box in looks[film].boxes[looks[film].labels == label]]
    return Truth(
        film=np.array([film for film, _ in rows], dtype=np.int64),
        boxes=np.array([box for _, box in rows], dtype=np.float32).reshape(-1, 4),
        films=films,
        groups=groups,
    )


def fitted(held: Held) -> Calibration:
    """Probabilities for people as they come."""
    found = calibrated(held.candidates, held.truths, held.shown)
    less = [_rarer(truth, PEOPLE.get(name)) for name, truth in zip(LABELS, held.truths, strict=True)]
    return replace(
        found,
        bias=tuple(round(bias - by, 4) for bias, by in zip(found.bias, less, strict=True)),
        image_bias=tuple(round(bias - by, 4) for bias, by in zip(found.image_bias, less, strict=True)),
    )


def _rarer(truth: Truth, people: float | None) -> float:
    """By how much the log-odds of simulated feet are above people's; 0 for a site, which everybody has."""
    if people is None or not len(truth.films):
        return 0.0
    share = np.clip(len(np.unique(truth.film)) / len(truth.films), 1e-3, 1 - 1e-3)
    return float(np.log(share / (1 - share)) - np.log(people / (1 - people)))


def measured(held: Held, found: Calibration) -> list[Judged]:
    """The held-out boxes of every label, right or wrong."""
    probability = found.boxes(held.candidates)
    items = []
    for label, truth in enumerate(held.truths):
        mine = held.candidates.label == label
        items.append(judged(held.candidates.film[mine], probability[mine], held.candidates.boxes[mine], truth,
                            iou=RIGHT))  # fmt: skip
    return items


def thresholds(items: Sequence[Judged], real: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Per accessory bone: the lowest that keeps to BUDGET on simulated squares and states none of ``real``.

    Those are the probabilities that were given on real films that may choose, where no eye saw a bone.
    """
    found = {}
    for name, item in zip(LABELS, items, strict=True):
        if name in SITE_OF:
            needed = max([threshold_at(item, BUDGET), *(value + 0.02 for value in real.get(name, ()))])
            found[name] = round(float(np.clip(needed, 0.05, 0.97)), 4)
    return found


def sensitivity(items: Sequence[Judged], chosen: Mapping[str, float]) -> dict[str, Any]:
    """Of held-out simulated bones and sites: how many there are, the share found, false boxes per look."""
    told: dict[str, Any] = {}
    for name, item in zip(LABELS, items, strict=True):
        enough = item.probability >= chosen.get(name, SITE_NEEDS)
        told[name] = {
            "there": int(item.truths.sum()),
            "found": round(float((enough & item.right).sum() / max(item.truths.sum(), 1)), 3),
            "false_per_look": round(float((enough & ~item.right).sum() / max(item.counts.sum(), 1)), 4),
        }
    return told


def keep(path: Path, found: Calibration, chosen: Mapping[str, float], told: Mapping[str, Any]) -> None:
    """Write what was chosen, as JSON."""
    kept = {"calibration": asdict(found), "thresholds": dict(chosen), "simulated": dict(told)}
    path.write_text(json.dumps(kept, indent=1))


def kept(path: Path) -> tuple[Calibration, dict[str, float], dict[str, Any]]:
    """What ``keep`` wrote. Raises FileNotFoundError."""
    stored = json.loads(path.read_text())
    found = Calibration(**{name: tuple(values) for name, values in stored["calibration"].items()})
    return found, stored["thresholds"], stored["simulated"]
