"""Where a list goes on, as an opaque word: it comes back from strangers, so it is checked like theirs."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Literal

List = Literal["studies", "instances"]
LENGTHS: dict[str, int] = {"studies": 1, "instances": 2}  # integers after the date
LARGEST = 2**63 - 1
LONGEST = 200  # characters


def write_cursor(of: List, date: str, *ids: int) -> str:
    """The cursor behind the row with this listed date and these ids."""
    return (
        base64.urlsafe_b64encode(json.dumps([of, date, *ids], separators=(",", ":")).encode())
        .decode()
        .rstrip("=")
    )


def read_cursor(of: List, cursor: str) -> tuple[str, *tuple[int, ...]]:
    """The date and ids in a cursor of this list. Raises ValueError for anything that we did not write."""
    refusal = ValueError(f"the cursor is not one that the list of {of} gave out; start again without it")
    if len(cursor) > LONGEST or not cursor.isascii():
        raise refusal
    try:
        content = json.loads(
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        )
    except (binascii.Error, ValueError, RecursionError):
        raise refusal from None
    if not isinstance(content, list) or len(content) != 2 + LENGTHS[of] or content[0] != of:
        raise refusal
    date, ids = content[1], content[2:]
    if not isinstance(date, str) or not all(type(one) is int and 0 <= one <= LARGEST for one in ids):
        raise refusal
    if date != "" and not (len(date) == 8 and date.isascii() and date.isdigit()):
        raise refusal
    return (date, *ids)
