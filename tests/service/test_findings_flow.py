"""From C-STORE to REST: two packs that answer together, their members, and where they looked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import cv2
import numpy as np
import pytest

from classifiers.manifest import Classes, Output, Values
from dicom_scp.sender import send
from router.ensemble import ensemble_model
from router.types import Mode, ModelRef

ROWS, COLUMNS = 240, 160
SETTINGS = '[models]\nfolders = ["packs"]\n'
RULES = '[[rule]]\nname = "all"\nwhen = { modality = ["CR"] }\nanalyse = ["spots+second"]\n'


@pytest.fixture
def running(house: Callable[..., Any], spot_pack: Callable[..., Any], tmp_path: Path) -> Any:
    """A service with two packs that look for spots; the second is not so sure, and sees shades too."""
    folder = tmp_path / "house0"
    spot_pack(folder / "packs")
    spot_pack(folder / "packs", name="nobody", version="1", mode=Mode.SHADOW)
    spot_pack(
        folder / "packs",
        name="second",
        outputs={
            "detect": Output(
                name="scores",
                values=Values.LOGITS,
                classes=Classes.INDEPENDENT,
                labels=("spot", "shade"),
                thresholds={"spot": 0.9, "shade": 0.99},
                temperature=(4.0, 1.0),
            )
        },
    )
    (folder / "var").mkdir()
    (folder / "var" / "rules.toml").write_text(RULES)
    return house(SETTINGS)


def test_two_packs_answer_together_and_their_members_are_kept(
    running: Any, film: Callable[..., str], tmp_path: Path
) -> None:
    pixels = np.zeros((ROWS, COLUMNS), np.uint16)
    pixels[ROWS // 4 : ROWS // 2, COLUMNS // 2 : 3 * COLUMNS // 4] = 4000
    uid = film(
        tmp_path / "spot.dcm",
        Rows=ROWS,
        Columns=COLUMNS,
        PixelData=pixels.tobytes(),
        WindowCenter=2000,
        WindowWidth=4000,
    )
    (sent,) = send(
        [tmp_path / "spot.dcm"],
        host="127.0.0.1",
        port=running.port,
        calling_ae_title="XRAY1",
        called_ae_title="RADROUTER",
    )
    assert sent.is_stored, sent.reason
    body = running.answer(uid, 120)
    spots = [finding for finding in body["findings"] if finding["label"] == "spot"]
    (spot,) = spots
    members = [one for one in body["member_findings"] if one["label"] == "spot" and one["probability"] > 0.5]
    by_name = {one["model"]["name"]: one for one in members}
    assert set(by_name) == {"spots", "second"}
    assert spot["probability"] == pytest.approx(
        (by_name["spots"]["probability"] + by_name["second"]["probability"]) / 2
    )
    assert spot["threshold"] == pytest.approx((0.5 + 0.9) / 2)
    assert spot["box"] == pytest.approx({"x": 80, "y": 60, "width": 40, "height": 60}, abs=1)
    joint = ensemble_model([ModelRef(**by_name[name]["model"]) for name in ("spots", "second")])
    assert spot["model"] == {"name": joint.name, "version": joint.version, "sha256": joint.sha256}
    assert spot["model"] in body["models_run"]
    picture = heat(running, uid, "spots+second", "spot")
    assert picture.shape == (ROWS, COLUMNS)
    assert picture[3 * ROWS // 8, 5 * COLUMNS // 8] > 200 > 20 > picture[ROWS // 8, COLUMNS // 8]
    for model, label in (("spots", "hole"), ("nobody", "spot"), ("view", "spot")):
        with pytest.raises(HTTPError, match="404"):
            heat(running, uid, model, label)


def heat(running: Any, uid: str, model: str, label: str) -> np.ndarray:
    address = f"{running.api}/api/v1/instances/{uid}/heatmap/{model}.png?label={label}"
    with urlopen(address, timeout=120) as answer:
        return np.asarray(cv2.imdecode(np.frombuffer(answer.read(), np.uint8), cv2.IMREAD_UNCHANGED))
