"""Calibrate and measure the lung detector on what each fold said of patients it had not learnt from."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from classifiers.baseline import baseline_of_findings
from classifiers.packs import add_baseline, load_pack
from router.types import Finding, ModelRef
from training.detect.export import thresholds_of
from training.lung.crossed import Crossed, crossed
from training.lung.figures import SHOWN, figures
from training.lung.films import LABELS, chest_films
from training.lung.gained import gained
from training.lung.said import Said, answered, fit, lines, most_per_film, said, write_answers
from training.lung.sheets import draw, draw_laid
from training.lung.sizes import Judgements, judgements, sized, sizes_of


def calibrate(shared: Path, work: Path, *, others: Path | None = None, only: Path | None = None) -> str:
    """Write WORK/answers.npz, what was said of all films, and WORK/calibration.json. Returns the thresholds
    in a line. ``others`` and ``only`` as for ``write_answers``."""
    write_answers(work, others, only=only)
    spoken = said(shared, work)
    return _chosen(spoken, judgements(spoken), work)


def _chosen(spoken: Said, judged: Judgements, work: Path) -> str:
    """Sizes of boxes, calibration and thresholds from all folds, for the pack."""
    everything = np.ones(len(spoken.films), dtype=bool)
    sizes = sizes_of(judged, everything)
    drawn = sized(spoken, sizes)
    found = fit(drawn, everything)
    chosen = lines(drawn, found.boxes(drawn.candidates), everything)
    kinds = {kind: thresholds_of(LABELS, values) for kind, values in chosen.items()}
    written = {"box_size": sizes, "calibration": asdict(found), "thresholds": kinds}
    (work / "calibration.json").write_text(json.dumps(written, indent=1))
    return json.dumps(kinds["default"])


def evaluate(shared: Path, work: Path, pack: Path, *, against: Path | None = None) -> str:
    """Write WORK/evaluation: figures.json and pictures; and into ``pack`` the baseline that later scores are
    held against. Returns the folder.

    Where WORK has no folds, from what those behind the shipped pack said of the films in ``shared``. What is
    gained by the sizes of boxes is measured too, and with ``against``, what another version's folds said (its
    answers.npz), what was gained over that.
    """
    told = said(shared, work)
    judged = judgements(told)
    out = work / "evaluation"
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    if not (work / "calibration.json").is_file():
        _chosen(told, judged, work)
    spoken, sure = crossed(told, judged)
    found = figures(spoken, sure)
    found["sized"] = gained((spoken, sure), crossed(told, None))
    if against is not None:
        other = answered(shared, against)
        found["gained"] = gained((spoken, sure), crossed(other, judgements(other)))
    (out / "figures.json").write_text(json.dumps(found, indent=1))
    draw(spoken, sure, out / "pictures")
    draw_laid(chest_films(shared), out / "pictures" / "laid.jpg")
    films = stated(spoken, sure, load_pack(pack).ref)
    measured = f"{len(films)} NIH films, half of them chosen for a finding, out of fold"
    add_baseline(pack, baseline_of_findings(films, measured=measured))
    return str(out)


def stated(spoken: Said, sure: Crossed, model: ModelRef) -> list[list[Finding]]:
    """What is stated by default on each film of all folds, which have thresholds of their own."""
    films: list[list[Finding]] = [[] for _ in spoken.films]
    seen, over = spoken.candidates, sure.stated["default"]
    for place in np.flatnonzero(over & most_per_film(seen, sure.boxes, SHOWN)).tolist():
        probability = float(sure.boxes[place])
        one = Finding(label=LABELS[seen.label[place]], score=float(1 / (1 + np.exp(-seen.logit[place]))),
                      probability=probability, threshold=probability, model=model)  # fmt: skip
        films[int(seen.film[place])].append(one)
    return films
