"""The shipped pack on every real film of an elbow, forearm or wrist at hand, beside RadLens's network.

Films of the split ``final`` are only counted: nobody has looked at them, so a finding there may be right.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from classifiers.baseline import baseline_of_findings
from classifiers.packs import add_baseline, load_pack
from classifiers.runtimes import load
from classifiers.specialists import Specialist
from router.types import Finding
from training.detect.measures import interval
from training.detect.pictures import Shown, contact_sheet
from training.films import film_of, read
from training.fracture.films import KnownFilm, known_films, real_arms, real_others, simulated_arms
from training.fracture.rival import RadLens

mpl.use("Agg")
from matplotlib import pyplot as plt

ROWS: Final = {
    "chose the thresholds (calibrate)": ("calibrate",),
    "learnt from (train)": ("train",),
    "evaluate only, looked at (look)": ("look",),
    "evaluate only, never looked at (final)": ("final",),
}

SEEN: Final = ("train", "calibrate", "look")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was said about one real film."""

    known: KnownFilm
    found: tuple[Finding, ...]  # every candidate, most probable first
    stated: tuple[Finding, ...]  # of them
    rival: tuple[str, float]  # RadLens's label and its probability


def evaluate(shared: Path, pack: Path, home: Path) -> Path:
    """Measure ``pack``; returns metrics.json in ``home``/evaluation, where films that may be looked at are
    pictured too. The pack gets its baseline and the pictures of its card; none shows a real film."""
    out = home / "evaluation"
    out.mkdir(parents=True, exist_ok=True)
    loaded = load_pack(pack)
    ours, rival = Specialist(loaded, load(loaded, threads=1)), RadLens(shared, out)
    answers = [_answer(ours, rival, known) for known in known_films(shared)]
    told = {
        "pack": f"{loaded.ref.name}/{loaded.ref.version}",
        "sha256": loaded.ref.sha256,
        "rows": {name: row([one for one in answers if one.known.film.split in splits])
                 for name, splits in ROWS.items()},
        "sources": {source: row([one for one in answers if one.known.film.source == source])
                    for source in sorted({one.known.film.source for one in answers})},
        "broken": [_line(one) for one in answers if one.known.film.split != "final"
                   and (one.known.what or one.stated)],
        "milliseconds": speed(ours, answers),
    }  # fmt: skip
    unseen = [one.stated for one in answers if one.known.film.split in ("look", "final")]
    measured = f"{len(unseen)} real films of elbows, forearms and wrists that never trained"
    add_baseline(pack, baseline_of_findings(unseen, measured=measured))
    told["learnt"] = learnt(shared, home / "films")
    (out / "metrics.json").write_text(json.dumps(told, indent=1))
    (pack / "pictures").mkdir(exist_ok=True)
    alarms(answers, pack / "pictures" / "alarms.png")
    simulated_sheet(ours, home / "films", pack / "pictures" / "simulated.png")
    seen = [one for one in answers if one.known.film.split != "final"]
    contact_sheet([_shown(one) for one in seen], out / "looked.png", columns=7, tile=220)
    return out / "metrics.json"


def learnt(shared: Path, folder: Path) -> dict[str, int]:
    """How many films of each kind the training had."""
    return {
        "simulated": sum(1 for _ in simulated_arms(folder, held_out=False)),
        "arms": len(real_arms(shared, "train")),
        "other": len(real_others(shared, "train")),
    }


def _answer(ours: Specialist, rival: RadLens, known: KnownFilm) -> Answer:
    film = film_of(read(known.film.path))
    (found,) = ours.candidates([film])
    return Answer(known=known, found=found, stated=ours.stated(found), rival=rival.says(film))


def row(answers: Sequence[Answer]) -> dict[str, Any]:
    """False alarms on films with nothing broken as far as is known, hits on broken ones, doubtful ones apart;
    each share with its 95 % interval by group."""
    whole = [one for one in answers if one.known.broken is False]
    broken = [one for one in answers if one.known.broken]
    said: dict[str, int] = {}
    for one in answers:
        said[one.rival[0]] = said.get(one.rival[0], 0) + 1
    return {
        "films": len(answers),
        "groups": len({one.known.film.group for one in answers}),
        "whole": len(whole),
        "silent": share(whole, lambda one: not one.stated),
        "boxes_per_film": sum(len(one.stated) for one in whole) / max(len(whole), 1),
        "named": _counts(whole),
        "broken": len(broken),
        "hit": share(broken, lambda one: bool(one.stated)),
        "doubtful": sum(one.known.broken is None for one in answers),
        "doubtful_stated": sum(bool(one.stated) for one in answers if one.known.broken is None),
        "rival": said,
        "rival_sure": sum(one.rival[1] >= 0.9 for one in whole),
    }


