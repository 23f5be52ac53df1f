"""An uploaded file's facts, for the API: analysed in a process of its own, started when first asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from time import monotonic

from dicom_scp import header
from router.errors import FilmError, OutOfResources, RadrouterError
from router.facts import Facts, specialists_that_answered
from router.types import Analysis, Arrival, Instance
from service.analysis_process import Engine
from service.analyst import Analyst, Limits, Ticket
from service.pipeline import Job

POLL_S = 0.2
ASKED_OVER_REST = "upload"


class Explainer:
    """One analysis at a time; whoever waits too long is told to come back."""

    def __init__(self, build: Callable[[], Engine], *, limits: Limits, rules_text: Callable[[], str]) -> None:
        self._build = build
        self._limits = limits
        self._rules_text = rules_text
        self._turn = Lock()
        self._analyst: Analyst | None = None

    def facts(self, path: Path) -> Facts:
        """The facts of a DICOM file, its view among them where there is one.

        Raises:
            InvalidObject: the header cannot be understood.
            OutOfResources: others are waiting already.
            AnalysisCrashed, PackError: the models did not survive it, or cannot be loaded.
        """
        instance = header.read(path)
        arrival = Arrival(
            calling_ae_title=ASKED_OVER_REST,
            called_ae_title=ASKED_OVER_REST,
            address="",
            via="import",
            received_at=datetime.now(UTC),
        )
        patience = self._limits.film_s + self._limits.start_s
        if not self._turn.acquire(timeout=patience):
            raise OutOfResources("other explanations are under way; try again in a moment")
        try:
            return self._ask(Job(instance=instance, arrival=arrival, path=path))
        finally:
            self._turn.release()

    def close(self) -> None:
        """End the process, if there is one."""
        if self._analyst is not None:
            self._analyst.close()
            self._analyst = None

    def _ask(self, job: Job) -> Facts:
        if self._analyst is None:
            self._analyst = Analyst(self._build, limits=self._limits)
        self._analyst.submit([Ticket(key="", job=job)], rules_text=self._rules_text())
        try:
            result = self._wait(self._analyst)
        except BaseException:
            self.close()  # whatever went wrong, the next one starts afresh
            raise
        if isinstance(result, FilmError):
            return Facts(instance=job.instance, arrival=job.arrival, view=None)
        if not isinstance(result, Analysis):
            raise result
        return facts_of(job.instance, job.arrival, result)

    def _wait(self, analyst: Analyst) -> Analysis | RadrouterError:
        end = monotonic() + self._limits.film_s + self._limits.start_s
        while monotonic() < end:
            for answer in analyst.poll(POLL_S):
                return answer.result
        raise OutOfResources("the analysis did not answer in time")


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
