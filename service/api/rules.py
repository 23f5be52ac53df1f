"""The rules in force, and why they decide as they do."""

from __future__ import annotations

from typing import Annotated, BinaryIO

from fastapi import APIRouter, File, Form, Request, UploadFile
from pydantic import Field
from starlette.responses import Response

from router.facts import specialists_that_answered
from router.rules import Facts, RuleSet, decide
from service.api.etags import answer, as_json, tag
from service.api.out import DecisionOut, SilentModelOut, ViewPredictionOut, silent_out, view_out
from service.api.out_findings import FindingsOut, findings_out
from service.api.ports import Needed, Needs
from service.api.problems import not_found, not_understood
from service.api.shape import UID_LENGTH, UID_PATTERN, Out, Shown
from service.api.tokens import READER, REVIEWER
from service.api.uploads import explained, laid_down
from service.explainer import Explained

LONGEST_DRAFT = 256 * 1024  # characters
EXAMPLE = '[[rule]]\nname = "chest films"\nwhen = { view = ["chest_pa_ap"] }\nanalyse = ["lung"]\n'
DRAFT = Field(
    max_length=LONGEST_DRAFT, description="rules text to try; nothing is changed", examples=[EXAMPLE]
)


class RulesOut(Out):
    """The rules in force."""

    text: str = Field(examples=[EXAMPLE])
    version: str = Field(description="SHA-256 of the text", examples=["9f" + "0" * 62])
    names: tuple[str, ...] = Field(description="the rules, in order", examples=[["chest films"]])
    is_current: bool = Field(description="whether this is the text of the rules file as it is now")
    problem: str | None = Field(description="why the file's present text is not in force", examples=[None])
    missing: tuple[str, ...] = Field(
        description="for each pack that is asked for and not here: the rule, the pack, and what installs it",
        examples=[[]],
    )


class ExplanationOut(FindingsOut):
    """What rules make of one film: which match, which do not, and why."""

    sop_instance_uid: str = Field(examples=["1.2.826.0.1.3680043.8.498.3"])
    source: str = Field(description="stored, or uploaded", examples=["stored"])
    is_draft: bool = Field(description="decided by the draft, not by the rules in force")
    view: ViewPredictionOut | None
    no_view_reason: Shown | None = Field(
        description="why there is no view: the decoder's own reason, or what kind of object it is"
    )
    models_absent: tuple[str, ...] = Field(
        description="asked for by a rule in force, but no active pack answers", examples=[["lung"]]
    )
    models_silent: tuple[SilentModelOut, ...] = Field(description="asked, but with a reason to state nothing")
    decision: DecisionOut


router = APIRouter(prefix="/rules", tags=["rules"])


@router.get("", response_model=RulesOut, dependencies=READER)
def read_rules(request: Request, needs: Needed) -> Response:
    """The rules in force, their version, and why a newer text of the file is not."""
    current, problem, missing = needs.rules.current, needs.rules.problem, needs.rules.missing
    return answer(
        request,
        tag("rules", current.version, problem, missing),
        lambda: RulesOut(
            text=current.sources,
            version=current.version,
            names=tuple(rule.name for rule in current.rules),
            is_current=problem is None,
            problem=problem,
            missing=missing,
        ),
    )


def rules_of(needs: Needs, draft: str | None) -> RuleSet:
    """The draft's rules, or those in force; raises RulesError for a draft that is not valid."""
    return needs.rules.current if draft is None else needs.rules.parse(draft)


@router.post("/explain", response_model=ExplanationOut, dependencies=REVIEWER)
def explain(
    needs: Needed,
    file: Annotated[UploadFile | None, File(description="a DICOM, PNG or JPEG file; it is not kept")] = None,
    sop_instance_uid: Annotated[
        str | None, Form(pattern=UID_PATTERN, max_length=UID_LENGTH, description="a stored instance")
    ] = None,
    draft: Annotated[str | None, Form(), DRAFT] = None,
) -> Response:
    """Which rules match a film, which do not and why, condition by condition.

    The film is either an uploaded `file`, analysed now, or a stored one named by `sop_instance_uid` with the
    view and findings it has. The rules are those in force, or a `draft`.
    """
    if (file is None) == (sop_instance_uid is None):
        raise not_understood("body", "file", "send either a file or a sop_instance_uid")
    rules = rules_of(needs, draft)
    found = explain_upload(needs, file.file) if file else explain_stored(needs, sop_instance_uid or "")
    facts = found.facts
    return as_json(
        ExplanationOut(
            **findings_out(facts.findings, links=needs.reference_links),
            sop_instance_uid=facts.instance.sop_instance_uid,
            source="uploaded" if file else "stored",
            is_draft=draft is not None,
            view=view_out(facts.view),
            no_view_reason=found.no_view_reason,
            models_absent=found.models_absent,
            models_silent=silent_out(found.models_silent),
            decision=DecisionOut.model_validate(decide(rules, facts)),
        )
    )


def explain_upload(needs: Needs, file: BinaryIO) -> Explained:
    """What a stranger's file is."""
    with laid_down(file) as path:
        return explained(needs, path)


def explain_stored(needs: Needs, sop_instance_uid: str) -> Explained:
    """What was found out about a film that is here; raises Problem (404) for an unknown one."""
    detail = needs.queries.instance(sop_instance_uid)
    if detail is None:
        raise not_found("instance")
    facts = Facts(
        instance=detail.instance,
        arrival=detail.arrival,
        view=detail.view,
        findings=detail.findings,
        specialists=specialists_that_answered(
            asked=detail.decision.analyse if detail.decision else (),
            ran=tuple(model.name for model in detail.models_run),
            absent=detail.models_absent,
        ),
    )
    reason = None if detail.view else detail.reason
    return Explained(
        facts=facts,
        no_view_reason=reason,
        models_absent=detail.models_absent,
        models_silent=detail.models_silent,
    )
