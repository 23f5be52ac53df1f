"""A study hung by OHIF's own matching code from this service's answers, with the protocol of the docs.

It needs Node.js and OHIF's package: `npm install --prefix tests/ohif --ignore-scripts --legacy-peer-deps`.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "ohif"
STUDY = "1.2.826.0.1.3680043.8.498.1.0"


@pytest.fixture
def hung_by_ohif(peer: Callable[[str], str]) -> Callable[..., Any]:
    """Hang images by OHIF: which protocol it chose, and which image is in which viewport."""
    modules = Path(os.environ.get("RADROUTER_OHIF", FOLDER / "node_modules"))
    if not (modules / "@ohif" / "core").is_dir():
        pytest.skip("OHIF's package is not installed (see this file's first lines)")

    def hang(base_url: str, *uids: str) -> Any:
        images = [{"SOPInstanceUID": uid, "SeriesInstanceUID": f"{uid}.1"} for uid in uids]
        done = subprocess.run(
            [peer("node"), str(FOLDER / "match.cjs"), base_url.rstrip("/"), STUDY],
            input=json.dumps(images),
            env={**os.environ, "NODE_PATH": str(modules)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return hang


def test_ohif_puts_frontal_and_lateral_in_their_places(house, hung_by_ohif) -> None:
    lateral = house.receive(1)
    house.analyse("chest_lateral")
    frontal = house.receive(2)
    house.analyse("chest_pa_ap")
    hand = house.receive(3)
    house.analyse("hand_ap")
    base = str(house.client().base_url)
    for order in ([lateral, frontal, hand], [hand, frontal, lateral]):
        assert hung_by_ohif(base, *order) == {"protocol": "radrouter-chest", "viewports": [frontal, lateral]}


def test_ohif_leaves_empty_what_is_not_there_and_takes_no_other_study(house, hung_by_ohif) -> None:
    base = str(house.client().base_url)
    frontal = house.receive(1)
    house.analyse("chest_pa_ap")
    unsure = house.receive(2)
    house.analyse("unsure", 0.4)
    assert hung_by_ohif(base, unsure, frontal)["viewports"] == [frontal, None]


def test_ohif_hangs_a_study_of_something_else_as_it_always_does(house, hung_by_ohif) -> None:
    knee = house.receive(1)
    house.analyse("knee_ap")
    assert hung_by_ohif(str(house.client().base_url), knee)["protocol"] == "default"
