"""How often a sign-in may fail: a pure decision over counted failures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

WITHIN = timedelta(minutes=15)
OF_NAME_FROM_ADDRESS = 5
OF_ADDRESS = 30
OF_NAME = 50  # from many addresses; high, as anybody could lock a name out
SLOWEST_S = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Failed sign-ins within ``WITHIN``."""

    of_name_from_address: int
    of_address: int
    of_name: int


def is_blocked(failures: Failures) -> bool:
    """Whether not even the right password is looked at any more."""
    return (
        failures.of_name_from_address >= OF_NAME_FROM_ADDRESS
        or failures.of_address >= OF_ADDRESS
        or failures.of_name >= OF_NAME
    )


def delay_s(failures: Failures) -> float:
    """Seconds to wait before a failure is told; doubles with each."""
    return float(min(SLOWEST_S, 0.25 * 2**failures.of_name_from_address))
