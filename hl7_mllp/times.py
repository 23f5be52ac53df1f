"""Points in time as HL7 writes them (v2.5.1 section 2.A.22): YYYYMMDD[HHMM[SS[.S]]][+/-ZZZZ]."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_TIME = re.compile(
    r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.\d+)?)?)?)?(?:([+-])(\d{2})(\d{2}))?"
)


def moment(text: str | None, zone: tzinfo | None) -> datetime | None:
    """A point in time in UTC; None where it names no day, or no possible one.

    ``zone`` holds where the text names none; None is this machine's.
    """
    found = _TIME.fullmatch(text or "")
    if found is None:
        return None
    numbers = [int(part or 0) for part in found.groups()[:6]]
    try:
        local = datetime(*numbers, tzinfo=offset(text) or zone)  # type: ignore[arg-type,misc]
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def offset(text: str | None) -> tzinfo | None:
    """The time zone that a point in time names; MSH-7's holds for the whole message (section 2.15.9.7)."""
    found = _TIME.fullmatch(text or "")
    if found is None or found[7] is None:
        return None
    ahead = timedelta(hours=int(found[8]), minutes=int(found[9]))
    return timezone(ahead if found[7] == "+" else -ahead) if ahead < timedelta(hours=24) else None
