"""Film → view → rules → specialists → final decision, for a batch; no database, no process.

A film that fails yields its error in its place and never hurts the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from router.errors import FilmError, NotAFilm, OutOfResources, RadrouterError
from router.rules import Facts, RuleSet, decide
from router.types import Analysis, Arrival, Decision, Finding, Instance, ModelRef, ViewPrediction

if TYPE_CHECKING:  # the worker's own process carries jobs about and needs no decoders
    from classifiers.pixels import Film


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One object to analyse: its facts, and the file with its bytes."""

    instance: Instance
    arrival: Arrival
    path: Path
    is_picture: bool = False  # a PNG or JPEG that somebody wants looked at; stored objects are never one


class Classifiers(Protocol):
    """What the pipeline asks of ``classifiers.models.Models``."""

    @property
    def installed(self) -> Mapping[str, ModelRef]:
        """The specialists whose answers count, by name."""

    def views(self, films: Sequence[Film]) -> list[list[ViewPrediction]]:
        """Per film: the active model's prediction first, then those of the shadows."""

    def findings(self, name: str, films: Sequence[Film]) -> list[tuple[Finding, ...]]:
        """Per film: what the specialist ``name`` states."""


@dataclass(slots=True, kw_only=True)
class _Course:
    """One film on its way through the specialists."""

    job: Job
    film: Film | None
    no_view_reason: str | None
    views: list[ViewPrediction] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def decide(self, rules: RuleSet) -> Decision:
        view = self.views[0] if self.views else None
        facts = Facts(
            instance=self.job.instance,
            arrival=self.job.arrival,
            view=view,
            findings=tuple(self.findings),
            specialists=tuple(self.done),
        )
        return decide(rules, facts)


def decode(job: Job, *, read: Callable[[Path], Film]) -> Film | RadrouterError:
    """The job's film, or why there is none; any other exception is a fault of ours and passes through."""
    try:
        return read(job.path)
    except FilmError as error:
        return error
    except OSError as error:  # storage may be away for a while: a network share, a disk being swapped
        return OutOfResources(f"the stored file cannot be read: {error.strerror or error}")


def analyse(
    jobs: Sequence[Job], films: Sequence[Film | RadrouterError], *, rules: RuleSet, models: Classifiers
) -> list[Analysis | RadrouterError]:
    """Analyse a batch; ``films[i]`` is what :func:`decode` made of ``jobs[i]``.

    A NotAFilm becomes an Analysis without a view, still routed by rules on its header; every other error is
    returned in its film's place. ``duration_ms`` is the batch's time shared equally among its films.
    """
    start = time.perf_counter()
    results: dict[int, Analysis | RadrouterError] = {
        index: film
        for index, film in enumerate(films)
        if isinstance(film, RadrouterError) and not isinstance(film, NotAFilm)
    }
    courses = {
        index: _course(job, film)
        for index, (job, film) in enumerate(zip(jobs, films, strict=True))
        if index not in results
    }
    _predict_views([course for course in courses.values() if course.film is not None], models)
    _run_specialists(list(courses.values()), rules, models)
    share = (time.perf_counter() - start) * 1000 / max(1, len(courses))
    results |= {index: _analysis(course, rules, models, share) for index, course in courses.items()}
    return [results[index] for index in range(len(jobs))]


def _course(job: Job, film: Film | RadrouterError) -> _Course:
    if isinstance(film, RadrouterError):
        return _Course(job=job, film=None, no_view_reason=str(film))
    return _Course(job=job, film=film, no_view_reason=None)


def _predict_views(courses: Sequence[_Course], models: Classifiers) -> None:
    films = [course.film for course in courses if course.film is not None]
    if not films:
        return
    for course, views in zip(courses, models.views(films), strict=True):
        course.views += views
        if not views:
            course.no_view_reason = "no view model is installed"


def _run_specialists(courses: Sequence[_Course], rules: RuleSet, models: Classifiers) -> None:
    """Run what the rules ask for until they ask for nothing new: a finding may call for a further model.

    Each round runs at least one further model on some film, so there are at most as many rounds as models.
    """
    while wanted := _wanted(courses, rules, models):
        for name, group in wanted.items():
            films = [course.film for course in group if course.film is not None]
            for course, found in zip(group, models.findings(name, films), strict=True):
                course.findings += found
                course.done.append(name)


def _wanted(courses: Sequence[_Course], rules: RuleSet, models: Classifiers) -> dict[str, list[_Course]]:
    wanted: dict[str, list[_Course]] = {}
    for course in courses:
        if course.film is None:
            continue
        for name in course.decide(rules).analyse:
            if name in models.installed and name not in course.done:
                wanted.setdefault(name, []).append(course)
    return wanted


def _analysis(course: _Course, rules: RuleSet, models: Classifiers, share_ms: float) -> Analysis:
    decision = course.decide(rules)
    views = course.views
    ran = [prediction.model for prediction in views]
    ran += [models.installed[name] for name in course.done]
    ran += [finding.model for finding in course.findings]  # those of the shadows among them
    return Analysis(
        view=views[0] if views else None,
        no_view_reason=course.no_view_reason,
        decision=decision,
        findings=tuple(course.findings),
        models_run=tuple(dict.fromkeys(ran)),
        models_absent=tuple(name for name in decision.analyse if name not in models.installed),
        shadow_views=tuple(views[1:]),
        duration_ms=share_ms,
    )
