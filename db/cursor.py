"""Where a list goes on, as an opaque word: it comes back from strangers, so it is checked like theirs."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Literal

from db.read import Item, Page

List = Literal["studies", "instances", "worklist", "orders", "actions", "deliveries", "reviews"]
LENGTHS: dict[str, int] = {  # integers after the date, which is empty in lists that have none
    "studies": 1,
    "instances": 2,
    "worklist": 2,
    "orders": 1,
    "actions": 1,
    "deliveries": 1,
    "reviews": 1,
}
LARGEST = 2**63 - 1
LARGEST_PAGE = 1000
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


def read_id(of: List, cursor: str) -> int:
    """The id in a cursor of a list that is ordered by id alone. Raises ValueError."""
    _, *ids = read_cursor(of, cursor)
    return ids[0]


def page_of(of: List, found: Sequence[tuple[int, Item]], limit: int) -> Page[Item]:
    """A page of a list that is ordered by id alone; ``found`` has one more than ``limit`` if it goes on."""
    more = write_cursor(of, "", found[limit - 1][0]) if len(found) > limit else None
    return Page(items=tuple(item for _, item in found[:limit]), next_cursor=more)


def check_limit(limit: int) -> None:
    """Raises ValueError for a page that is too large or empty."""
    if not 1 <= limit <= LARGEST_PAGE:
        raise ValueError(f"a page has 1 to {LARGEST_PAGE} items, not {limit}")
