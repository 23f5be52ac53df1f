"""How a film looks to hanging-protocol software: DICOM keywords in snake_case, sequences as lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from router.hanging import HungFilm, Origin, Readiness
from router.verdicts import Source
from router.views import Code
from service.api.out import CodeOut, ViewPredictionOut, code_out, view_out
from service.api.shape import Out, Shown

NULL_MEANS = "null: not known"


class ViewCodeItemOut(CodeOut):
    """The item of View Code Sequence, with its modifiers."""

    view_modifier_code_sequence: tuple[CodeOut, ...] = Field(description="(0054,0222), CID 4011")


class EarlierOut(Out):
    """What an answer was before it changed."""

    view: str = Field(examples=["wrist_ap"])
    source: Source
    model: str | None = Field(examples=["view@1"])
    until: datetime


class ConflictOut(Out):
    """Something that the film's header claims and the answer contradicts."""

    attribute: str = Field(description="DICOM keyword", examples=["BodyPartExamined"])
    header: Shown = Field(description="what the header claims", examples=["KNEE"])
    answer: str = Field(description="what the answer says instead", examples=["Wrist joint"])


class HungFilmOut(Out):
    """One film in the words of hanging protocols. Not a medical device: see `source`, `score` and `state`."""

    sop_instance_uid: str = Field(examples=["1.2.826.0.1.3680043.8.498.3"])
    series_instance_uid: str
    study_instance_uid: str
    sop_class_uid: str
    instance_number: int | None
    modality: Shown | None = Field(examples=["DX"])
    state: Readiness = Field(description="pending: the answer will come or change, wait for it")
    reason: Shown | None = Field(description="why it waits again, failed, or has no view")
    view: str | None = Field(
        description="a name of the view list, other (none of them), unsure (no clear lead); null: no answer",
        examples=["chest_pa_ap"],
    )
    source: Source | None = Field(description="who says so", examples=["ai"])
    score: float | None = Field(description="of a model's stated answer, in [0, 1]", examples=[0.97])
    region: str | None = Field(examples=["chest"])
    projection: str | None = Field(examples=["pa_ap"])
    anatomic_region_sequence: tuple[CodeOut, ...] = Field(
        description="(0008,2218), CID 4031; empty: not known"
    )
    view_code_sequence: tuple[ViewCodeItemOut, ...] = Field(
        description="(0054,0220), CID 4010; empty: not known"
    )
    projection_eponymous_name_code_sequence: tuple[CodeOut, ...] = Field(description="(0018,5104), CID 4012")
    view_position: str | None = Field(description=f"(0018,5101); {NULL_MEANS}", examples=["PA"])
    view_position_source: Origin | None
    image_laterality: str | None = Field(
        description=f"(0020,0062) R, L, U or B; {NULL_MEANS}", examples=["U"]
    )
    image_laterality_source: Origin | None
    patient_orientation: tuple[str, str] | None = Field(
        description=f"(0020,0020) of the pixels as stored; {NULL_MEANS}", examples=[["L", "F"]]
    )
    patient_orientation_source: Origin | None
    rotation_to_upright: int | None = Field(
        description=f"degrees clockwise that bring the film upright; {NULL_MEANS}", examples=[0]
    )
    rotation_score: float | None = Field(examples=[0.99])
    prediction: ViewPredictionOut | None = Field(
        description="all that the model said: score, margin, runners-up, name and version; also where a "
        "human or the header decides"
    )
    conflicts: tuple[ConflictOut, ...] = Field(description="what the header claims otherwise")
    before: EarlierOut | None = Field(description="what the answer was before it last changed")
    changed_at: datetime


class HungStudyOut(Out):
    """One study in the words of hanging protocols."""

    study_instance_uid: str
    state: Readiness = Field(description="pending while any film is")
    pending: int = Field(description="films whose answer will come or change", examples=[0])
    changed_at: datetime
    films: tuple[HungFilmOut, ...] = Field(description="by series and instance number")


class HungFilmsOut(Out):
    """Some films, in the order in which they were asked for."""

    films: tuple[HungFilmOut, ...]
    unknown: tuple[str, ...] = Field(description="SOP Instance UIDs of the list that nobody sent here")


def hung_film_out(film: HungFilm) -> HungFilmOut:
    """A film in the words of the API."""
    instance, shown = film.instance, film.shown
    position, side = film.view_position, film.image_laterality
    return HungFilmOut(
        sop_instance_uid=instance.sop_instance_uid,
        series_instance_uid=instance.series_instance_uid,
        study_instance_uid=instance.study_instance_uid,
        sop_class_uid=instance.sop_class_uid,
        instance_number=instance.instance_number,
        modality=instance.modality,
        state=film.state,
        reason=film.reason,
        view=film.view,
        source=film.source,
        score=film.score,
        region=shown.region if shown else None,
        projection=shown.projection if shown else None,
        anatomic_region_sequence=(code_out(shown.anatomic_region),) if shown else (),
        view_code_sequence=_view_code_items(film),
        projection_eponymous_name_code_sequence=_codes(shown.eponym if shown else None),
        view_position=position.value if position else None,
        view_position_source=position.origin if position else None,
        image_laterality=side.value if side else None,
        image_laterality_source=side.origin if side else None,
        patient_orientation=film.patient_orientation,
        patient_orientation_source=film.orientation_origin,
        rotation_to_upright=film.rotation_to_upright,
        rotation_score=film.rotation_score,
        prediction=view_out(film.prediction),
        conflicts=tuple(ConflictOut.model_validate(one) for one in film.conflicts),
        before=EarlierOut.model_validate(film.before) if film.before else None,
        changed_at=film.changed_at,
    )


def hung_study_out(study_instance_uid: str, films: Sequence[HungFilm]) -> HungStudyOut:
    """A study with its films, of which there is at least one."""
    states = [film.state for film in films]
    pending = states.count(Readiness.PENDING)
    settled = Readiness.FAILED if set(states) == {Readiness.FAILED} else Readiness.DONE
    return HungStudyOut(
        study_instance_uid=study_instance_uid,
        state=Readiness.PENDING if pending else settled,
        pending=pending,
        changed_at=max(film.changed_at for film in films),
        films=tuple(hung_film_out(film) for film in films),
    )


def _view_code_items(film: HungFilm) -> tuple[ViewCodeItemOut, ...]:
    if film.view_code is None or film.shown is None:
        return ()
    modifiers = tuple(code_out(code) for code in film.shown.modifiers)
    return (ViewCodeItemOut(**code_out(film.view_code).model_dump(), view_modifier_code_sequence=modifiers),)


def _codes(code: Code | None) -> tuple[CodeOut, ...]:
    return () if code is None else (code_out(code),)
