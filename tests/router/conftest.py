"""Films for the rules to decide on: plain values, and every value that hypothesis can think of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from router.rules import Facts, RuleSet, parse
from router.types import Arrival, Finding, Instance, Mode, ModelRef, ViewPrediction

VIEW_MODEL = ModelRef(name="view", version="2", sha256="0" * 64)
LUNG = ModelRef(name="lung", version="1", sha256="1" * 64)


def film(
    *,
    view: str | None = None,
    score: float = 0.94,
    margin: float = 0.9,
    mode: Mode = Mode.ACTIVE,
    header: dict[str, object] | None = None,
    attributes: dict[str, tuple[str, ...]] | None = None,
    arrival: dict[str, object] | None = None,
    findings: tuple[tuple[str, float], ...] = (),
    specialists: tuple[str, ...] = (),
) -> Facts:
    """One film, of which only what matters is said."""
    uids = ("sop_instance_uid", "sop_class_uid", "study_instance_uid", "series_instance_uid")
    instance: dict[str, object] = dict.fromkeys((*uids, "transfer_syntax_uid"), "1.2.3")
    instance |= {"modality": "DX", "attributes": attributes or {}} | (header or {})
    came: dict[str, object] = {"calling_ae_title": "XRAY1", "called_ae_title": "RADROUTER"}
    came |= {"address": "10.1.2.3", "via": "C-STORE", "received_at": datetime(2026, 1, 1, tzinfo=UTC)}
    predicted = None
    if view is not None:
        predicted = ViewPrediction(
            view=view, score=score, margin=margin, candidates=(), model=VIEW_MODEL, mode=mode
        )
    return Facts(
        instance=Instance(**instance),  # type: ignore[arg-type]
        arrival=Arrival(**(came | (arrival or {}))),  # type: ignore[arg-type]
        view=predicted,
        findings=tuple(
            Finding(label=label, score=0.01, probability=score, threshold=0.5, model=LUNG, mode=mode)
            for label, score in findings
        ),
        specialists=specialists,
    )


def rule_with(*lines: str) -> RuleSet:
    """A rule set of one rule, "the rule", with these lines."""
    return parse("\n".join(["[[rule]]", 'name = "the rule"', "priority = 1", *lines]), known_models=None)


@pytest.fixture(name="film")
def film_fixture() -> Callable[..., Facts]:
    return film


@pytest.fixture(name="rule_with")
def rule_with_fixture() -> Callable[..., RuleSet]:
    return rule_with
