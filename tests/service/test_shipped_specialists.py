"""The packs that ship, from C-STORE to REST: view → rule → specialist → boxes in stored pixels, and heat.

The films are simulated, so what is stated about them says nothing about how good a pack is: thresholds are
low enough here that each has something to show.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import cv2
import numpy as np
import pytest
from pydicom import dcmread

from classifiers.packs import SHIPPED, load_pack
from dicom_scp.sender import send
from service.demonstration import STUDY

pytestmark = pytest.mark.timeout(300)
DRAWN = Path(__file__).parents[1] / "training"
FILMS = {
    "lung": STUDY / "1_chest_pa_ap.dcm",
    "fracture": DRAWN / "fracture" / "monteggia.dcm",
    "ossicle": DRAWN / "ossicle" / "os_trigonum.dcm",
}
VERSIONS = {name: max((SHIPPED / name).iterdir()).name for name in FILMS}  # one of each ships


def low(name: str) -> str:
    """A line of ``models.thresholds``: everything a pack states, from one in a hundred."""
    labels = load_pack(SHIPPED / name / VERSIONS[name]).manifest.outputs["detect"].thresholds
    return f"{name} = {{ {', '.join(f'{label} = 0.01' for label in labels)} }}"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, house_of: Any) -> Iterator[Any]:
    """A service in which all three answer, at low thresholds, with their films analysed."""
    active = ", ".join(f'{name} = "{version}"' for name, version in VERSIONS.items())
    settings = "\n".join(["[models]", f"active = {{ {active} }}", "[models.thresholds]", *map(low, FILMS)])
    running = house_of(tmp_path_factory.mktemp("specialists"), settings)
    sent = send(
        FILMS.values(),
        host="127.0.0.1",
        port=running.port,
        calling_ae_title="XRAY1",
        called_ae_title="RADROUTER",
    )
    assert all(each.is_stored for each in sent), [each.reason for each in sent]
    yield running
    running.stop()


def answer(house: Any, name: str) -> Any:
    return house.answer(str(dcmread(FILMS[name], stop_before_pixels=True).SOPInstanceUID), 120)


@pytest.mark.parametrize("name", FILMS)
def test_the_rules_bring_a_film_to_its_specialist_and_rest_tells_what_it_says(house: Any, name: str) -> None:
    body, header = answer(house, name), dcmread(FILMS[name], stop_before_pixels=True)
    assert body["state"] == "done" and body["models_absent"] == []
    assert f"{name}@{VERSIONS[name]}" in {
        f"{model['name']}@{model['version']}" for model in body["models_run"]
    }
    stated = set(load_pack(SHIPPED / name / VERSIONS[name]).manifest.outputs["detect"].thresholds)
    for finding in body["findings"]:
        assert finding["label"] in stated and finding["probability"] >= finding["threshold"] == 0.01
        box = finding["box"]
        assert box["x"] >= 0 and box["x"] + box["width"] <= header.Columns
        assert box["y"] >= 0 and box["y"] + box["height"] <= header.Rows


@pytest.mark.parametrize("name", FILMS)
def test_where_the_model_looked_has_the_films_shape(house: Any, name: str) -> None:
    first = answer(house, name)["findings"][0]
    header = dcmread(FILMS[name], stop_before_pixels=True)
    picture = f"{house.api}/api/v1/instances/{header.SOPInstanceUID}/heatmap/{name}.png"
    with urlopen(f"{picture}?label={first['label']}&long_side=256", timeout=60) as sent:
        drawn = cv2.imdecode(np.frombuffer(sent.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert max(drawn.shape[:2]) == 256
    assert abs(drawn.shape[1] / drawn.shape[0] - header.Columns / header.Rows) < 0.02


@pytest.mark.parametrize(
    ("name", "label", "alike"), [("fracture", "Monteggia", 0.3), ("ossicle", "os_trigonum", 0.2)]
)
def test_what_was_drawn_is_boxed_where_it_is(house: Any, name: str, label: str, alike: float) -> None:
    found = [finding for finding in answer(house, name)["findings"] if finding["label"] == label]
    best = max(found, key=lambda finding: float(finding["probability"]))["box"]
    assert overlap(best, true_box(name, label)) > alike


def true_box(name: str, label: str) -> list[float]:
    """Left, top, right, bottom, as the simulator knows them."""
    truth = json.loads(FILMS[name].with_suffix(".json").read_text())
    return list(truth["box"] if "box" in truth else truth["boxes"][truth["labels"].index(label)])


def overlap(box: Any, edges: list[float]) -> float:
    """Intersection over union."""
    left, top, right, bottom = edges
    width = min(right, box["x"] + box["width"]) - max(left, box["x"])
    height = min(bottom, box["y"] + box["height"]) - max(top, box["y"])
    both = max(0.0, width) * max(0.0, height)
    return both / ((right - left) * (bottom - top) + box["width"] * box["height"] - both)


@pytest.mark.parametrize("name", FILMS)
def test_shipped_packs_are_read_as_their_cards_say(name: str) -> None:
    card = (SHIPPED / name / VERSIONS[name] / "CARD.md").read_text()
    assert "medical device" in card.lower()
    shadow = load_pack(SHIPPED / name / VERSIONS[name]).manifest.mode == "shadow"
    assert ("in shadow" in card) is shadow
