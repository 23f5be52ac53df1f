"""The view pack's backbone, taken out of its exported form, sees the same; thresholds keep their promises."""

from __future__ import annotations

import numpy as np
import openvino as ov
import pytest

from training.backbone import backbone
from training.detect.measures import Judged
from training.ossicle.calibrate import thresholds
from training.ossicle.films import LABELS, SITE_OF
from training.ossicle.start import VIEW, begin_with_view, convolutions


@pytest.mark.timeout(120)  # loads TensorFlow
def test_the_backbone_sees_what_the_view_pack_sees() -> None:
    body = backbone(side=208)
    begin_with_view(body)
    films = np.random.default_rng(0).random((1, 208, 208, 1)).astype(np.float32)
    here = np.asarray(body(films, training=False)).mean(axis=(1, 2))
    network = ov.Core().read_model(VIEW / "model.xml")
    pooled = next(op for op in network.get_ordered_ops() if op.get_type_name() == "ReduceMean")
    cut = ov.Model([pooled.output(0)], network.get_parameters())
    there = ov.Core().compile_model(cut, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(films)[0]
    assert here == pytest.approx(there.reshape(1, -1), abs=1e-4)
    assert len(convolutions()) == 49


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
