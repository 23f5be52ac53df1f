"""Rules: a draft checked as it is typed, tried on a film, held against the last days, and published.

The rules file decides; publishing writes it and keeps the text, so that there is a way back. A draft lives in
the page alone until then.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from db.read import InstanceFilter
from db.read_people import RuleVersion
from router.errors import RulesError
from router.rules import RuleSet, decide
from service.api.ports import Needed, Needs
from service.api.problems import Problem, not_found
from service.api.replays import replay_days
from service.api.rules import LONGEST_DRAFT, explain_stored
from service.web.rendering import render
from service.web.visitor import ChangingAdmin, ChangingReviewer, Reading, Visitor

RECENT_FILMS = 20
MOST_CHANGES = 50
LONGEST_COMMENT = 300
PUBLISHED = "rules published"

router = APIRouter(prefix="/rules")
Draft = Annotated[str, Form(max_length=LONGEST_DRAFT)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a difference between two texts; ``kind`` is added, gone, place or same."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A draft, whether it can be published, and what it would change."""

    draft: str
    rules: RuleSet | None  # None: it is not valid
    reason: str | None  # why not
    difference: tuple[Line, ...]  # to the rules in force

    @property
    def is_new(self) -> bool:
        """Whether publishing it would change anything."""
        return bool(self.difference)


@router.get("")
def show(
    request: Request, needs: Needed, who: Reading, version: Annotated[str | None, Query(max_length=64)] = None
) -> Response:
    """The rules in force, or an older version as a draft."""
    draft = needs.rules.current.sources
    if version is not None:
        older = needs.rule_versions.get(version)
        if older is None:
            raise not_found("version of the rules")
        draft = older.text
    return _page(request, needs, who, draft)


@router.post("/check")
def check(request: Request, needs: Needed, who: ChangingReviewer, draft: Draft = "") -> Response:
    """Whether a draft is valid, and what it changes."""
    return _answer(request, needs, who, draft, "_rules_checked.html", {})


@router.post("/try")
def try_on_film(
    request: Request,
    needs: Needed,
    who: ChangingReviewer,
    draft: Draft = "",
    sop_instance_uid: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """What a draft makes of one film, rule by rule, beside what the rules in force make of it."""
    rules, uid = checked(needs, draft).rules, sop_instance_uid.strip()
    tried, wrong = None, "" if uid else "name a film: pick one of the latest, or paste its SOP Instance UID"
    if rules is not None and uid:
        try:
            facts = explain_stored(needs, uid).facts
            tried = {
                "facts": facts,
                "decision": decide(rules, facts),
                "now": decide(needs.rules.current, facts),
            }
        except Problem:
            wrong = "no film with this SOP Instance UID is here"
    return _answer(request, needs, who, draft, "_rules_tried.html", {"tried": tried, "wrong": wrong})


@router.post("/replay")
def replay_draft(
    request: Request,
    needs: Needed,
    who: ChangingReviewer,
    draft: Draft = "",
    days: Annotated[int, Form(ge=1, le=31)] = 7,
) -> Response:
    """What a draft would have decided otherwise about the last days."""
    rules = checked(needs, draft).rules
    found = None if rules is None else replay_days(needs, rules, days, MOST_CHANGES)
    return _answer(request, needs, who, draft, "_rules_replayed.html", {"replayed": found, "days": days})


@router.post("/publish")
def publish(
    request: Request,
    needs: Needed,
    who: ChangingAdmin,
    base: Annotated[str, Form(max_length=64)],
    draft: Draft = "",
    comment: Annotated[str, Form(max_length=LONGEST_COMMENT)] = "",
) -> Response:
    """Put a draft in force, unless the rules changed since the page was loaded."""
    text = as_typed(draft)
    try:
        _keep_first(needs)
        published = _publish(needs, text, base)
    except RulesError as error:
        status = HTTPStatus.CONFLICT
        return _page(request, needs, who, text, status=status, said=str(error), comment=comment)
    needs.rule_versions.publish(text, published.version, who.name, comment.strip())
    needs.actions.note(who.name, PUBLISHED, {"version": published.version, "was": base})
    return RedirectResponse("/rules", HTTPStatus.SEE_OTHER)


def _publish(needs: Needs, text: str, base: str) -> RuleSet:
    if needs.rules.current.version != base:
        raise RulesError(
            "the rules changed while you were editing; what differs now is shown below: look it over and "
            "publish again"
        )
    return needs.rules.publish(text)


def _keep_first(needs: Needs) -> None:
    """What was in force before, if only the file held it, stays findable."""
    current = needs.rules.current
    if needs.rule_versions.get(current.version) is None:
        needs.rule_versions.publish(current.sources, current.version, "the rules file", "as it was")


def as_typed(draft: str) -> str:
    """A form's text with the line ends of a file (HTML forms send CR LF)."""
    text = draft.replace("\r\n", "\n")
    return text if text.endswith("\n") else f"{text}\n"


def checked(needs: Needs, draft: str) -> Checked:
    """A draft held against the grammar and the rules in force."""
    text = as_typed(draft)
    current = needs.rules.current.sources
    try:
        rules, reason = needs.rules.parse(text), None
    except RulesError as error:
        rules, reason = None, str(error)
    return Checked(draft=text, rules=rules, reason=reason, difference=difference(current, text))


def difference(before: str, after: str) -> tuple[Line, ...]:
    """What changed between two texts, with two lines around each place; empty when nothing did."""
    kinds = {"+": "added", "-": "gone", "@": "place"}
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    return tuple(Line(kind=kinds.get(line[:1], "same"), text=line) for line in list(lines)[2:])


def _answer(
    request: Request, needs: Needs, who: Visitor, draft: str, part: str, values: dict[str, Any]
) -> Response:
    """The part that was asked for, or without scripts the whole page with it."""
    if "hx-request" in request.headers:
        return render(request, part, who, checked=checked(needs, draft), **values)
    return _page(request, needs, who, as_typed(draft), part=part, **values)


def _page(
    request: Request,
    needs: Needs,
    who: Visitor,
    draft: str,
    *,
    part: str = "_rules_checked.html",
    status: HTTPStatus = HTTPStatus.OK,
    **more: Any,
) -> Response:
    values: dict[str, Any] = {"said": "", "comment": "", "tried": None, "wrong": "", "days": 7}
    values |= {
        "current": needs.rules.current,
        "problem": needs.rules.problem,
        "missing": needs.rules.missing,
        "file": needs.rules.file,
        "checked": checked(needs, draft),
        "part": part,
        "films": needs.queries.instances(InstanceFilter(), RECENT_FILMS).items,
        "versions": _versions(needs),
    }
    return render(request, "rules.html", who, status=status, **values | more)


def _versions(needs: Needs) -> list[tuple[RuleVersion, bool]]:
    """The published texts, the last one first, each with whether it is in force."""
    version = needs.rules.current.version
    latest = needs.rule_versions.list()
    in_force = next((each.id for each in latest if each.digest == version), None)
    return [(each, each.id == in_force) for each in latest]
