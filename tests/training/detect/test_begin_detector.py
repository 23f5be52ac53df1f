"""What is taken out of an exported detector says the same there as here."""

from __future__ import annotations

import numpy as np
import pytest

from classifiers.packs import load_pack
from training.detect.begin import begin_with_pack
from training.detect.network import detector
from training.quick import compiled
from training.stages import PACKS

OSSICLE = PACKS / "ossicle" / "3"


@pytest.mark.timeout(240)  # loads TensorFlow, exports a network
def test_a_detector_that_goes_on_from_a_pack_says_what_the_pack_says() -> None:
    pack = load_pack(OSSICLE)
    side, labels = pack.manifest.input.height, pack.manifest.outputs["detect"].labels
    model = detector(len(labels), side=side, upright=False)
    begin_with_pack(model, OSSICLE)
    films = np.random.default_rng(0).random((1, side, side, 1)).astype(np.float32)
    there, here = compiled(pack.weights)(films), model(films, training=False)
    for name, close in (("boxes", 0.01), ("scores", 1e-3), ("image", 1e-3), ("heat", 1e-3)):
        assert np.asarray(here[name]) == pytest.approx(there[name], abs=close)


@pytest.mark.timeout(240)
def test_another_network_is_refused() -> None:
    pack = load_pack(OSSICLE)
    side, labels = pack.manifest.input.height, pack.manifest.outputs["detect"].labels
    with pytest.raises(ValueError, match="expected"):
        begin_with_pack(detector(len(labels), side=side, upright=False, depth=1), OSSICLE)
