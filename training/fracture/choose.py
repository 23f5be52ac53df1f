"""Probabilities and thresholds, on simulated films held out and on real ones that may train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray

from classifiers.detection import strongest
from classifiers.packs import load_pack
from classifiers.runtimes import load
from classifiers.specialists import Specialist
from training.detect.calibrate import RIGHT, calibrated, threshold_at
from training.detect.candidates import Candidates, answers, gathered, seen
from training.detect.example import BoxedFilm
from training.detect.measures import Judged, Truth, judged
from training.detect.network import trained
from training.films import film_of, read
from training.fracture.choice import Choice, keep
from training.fracture.films import (
    LABELS,
    SIDE,
    real_arms,
    real_others,
    simulated_arms,
    squares,
    whole,
)
from training.fracture.ship import ONE_NAME, shipped, write
from training.simulate.fracture.injuries import LABELS as HURT

FALSE_BOXES: Final = 0.1  # per simulated film and label, at most
ABOVE_REAL: Final = 0.03  # a threshold lies this far above all that real films without a break drew
LEAST, HIGHEST = 0.15, 0.95
SEED: Final = 5


def choose(shared: Path, home: Path) -> Path:
    """Fit to the network in ``home``/network; writes ``home``/choice.json and returns it. Raises
    FileNotFoundError without a network."""
    model = trained(home / "network" / "model.weights.h5", len(LABELS), side=SIDE)
    looks = held_out(home / "films")
    found, truths = looked(model, looks), [truth_of(looks, label) for label in range(len(LABELS))]
    calibration = calibrated(found, truths, np.stack([film.image for film in looks]))
    draft = write(model, home / "films", home / "draft" / "fracture" / "1",
                  shipped(calibration, dict.fromkeys(HURT, 0.5)))  # fmt: skip
    highest, real = drawn_on_whole(shared, draft.folder)
    probability = calibration.boxes(found)
    thresholds = {}
    for name in HURT:
        item = judged_of(found, probability, LABELS.index(name), truths[LABELS.index(name)])
        least = max(highest.get(name, 0.0) + ABOVE_REAL, LEAST)
        thresholds[name] = round(min(max(threshold_at(item, FALSE_BOXES), least), HIGHEST), 3)
    named = found.only(stated(found, probability, thresholds))
    reached = {}
    for name in HURT:
        item = judged_of(named, calibration.boxes(named), LABELS.index(name), truths[LABELS.index(name)])
        reached[name] = round(float(item.right.sum() / max(item.truths.sum(), 1)), 3)
    chosen = Choice(calibration=calibration, thresholds=thresholds, reached=reached, simulated=len(looks),
                    real=real)  # fmt: skip
    return keep(home, chosen)


def held_out(folder: Path) -> list[BoxedFilm]:
    """Both looks at simulated films that were not learnt from."""
    rng, looks = np.random.default_rng(SEED), []
    for arm in simulated_arms(folder, held_out=True):
        looks += [whole(arm), *(look for _, look in squares(arm, rng))]
    return looks


def drawn_on_whole(shared: Path, pack: Path) -> tuple[dict[str, float], int]:
    """The highest probability per label that a pack gives a box on a real film that may choose and shows
    nothing broken, and how many such films there are."""
    loaded = load_pack(pack)
    ours = Specialist(loaded, load(loaded, threads=1))
    films = [one.film for one in real_arms(shared, "calibrate") if not one.broken]
    films += real_others(shared, "calibrate")
    highest: dict[str, float] = {}
    for film in films:
        for finding in ours.candidates([film_of(read(film.path))])[0]:
            if finding.box is not None:
                highest[finding.label] = max(highest.get(finding.label, 0.0), finding.probability)
    return highest, len(films)


def looked(model: keras.Model, films: Sequence[BoxedFilm]) -> Candidates:
    """What the network sees on fitted films, boxes in its own pixels."""
    inputs = [film.pixels[..., None].astype(np.float32) / 255 for film in films]
    return gathered((seen(out["scores"], out["boxes"]), out["image"]) for out in answers(model, inputs))


def truth_of(films: Sequence[BoxedFilm], label: int) -> Truth:
    """What films show of one label, those that were asked for it."""
    rows = [(number, box) for number, film in enumerate(films)
            for box, one in zip(film.boxes, film.labels, strict=True) if one == label]  # fmt: skip
    sure = [number for number, film in enumerate(films) if film.known[label] > 0]
    return Truth(
        film=np.array([number for number, _ in rows], dtype=np.int64),
        boxes=np.array([box for _, box in rows], dtype=np.float32).reshape(-1, 4),
        films=np.array(sure, dtype=np.int64),
        groups=np.array([film.group for film in films]),
    )


def stated(
    found: Candidates, probability: NDArray[np.float64], thresholds: Mapping[str, float]
) -> NDArray[np.int64]:
    """Which boxes (n,) a pack with these thresholds states of each film: one break has one name."""
    needs = np.array([thresholds.get(label, np.inf) for label in LABELS])
    breaks = np.array([label in ONE_NAME.labels for label in LABELS])
    enough = np.flatnonzero(probability >= needs[found.label])
    kept = [enough[~breaks[found.label[enough]]]]
    for film in np.unique(found.film[enough]):
        mine = enough[(found.film[enough] == film) & breaks[found.label[enough]]]
        mine = mine[np.argsort(-probability[mine], kind="stable")]
        kept.append(mine[strongest(found.boxes[mine], ONE_NAME.overlap, len(mine))])
    return np.sort(np.concatenate(kept))


def judged_of(found: Candidates, probability: NDArray[np.float64], label: int, truth: Truth) -> Judged:
    """The boxes of one label against the truth."""
    mine = found.label == label
    return judged(found.film[mine], probability[mine], found.boxes[mine], truth, iou=RIGHT)
