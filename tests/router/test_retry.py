"""When a film is tried again, as a table."""

from __future__ import annotations

from datetime import timedelta

import pytest

from router import errors
from router.retry import RetryPolicy, retry_delay

POLICY = RetryPolicy(base=timedelta(seconds=10), factor=2, cap=timedelta(seconds=60), max_attempts=6)

# error | attempt | jitter | seconds to wait, None = do not try again
TABLE: list[tuple[Exception, int, float, float | None]] = [
    (errors.OutOfResources("disk"), 1, 1.0, 10),
    (errors.OutOfResources("disk"), 2, 1.0, 20),
    (errors.OutOfResources("disk"), 3, 1.0, 40),
    (errors.OutOfResources("disk"), 4, 1.0, 60),
    (errors.OutOfResources("disk"), 5, 1.0, 60),
    (errors.OutOfResources("disk"), 6, 1.0, None),
    (errors.OutOfResources("disk"), 7, 1.0, None),
    (errors.OutOfResources("disk"), 1, 0.0, 5),
    (errors.OutOfResources("disk"), 1, 0.5, 7.5),
    (errors.OutOfResources("disk"), 1, 7.0, 10),
    (errors.OutOfResources("disk"), 0, 1.0, 10),
    (errors.AnalysisCrashed("killed"), 2, 1.0, 20),
    (ValueError("nobody named this"), 2, 1.0, 20),
    (errors.NotAFilm("CT"), 1, 1.0, None),
    (errors.UndecodablePixels("truncated"), 1, 1.0, None),
    (errors.RulesError("rule"), 1, 1.0, None),
    (errors.PackError("hash"), 1, 1.0, None),
    (errors.SettingsError("port"), 1, 1.0, None),
    (errors.InvalidObject("no UID"), 1, 1.0, None),
    (errors.StaleClaim("late"), 1, 1.0, None),
]


@pytest.mark.parametrize(("error", "attempt", "jitter", "seconds"), TABLE)
def test_the_table(error: Exception, attempt: int, jitter: float, seconds: float | None) -> None:
    delay = retry_delay(error, attempt, policy=POLICY, jitter=jitter)
    assert delay == (None if seconds is None else timedelta(seconds=seconds))


def test_a_thousand_attempts_end_at_the_cap() -> None:
    patient = RetryPolicy(max_attempts=2000, factor=10)
    delay = retry_delay(errors.OutOfResources("disk"), 1000, policy=patient, jitter=1.0)
    assert delay == patient.cap


@pytest.mark.parametrize(
    "wrong",
    [
        {"base": timedelta(0)},
        {"cap": timedelta(seconds=1)},
        {"factor": 0.5},
        {"max_attempts": 0},
    ],
)
def test_a_policy_without_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="retry policy"):
        RetryPolicy(**wrong)  # type: ignore[arg-type]
