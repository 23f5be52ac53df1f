"""Where a model looked, over REST: what is handed on, what is refused, and what a reader has already."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from router.ensemble import ensemble_model
from router.errors import AnalysisCrashed, HeatAbsent, OutOfResources, UndecodablePixels
from router.types import Mode, ModelRef
from service.api.out_models import DetectOut, GateOut, HeadOut, ModelOut
from service.heating import HeatJob

LUNG = ModelRef(name="lung", version="1", sha256="c" * 64)
SITE = ModelRef(name="lung_site", version="3", sha256="d" * 64)


def detector(ref: ModelRef, *, heat: bool = True, mode: Mode = Mode.ACTIVE) -> ModelOut:
    return ModelOut(
        name=ref.name,
        version=ref.version,
        sha256=ref.sha256,
        task="detect",
        mode=mode,
        runtime="openvino",
        licence="CC0-1.0",
        training_data="none",
        heads={
            "detect": HeadOut(labels=("nodule", "mass"), classes="independent", thresholds={"nodule": 0.5})
        },
        gate=GateOut(margin=0.0, min_score=0.0),
        metrics={},
        card="",
        detect=DetectOut(overlap=0.5, most=5, sites={}, heat=heat),
    )


@pytest.fixture
def film(house: Any) -> str:
    """The UID of a film that the lung model looked at."""
    uid = house.receive(1)
    house.analyse(finding=True)
    return f"/api/v1/instances/{uid}/heatmap"


def test_a_map_is_asked_for_with_what_it_takes(house: Any, film: str) -> None:
    answer = house.client(models=(detector(LUNG),)).get(
        f"{film}/lung.png", params={"label": "nodule", "long_side": 512, "overlay": True}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    (job,) = house.heat_jobs
    assert (job.model, job.label, job.long_side, job.overlay) == ("lung", "nodule", 512, True)
    assert job.path.is_relative_to(house.storage)
    assert job.legend[0] == "nodule, lung@1" and "not a medical device" in job.legend[1]


def test_a_map_that_the_reader_has_is_not_drawn_again(house: Any, film: str) -> None:
    client = house.client(models=(detector(LUNG),))
    first = client.get(f"{film}/lung.png?label=nodule")
    again = client.get(f"{film}/lung.png?label=nodule", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, len(house.heat_jobs)) == (304, 1)
    tags = {
        client.get(f"{film}/lung.png", params={"label": "nodule"} | other).headers["ETag"]
        for other in ({}, {"label": "mass"}, {"long_side": 64}, {"overlay": True})
    }
    assert len(tags) == 4


# the models here | model | label | the reason
ABSENT = [
    ((), "lung", "nodule", "no model lung is active here"),
    ((detector(LUNG, mode=Mode.SHADOW),), "lung", "nodule", "no model lung is active here"),
    (
        (detector(LUNG), detector(SITE)),
        "lung_site",
        "nodule",
        "the model lung_site did not look at this film",
    ),
    ((detector(LUNG), detector(SITE)), "lung+lung_site", "nodule", "the model lung+lung_site did not look"),
    ((detector(LUNG, heat=False),), "lung", "nodule", "the model lung@1 makes no heat map of such a label"),
    ((detector(LUNG),), "lung", "spaceship", "the model lung@1 makes no heat map of such a label"),
    (
        (detector(ModelRef(name="lung", version="2", sha256="e" * 64)),),
        "lung",
        "nodule",
        "lung@1 looked at this film, and lung@2 is installed now: let it be analysed again",
    ),
]


@pytest.mark.parametrize(("models", "model", "label", "reason"), ABSENT)
def test_what_there_is_no_map_of_is_said(
    house: Any, film: str, models: tuple[ModelOut, ...], model: str, label: str, reason: str
) -> None:
    answer = house.client(models=models).get(f"{film}/{model}.png", params={"label": label})
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:radrouter:problem:not-found"
    assert answer.json()["detail"].startswith(reason)
    assert house.heat_jobs == []


def test_an_ensemble_has_a_map_where_one_of_its_members_makes_one(house: Any) -> None:
    uid = house.receive(1)
    house.analyse(finding=True, also_ran=(ensemble_model([LUNG, SITE]), SITE))
    client = house.client(models=(detector(LUNG, heat=False), detector(SITE)))
    path = f"/api/v1/instances/{uid}/heatmap/lung+lung_site.png"
    assert client.get(path, params={"label": "nodule"}).status_code == 200
    assert house.heat_jobs[0].model == "lung+lung_site"
    assert house.heat_jobs[0].legend[0] == "nodule, lung+lung_site@1+3"


# what the analysis process says | status | words
TROUBLE = [
    (HeatAbsent("the model lung@1 shows no heat for 'nodule'"), 404, "shows no heat"),
    (UndecodablePixels("no decoder reads this"), 422, "no decoder reads this"),
    (OutOfResources("other explanations are under way"), 503, "other explanations are under way"),
    (AnalysisCrashed("died"), 503, "did not come to an end"),
]


@pytest.mark.parametrize(("error", "status", "words"), TROUBLE)
def test_trouble_in_drawing_is_an_answer(
    house: Any, film: str, raising: Any, error: Exception, status: int, words: str
) -> None:
    client = house.client(models=(detector(LUNG),), heat=raising(error))
    answer = client.get(f"{film}/lung.png?label=nodule")
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True)
    assert client.get("/healthz").status_code == 200


def test_few_wait_for_their_turn_and_the_rest_are_told_to_come_back(house: Any, film: str) -> None:
    drawing, go = threading.Semaphore(0), threading.Event()

    def slow(job: HeatJob) -> bytes:
        drawing.release()
        assert go.wait(60)
        return job.label.encode()

    client = house.client(models=(detector(LUNG),), heat=slow)
    with ThreadPoolExecutor(2) as pool:
        first = [pool.submit(client.get, f"{film}/lung.png?label={label}") for label in ("nodule", "mass")]
        assert all(drawing.acquire(timeout=60) for _ in first)
        late = client.get(f"{film}/lung.png?label=nodule")
        go.set()
        assert [one.result().status_code for one in first] == [200, 200]
    assert (late.status_code, late.headers["Retry-After"]) == (503, "2")


@pytest.mark.parametrize("path", ["lung.png", "lung.png?label=", "Lung.png?label=a", "a+.png?label=a"])
def test_a_question_that_is_none_is_refused(house: Any, film: str, path: str) -> None:
    assert house.client(models=(detector(LUNG),)).get(f"{film}/{path}").status_code == 422


def test_a_film_that_is_not_here_has_no_map(house: Any) -> None:
    answer = house.client(models=(detector(LUNG),)).get(
        "/api/v1/instances/1.2.3/heatmap/lung.png?label=nodule"
    )
    assert (answer.status_code, answer.json()["detail"]) == (404, "no such instance")
