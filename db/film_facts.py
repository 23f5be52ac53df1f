"""A study's films as the comparison sees them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from db.documents import instance_of, prediction_of
from db.schema import HeaderRow, InstanceRow, PredictionRow
from db.schema_verdicts import TruthRow
from router.header_words import header_words
from router.orders import Side
from router.types import INVERTED, POLARITY, Instance, Mode, State, ViewPrediction
from router.verdicts import FilmFacts, Source

ENDED = (State.DONE, State.FAILED)

_FILMS: Final = (
    select(InstanceRow, HeaderRow, PredictionRow, TruthRow)
    .join(HeaderRow, HeaderRow.instance_id == InstanceRow.id)
    .outerjoin(
        PredictionRow, and_(PredictionRow.instance_id == InstanceRow.id, PredictionRow.mode == Mode.ACTIVE)
    )
    .outerjoin(TruthRow, TruthRow.instance_id == InstanceRow.id)
    .where(InstanceRow.study_id == bindparam("study_id"), InstanceRow.state.in_(ENDED))
    .order_by(InstanceRow.series_instance_uid, InstanceRow.instance_number.nulls_last(), InstanceRow.id)
)


def film_facts(session: Session, study_id: int) -> tuple[FilmFacts, ...]:
    """The films of a study whose analysis has ended, by series and instance number.

    What the reviewers of a film agree on comes before what the model said.
    """
    found = session.execute(_FILMS, {"study_id": study_id})
    return tuple(
        _facts(row, instance_of(header.fields, header.attributes), said, truth)
        for row, header, said, truth in found
    )


def _facts(
    row: InstanceRow, instance: Instance, said: PredictionRow | None, truth: TruthRow | None
) -> FilmFacts:
    prediction = None if said is None else prediction_of(vars(said))
    return FilmFacts(
        sop_instance_uid=row.sop_instance_uid,
        source=_source(prediction, truth),
        sha256=row.sha256,
        side=Side(truth.side) if truth is not None and truth.side else None,
        **_stated(prediction, truth),
        **header_words(instance),
    )


def _source(prediction: ViewPrediction | None, truth: TruthRow | None) -> Source:
    if truth is not None:
        return Source.HUMAN
    return Source.HEADER if prediction is None else Source.AI


def _stated(prediction: ViewPrediction | None, truth: TruthRow | None) -> dict[str, Any]:
    """What is stated of the picture; a human's word has neither score nor runners-up."""
    model = prediction and str(prediction.model)
    facts: dict[str, Any] = {"view": None, "score": None, "margin": None, "runner_up": None, "model": model}
    if prediction is not None:
        candidates = prediction.candidates
        facts |= {"view": prediction.view, "score": prediction.score, "margin": prediction.margin}
        facts |= {"candidates": candidates, "runner_up": candidates[1].label if len(candidates) > 1 else None}
        facts |= _rotation(prediction) | _polarity(prediction)
    if truth is not None:
        facts |= {"view": truth.view, "score": None, "margin": None, "runner_up": None, "candidates": ()}
    return facts


def _polarity(prediction: ViewPrediction) -> dict[str, Any]:
    said = prediction.further.get(POLARITY, ())
    return {"inverted": True} if said and said[0].label == INVERTED else {}


def _rotation(prediction: ViewPrediction) -> dict[str, Any]:
    said = prediction.further.get("rotation", ())
    if not said or not said[0].label.isdigit():
        return {}
    return {"rotation": int(said[0].label), "rotation_score": said[0].score}
