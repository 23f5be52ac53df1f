"""Samples of what models said, and pairs of two models, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from db.drift import FINDINGS_HEAD, Drift
from db.instances import Instances
from router.drift import NONE
from router.drift_report import Span
from router.types import Candidate, Finding, Mode, ModelRef, ViewPrediction

ACTIVE = ModelRef(name="view", version="2", sha256="1" * 64)
SHADOW = ModelRef(name="view", version="3", sha256="2" * 64)
LUNG = ModelRef(name="lung", version="1", sha256="3" * 64)
DRX = {"ManufacturerModelName": ("DRX ",), "StationName": ("ROOM1",)}
HOUR = timedelta(hours=1)


@pytest.fixture
def drift(maker: sessionmaker[Session], clock: Callable[[], Any]) -> Drift:
    return Drift(maker, clock=clock)


@pytest.fixture
def answered(
    instances: Instances, receive: Callable[..., Any], analysis: Callable[..., Any]
) -> Callable[..., None]:
    """A film comes and is answered by the active model and the shadow."""

    def one(
        number: int, view: str = "hand_ap", shadow: str = "hand_ap", score: float = 0.9, **sent: Any
    ) -> None:
        receive(number, **sent)
        (claim,) = instances.claim(1, lease=HOUR, worker="w")
        turned = {"rotation": (Candidate(label="90", score=0.8), Candidate(label="0", score=0.2))}
        said = [
            ViewPrediction(
                view=name,
                score=score,
                margin=0.5,
                candidates=(Candidate(label=name, score=score),),
                model=model,
                mode=mode,
                further=turned if model is ACTIVE else {},
            )
            for name, model, mode in ((view, ACTIVE, Mode.ACTIVE), (shadow, SHADOW, Mode.SHADOW))
        ]
        finding = Finding(label="opacity", score=0.4, probability=0.7, threshold=0.5, model=LUNG)
        below = replace(finding, probability=0.2, mode=Mode.MEMBER)  # not stated: no answer of the model's
        made = analysis(
            findings=(finding, below), models_run=(ACTIVE, SHADOW, LUNG), shadow_views=tuple(said[1:])
        )
        instances.finish(claim, replace(made, view=said[0]))

    return one


def test_answers_by_scanner(drift: Drift, answered: Callable[..., None], clock: Any) -> None:
    begins = clock()
    answered(1, attributes=DRX, study=1)
    answered(2, "knee_ap", score=0.5, attributes={"StationName": ("ROOM2",)}, study=1)
    answered(3, attributes={}, study=2)
    clock.forward(HOUR)
    answered(4, attributes=DRX, study=3)
    span = Span(since=begins, until=clock())
    found = drift.answers(ACTIVE, span)
    assert found.step == 1
    assert sorted((one.scanner, one.said, one.score) for one in found.answers) == [
        ("DRX, ROOM1", "hand_ap", 0.9),
        ("ROOM2", "knee_ap", 0.5),
        ("sent by MODALITY", "hand_ap", 0.9),
    ]
    assert len({one.study for one in found.answers}) == 2
    assert {one.at for one in found.answers} == {begins}
    assert {one.said for one in drift.answers(SHADOW, span).answers} == {"hand_ap"}
    assert {one.said for one in drift.answers(ACTIVE, span, head="rotation").answers} == {"90"}
    assert drift.answers(SHADOW, span, head="rotation").answers == ()
    assert {(one.said, one.score) for one in drift.answers(LUNG, span, head="classify").answers} == {
        ("opacity", 0.7)
    }
    assert drift.answers(ModelRef(name="view", version="2", sha256="9" * 64), span).answers == ()


def test_a_specialists_film_counts_once_for_its_most_probable_finding_or_for_none(
    drift: Drift, receive: Callable[..., Any], instances: Instances, analysis: Callable[..., Any], clock: Any
) -> None:
    def finding(label: str, probability: float) -> Finding:
        return Finding(label=label, score=0.1, probability=probability, threshold=0.5, model=LUNG)

    other = replace(finding("mass", 0.99), model=replace(LUNG, sha256="9" * 64), mode=Mode.SHADOW)
    films: list[tuple[tuple[Finding, ...], tuple[ModelRef, ...]]] = [
        ((finding("opacity", 0.6), finding("nodule", 0.8), finding("nodule", 0.7), other), (ACTIVE, LUNG)),
        ((finding("opacity", 0.9), finding("opacity", 0.51)), (ACTIVE, LUNG)),
        ((finding("nodule", 0.4), other), (ACTIVE, LUNG)),  # as a member of an ensemble: below
        ((), (ACTIVE, LUNG)),
        ((other,), (ACTIVE, replace(LUNG, version="2"))),  # no film of this version's: the same weights
    ]
    for number, (found, ran) in enumerate(films, 1):
        receive(number)
        (claim,) = instances.claim(1, lease=HOUR, worker="w")
        instances.finish(claim, analysis(findings=found, models_run=ran))
    span = Span(since=clock(), until=clock() + HOUR)
    later = replace(LUNG, version="2")
    assert [one.said for one in drift.answers(later, span, head=FINDINGS_HEAD).answers] == [NONE]
    answers = drift.answers(LUNG, span, head=FINDINGS_HEAD).answers
    assert [(one.said, one.score) for one in answers] == [
        ("nodule", 0.8),
        ("opacity", 0.9),
        (NONE, None),
        (NONE, None),
    ]


def test_of_many_films_a_fair_part_is_looked_at(
    drift: Drift, answered: Callable[..., None], clock: Any
) -> None:
    for number in range(1, 13):
        answered(number)
    span = Span(since=clock(), until=clock() + HOUR)
    found = drift.answers(ACTIVE, span, most=4)
    assert (found.step, len(found.answers)) == (3, 4)


def test_the_first_film_is_remembered(drift: Drift, answered: Callable[..., None], clock: Any) -> None:
    assert drift.first_answered(ACTIVE) is drift.first_answered(LUNG) is None
    clock.forward(HOUR)
    assert drift.first_answered(ACTIVE) is None
    first = clock()
    answered(1)
    clock.forward(HOUR)
    answered(2)
    assert drift.first_answered(ACTIVE) == drift.first_answered(SHADOW) == drift.first_answered(LUNG) == first
    assert drift.first_answered(ModelRef(name="lung", version="9", sha256="9" * 64)) is None


def test_two_models_on_the_same_films(drift: Drift, answered: Callable[..., None], clock: Any) -> None:
    answered(1)
    clock.forward(HOUR)
    answered(2, "wrist_ap", "hand_ap", study=7)
    answered(3, "wrist_ap", "wrist_ap")
    found = drift.compared(ACTIVE, SHADOW, clock() - HOUR)
    pairs = {("hand_ap", "hand_ap"): 1, ("wrist_ap", "hand_ap"): 1, ("wrist_ap", "wrist_ap"): 1}
    assert dict(found.pairs) == pairs
    (film,) = found.differing
    assert (film.sop_instance_uid, film.study_instance_uid) == ("1.2.3.2", "1.2.4.7")
    assert (film.active, film.shadow, film.received_at) == ("wrist_ap", "hand_ap", clock())
    assert len(drift.compared(ACTIVE, SHADOW, clock()).pairs) == 2
    assert not drift.compared(SHADOW, ACTIVE, clock() - HOUR).pairs
    assert sum(drift.compared(ACTIVE, SHADOW, clock() - HOUR, most=1).pairs.values()) == 1


def test_how_many_films_each_model_ran_on(drift: Drift, answered: Callable[..., None], clock: Any) -> None:
    for number in range(1, 5):
        answered(number)
    found = drift.ran(clock())
    assert found.is_exact and found.films == {("view", "2"): 4, ("view", "3"): 4, ("lung", "1"): 4}
    estimate = drift.ran(clock(), most=2)
    assert not estimate.is_exact and estimate.films["view", "2"] == 4
    clock.forward(HOUR)
    assert not drift.ran(clock()).films


def test_the_index_of_arrivals_is_used(engine: Engine, drift: Drift, clock: Any) -> None:
    if engine.dialect.name == "postgresql":
        pytest.skip("a handful of rows is read whole there, whatever indexes there are")
    asked: list[tuple[str, Any]] = []
    engine.dialect.do_execute = _noting(engine.dialect.do_execute, asked)  # type: ignore[method-assign]
    span = Span(since=clock(), until=clock() + HOUR)
    drift.answers(ACTIVE, span)
    drift.answers(LUNG, span, head=FINDINGS_HEAD)
    drift.compared(ACTIVE, SHADOW, clock())
    plans = []
    with engine.connect() as connection:
        for statement, parameters in asked:
            if statement.startswith("SELECT"):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
                plans.append(" / ".join(str(row[-1]) for row in rows))
    assert len(plans) == 6
    assert all("ix_instance_received" in plan for plan in plans[:5]), plans
    assert not any(f"SCAN {name}" in str(plans) for name in ("header", "prediction", "finding", "decision"))


def _noting(execute: Callable[..., Any], asked: list[tuple[str, Any]]) -> Callable[..., Any]:
    def do(cursor: Any, statement: str, parameters: Any, *more: Any, **named: Any) -> Any:
        asked.append((statement, parameters))
        return execute(cursor, statement, parameters, *more, **named)

    return do
