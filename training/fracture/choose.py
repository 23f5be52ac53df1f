"""Probabilities and thresholds, on simulated films held out and on real ones that may train."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray

from training.detect.calibrate import RIGHT, Calibration, calibrated, threshold_at
from training.detect.candidates import Candidates, answers, gathered, seen
from training.detect.example import BoxedFilm
from training.detect.measures import Judged, Truth, judged
from training.detect.network import detector
from training.fracture.films import LABELS, SIDE, other_films, real_examples, simulated

FALSE_BOXES: Final = 0.1  # per simulated film and label, at most
ABOVE_REAL: Final = 0.03  # a threshold lies this far above all that real films without a break drew
LEAST, HIGHEST = 0.15, 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was chosen. ``reached`` is per label what the thresholds find on simulated films: for the record
    of the training, not a measure of accuracy."""

    calibration: Calibration
    thresholds: tuple[float, ...]
    reached: dict[str, float]
    simulated: int  # films
    real: int


def choose(shared: Path, home: Path) -> Path:
    """Fit to the network in ``home``/network; writes ``home``/choice.json and returns it. Raises
    FileNotFoundError without a network."""
    weights = home / "network" / "model.weights.h5"
    if not weights.is_file():
        raise FileNotFoundError(f"no network at {weights}")
    model = trained(weights)
    mock = [film for film, _ in simulated(home / "films", held_out=True)]
    real = real_examples(shared, "calibrate") + other_films(shared, "calibrate")
    chosen = chosen_on(model, mock, real)
    path = home / "choice.json"
    path.write_text(json.dumps(asdict(chosen), indent=1))
    return path


def trained(weights: Path) -> keras.Model:
    """The network with the weights of a file."""
    model = detector(len(LABELS), side=SIDE, upright=False)
    model.load_weights(weights)
    return model


def chosen_on(model: keras.Model, mock: Sequence[BoxedFilm], real: Sequence[BoxedFilm]) -> Choice:
    """Calibrate on both, draw thresholds so that neither kind of whole arm is called broken often."""
    films = [*mock, *real]
    found, truths = looked(model, films), [truth_of(films, label) for label in range(len(LABELS))]
    calibration = calibrated(found, truths, np.stack([film.image for film in films]))
    probability = calibration.boxes(found)
    thresholds, reached = [], {}
    for label, name in enumerate(LABELS):
        item = judged_of(found, probability, label, truth_of(films, label, last=len(mock)))
        whole = np.array([film.image[label] == 0 for film in films])
        drew = (found.label == label) & (found.film >= len(mock)) & whole[found.film]
        highest = float(probability[drew].max(initial=0.0))
        value = min(max(threshold_at(item, FALSE_BOXES), highest + ABOVE_REAL, LEAST), HIGHEST)
        thresholds.append(round(value, 3))
        there = item.probability >= value
        reached[name] = round(float(item.right[there].sum() / max(item.truths.sum(), 1)), 3)
    return Choice(calibration=calibration, thresholds=tuple(thresholds), reached=reached,
                  simulated=len(mock), real=len(real))  # fmt: skip


def looked(model: keras.Model, films: Sequence[BoxedFilm]) -> Candidates:
    """What the network sees on fitted films, boxes in its own pixels."""
    inputs = [film.pixels[..., None].astype(np.float32) / 255 for film in films]
    return gathered((seen(out["scores"], out["boxes"]), out["image"]) for out in answers(model, inputs))


def truth_of(films: Sequence[BoxedFilm], label: int, *, last: int | None = None) -> Truth:
    """What films show of one label; only the first ``last`` count."""
    rows = [(number, box) for number, film in enumerate(films)
            for box, one in zip(film.boxes, film.labels, strict=True) if one == label]  # fmt: skip
    sure = [number for number, film in enumerate(films[:last]) if film.known[label] > 0]
    return Truth(
        film=np.array([number for number, _ in rows], dtype=np.int64),
        boxes=np.array([box for _, box in rows], dtype=np.float32).reshape(-1, 4),
        films=np.array(sure, dtype=np.int64),
        groups=np.array([film.group for film in films]),
    )


def judged_of(found: Candidates, probability: NDArray[np.float64], label: int, truth: Truth) -> Judged:
    """The boxes of one label against the truth."""
    mine = found.label == label
    return judged(found.film[mine], probability[mine], found.boxes[mine], truth, iou=RIGHT)


def stored_choice(home: Path) -> Choice:
    """What ``choose`` wrote. Raises FileNotFoundError."""
    stored = json.loads((home / "choice.json").read_text())
    numbers = {name: tuple(values) for name, values in stored["calibration"].items()}
    return Choice(calibration=Calibration(**numbers), thresholds=tuple(stored["thresholds"]),
                  reached=stored["reached"], simulated=stored["simulated"], real=stored["real"])  # fmt: skip
