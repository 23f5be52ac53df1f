"""How findings look over REST: what counts, and apart from it what is only kept beside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from pydantic import Field

from router.types import Finding, Mode
from service.api.out import ModelRefOut
from service.api.reference_links import reference_links
from service.api.shape import Out


class BoxOut(Out):
    """A rectangle in stored pixels, its top left corner counted from 0."""

    x: float
    y: float
    width: float
    height: float


class ReferenceLinkOut(Out):
    """Where to read about a finding of this name; about this film it says nothing."""

    name: str = Field(examples=["Radiopaedia"])
    url: str = Field(examples=["https://radiopaedia.org/search?q=os+trigonum&scope=articles"])


class FindingOut(Out):
    """Something a model states about a film."""

    label: str = Field(examples=["fracture"])
    score: float = Field(
        description="the network's own number, in [0, 1], before calibration", examples=[0.83]
    )
    probability: float = Field(description="calibrated, in [0, 1]; held against threshold", examples=[0.91])
    threshold: float = Field(description="the probability it takes to be stated", examples=[0.6])
    box: BoxOut | None = Field(description="in stored pixels; null where it is about the whole film")
    model: ModelRefOut = Field(description="of an ensemble: its members' names and versions joined by +")
    mode: str = Field(
        description="active: it counts; shadow: for comparison; member: a part of an ensemble's answer",
        examples=["active"],
    )
    reference_links: tuple[ReferenceLinkOut, ...] = Field(
        description="searches for the label, from the label alone; empty where the settings say so"
    )


class FindingsOut(Out):
    """A film's findings."""

    findings: tuple[FindingOut, ...] = Field(description="what counts")
    shadow_findings: tuple[FindingOut, ...] = Field(description="for comparison, never the answer")
    member_findings: tuple[FindingOut, ...] = Field(
        description="what each member of an ensemble says, also below its threshold; never the answer"
    )


class Findings(TypedDict):
    """The fields of ``FindingsOut``."""

    findings: tuple[FindingOut, ...]
    shadow_findings: tuple[FindingOut, ...]
    member_findings: tuple[FindingOut, ...]


def findings_out(findings: Iterable[Finding], *, links: bool) -> Findings:
    """Findings by what they are worth, each with reference links or without."""
    shown = [(finding.mode, _out(finding, links=links)) for finding in findings]
    return Findings(
        findings=tuple(out for mode, out in shown if mode is Mode.ACTIVE),
        shadow_findings=tuple(out for mode, out in shown if mode is Mode.SHADOW),
        member_findings=tuple(out for mode, out in shown if mode is Mode.MEMBER),
    )


def _out(finding: Finding, *, links: bool) -> FindingOut:
    found = reference_links(finding.label) if links else ()
    return FindingOut(
        label=finding.label,
        score=finding.score,
        probability=finding.probability,
        threshold=finding.threshold,
        box=None if finding.box is None else BoxOut.model_validate(finding.box),
        model=ModelRefOut.model_validate(finding.model),
        mode=finding.mode,
        reference_links=tuple(ReferenceLinkOut(name=link.name, url=link.url) for link in found),
    )
