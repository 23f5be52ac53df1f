"""The queue of studies to be judged: one cheap statement in the transaction of whatever changes a study.

Callers hold at most the study's and its instances' locks when they come here, and ask for none of those
afterwards (the order of locks: ``db/schema_verdicts.py``). Several studies are taken in the order of their
ids, so that two callers who both need two of them do not wait for each other.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import String, bindparam, case, cast, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.prepared import table
from db.schema_verdicts import JudgementRow

_JUDGEMENT: Final = table(JudgementRow)
_LONGEST_DUE: Final = (
    select(_JUDGEMENT.c.study_id)
    .where(_JUDGEMENT.c.due_at <= bindparam("now"))
    .order_by(_JUDGEMENT.c.due_at, _JUDGEMENT.c.study_id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)


def judge_later(session: Session, study_ids: Collection[int], due_at: datetime) -> None:
    """Judge these studies when ``due_at`` has come, and not before; a judge who holds one has lost it."""
    _upsert(session, study_ids, due_at, wait=True)


def judge_soon(session: Session, study_ids: Collection[int], now: datetime) -> None:
    """Judge these studies now; one that is already due, because its films still come in, keeps its time."""
    _upsert(session, study_ids, now, wait=False)


def take_due(session: Session, limit: int, lease: timedelta, now: datetime) -> dict[int, str]:
    """Take what is due, the longest waiting first; gives the tokens by study id."""
    ids = session.scalars(_LONGEST_DUE, {"now": now, "most": limit}).all()
    if not ids:
        return {}
    batch = secrets.token_hex(16)
    taken = update(JudgementRow).where(JudgementRow.study_id.in_(ids))
    token = literal(f"{batch}.") + cast(JudgementRow.study_id, String)
    session.execute(
        taken.values(token=token, due_at=now + lease).execution_options(synchronize_session=False)
    )
    return {study_id: f"{batch}.{study_id}" for study_id in ids}


def study_of(token: str) -> int:
    """The study id in a token."""
    return int(token.rpartition(".")[2])


def _upsert(session: Session, study_ids: Collection[int], due_at: datetime, *, wait: bool) -> None:
    if not study_ids:
        return
    statement = _due(session.get_bind().dialect.name, wait)
    session.execute(statement, [{"study_id": study_id, "due_at": due_at} for study_id in sorted(study_ids)])


@cache
def _due(dialect: str, wait: bool) -> Any:
    """A study, due at the time given; without ``wait`` one that nobody holds keeps its own later time."""
    added = (postgresql if dialect == "postgresql" else sqlite).insert(_JUDGEMENT)
    unheld_later = _JUDGEMENT.c.token.is_(None) & (_JUDGEMENT.c.due_at > added.excluded.due_at)
    again_at: Any = added.excluded.due_at
    if not wait:
        again_at = case((unheld_later, _JUDGEMENT.c.due_at), else_=again_at)
    return added.on_conflict_do_update(index_elements=["study_id"], set_={"due_at": again_at, "token": None})
