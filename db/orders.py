"""Orders as they came, and which of them belong to a study."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, sessionmaker

from db.cursor import check_limit, page_of, read_id
from db.instances import now_utc
from db.judging import judge_soon
from db.read import Page
from db.read_orders import OrderMessage, StoredOrder, UnmappedCount
from db.schema import StudyRow
from db.schema_orders import OrderMessageRow, OrderRow, UnmappedRow
from db.transactions import reading, writing
from db.verdict_documents import order_document, order_of, procedure_of
from router.order_matching import Standing, after_message, belonging
from router.orders import Order, OrderOutcome, OrderSource

MOST_STUDIES = 100  # of one order: an accession number that a thousand studies share says nothing

_IN_FORCE: Final = select(OrderRow.document).where(OrderRow.cancelled.is_(False)).order_by(OrderRow.id)
_UID: Final = OrderRow.study_instance_uid == bindparam("uid")
_OF_STUDY: Final = _IN_FORCE.where(_UID)
_SHARING: Final = _IN_FORCE.where(or_(_UID, OrderRow.accession_number == bindparam("accession_number")))


class Orders:
    """Orders. Every method raises OutOfResources when the database is away."""

    def __init__(self, sessions: sessionmaker[Session], *, clock: Callable[[], datetime] = now_utc) -> None:
        self._sessions = sessions
        self._clock = clock

    def record(self, order: Order, *, message: str | None = None) -> OrderOutcome:
        """Take a message about an order in; once this returns it is committed.

        ``message`` is its raw text, where there is one. The order is known by its source, origin and number;
        ``router.order_matching`` says what becomes of it. The studies that it belongs to, or did before, are
        judged anew, unless it says nothing new.
        """
        now = self._clock()
        with writing(self._sessions) as session:
            row = _known(session, order)
            if row is None:
                standing, outcome = after_message(None, order)
                order_id = _insert(session, standing, now)
                if order_id is not None:
                    _keep_message(session, order_id, order, outcome, message, now)
                    judge_soon(session, _studies(session, order), now)
                    return outcome
                row = _known(session, order)  # somebody was faster by a moment
            assert row is not None
            before = Standing(order=order_of(row.document), cancelled=row.cancelled)
            standing, outcome = after_message(before, order)
            _keep_message(session, row.id, order, outcome, message, now)
            if outcome is not OrderOutcome.DUPLICATE:
                changed = update(OrderRow).where(OrderRow.id == row.id)
                session.execute(changed.values(**_columns(standing), changed_at=now))
                affected = {*_studies(session, before.order), *_studies(session, standing.order)}
                judge_soon(session, affected, now)
            return outcome

    def for_study(
        self, *, study_instance_uid: str, accession_number: str | None, patient_id: str | None
    ) -> tuple[Order, ...]:
        """The orders that a study's films are held against, cancelled ones left out.

        ``router.order_matching.belonging`` says which they are.
        """
        shared = {"uid": study_instance_uid, "accession_number": accession_number}
        wanted = _SHARING if accession_number else _OF_STUDY
        with reading(self._sessions) as session:
            orders = [order_of(document) for document in session.scalars(wanted, shared)]
        return belonging(orders, study_instance_uid=study_instance_uid, patient_id=patient_id)

    def get(self, order_id: int) -> StoredOrder | None:
        """One order as it stands."""
        with reading(self._sessions) as session:
            row = session.get(OrderRow, order_id)
            return None if row is None else _stored(row)

    def named(self, source: OrderSource, origin: str, order_number: str) -> StoredOrder | None:
        """One order by the number that its sender gave it."""
        wanted = select(OrderRow).where(
            OrderRow.source == source, OrderRow.origin == origin, OrderRow.order_number == order_number
        )
        with reading(self._sessions) as session:
            row = session.scalars(wanted).one_or_none()
            return None if row is None else _stored(row)

    def page(
        self,
        *,
        limit: int,
        cursor: str | None = None,
        accession_number: str | None = None,
        patient_id: str | None = None,
        study_instance_uid: str | None = None,
    ) -> Page[StoredOrder]:
        """Orders for which all that is given holds, the one last heard of for the first time first.

        Raises ValueError: limit not in 1..1000, or a foreign cursor.
        """
        check_limit(limit)
        wanted = select(OrderRow).order_by(OrderRow.id.desc()).limit(limit + 1)
        given: tuple[tuple[Any, str | None], ...] = (
            (OrderRow.accession_number, accession_number),
            (OrderRow.patient_id, patient_id),
            (OrderRow.study_instance_uid, study_instance_uid),
        )
        wanted = wanted.where(*(column == value for column, value in given if value is not None))
        if cursor is not None:
            wanted = wanted.where(OrderRow.id < read_id("orders", cursor))
        with reading(self._sessions) as session:
            found = [(row.id, _stored(row)) for row in session.scalars(wanted)]
        return page_of("orders", found, limit)

    def messages(self, order_id: int) -> list[OrderMessage]:
        """All messages about an order, in order; empty if it is not known."""
        wanted = select(OrderMessageRow).where(OrderMessageRow.order_id == order_id)
        with reading(self._sessions) as session:
            return [_message(row) for row in session.scalars(wanted.order_by(OrderMessageRow.id))]

    def unmapped(self, limit: int) -> list[UnmappedCount]:
        """The procedures that current verdicts did not find in the map, those of most studies first."""
        studies = func.count(UnmappedRow.study_id.distinct()).label("studies")
        counted = (
            select(
                UnmappedRow.procedure_key,
                studies,
                func.count(),
                func.min(UnmappedRow.at),
                func.max(UnmappedRow.at),
            )
            .group_by(UnmappedRow.procedure_key)
            .order_by(studies.desc(), UnmappedRow.procedure_key)
            .limit(limit)
        )
        with reading(self._sessions) as session:
            return [
                UnmappedCount(
                    procedure=_procedure(session, key),
                    studies=many,
                    orders=orders,
                    first_at=first,
                    last_at=last,
                )
                for key, many, orders, first, last in session.execute(counted).all()
            ]


def _known(session: Session, order: Order) -> OrderRow | None:
    """The order of this number; its row is locked, so that two messages take turns."""
    named = select(OrderRow).where(
        OrderRow.source == order.source,
        OrderRow.origin == order.origin,
        OrderRow.order_number == order.order_number,
    )
    return session.scalars(named.with_for_update()).one_or_none()


def _insert(session: Session, standing: Standing, now: datetime) -> int | None:
    order = standing.order
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    added = dialect.insert(OrderRow).values(
        source=order.source,
        origin=order.origin,
        order_number=order.order_number,
        received_at=now,
        changed_at=now,
        **_columns(standing),
    )
    order_id: int | None = session.execute(
        added.on_conflict_do_nothing().returning(OrderRow.id)
    ).scalar_one_or_none()
    return order_id


def _columns(standing: Standing) -> dict[str, Any]:
    order = standing.order
    return {
        "accession_number": order.accession_number,
        "study_instance_uid": order.study_instance_uid,
        "patient_id": order.patient_id,
        "cancelled": standing.cancelled,
        "document": order_document(order),
    }


def _keep_message(
    session: Session, order_id: int, order: Order, outcome: OrderOutcome, message: str | None, now: datetime
) -> None:
    session.execute(
        insert(OrderMessageRow).values(
            order_id=order_id,
            at=now,
            control=order.control,
            outcome=outcome,
            document=order_document(order),
            message=message,
        )
    )


def _studies(session: Session, order: Order) -> list[int]:
    """The ids of the studies that this order may belong to; not locked."""
    shared: list[ColumnElement[bool]] = []
    if order.study_instance_uid:
        shared.append(StudyRow.study_instance_uid == order.study_instance_uid)
    if order.accession_number:
        shared.append(StudyRow.accession_number == order.accession_number)
    if not shared:
        return []
    latest = select(StudyRow.id).where(or_(*shared)).order_by(StudyRow.id.desc()).limit(MOST_STUDIES)
    return list(session.scalars(latest))


def _procedure(session: Session, key: str) -> Any:
    document = select(UnmappedRow.procedure).where(UnmappedRow.procedure_key == key).limit(1)
    return procedure_of(session.scalars(document).one())


def _stored(row: OrderRow) -> StoredOrder:
    return StoredOrder(
        id=row.id,
        order=order_of(row.document),
        cancelled=row.cancelled,
        received_at=row.received_at,
        changed_at=row.changed_at,
    )


def _message(row: OrderMessageRow) -> OrderMessage:
    return OrderMessage(
        id=row.id,
        at=row.at,
        control=row.control,
        outcome=row.outcome,
        order=order_of(row.document),
        message=row.message,
    )
