"""How values of ours look in a column: times are UTC, strangers' words fit every database."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, String
from sqlalchemy.types import TypeDecorator

WORD_LENGTH = 256  # characters kept of a search column; PS3.5 section 6.2 allows 64 in a Long String


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware moment; SQLite keeps it as UTC text that sorts. Raises ValueError for a naive one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def fit(word: str) -> str:
    """What a search column keeps of a stranger's word.

    PostgreSQL refuses NUL and lone surrogates, and an index entry of more than 2704 bytes: an object with
    such a header would never be recorded. The header row keeps the word exactly as sent.
    """
    return word[:WORD_LENGTH].replace("\0", "�").encode("utf-8", "replace").decode("utf-8")


class Word(TypeDecorator[str]):
    """A stranger's text that is searched for: made to ``fit`` when written and when compared."""

    impl = String(WORD_LENGTH)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect  # both take the same
        return None if value is None else fit(value)
