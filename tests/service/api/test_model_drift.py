"""Drift and agreement over REST."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

SCANNER = {"ManufacturerModelName": ("DRX",), "StationName": ("ROOM1",)}
LONG_AGO = "?days=60&reference_days=1&reference_from=2026-01-01"


@pytest.fixture
def client(house: Any) -> Any:
    (view,) = house.app().state.needs.models
    shadow = view.model_copy(update={"version": "2", "sha256": "b" * 64, "mode": "shadow"})
    specialist = view.model_copy(update={"name": "lung", "sha256": "c" * 64, "task": "classify"})
    return house.client(models=(shadow, view, specialist))


def test_drift_by_scanner(house: Any, client: Any) -> None:
    empty = client.get("/api/v1/models/view/drift").json()
    assert (empty["version"], empty["reference"], empty["scanners"]) == ("1", None, [])
    for number in range(55):
        house.receive(number, attributes=SCANNER)
    house.analyse("hand_ap", 0.9)
    gathering = client.get("/api/v1/models/view/drift").json()
    assert gathering["reference"] and gathering["current"] is None
    found = client.get(f"/api/v1/models/view/drift{LONG_AGO}").json()
    assert (found["name"], found["version"], found["head"], found["every"]) == ("view", "1", "view", 1)
    everything, scanner = found["scanners"]
    assert (everything["scanner"], scanner["scanner"]) == (None, "DRX, ROOM1")
    assert scanner["films"] == 55 and scanner["said"]["standing"] == "too_few"
    assert scanner["said_parts"] == [{"name": "hand_ap", "reference": 0, "current": 1, "trained": None}]


def test_one_may_ask_for_a_version_and_for_a_head(house: Any, client: Any) -> None:
    house.receive(1)
    house.analyse(finding=True)
    assert client.get(f"/api/v1/models/view/drift{LONG_AGO}&version=2").json()["version"] == "2"
    lung = client.get(f"/api/v1/models/lung/drift{LONG_AGO}").json()
    assert lung["head"] == "classify"
    for path, status in (
        ("view/drift?version=7", 404),
        ("nothing/drift", 404),
        ("NOTHING/drift", 422),
        ("nothing/agreement", 404),
        ("view/drift?head=mood", 422),
        ("view/drift?days=0", 422),
        ("view/drift?days=9999", 422),
        ("view/drift?reference_from=tomorrow", 422),
        ("view/drift?nothing=1", 422),
        ("view/agreement?head=view", 422),
    ):
        assert client.get(f"/api/v1/models/{path}").status_code == status, path


def test_agreement_with_the_shadow(house: Any, client: Any) -> None:
    house.receive(1)
    house.analyse("hand_ap")
    uid = house.receive(2)
    house.analyse("chest_pa_ap")
    found = client.get("/api/v1/models/view/agreement").json()
    assert found["active"] == "1"
    (shadow,) = found["shadows"]
    assert (shadow["version"], shadow["films"], shadow["same"]["count"]) == ("2", 2, 1)
    assert [(one["view"], one["same"]["count"]) for one in shadow["by_view"]] == [
        ("chest_pa_ap", 0),
        ("hand_ap", 1),
    ]
    assert shadow["confusion"]["true_views"] == ["chest_pa_ap", "hand_ap"]
    assert [film["sop_instance_uid"] for film in shadow["differing"]] == [uid]
    nothing = {"name": "lung", "active": None, "shadows": []}
    assert client.get("/api/v1/models/lung/agreement").json() == nothing


def test_a_reference_before_the_first_film_is_empty_not_wrong(house: Any, client: Any) -> None:
    house.receive(1)
    house.analyse()
    ahead = (datetime.now(UTC) + timedelta(days=40)).date()
    found = client.get(f"/api/v1/models/view/drift?reference_from={ahead}").json()
    assert found["current"] is None and found["scanners"] == []
