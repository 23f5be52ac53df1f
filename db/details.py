"""All about some instances, in a handful of statements however many they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from db.documents import decision_of, finding_of, instance_of, prediction_of, silence_of
from db.read import InstanceDetail
from db.schema import AuditRow, DecisionRow, FindingRow, HeaderRow, InstanceRow, PredictionRow
from router.types import Arrival, Decision, Finding, Mode, ModelRef, StoredObject, ViewPrediction


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What was found out, by instance id."""

    predictions: Mapping[int, Sequence[ViewPrediction]]
    findings: Mapping[int, Sequence[Finding]]
    decisions: Mapping[int, DecisionRow]

    def view(self, instance_id: int) -> ViewPrediction | None:
        """The answer that counts, if there is one."""
        return next((one for one in self.predictions.get(instance_id, ()) if one.mode is Mode.ACTIVE), None)


def instance_details(session: Session, *wanted: ColumnElement[bool]) -> list[InstanceDetail]:
    """The instances for which all of ``wanted`` holds, by series, instance number and arrival."""
    rows = session.execute(
        select(InstanceRow, HeaderRow)
        .join(HeaderRow, HeaderRow.instance_id == InstanceRow.id)
        .where(*wanted)
        .order_by(InstanceRow.series_instance_uid, InstanceRow.instance_number.nulls_last(), InstanceRow.id)
    ).all()
    answers = answers_of(session, *wanted)
    ours = AuditRow.instance_id.in_(select(InstanceRow.id).where(*wanted))
    latest = select(AuditRow.instance_id, func.max(AuditRow.id)).where(ours).group_by(AuditRow.instance_id)
    audit_ids = {row[0]: row[1] for row in session.execute(latest)}
    return [_detail(row, header, answers, audit_ids[row.id]) for row, header in rows]


def answers_of(session: Session, *wanted: ColumnElement[bool]) -> Answers:
    """What was found out about the instances for which all of ``wanted`` holds."""
    ids = select(InstanceRow.id).where(*wanted)
    predictions: dict[int, list[ViewPrediction]] = defaultdict(list)
    for prediction in session.scalars(
        select(PredictionRow).where(PredictionRow.instance_id.in_(ids)).order_by(PredictionRow.id)
    ):
        predictions[prediction.instance_id].append(prediction_of(vars(prediction)))
    findings: dict[int, list[Finding]] = defaultdict(list)
    for finding in session.scalars(
        select(FindingRow).where(FindingRow.instance_id.in_(ids)).order_by(FindingRow.id)
    ):
        findings[finding.instance_id].append(finding_of(vars(finding)))
    decisions = session.scalars(select(DecisionRow).where(DecisionRow.instance_id.in_(ids)))
    return Answers(
        predictions=predictions, findings=findings, decisions={row.instance_id: row for row in decisions}
    )


def arrival_of(row: InstanceRow) -> Arrival:
    """How the instance's current bytes came."""
    return Arrival(
        calling_ae_title=row.calling_ae_title,
        called_ae_title=row.called_ae_title,
        address=row.address,
        via=row.via,
        received_at=row.received_at,
    )


def decision_in(row: DecisionRow) -> Decision:
    """The decision in a row."""
    return decision_of(vars(row))


def _detail(row: InstanceRow, header: HeaderRow, answers: Answers, audit_id: int) -> InstanceDetail:
    decided = answers.decisions.get(row.id)
    predictions = answers.predictions.get(row.id, ())
    return InstanceDetail(
        instance=instance_of(header.fields, header.attributes),
        arrival=arrival_of(row),
        stored=StoredObject(path=row.path, size=row.size, sha256=row.sha256),
        state=row.state,
        attempt=row.attempt,
        reason=row.reason,
        due_at=row.due_at,
        worker=row.worker,
        view=answers.view(row.id),
        shadow_views=tuple(one for one in predictions if one.mode is Mode.SHADOW),
        decision=decision_in(decided) if decided else None,
        findings=tuple(answers.findings.get(row.id, ())),
        models_run=tuple(ModelRef(**model) for model in decided.models_run) if decided else (),
        models_absent=tuple(decided.models_absent) if decided else (),
        models_silent=silence_of(decided.models_silent) if decided else {},
        decided_at=decided.decided_at if decided else None,
        duration_ms=decided.duration_ms if decided else None,
        audit_id=audit_id,
    )
