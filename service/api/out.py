"""How films, answers and decisions look over REST: DICOM keywords in snake_case, and words of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import Field

from router.types import Candidate, Decision, ModelRef, ViewPrediction
from router.views import VIEWS
from router.views import Code as ViewCode
from service.api.shape import Out, Shown


class ModelRefOut(Out):
    """A model pack at one version, pinned by the digest of its weights."""

    name: str = Field(examples=["view"])
    version: str = Field(examples=["1"])
    sha256: str = Field(examples=["3f1c" + "0" * 60])


class SilentModelOut(Out):
    """A model that was asked about a film and stated nothing, with its reason."""

    model: ModelRefOut
    reason: Shown = Field(examples=["image quality not good enough to be analysed"])


class CandidateOut(Out):
    """One label with its calibrated score in [0, 1]."""

    label: str = Field(examples=["chest_pa_ap"])
    score: float = Field(examples=[0.97])


class CodeOut(Out):
    """A coded concept (PS3.3 Table 8.8-1)."""

    code_value: str = Field(examples=["816094009"])
    coding_scheme_designator: str = Field(examples=["SCT"])
    code_meaning: str = Field(examples=["Chest"])


class ViewCodesOut(Out):
    """What a view is in DICOM codes, as a hanging protocol wants them."""

    region: str = Field(examples=["chest"])
    projection: str = Field(examples=["pa_ap"])
    anatomic_region: CodeOut = Field(description="Anatomic Region Sequence (0008,2218)")
    view_code: CodeOut | None = Field(description="View Code Sequence (0054,0220)")
    view_modifier_codes: tuple[CodeOut, ...] = Field(description="View Modifier Code Sequence (0054,0222)")
    eponymous_name_code: CodeOut | None = Field(
        description="Projection Eponymous Name Code Sequence (0018,5104)"
    )


class ViewPredictionOut(Out):
    """The view of a film: a name of the view list, ``other`` (none of them) or ``unsure`` (no clear lead)."""

    view: str = Field(examples=["chest_pa_ap"])
    score: float = Field(description="of the leading candidate, calibrated, in [0, 1]", examples=[0.97])
    margin: float = Field(description="lead over the second candidate, in [0, 1]", examples=[0.95])
    leading: CandidateOut | None = Field(description="the best candidate, stated or not")
    runners_up: tuple[CandidateOut, ...] = Field(description="the other candidates, best first")
    model: ModelRefOut
    mode: str = Field(
        description="active, or shadow: kept for comparison, never the answer", examples=["active"]
    )
    codes: ViewCodesOut | None = Field(description="absent for other and unsure")
    further: dict[str, tuple[CandidateOut, ...]] = Field(
        description="what the model says beside the view, by head, best first: projection (ap or pa, of a "
        "frontal chest), rotation (degrees counter-clockwise that the film lies turned)",
        examples=[{"rotation": [{"label": "0", "score": 0.99}]}],
    )


class ConditionOut(Out):
    """One condition of a rule held against one film."""

    word: str = Field(examples=["view"])
    wanted: tuple[Shown, ...] = Field(examples=[["chest_pa_ap"]])
    found: tuple[Shown, ...] = Field(examples=[["hand_ap"]])
    holds: bool
    reason: Shown = Field(examples=["the view is hand_ap, not chest_pa_ap"])


class RuleOutcomeOut(Out):
    """One rule held against one film."""

    rule: str = Field(examples=["chest films to the lung detector"])
    matched: bool
    conditions: tuple[ConditionOut, ...]
    reason: Shown


class DecisionOut(Out):
    """What the rules ask for, and why: every rule with its outcome."""

    matched: tuple[str, ...] = Field(description="names of the rules that matched")
    analyse: tuple[str, ...] = Field(description="model packs to run", examples=[["lung"]])
    destinations: tuple[str, ...]
    priority: int
    rules_version: str = Field(description="digest of the rules text that decided")
    outcomes: tuple[RuleOutcomeOut, ...]


class ArrivalOut(Out):
    """How an object came to us."""

    calling_ae_title: Shown = Field(examples=["XRAY1"])
    called_ae_title: Shown = Field(examples=["RADROUTER"])
    address: Shown = Field(examples=["10.1.2.3"])
    via: str = Field(examples=["C-STORE"])
    received_at: datetime


class StoredObjectOut(Out):
    """The file that holds the object, as sent."""

    path: Shown = Field(description="below the storage folder")
    size: int = Field(description="bytes of the file")
    sha256: str = Field(description="digest of the data set's bytes, without the File Meta Information")


class HeaderOut(Out):
    """The header facts of one SOP Instance."""

    sop_instance_uid: str = Field(examples=["1.2.826.0.1.3680043.8.498.3"])
    sop_class_uid: str = Field(examples=["1.2.840.10008.5.1.4.1.1.1"])
    study_instance_uid: str = Field(examples=["1.2.826.0.1.3680043.8.498.1"])
    series_instance_uid: str = Field(examples=["1.2.826.0.1.3680043.8.498.2"])
    transfer_syntax_uid: str = Field(examples=["1.2.840.10008.1.2.1"])
    modality: Shown | None = Field(examples=["DX"])
    body_part_examined: Shown | None = Field(examples=["CHEST"])
    view_position: Shown | None = Field(description="what the header claims", examples=["PA"])
    image_laterality: Shown | None = Field(examples=["L"])
    patient_id: Shown | None = Field(examples=["4711"])
    patient_name: Shown | None = Field(examples=["Doe^Jane"])
    accession_number: Shown | None = Field(examples=["A100"])
    study_date: Shown | None = Field(description="DA as sent", examples=["20260102"])
    study_description: Shown | None
    series_description: Shown | None
    instance_number: int | None
    rows: int | None
    columns: int | None
    number_of_frames: int


def view_out(prediction: ViewPrediction | None) -> ViewPredictionOut | None:
    """A prediction with its runners-up set apart, and the view's DICOM codes."""
    if prediction is None:
        return None
    candidates = _candidates_out(prediction.candidates)
    return ViewPredictionOut(
        view=prediction.view,
        score=prediction.score,
        margin=prediction.margin,
        leading=candidates[0] if candidates else None,
        runners_up=candidates[1:],
        model=ModelRefOut.model_validate(prediction.model),
        mode=prediction.mode,
        codes=codes_out(prediction.view),
        further={head: _candidates_out(said) for head, said in prediction.further.items()},
    )


