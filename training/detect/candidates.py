"""What a network sees on films, before calibration: boxes after suppression, and a logit of each label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from classifiers.detection import Seen, suppressed

Floats = NDArray[np.float32]
OVERLAP: Final = 0.5  # of two boxes of a label above which the weaker goes
MOST: Final = 20  # boxes of a label kept to measure with; a pack shows fewer
TRIED: Final = 300  # places of a label and film that suppression looks at


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What was seen on F films: n boxes of all of them, and a logit of each film and label."""

    film: NDArray[np.int64]  # (n,) in [0, F)
    label: NDArray[np.int64]  # (n,)
    logit: Floats  # (n,) the network's own
    boxes: Floats  # (n, 4) left, top, right, bottom; whatever unit the truth has
    image: Floats  # (F, K) logits

    def only(self, which: NDArray[np.int64]) -> Candidates:
        """The boxes that an index names, in its order; all films."""
        return replace(
            self,
            film=self.film[which],
            label=self.label[which],
            logit=self.logit[which],
            boxes=self.boxes[which],
        )


def seen(scores: Floats, boxes: Floats, *, most: int = MOST, overlap: float = OVERLAP) -> Seen:
    """Of one film: ``scores`` (A, K) logits, ``boxes`` (A, 4); the ``most`` best of each label.

    ``scores`` of the answer are the logits' sigmoids.
    """
    tried = np.argpartition(-scores, min(TRIED, len(scores) - 1), axis=0)[:TRIED].T
    labels = np.repeat(np.arange(scores.shape[1]), tried.shape[1])
    odds = 1 / (1 + np.exp(-scores[tried.ravel(), labels].astype(np.float64)))
    found = Seen(labels=labels, scores=odds, probabilities=odds, boxes=boxes[tried.ravel()])
    return suppressed(found, overlap=overlap, most=most)


def gathered(films: Iterable[tuple[Seen, Floats]]) -> Candidates:
    """One film after the other: what was ``seen`` on it, its boxes already where the truth's are, and its
    image logits (K,)."""
    every = list(films)
    odds = np.concatenate([found.scores for found, _ in every])
    return Candidates(
        film=np.repeat(np.arange(len(every)), [len(found.labels) for found, _ in every]),
        label=np.concatenate([found.labels for found, _ in every]),
        logit=np.log(odds / (1 - odds)).astype(np.float32),
        boxes=np.concatenate([found.boxes for found, _ in every]).astype(np.float32),
        image=np.stack([image for _, image in every]).astype(np.float32),
    )


def thinned(candidates: Candidates, *, overlap: float) -> Candidates:
    """Fewer boxes: those of a label that overlap no surer one by more than ``overlap``."""
    odds = 1 / (1 + np.exp(-candidates.logit.astype(np.float64)))
    ends = np.searchsorted(candidates.film, np.arange(len(candidates.image) + 1))
    films = []
    for start, end in pairwise(ends.tolist()):
        these = slice(start, end)
        found = Seen(
            labels=candidates.label[these],
            scores=odds[these],
            probabilities=odds[these],
            boxes=candidates.boxes[these],
        )
        films.append(suppressed(found, overlap=overlap, most=MOST))
    return gathered(zip(films, candidates.image, strict=True))


def answers(
    model: keras.Model,
    inputs: Sequence[NDArray[np.generic] | tuple[NDArray[np.generic], ...]],
    *,
    batch: int = 16,
) -> Iterator[Mapping[str, Floats]]:
    """The network's outputs, film by film. Of each film: what the network takes, or a tuple where it takes
    several."""
    for start in range(0, len(inputs), batch):
        out = model(_stacked(inputs[start : start + batch]), training=False)
        arrays = {name: np.asarray(values) for name, values in out.items()}
        for row in range(len(arrays["image"])):
            yield {name: values[row] for name, values in arrays.items()}


def _stacked(inputs: Sequence[Any]) -> Floats | list[Floats]:
    if isinstance(inputs[0], tuple):
        return [np.stack(each).astype(np.float32) for each in zip(*inputs, strict=True)]
    return np.stack(inputs).astype(np.float32)


def keep(path: Path, candidates: Candidates) -> None:
    """Write to an .npz file."""
    np.savez_compressed(path, **{one.name: getattr(candidates, one.name) for one in fields(candidates)})


def kept(path: Path) -> Candidates:
    """Read what ``keep`` wrote. Raises FileNotFoundError."""
    with np.load(path) as stored:
        return Candidates(**{one.name: stored[one.name] for one in fields(Candidates)})


def joined(parts: Sequence[Candidates]) -> Candidates:
    """The films of all parts, one after the other."""
    starts = np.cumsum([0, *(len(part.image) for part in parts[:-1])])
    return Candidates(
        film=np.concatenate([part.film + start for part, start in zip(parts, starts, strict=True)]),
        label=np.concatenate([part.label for part in parts]),
        logit=np.concatenate([part.logit for part in parts]),
        boxes=np.concatenate([part.boxes for part in parts]),
        image=np.concatenate([part.image for part in parts]),
    )
