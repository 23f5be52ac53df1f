"""Judging studies: which are due, what was said of them, and the worklist of what to look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from db.instances import now_utc
from db.read import Page
from db.read_verdicts import Due, StoredVerdict, WorklistItem
from router.verdicts import FilmFacts, Kind, Verdict


class Verdicts:
    """Verdicts and the judge's queue. Every method raises OutOfResources when the database is away."""

    def __init__(self, sessions: sessionmaker[Session], *, clock: Callable[[], datetime] = now_utc) -> None:
        self._sessions = sessions
        self._clock = clock

    def claim(self, limit: int, *, lease: timedelta) -> list[Due]:
        """Take up to ``limit`` studies that are due for judging."""
        raise NotImplementedError

    def postpone(self, due: Due, delay: timedelta) -> None:
        """Let the study wait for ``delay``."""
        raise NotImplementedError

    def record(self, token: str, verdict: Verdict) -> bool:
        """Make this the study's current verdict; False: something changed since the claim."""
        raise NotImplementedError

    def again(self, study_instance_uid: str) -> bool:
        """Judge a study anew, now; False if it is not known."""
        raise NotImplementedError

    def again_unmapped(self) -> int:
        """Judge all studies anew that met a procedure the map did not know; gives how many."""
        raise NotImplementedError

    def film_facts(self, study_instance_uid: str) -> tuple[FilmFacts, ...]:
        """The films of a study whose analysis has ended, as the comparison sees them."""
        raise NotImplementedError

    def current(self, study_instance_uid: str) -> StoredVerdict | None:
        """What holds now."""
        raise NotImplementedError

    def history(self, study_instance_uid: str) -> list[StoredVerdict]:
        """All verdicts on a study, the first one first."""
        raise NotImplementedError

    def page(
        self,
        *,
        limit: int,
        cursor: str | None = None,
        kinds: frozenset[Kind] | None = None,
        faults_only: bool = True,
        open_only: bool = False,
        study_date_from: str | None = None,
        study_date_to: str | None = None,
        calling_ae_title: str | None = None,
    ) -> Page[WorklistItem]:
        """Studies with their current verdicts, newest study date first."""
        raise NotImplementedError

    def counts(self, *, open_only: bool = False) -> Mapping[Kind, int]:
        """How many studies have each kind of remark now; all kinds are there."""
        raise NotImplementedError
