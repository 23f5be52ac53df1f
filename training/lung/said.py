"""What each fold said of patients it had not learnt from, and what is true of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.detect.calibrate import RIGHT, Calibration, calibrated, profiles
from training.detect.candidates import Candidates, joined, keep, kept, thinned
from training.detect.measures import Judged, Truth, judged
from training.lung.films import FOLDS, LABELS, ORIGINAL, ChestFilm, chest_films
from training.lung.joint import candidates_of_both
from training.lung.train import held_out, left_by

Floats = NDArray[np.float64]
# Of the networks behind the shipped pack: their figures are made again without training them again.
ANSWERS: Final = Path(__file__).with_name("answers.npz")
# Of two boxes of a label above which the weaker goes; chosen on the first fold: a heart is one heart.
OVERLAP: Final = 0.1
LEAST: Final = 0.15  # probability below which nothing is stated by default


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """All films of all folds and what was said of them, out of fold."""

    films: tuple[ChestFilm, ...]  # F
    candidates: Candidates
    groups: NDArray[np.str_]  # (F,) patients
    folds: NDArray[np.int64]  # (F,)
    boxed: NDArray[np.bool_]  # (F,)

    def truth(self, label: int, *, among: NDArray[np.bool_]) -> Truth:
        """The label's boxes in pixels of the originals; ``among`` (F,) the films that may count. A film whose
        report has the label but that has no box of it never does: nobody knows where it is."""
        name = LABELS[label]
        found = [(k, box[1:]) for k, film in enumerate(self.films) for box in film.boxes if box[0] == name]
        has = np.isin(np.arange(len(self.films)), [k for k, _ in found])
        told = np.array([name in film.labels for film in self.films])
        counts = among & (has | ~told)
        found = [(k, box) for k, box in found if counts[k]]
        return Truth(
            film=np.array([k for k, _ in found], dtype=np.int64),
            boxes=np.array([box for _, box in found], dtype=np.float32).reshape(-1, 4) * np.float32(ORIGINAL),
            films=np.flatnonzero(counts),
            groups=self.groups,
        )

    def with_finding(self, label: int) -> NDArray[np.bool_]:
        """(F,) films that have a box of the label."""
        return np.array([LABELS[label] in {box[0] for box in film.boxes} for film in self.films])

    def shown(self) -> NDArray[np.float32]:
        """(F, K) whether the report names each label."""
        return np.array([[name in film.labels for name in LABELS] for film in self.films], dtype=np.float32)

    def judged(
        self,
        label: int,
        probability: Floats,
        *,
        among: NDArray[np.bool_],
        iou: float,
        iobb: bool = False,
        only: NDArray[np.bool_] | None = None,
    ) -> Judged:
        """The label's boxes (of ``only`` (n,), where given) held against the truth."""
        mine = self.candidates.label == label
        mine = np.flatnonzero(mine if only is None else mine & only)
        return judged(
            self.candidates.film[mine],
            probability[mine],
            self.candidates.boxes[mine],
            self.truth(label, among=among),
            iou=iou,
            iobb=iobb,
        )


def write_answers(work: Path, others: Path | None = None, *, only: Path | None = None) -> Path:
    """Write what was said of all films, in one file: by the folds of WORK and, where ``others`` (its
    answers.npz) is given, by those of another version beside them; or by those of the version ``only``.
    Raises FileNotFoundError when one has not been trained."""
    if only is not None:
        spoken = kept(only)
    else:
        own = joined([kept(left_by(work, fold)) for fold in range(FOLDS)])
        spoken = own if others is None else candidates_of_both(kept(others), own)
    keep(work / ANSWERS.name, thinned(spoken, overlap=OVERLAP))
    return work / ANSWERS.name


def said(shared: Path, work: Path) -> Said:
    """What the folds of WORK said; where none were trained, what those behind the shipped pack said."""
    answers = work / ANSWERS.name
    return answered(shared, answers if answers.is_file() else ANSWERS)


def answered(shared: Path, answers: Path) -> Said:
    """What the folds of one version said, from the file that ``write_answers`` left."""
    films = chest_films(shared)
    shown = [films[place] for fold in range(FOLDS) for place in held_out(films, fold)]
    return Said(
        films=tuple(shown),
        candidates=kept(answers),
        groups=np.array([film.patient for film in shown]),
        folds=np.array([film.fold for film in shown]),
        boxed=np.array([bool(film.boxes) for film in shown]),
    )


def fit(spoken: Said, among: NDArray[np.bool_]) -> Calibration:
    """The calibration by the films ``among`` (F,)."""
    truths = [spoken.truth(label, among=among) for label in range(len(LABELS))]
    shown = np.where(among[:, None], spoken.shown(), np.nan).astype(np.float32)
    return calibrated(spoken.candidates, truths, shown)


def lines(spoken: Said, probability: Floats, among: NDArray[np.bool_]) -> dict[str, tuple[float, ...]]:
    """The profiles' thresholds by the films ``among`` (F,); one number per label."""
    items = [spoken.judged(k, probability, among=among, iou=RIGHT) for k in range(len(LABELS))]
    return profiles(items, least=LEAST)


def most_per_film(candidates: Candidates, probability: Floats, most: int) -> NDArray[np.bool_]:
    """(n,) whether a box is among the ``most`` probable of its label on its film."""
    order = np.lexsort((-probability, candidates.label, candidates.film))
    key = candidates.film[order] * (int(candidates.label.max(initial=0)) + 1) + candidates.label[order]
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    chosen = np.zeros(len(order), dtype=bool)
    chosen[order[place < most]] = True
    return chosen
