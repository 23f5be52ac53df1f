"""What an uploaded file is, and where a model looked: for the API and the pages, in a process of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from time import monotonic

from classifiers.pictures import HEAD, is_picture
from dicom_scp import header
from router.errors import FilmError, NotAFilm, OutOfResources, RadrouterError
from router.facts import Facts, specialists_that_answered
from router.types import Analysis, Arrival, Instance, ModelRef
from service.analysis_process import Engine, Result, Wanted
from service.analyst import Analyst, Limits, Ticket
from service.heating import HeatJob, HeatPicture
from service.pipeline import Job

POLL_S = 0.2
ASKED_OVER_REST = "upload"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # PS3.4 Table B.5-1: what a picture file comes closest to


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What one uploaded file is: its facts, and why there is no view where there is none."""

    facts: Facts
    is_picture: bool = False  # a PNG or JPEG: without a header, its UIDs made up
    no_view_reason: str | None = None  # the decoder's own words, or what kind of object it is
    undecodable: bool = False  # no decoder reads it: were it stored, it would fail
    models_absent: tuple[str, ...] = ()  # asked for by a rule in force, but no active pack answers
    models_silent: Mapping[ModelRef, str] = field(
        default_factory=dict
    )  # asked, but had a reason to say nothing


class Explainer:
    """One analysis or heat map at a time; whoever waits too long is told to come back."""

    def __init__(self, build: Callable[[], Engine], *, limits: Limits, rules_text: Callable[[], str]) -> None:
        self._build = build
        self._limits = limits
        self._rules_text = rules_text
        self._turn = Lock()
        self._analyst: Analyst | None = None

    def explained(self, path: Path) -> Explained:
        """What a DICOM, PNG or JPEG file is, with its view where there is one.

        Raises:
            InvalidObject: neither a picture, nor can its header be understood.
            OutOfResources: others are waiting already.
            AnalysisCrashed, PackError: the models did not survive it, or cannot be loaded.
        """
        job = _job(path)
        return _explained(job, self._asked(job))

    def heat(self, job: HeatJob) -> bytes:
        """A heat map of a stored object, PNG.

        Raises:
            ModelAbsent: no such model is installed; HeatAbsent: it makes none of this label.
            FilmError: there is no film in the object that the model could look at.
            OutOfResources, AnalysisCrashed, PackError: as of ``explained``.
        """
        result = self._asked(job)
        if isinstance(result, HeatPicture):
            return result.png
        assert isinstance(result, RadrouterError)  # what the engine answers to a HeatJob is one of the two
        raise result

    def close(self) -> None:
        """End the process, if there is one."""
        if self._analyst is not None:
            self._analyst.close()
            self._analyst = None

    def _asked(self, job: Wanted) -> Result:
        patience = self._limits.film_s + self._limits.start_s
        if not self._turn.acquire(timeout=patience):
            raise OutOfResources("other explanations are under way; try again in a moment")
        try:
            return self._ask(job)
        finally:
            self._turn.release()

    def _ask(self, job: Wanted) -> Result:
        if self._analyst is None:
            self._analyst = Analyst(self._build, limits=self._limits)
        self._analyst.submit([Ticket(key="", job=job)], rules_text=self._rules_text())
        try:
            return self._wait(self._analyst)
        except BaseException:
            self.close()  # whatever went wrong, the next one starts afresh
            raise

    def _wait(self, analyst: Analyst) -> Result:
        end = monotonic() + self._limits.film_s + self._limits.start_s
        while monotonic() < end:
            for answer in analyst.poll(POLL_S):
                return answer.result
        raise OutOfResources("the analysis did not answer in time")


def _explained(job: Job, result: Result) -> Explained:
    if isinstance(result, FilmError):
        return Explained(
            facts=Facts(instance=job.instance, arrival=job.arrival, view=None),
            is_picture=job.is_picture,
            no_view_reason=str(result),
            undecodable=not isinstance(result, NotAFilm),
        )
    if isinstance(result, RadrouterError):
        raise result
    assert isinstance(result, Analysis)  # what the engine answers to a Job
    return Explained(
        facts=facts_of(job.instance, job.arrival, result),
        is_picture=job.is_picture,
        no_view_reason=result.no_view_reason,
        models_absent=result.models_absent,
        models_silent=result.models_silent,
    )


def _job(path: Path) -> Job:
    with path.open("rb") as file:
        drawn = is_picture(file.read(HEAD))
    arrival = Arrival(
        calling_ae_title=ASKED_OVER_REST,
        called_ae_title=ASKED_OVER_REST,
        address="",
        via="import",
        received_at=datetime.now(UTC),
    )
    instance = _without_header() if drawn else header.read(path)
    return Job(instance=instance, arrival=arrival, path=path, is_picture=drawn)


def _without_header() -> Instance:
    """A picture file's facts: none, but UIDs of the kind that anybody may make up (PS3.5 B.2)."""
    made_up = [f"2.25.{uuid.uuid4().int}" for _ in range(3)]
    return Instance(
        sop_instance_uid=made_up[0],
        sop_class_uid=SECONDARY_CAPTURE,
        study_instance_uid=made_up[1],
        series_instance_uid=made_up[2],
        transfer_syntax_uid="",
    )


def facts_of(instance: Instance, arrival: Arrival, analysis: Analysis) -> Facts:
    """What the rules were asked about an analysed film."""
    return Facts(
        instance=instance,
        arrival=arrival,
        view=analysis.view,
        findings=analysis.findings,
        specialists=specialists_that_answered(
            asked=analysis.decision.analyse,
            ran=tuple(model.name for model in analysis.models_run),
            absent=analysis.models_absent,
        ),
    )
