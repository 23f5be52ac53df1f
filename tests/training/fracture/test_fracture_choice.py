"""What a choice of thresholds would state of simulated films is what the pack will state of films."""

from __future__ import annotations

import numpy as np

from classifiers.specialists import stated as stated_by_pack
from router.types import Box, Finding, ModelRef
from training.detect.candidates import Candidates
from training.fracture.choose import stated
from training.fracture.films import LABELS
from training.fracture.ship import ONE_NAME

NEEDS = {"Monteggia": 0.3, "Galeazzi": 0.2, "fracture": 0.4, "radiocapitellar_dislocation": 0.2}
MODEL = ModelRef(name="fracture", version="0", sha256="0" * 64)


def test_both_state_the_same_boxes() -> None:
    rng = np.random.default_rng(4)
    films, boxes = 30, 600
    corners = rng.uniform(0, 60, (boxes, 2))
    found = Candidates(
        film=np.sort(rng.integers(films, size=boxes)),
        label=rng.integers(len(LABELS), size=boxes),
        logit=rng.normal(size=boxes).astype(np.float32),
        boxes=np.column_stack([corners, corners + rng.uniform(20, 60, (boxes, 2))]).astype(np.float32),
        image=np.zeros((films, len(LABELS)), np.float32),
    )
    probability = rng.random(boxes)
    kept = stated(found, probability, NEEDS)
    assert 0 < len(kept) < (probability >= 0.4).sum()
    for film in range(films):
        mine = np.flatnonzero(found.film == film)
        mine = mine[np.argsort(-probability[mine])]
        by_pack = stated_by_pack(
            [_finding(found, row, float(probability[row])) for row in mine], one_name=ONE_NAME
        )
        here = kept[found.film[kept] == film]
        assert sorted(one.probability for one in by_pack) == sorted(probability[here].tolist())


def _finding(found: Candidates, row: int, probability: float) -> Finding:
    label = LABELS[found.label[row]]
    left, top, right, bottom = (float(edge) for edge in found.boxes[row])
    return Finding(
        label=label,
        score=probability,
        probability=probability,
        threshold=NEEDS.get(label, 2.0),
        model=MODEL,
        box=Box(x=left, y=top, width=right - left, height=bottom - top),
    )
