"""The instance row as a job: the statements by which it is claimed and ends."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, String, bindparam, cast, insert, literal, select, update
from sqlalchemy.orm import Session

from db.documents import (
    analysed_document,
    decision_document,
    finding_document,
    instance_of,
    model_document,
    prediction_document,
    routed_document,
    silence_documents,
)
from db.journal import Entry, note, note_all
from db.prepared import table
from db.recording import NO_ANSWER, drop_answer
from db.schema import DecisionRow, FindingRow, HeaderRow, InstanceRow, PredictionRow
from router.errors import StaleClaim
from router.types import Analysis, Arrival, Claim, Event, State, StoredObject

UNHELD: dict[str, Any] = {"token": None, "worker": None}

_INSTANCE: Final = table(InstanceRow)
_END: Final = (  # with the values of whoever ends it
    update(_INSTANCE)
    .where(_INSTANCE.c.sop_instance_uid == bindparam("uid"), _INSTANCE.c.token == bindparam("held"))
    .returning(_INSTANCE.c.id, _INSTANCE.c.study_id)
)
_DUE: Final = (
    select(InstanceRow, HeaderRow)
    .join(HeaderRow, HeaderRow.instance_id == InstanceRow.id)
    .where(InstanceRow.due_at <= bindparam("now"))
    .order_by(InstanceRow.lane, InstanceRow.due_at, InstanceRow.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, key_share=True, of=InstanceRow)
)
_NEW_PREDICTION: Final = insert(table(PredictionRow))
_NEW_FINDING: Final = insert(table(FindingRow))
_NEW_DECISION: Final = insert(table(DecisionRow))


def claim_due(session: Session, limit: int, lease: timedelta, worker: str, now: datetime) -> list[Claim]:
    """Take what is due, lowest lane first: new, waited long enough, or left behind by a lease that ended.

    PostgreSQL passes over rows that another worker is taking; in SQLite this transaction is the only writer.
    """
    found = [(row, header) for row, header in session.execute(_DUE, {"now": now, "most": limit})]
    if not found:
        return []
    batch, expires_at = secrets.token_hex(16), now + lease
    taken = update(InstanceRow).where(InstanceRow.id.in_([row.id for row, _ in found]))
    session.execute(
        taken.values(
            state=State.PROCESSING,
            token=literal(f"{batch}.") + cast(InstanceRow.id, String),
            worker=worker,
            due_at=expires_at,
            attempt=InstanceRow.attempt + 1,
        ).execution_options(synchronize_session=False)
    )
    note_all(session, now, [(row.id, _claimed(row, worker, expires_at)) for row, _ in found])
    return [_claim(row, header, f"{batch}.{row.id}", expires_at) for row, header in found]


def renew_held(session: Session, claims: Sequence[Claim], until: datetime) -> list[str]:
    """Prolong the leases still held; gives the UIDs of those that are not."""
    renewed = update(InstanceRow).where(*_held(claims))
    held = set(session.scalars(renewed.values(due_at=until).returning(InstanceRow.token)))
    return [claim.instance.sop_instance_uid for claim in claims if claim.token not in held]


def write_analysis(session: Session, claim: Claim, analysis: Analysis, now: datetime) -> int:
    """The answer, its reasons and their audit; gives the study's id. Raises StaleClaim."""
    view = analysis.view
    answer = NO_ANSWER if view is None else {
        "view": view.view, "score": view.score, "margin": view.margin, "model": str(view.model)
    }  # fmt: skip
    instance_id, study_id = end_claim(
        session, claim, state=State.DONE, due_at=None, reason=analysis.no_view_reason, **answer
    )
    drop_answer(session, instance_id)
    predictions = ((view,) if view else ()) + analysis.shadow_views
    owned = {"instance_id": instance_id}
    if predictions:
        session.execute(_NEW_PREDICTION, [prediction_document(one) | owned for one in predictions])
    if analysis.findings:
        session.execute(_NEW_FINDING, [finding_document(one) | owned for one in analysis.findings])
    decided = {
        "decided_at": now,
        "models_run": [model_document(model) for model in analysis.models_run],
        "models_absent": list(analysis.models_absent),
        "models_silent": silence_documents(analysis.models_silent),
        "no_view_reason": analysis.no_view_reason,
        "duration_ms": analysis.duration_ms,
    }
    session.execute(_NEW_DECISION, decision_document(analysis.decision) | decided | owned)
    note(session, instance_id, now, *_story(analysis))
    return study_id


def end_claim(session: Session, claim: Claim, **values: Any) -> tuple[int, int]:
    """Write ``values`` if the claim's token is still the instance's; gives its id and its study's.

    Raises StaleClaim.
    """
    held = {"uid": claim.instance.sop_instance_uid, "held": claim.token}
    ids = session.execute(_END, held | UNHELD | values).one_or_none()
    if ids is None:
        uid = claim.instance.sop_instance_uid
        raise StaleClaim(f"the claim on {uid} (attempt {claim.attempt}) is over; its result is not written")
    return ids.id, ids.study_id


def release_held(session: Session, claims: Sequence[Claim], now: datetime) -> None:
    """Hand claims back as if they had not been taken; those that somebody else holds are left alone."""
    given = update(InstanceRow).where(*_held(claims)).values(
        **UNHELD, state=State.RECEIVED, due_at=now, attempt=InstanceRow.attempt - 1
    )  # fmt: skip
    ids = session.scalars(given.returning(InstanceRow.id)).all()
    detail = {"by": "worker", "reason": "the worker stopped before it was done"}
    note_all(session, now, [(instance_id, (Event.REQUEUED, detail)) for instance_id in ids])


def _held(claims: Sequence[Claim]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    uids = [claim.instance.sop_instance_uid for claim in claims]
    return InstanceRow.sop_instance_uid.in_(uids), InstanceRow.token.in_([claim.token for claim in claims])


def _claim(row: InstanceRow, header: HeaderRow, token: str, expires_at: datetime) -> Claim:
    return Claim(
        instance=instance_of(header.fields, header.attributes),
        arrival=Arrival(
            calling_ae_title=row.calling_ae_title,
            called_ae_title=row.called_ae_title,
            address=row.address,
            via=row.via,
            received_at=row.received_at,
        ),
        stored=StoredObject(path=row.path, size=row.size, sha256=row.sha256),
        token=token,
        attempt=row.attempt + 1,
        expires_at=expires_at,
    )


def _claimed(row: InstanceRow, worker: str, expires_at: datetime) -> Entry:
    detail: dict[str, Any] = {
        "worker": worker,
        "attempt": row.attempt + 1,
        "expires_at": expires_at.isoformat(),
    }
    if row.state is State.PROCESSING:
        detail["lease_ended_of"] = row.worker
    return Event.CLAIMED, detail


def _story(analysis: Analysis) -> list[Entry]:
    view = analysis.view
    story: list[Entry] = []
    if view is not None or analysis.shadow_views:
        shadows = [prediction_document(shadow) for shadow in analysis.shadow_views]
        story.append((Event.PREDICTED, {"view": view and prediction_document(view), "shadow_views": shadows}))
    story.append((Event.ROUTED, routed_document(analysis.decision)))
    if analysis.models_run or analysis.models_absent or analysis.models_silent or analysis.findings:
        story.append((Event.ANALYSED, analysed_document(analysis)))
    done = {
        "view": view and view.view,
        "duration_ms": analysis.duration_ms,
        "reason": analysis.no_view_reason,
    }
    return [*story, (Event.DONE, done)]
