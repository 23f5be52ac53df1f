"""What a draft of the rules would have decided otherwise about the films of the last days."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from router.replay import Replay, replay
from router.rules import RuleSet
from service.api.etags import as_json
from service.api.out import DecisionOut
from service.api.ports import Needed, Needs
from service.api.problems import Problem
from service.api.rules import EXAMPLE, LONGEST_DRAFT
from service.api.shape import In, Out
from service.api.tokens import REVIEWER

MOST_DAYS = 366
MOST_CHANGES = 1000


class ReplayIn(In):
    """A draft, and how far to look back."""

    draft: str = Field(max_length=LONGEST_DRAFT, description="rules text", examples=[EXAMPLE])
    days: int = Field(default=7, ge=1, le=MOST_DAYS, examples=[7])
    limit: int = Field(
        default=100, ge=0, le=MOST_CHANGES, description="changes shown one by one; the counts hold all"
    )


class ChangeOut(Out):
    """One film that the draft treats differently."""

    sop_instance_uid: str
    study_instance_uid: str
    view: str | None
    analyse_gained: tuple[str, ...]
    analyse_lost: tuple[str, ...]
    destinations_gained: tuple[str, ...]
    destinations_lost: tuple[str, ...]
    priority_before: int
    priority_after: int
    matched_before: tuple[str, ...]
    matched_after: tuple[str, ...]
    decision: DecisionOut


class RuleCountOut(Out):
    """How many films a rule matched, then and under the draft."""

    rule: str
    before: int
    after: int


class ReplayOut(Out):
    """The difference over all films looked at."""

    version: str = Field(description="SHA-256 of the draft")
    days: int
    films: int
    changed: int
    changes: tuple[ChangeOut, ...]
    rules: tuple[RuleCountOut, ...]


router = APIRouter(prefix="/rules", tags=["rules"], dependencies=REVIEWER)


def replay_days(needs: Needs, draft: RuleSet, days: int, most: int) -> Replay:
    """The difference a draft makes to the last days; raises Problem (503) while another replay runs."""
    if not needs.replay_turn.acquire(blocking=False):
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, "another replay is running", headers={"Retry-After": "10"}
        )
    try:
        past = needs.queries.history(needs.clock() - timedelta(days=days))
        return replay(draft, past, most=most)
    finally:
        needs.replay_turn.release()


@router.post("/replay", response_model=ReplayOut)
def replay_rules(asked: ReplayIn, needs: Needed) -> Response:
    """Hold a draft against the decisions of the last days: the difference, and how often each rule matches.

    Nothing is changed. One replay runs at a time.
    """
    draft = needs.rules.parse(asked.draft)
    found = replay_days(needs, draft, asked.days, asked.limit)
    return as_json(
        ReplayOut(
            version=draft.version,
            days=asked.days,
            films=found.films,
            changed=found.changed,
            changes=tuple(ChangeOut.model_validate(change) for change in found.changes),
            rules=tuple(RuleCountOut.model_validate(count) for count in found.rules),
        )
    )