def silent_out(silent: Mapping[ModelRef, str]) -> tuple[SilentModelOut, ...]:
    """Models that stated nothing, each with its reason."""
    return tuple(
        SilentModelOut(model=ModelRefOut.model_validate(model), reason=reason)
        for model, reason in silent.items()
    )


def _candidates_out(candidates: Iterable[Candidate]) -> tuple[CandidateOut, ...]:
    return tuple(CandidateOut.model_validate(candidate) for candidate in candidates)


def codes_out(name: str) -> ViewCodesOut | None:
    """The DICOM codes of a view; None for ``other``, ``unsure`` and names this version does not know."""
    view = VIEWS.get(name)
    if view is None:
        return None
    return ViewCodesOut(
        region=view.region,
        projection=view.projection,
        anatomic_region=code_out(view.anatomic_region),
        view_code=code_out(view.view_code) if view.view_code else None,
        view_modifier_codes=tuple(code_out(code) for code in view.modifiers),
        eponymous_name_code=code_out(view.eponym) if view.eponym else None,
    )


def code_out(code: ViewCode) -> CodeOut:
    """A code of ours in the words of the API."""
    return CodeOut(code_value=code.value, coding_scheme_designator=code.scheme, code_meaning=code.meaning)


def decision_out(decision: Decision | None) -> DecisionOut | None:
    """A decision with the names of the rules that matched."""
    return None if decision is None else DecisionOut.model_validate(decision)
