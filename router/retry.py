"""Whether an error is worth another try, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from router.errors import ConfigurationError, FilmError, RefusedObject, StaleClaim

# Trying again cannot help: neither object nor configuration changes by itself, and a stale claim is not ours.
PERMANENT = (ConfigurationError, FilmError, RefusedObject, StaleClaim)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Exponential backoff: ``base``, then ``factor`` times longer each time, never longer than ``cap``."""

    base: timedelta = timedelta(seconds=5)
    factor: float = 2.0
    cap: timedelta = timedelta(minutes=15)
    max_attempts: int = 8  # the first try included

    def __post_init__(self) -> None:
        if self.base <= timedelta(0) or self.cap < self.base or self.factor < 1 or self.max_attempts < 1:
            raise ValueError("a retry policy wants 0 < base <= cap, factor >= 1 and max_attempts >= 1")


def retry_delay(error: Exception, attempt: int, *, policy: RetryPolicy, jitter: float) -> timedelta | None:
    """How long to wait after try number ``attempt`` (from 1) ended in ``error``; None: do not try again.

    ``jitter`` is a random number in [0, 1] that the caller draws: the wait is spread over the upper half of
    the backoff, so that what failed together does not come back together. An error that nobody named is tried
    again like a transient one: the last try still ends in ``failed`` with its reason.
    """
    if isinstance(error, PERMANENT) or attempt >= policy.max_attempts:
        return None
    return _backoff(attempt, policy) * (0.5 + 0.5 * min(max(jitter, 0.0), 1.0))


def _backoff(attempt: int, policy: RetryPolicy) -> timedelta:
    wait = policy.base
    for _ in range(1, attempt):
        if wait >= policy.cap / policy.factor:
            return policy.cap
        wait *= policy.factor
    return wait
