"""Train the lung detector: what chest films look like, then the boxes, fold by fold and on everything.

1. ``network``: the whole network learns the labels of films of patients without boxes. Which place makes a
   film positive it finds itself (log-sum-exp of the map of each label), but for RSNA's opacities and for
   signs laid onto films that show none (``laid``), whose places are known.
2. ``features``: the lower half of it runs once over all films.
3. ``upper``: the upper half goes on with the same lesson from there, which is several times as fast.
4. ``fold0`` ... ``fold4``: what lies above the backbone, whose answers are kept too, learns boxes and labels
   without the fold's patients; then it looks at their films. What it says of them is what everything is
   measured and calibrated on.
5. ``all``: the same with every patient. That network ships, with one of another version beside it or alone
   (``joint``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import keras
import numpy as np

from classifiers.detection import Seen
from classifiers.prepare import prepared
from training.detect.candidates import Candidates, answers, gathered, keep, seen
from training.detect.example import BoxedFilm, fitted
from training.detect.loop import Pool, Report, batches, learn
from training.detect.network import LEVELS, begin_with_imagenet, cut, deeper, detector
from training.detect.targets import Batch
from training.films import read
from training.lung.features import SIDE, Features, deepened, feed, write_features
from training.lung.films import EXTRA, FOLDS, LABELS, OPAQUE, ORIGINAL, ChestFilm, chest_films, example
from training.lung.laid import ODDS, laid
from training.lung.plan import Plan

BOXED, REPORTED, OTHERS = 14, 4, 6  # films of a batch: with boxes; of the same patients; of other patients
PLAIN, LAID = 12, 8  # of the first part's batches: films as they are; with signs laid onto them
SHOWN, REST = 14, 10  # of the third part's: with a finding by the report; without
TIMES_LAID: Final = 3  # films with signs of each film
PLACED: Final = np.array([k in ODDS or name in OPAQUE for k, name in enumerate(LABELS)], np.float32)


def network() -> keras.Model:
    """The lung detector, without weights worth anything."""
    return detector(len(LABELS), side=SIDE, extra=len(EXTRA))


def train(
    *,
    shared: Path,
    work: Path,
    plan: Plan,
    backbone: Path | None,
    report: Report,
    folds: Sequence[int | None] | None = None,
) -> list[Path]:
    """All five parts, each going on where it stopped; returns the files that the last of them made.
    ``folds``: only these, None the one that ships, so that several processes can share them. Raises
    FileNotFoundError."""
    films = chest_films(shared)
    whole = labels_first(films, work / "network", plan, backbone, report)
    lower, upper = cut(whole)
    features = write_features(lower, films, work / "features", report, seed=plan.seed)
    labels_again(upper, films, features, work / "upper", plan, report)
    features = deepened(features, deeper(whole), work / "levels", report)
    wanted = [*range(FOLDS), None] if folds is None else folds
    for fold in wanted:
        boxes(films, features, work, fold=fold, plan=plan, report=report)
    return [left_by(work, fold) for fold in wanted] or [work / "upper" / "model.weights.h5"]


def labels_first(
    films: Sequence[ChestFilm],
    out: Path,
    plan: Plan,
    backbone: Path | None,
    report: Report,
) -> keras.Model:
    """Part 1: the whole network on films of patients without boxes."""
    keras.utils.set_random_seed(plan.seed)
    model = network()
    if not (out / "model.weights.h5").is_file():
        begin_with_imagenet(model, backbone)
    # Read only when there is something to learn.
    taught: list[Pool] = []

    def films_of(seed: int) -> Iterator[Batch]:
        if not taught:
            taught.extend(_pools(films, np.random.default_rng(plan.seed)))
        return batches(taught, side=SIDE, labels=len(LABELS), seed=seed)

    return learn(model, films_of, plan.whole(), out, report)


def labels_again(
    upper: keras.Model, films: Sequence[ChestFilm], features: Features, out: Path, plan: Plan, report: Report
) -> None:
    """Part 3: the upper half goes on with what part 1 learnt from."""
    unboxed = [place for place, film in enumerate(films) if film.fold is None]
    shown = [place for place in unboxed if films[place].labels & set(LABELS)]
    rest = [place for place in unboxed if not films[place].labels & set(LABELS)]
    asked = replace(features, taught=tuple(_asked(film) for film in features.taught))
    learn(upper, partial(feed, asked, [(shown, SHOWN), (rest, REST)]), plan.upper(), out, report)


def _pools(films: Sequence[ChestFilm], rng: np.random.Generator) -> list[Pool]:
    """Films of patients without boxes; those with findings, and with seldom ones, come more often. And the
    same with signs laid onto them."""
    shown = [fitted(example(film), side=SIDE) for film in films if film.fold is None]
    positive = np.stack([film.image for film in shown])[:, : len(LABELS)]
    odds = 1 + 1.5 * positive.any(axis=1) + (positive / positive.mean(axis=0) / 20).sum(axis=1)
    changed = [film for film in (laid(film, rng) for film in shown * TIMES_LAID) if film is not None]
    return [
        Pool(films=[_asked(film) for film in shown], count=PLAIN, odds=odds.tolist()),
        Pool(films=[_asked(film) for film in changed], count=LAID),
    ]


def _asked(film: BoxedFilm) -> BoxedFilm:
    """The film with places taught only of labels of which some film of patients without boxes has a place: of
    the others there are only films that lack them, which would teach never to look."""
    return replace(film, known=film.known * PLACED)


def boxes(
    films: Sequence[ChestFilm],
    features: Features,
    work: Path,
    *,
    fold: int | None,
    plan: Plan,
    report: Report,
) -> keras.Model:
    """Parts 4 and 5: what is above the backbone, without the patients of ``fold`` (None: with all), which
    then looks at their films. Returns the whole network."""
    out = _home(work, fold)
    keras.utils.set_random_seed(plan.seed)
    model = _before_boxes(work)
    _, heads = cut(model, LEVELS)
    if left_by(work, fold).is_file():
        return model
    pools = _fold_pools(films, fold)
    report(f"{out.name}: " + ", ".join(f"{len(pool)} films ({count} a batch)" for pool, count in pools))
    for recipe, folder in ((plan.fold(), out), (plan.again(), out / "again")):
        learn(heads, partial(feed, features, pools), recipe, folder, report)
    if fold is not None:
        keep(left_by(work, fold), looked_at(heads, films, features, fold))
    return model


def _home(work: Path, fold: int | None) -> Path:
    return work / ("all" if fold is None else f"fold{fold}")


def left_by(work: Path, fold: int | None) -> Path:
    """What is there when a fold is done: what it said of its films, or the weights that ship."""
    return _home(work, fold) / "again" / ("model.weights.h5" if fold is None else "candidates.npz")


def _fold_pools(films: Sequence[ChestFilm], fold: int | None) -> list[tuple[list[int], int]]:
    teaching = [place for place, film in enumerate(films) if film.fold is None or film.fold != fold]
    boxed = [place for place in teaching if films[place].boxes]
    reported = [place for place in teaching if not films[place].boxes and films[place].fold is not None]
    others = [place for place in teaching if films[place].fold is None]
    return [(boxed, BOXED), (reported, REPORTED), (others, OTHERS)]


def held_out(films: Sequence[ChestFilm], fold: int) -> list[int]:
    """Places of the films that a fold looks at, in the order of its candidates."""
    return [place for place, film in enumerate(films) if film.fold == fold]


def looked_at(heads: keras.Model, films: Sequence[ChestFilm], features: Features, fold: int) -> Candidates:
    """What the heads say of the fold's films; boxes in pixels of NIH's originals (1024 a side)."""
    places = held_out(films, fold)
    plain = {int(features.film[row]): row for row in np.flatnonzero(features.plain)}
    outputs = answers(heads, [tuple(level[plain[place]] for level in features.levels) for place in places])
    return gathered(
        (on_original(seen(out["scores"], out["boxes"]), films[place]), out["image"])
        for place, out in zip(places, outputs, strict=True)
    )


def on_original(found: Seen, film: ChestFilm) -> Seen:
    """The boxes in pixels of NIH's original instead of the network's input, cut off at its edge."""
    pixels = read(film.path)
    _, placement = prepared(pixels.astype(np.float32) / 255.0, side=SIDE)
    height, width = pixels.shape
    size = np.array([width, height, width, height], dtype=np.float32)
    edges = np.clip(placement.to_film(found.boxes) / size, 0, 1) * ORIGINAL
    return replace(found, boxes=edges.astype(np.float32))


def shipped(work: Path) -> keras.Model:
    """The whole network of part 5. Raises FileNotFoundError when it has not been trained."""
    model = _before_boxes(work)
    cut(model, LEVELS)[1].load_weights(_there(left_by(work, None)))
    return model


def _before_boxes(work: Path) -> keras.Model:
    """The whole network of part 3."""
    model = network()
    model.load_weights(_there(work / "network" / "model.weights.h5"))
    cut(model)[1].load_weights(_there(work / "upper" / "model.weights.h5"))
    return model


def _there(weights: Path) -> Path:
    if not weights.is_file():
        raise FileNotFoundError(f"{weights} is not there: run `python -m training lung train`")
    return weights
