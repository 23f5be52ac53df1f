"""Verdicts as REST tells them: what was expected, what was found, and the evidence for each remark."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from db.read_verdicts import StoredVerdict, WorklistItem
from router.orders import Expectation
from router.settling import worst_first
from router.verdicts import NO_FAULT, Remark, Verdict
from service.api.out_orders import ProcedureOut, procedure_out
from service.api.shape import Out, Shown


class ExpectedViewOut(Out):
    """One film that a procedure asks for."""

    views: tuple[str, ...] = Field(
        description="any one of these, the usual one first", examples=[["wrist_ap"]]
    )
    count: int = Field(examples=[1])
    optional: bool = Field(description="welcome, but not missed")


class ExpectationOut(Out):
    """What one procedure lets one expect of the study."""

    procedure: str = Field(description="the entry of the procedure map", examples=["wrist, 2 views"])
    source: str = Field(
        description="hl7, worklist, rest, or header: what the films' own headers claim", examples=["hl7"]
    )
    regions: tuple[str, ...] = Field(examples=[["wrist"]])
    side: str | None = Field(examples=["R"])
    views: tuple[ExpectedViewOut, ...] = Field(description="empty: the region is known, the views are not")
    evidence: Shown = Field(examples=['the code 37925-5 (LN) is "wrist, 2 views" of the map'])
    order_number: Shown | None = Field(examples=["FI1"])
    side_conflict: Shown | None = Field(description="where the order itself names two sides")


class RemarkOut(Out):
    """One thing the comparison says, with its evidence."""

    kind: str = Field(examples=["missing_view"])
    is_fault: bool = Field(description="somebody should look at it")
    key: str = Field(description="names it in a review's `about`", examples=["missing_view:wrist_lateral"])
    sentence: Shown = Field(examples=["wrist_lateral was ordered, and no film shows it"])
    sop_instance_uids: tuple[str, ...]
    expected: str | None = Field(examples=["wrist_lateral"])
    found: str | None
    score: float | None = Field(description="how sure the evidence is, in [0, 1]", examples=[0.98])
    procedure: str | None = Field(examples=["wrist, 2 views"])


class UnmappedProcedureOut(Out):
    """An ordered procedure that the map does not know: never guessed."""

    procedure: ProcedureOut
    order_number: Shown | None
    reason: Shown


class VerdictOut(Out):
    """What the comparison of order and films says about one study. Not a medical device."""

    study_instance_uid: str = Field(examples=["1.2.826.0.1.3680043.8.498.1"])
    kinds: tuple[str, ...] = Field(examples=[["missing_view"]])
    is_fault: bool = Field(description="somebody should look at it")
    remarks: tuple[RemarkOut, ...]
    expectations: tuple[ExpectationOut, ...]
    unmapped: tuple[UnmappedProcedureOut, ...]
    sop_instance_uids: tuple[str, ...] = Field(description="the films that were compared")
    map_version: str = Field(description="digest of the procedure map that decided")
    judged_at: datetime = Field(description="when it was first arrived at")
    superseded_at: datetime | None = Field(description="when the next one was; null: it holds now")


class VerdictHistoryOut(Out):
    """All verdicts on a study, the first one first."""

    verdicts: tuple[VerdictOut, ...]


class JudgedStudyOut(Out):
    """One line of the worklist: a study with its verdict, and how far people have looked at it."""

    study_date: Shown | None = Field(description="DA as sent", examples=["20260102"])
    patient_id: Shown | None = Field(examples=["4711"])
    patient_name: Shown | None = Field(examples=["Doe^Jane"])
    accession_number: Shown | None = Field(examples=["A100"])
    study_description: Shown | None
    calling_ae_title: Shown = Field(examples=["XRAY1"])
    instances: int = Field(examples=[2])
    severity: int = Field(description="to sort by: the worst first; 0 is no fault", examples=[120])
    reviewers: tuple[Shown, ...] = Field(description="whose word on any of its films stands")
    disagreed: bool = Field(description="on at least one film two reviewers differ")
    settled: bool = Field(description="nothing is left to be looked at")
    verdict: VerdictOut


class JudgedStudiesOut(Out):
    """A page of the worklist."""

    studies: tuple[JudgedStudyOut, ...]
    next: str | None = Field(description="the next page; null at the end")


def verdict_out(stored: StoredVerdict) -> VerdictOut:
    """A verdict in its place in the study's history."""
    return _verdict(stored.verdict, stored.judged_at, stored.superseded_at)


def judged_study_out(item: WorklistItem) -> JudgedStudyOut:
    """A line of the worklist."""
    same = {name: getattr(item, name) for name in JudgedStudyOut.model_fields if name != "verdict"}
    return JudgedStudyOut(verdict=_verdict(item.verdict, item.judged_at, None), **same)


def _verdict(verdict: Verdict, judged_at: datetime, superseded_at: datetime | None) -> VerdictOut:
    return VerdictOut(
        study_instance_uid=verdict.study_instance_uid,
        kinds=tuple(worst_first(verdict.kinds)),
        is_fault=verdict.is_fault,
        remarks=tuple(map(_remark, verdict.remarks)),
        expectations=tuple(map(_expectation, verdict.expectations)),
        unmapped=tuple(
            UnmappedProcedureOut(
                procedure=procedure_out(each.procedure), order_number=each.order_number, reason=each.reason
            )
            for each in verdict.unmapped
        ),
        sop_instance_uids=verdict.films,
        map_version=verdict.map_version,
        judged_at=judged_at,
        superseded_at=superseded_at,
    )


def _remark(remark: Remark) -> RemarkOut:
    same = {name: getattr(remark, name) for name in RemarkOut.model_fields if name != "is_fault"}
    return RemarkOut(is_fault=remark.kind not in NO_FAULT, **same)


def _expectation(expectation: Expectation) -> ExpectationOut:
    return ExpectationOut.model_validate(expectation)
