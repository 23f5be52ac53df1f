"""Statements that are built once and given their values as parameters.

SQLAlchemy takes several times longer to build a statement out of rows and values than a database takes to
run it. So what runs for every object that arrives is built when its module is loaded, and of plain tables:
mapped classes would have each statement looked at for the objects it concerns, and there are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.schema import SchemaRow


def table(of: type[SchemaRow]) -> Table:
    """The table of a row; its columns have the names of the row's attributes."""
    return SchemaRow.metadata.tables[of.__tablename__]


def insert_unless_known(session: Session, into: Table, columns: Mapping[str, Any]) -> int | None:
    """A new row's ``id``; None when another has one of its unique values."""
    statement = _unless_known(session.get_bind().dialect.name, into)
    inserted: int | None = session.execute(statement, columns).scalar_one_or_none()
    return inserted


@cache
def _unless_known(dialect: str, into: Table) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(into).on_conflict_do_nothing().returning(into.c.id)