def share(answers: Sequence[Answer], holds: Any) -> tuple[float, float, float] | None:
    """The share of films of which ``holds`` is true, with a 95 % interval: groups drawn anew, or the exact
    binomial one of groups (Clopper and Pearson 1934) when all films agree. None without films."""
    if not answers:
        return None
    groups = np.array([one.known.film.group for one in answers])
    truth = np.array([bool(holds(one)) for one in answers], dtype=np.float64)
    value, low, high = interval(groups, lambda weights: float((weights * truth).sum() / weights.sum()))
    if truth.min() == truth.max():
        count = len(set(groups.tolist()))
        hits = count * int(truth[0])
        low = float(beta.ppf(0.025, hits, count - hits + 1)) if hits else 0.0
        high = float(beta.ppf(0.975, hits + 1, count - hits)) if hits < count else 1.0
    return round(value, 3), round(low, 3), round(high, 3)


def _counts(answers: Sequence[Answer]) -> dict[str, int]:
    named: dict[str, int] = {}
    for one in answers:
        for label in {finding.label for finding in one.stated}:
            named[label] = named.get(label, 0) + 1
    return named


def _line(one: Answer) -> dict[str, Any]:
    film = one.known.film
    return {"film": film.path.stem, "view": film.folder, "split": film.split, "what": one.known.what,
            "stated": [f"{finding.label} {finding.probability:.2f}" for finding in one.stated],
            "best": [f"{finding.label} {finding.probability:.2f}" for finding in one.found[:3]],
            "radlens": f"{one.rival[0]} {one.rival[1]:.2f}"}  # fmt: skip


def _shown(one: Answer) -> Shown:
    best = one.stated or one.found[:1]
    line = f"{one.known.film.split[0]} " + " ".join(
        f"{item.label[:10]} {item.probability:.2f}" for item in best
    )
    return Shown(pixels=read(one.known.film.path), true=np.zeros((0, 4), dtype=np.float32),
                 said=edges(one.stated), line=line)  # fmt: skip


def alarms(answers: Sequence[Answer], path: Path) -> None:
    """How often anything is seen at all, as the threshold rises."""
    figure, axes = plt.subplots(figsize=(5, 3.2))
    steps = np.linspace(0.01, 0.99, 99)
    kinds = {"whole, never looked at": (False, ("final",)), "whole, the others": (False, SEEN),
             "broken": (True, (*SEEN, "final"))}  # fmt: skip
    for name, (broken, splits) in kinds.items():
        mine = [one for one in answers if one.known.broken is broken and one.known.film.split in splits]
        best = np.array(
            [max((item.probability for item in one.found if item.box), default=0) for one in mine]
        )
        if len(best):
            axes.plot(steps, [(best >= step).mean() for step in steps], label=f"{name} ({len(best)})")
    axes.set(xlabel="probability of the best box", ylabel="share of films", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)


def simulated_sheet(ours: Specialist, folder: Path, path: Path, *, count: int = 12) -> None:
    """Held-out simulated films, one of a patient, with true and stated boxes, for the card; where none were
    rendered, the picture stays as it is."""
    shown: list[Shown] = []
    for number, arm in enumerate(simulated_arms(folder, held_out=True)):
        film = arm.film
        if len(shown) == count or number % 5 or not film.truth.labels:
            continue
        found = [one for one in ours.predict([film_of(film.pixels)])[0] if one.box is not None]
        line = ", ".join(sorted({one.label[:12] for one in found})) or "nothing"
        shown.append(Shown(pixels=film.pixels, true=film.truth.boxes, said=edges(found), line=line))
    if shown:
        contact_sheet(shown, path, columns=6, tile=108)


def edges(found: Sequence[Finding]) -> NDArray[np.float32]:
    """Boxes of findings, (n, 4): left, top, right, bottom."""
    boxes = [one.box for one in found if one.box is not None]
    rows = [[box.x, box.y, box.x + box.width, box.y + box.height] for box in boxes]
    return np.array(rows, dtype=np.float32).reshape(-1, 4)


def speed(ours: Specialist, answers: Sequence[Answer]) -> Mapping[str, float]:
    """Milliseconds for a film, read and ready, on one thread: median and 95th percentile."""
    films = [film_of(read(one.known.film.path)) for one in answers[:20]]
    ours.candidates(films[:1])
    spent = []
    for film in films * 2:
        start = time.perf_counter()
        ours.candidates([film])
        spent.append(1000 * (time.perf_counter() - start))
    return {"median": round(float(np.median(spent)), 1), "p95": round(float(np.percentile(spent, 95)), 1)}
