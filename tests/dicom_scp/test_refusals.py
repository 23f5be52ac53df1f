from __future__ import annotations

from datetime import UTC, datetime

from dicom_scp.refusals import MOST_PER_MINUTE, MOST_REMEMBERED, Refusals
from router.types import Refusal


def refusal(title: str) -> Refusal:
    return Refusal(
        calling_ae_title=title, called_ae_title="US", address="10.0.0.1", reason="no", at=datetime.now(UTC)
    )


def test_the_same_caller_is_told_on_once_in_a_while() -> None:
    told: list[Refusal] = []
    now = [1000.0]
    refusals = Refusals(told.append, clock=lambda: now[0])
    assert refusals.tell(refusal("A")) and refusals.tell(refusal("B"))
    assert not refusals.tell(refusal("A"))
    now[0] += 11
    assert refusals.tell(refusal("A"))
    assert [r.calling_ae_title for r in told] == ["A", "B", "A"]


def test_a_flood_of_callers_fills_nothing() -> None:
    told: list[Refusal] = []
    refusals = Refusals(told.append, clock=lambda: 1000.0)
    for number in range(5000):
        refusals.tell(refusal(f"A{number}"))
    assert len(told) == MOST_PER_MINUTE


def test_it_remembers_only_so_many() -> None:
    now = [0.0]
    refusals = Refusals([].append, clock=lambda: now[0])
    for number in range(3000):
        now[0] += 1.1
        refusals.tell(refusal(f"A{number}"))
    assert len(refusals._seen) == MOST_REMEMBERED
