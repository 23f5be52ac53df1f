"""Long walks through what is stored, in steps, so that none of them holds a transaction open for long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, sessionmaker

from db.details import answers_of, arrival_of, decision_in
from db.documents import instance_of
from db.schema import OTHER_BYTES, AuditRow, DecisionRow, HeaderRow, InstanceRow
from db.transactions import reading
from router.facts import Facts, specialists_that_answered
from router.types import Decision, Event

FILMS_AT_ONCE = 200
PATHS_AT_ONCE = 5000


def decided_since(sessions: sessionmaker[Session], since: datetime) -> Iterator[tuple[Facts, Decision]]:
    """Current decisions made at ``since`` or later, oldest first, each with the facts that decided."""
    keys = DecisionRow.decided_at, DecisionRow.instance_id
    after: tuple[datetime, int] = (since, 0)
    while True:
        with reading(sessions) as session:
            step = select(*keys).where(tuple_(*keys) > tuple_(*after)).order_by(*keys).limit(FILMS_AT_ONCE)
            found = session.execute(step).all()
            past = _facts(session, [instance_id for _, instance_id in found])
        if not found:
            return
        yield from past
        after = found[-1][0], found[-1][1]


def paths(sessions: sessionmaker[Session]) -> Iterator[str]:
    """The paths of current bytes, then of those replaced or not taken."""
    yield from _walk(sessions, select(InstanceRow.id, InstanceRow.path), InstanceRow.id)
    for event, key in ((Event.REPLACED, "was_path"), (Event.KEPT_FIRST, "path")):
        other = select(AuditRow.id, AuditRow.detail[key].as_string())
        yield from _walk(sessions, other.where(OTHER_BYTES, AuditRow.event == event), AuditRow.id)


def _walk(
    sessions: sessionmaker[Session], wanted: Select[int, str], key: InstrumentedAttribute[int]
) -> Iterator[str]:
    after = 0
    while True:
        with reading(sessions) as session:
            found = session.execute(wanted.where(key > after).order_by(key).limit(PATHS_AT_ONCE)).all()
        if not found:
            return
        yield from (path for _, path in found)
        after = found[-1][0]


def _facts(session: Session, instance_ids: Sequence[int]) -> list[tuple[Facts, Decision]]:
    ours = InstanceRow.id.in_(instance_ids)
    answers = answers_of(session, ours)
    of_all = (
        select(InstanceRow, HeaderRow).join(HeaderRow, HeaderRow.instance_id == InstanceRow.id).where(ours)
    )
    rows = {row.id: (row, header) for row, header in session.execute(of_all)}
    past = []
    for instance_id in instance_ids:
        (row, header), decided = rows[instance_id], answers.decisions[instance_id]
        decision = decision_in(decided)
        facts = Facts(
            instance=instance_of(header.fields, header.attributes),
            arrival=arrival_of(row),
            view=answers.view(instance_id),
            findings=tuple(answers.findings.get(instance_id, ())),
            specialists=specialists_that_answered(
                asked=decision.analyse,
                ran=[model["name"] for model in decided.models_run],
                absent=decided.models_absent,
            ),
        )
        past.append((facts, decision))
    return past
