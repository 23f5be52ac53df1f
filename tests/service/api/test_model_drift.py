"""Drift and agreement over REST."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from classifiers.baseline import baseline_of_findings
from classifiers.manifest import Baseline
from router.drift import Histogram, Standing, compare, score_bin
from router.types import Box, Finding, ModelRef
from service.api.out_models import BaselineOut

LUNG = ModelRef(name="lung", version="1", sha256="c" * 64)
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


def boxes_of_a_film(dice: random.Random, times: float) -> tuple[Finding, ...]:
    """Two to eight boxes, of which one stands out; none on every fifth film. ``times``: all less probable."""
    if dice.random() < 0.2:
        return ()
    best = dice.uniform(0.5, 0.99)
    probabilities = [best, *(best * dice.uniform(0.2, 0.6) for _ in range(dice.randint(1, 7)))]
    return tuple(
        Finding(
            label=dice.choice(["nodule", "mass"]),
            score=0.1,
            probability=times * probability,
            threshold=0.05,
            model=LUNG,
            box=Box(x=8, y=8, width=16, height=8),
        )
        for probability in probabilities
    )


@pytest.mark.parametrize(("times", "standing"), [(1.0, "steady"), (0.7, "changed")])
def test_boxes_of_a_film_count_once_now_as_in_the_baseline(house: Any, times: float, standing: str) -> None:
    dice = random.Random(20261121)
    measured = baseline_of_findings([boxes_of_a_film(dice, 1) for _ in range(400)], measured="400 films")
    (view,) = house.app().state.needs.models
    stated = BaselineOut(films=400, measured="400 films", score_edges=measured.score_edges,
                         score_films=measured.score_films, stated=dict(measured.stated))  # fmt: skip
    named = {"name": LUNG.name, "version": LUNG.version, "sha256": LUNG.sha256, "task": "detect"}
    client = house.client(models=(view, view.model_copy(update=named | {"baseline": stated})))
    films = [boxes_of_a_film(dice, times) for _ in range(120)]
    for number, found in enumerate(films):
        house.receive(number, study_instance_uid=f"1.2.{number}")
        house.analyse(beside=found, also_ran=(LUNG,))
    (everything, _) = client.get(f"/api/v1/models/lung/drift{LONG_AGO}").json()["scanners"]
    assert everything["films"] == 120 > everything["trained"]["films"] == sum(map(bool, films)) > 80
    assert everything["trained"]["standing"] == standing
    said = {part["name"]: part["current"] for part in everything["said_parts"]}
    assert {*said} == {"nodule", "mass", "none"}
    assert said["none"] == pytest.approx(1 - everything["trained"]["films"] / 120)
    assert box_by_box(films, measured) is Standing.CHANGED


def box_by_box(films: Sequence[Sequence[Finding]], measured: Baseline) -> Standing:
    """What these films would look like if each box counted: changed, whatever the films are."""
    then = {str(number): count for number, count in enumerate(measured.score_films)}
    now = Counter(str(score_bin(one.probability, measured.score_edges)) for found in films for one in found)
    return compare(
        Histogram(films=then, independent=measured.films), Histogram(films=now, independent=len(films))
    ).standing


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
