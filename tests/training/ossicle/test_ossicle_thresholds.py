"""Thresholds keep their promises."""

from __future__ import annotations

import numpy as np
import pytest

from training.detect.measures import Judged
from training.ossicle.calibrate import thresholds
from training.ossicle.films import LABELS, SITE_OF


def test_thresholds_are_above_what_real_films_must_not_state_and_sites_have_none() -> None:
    nothing = Judged(
        probability=np.zeros(0),
        right=np.zeros(0, dtype=bool),
        film=np.zeros(0, dtype=np.int64),
        truths=np.zeros(3, dtype=np.int64),
        counts=np.ones(3, dtype=bool),
    )
    chosen = thresholds([nothing] * len(LABELS), {"os_trigonum": [0.4, 0.2]})
    assert set(chosen) == set(SITE_OF)
    assert chosen["os_trigonum"] == pytest.approx(0.42)
    assert chosen["os_vesalianum"] == pytest.approx(0.05)
