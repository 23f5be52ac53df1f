"""Film → view → rules → specialists → final decision, for a batch; no database, no process.

A film that fails yields its error in its place and never hurts the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from router.ensemble import members_of
from router.errors import (
    FilmError,
    ModelAbsent,
    NotAFilm,
    OutOfResources,
    RadrouterError,
    TransientError,
)
from router.rules import Facts, RuleSet, decide
from router.types import Analysis, Arrival, Decision, Finding, Instance, ModelRef, ViewPrediction

if TYPE_CHECKING:  # the worker's own process carries jobs about and needs no decoders
    from classifiers.answers import Said
    from classifiers.film import Film, Need


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One object to analyse: its facts, and the file with its bytes."""

    instance: Instance
    arrival: Arrival
    path: Path
    is_picture: bool = False  # a PNG or JPEG that somebody wants looked at; stored objects are never one


class Classifiers(Protocol):
    """What the pipeline asks of ``classifiers.models.Models``; names are as rules write them: "a+b" too."""

    @property
    def installed(self) -> Mapping[str, ModelRef]:
        """The specialists whose answers count, by the name of each alone."""

    def views(self, films: Sequence[Film]) -> list[list[ViewPrediction]]:
        """Per film: the active model's prediction first, then those of the shadows."""

    def runs(self, name: str) -> bool:
        """Whether anything runs for a name: its active packs, or a pack that is here in shadow alone."""

    def ran(self, name: str) -> tuple[ModelRef, ...]:
        """Every model that is run for a name."""

    def need(self, name: str) -> Need:
        """What a name needs of an object's pixels; raises ModelAbsent where no reading serves all members."""

    def said(self, name: str, films: Sequence[Film]) -> list[Said]:
        """Per film: what the specialists of a name state, or why not."""


# Reads objects again as a network needs them, each a film or the error in its place.
ReadAgain: TypeAlias = "Callable[[Sequence[Job], Need], Sequence[Film | RadrouterError]]"


@dataclass(slots=True, kw_only=True)
class _Course:
    """One film on its way through the specialists."""

    job: Job
    film: Film | None
    no_view_reason: str | None
    views: list[ViewPrediction] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)
    silent: dict[ModelRef, str] = field(default_factory=dict)
    trouble: TransientError | None = None  # met on the way: all of it has to be tried again

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

    def take(self, name: str, said: Said) -> None:
        self.findings += said.findings
        self.silent |= said.silent
        self.done.append(name)


def decode(job: Job, *, read: Callable[[Path], Film]) -> Film | RadrouterError:
    """The job's film, or why there is none; any other exception is a fault of ours and passes through."""
    try:
        return read(job.path)
    except FilmError as error:
        return error
    except OSError as error:  # storage may be away for a while: a network share, a disk being swapped
        return OutOfResources(f"the stored file cannot be read: {error.strerror or error}")


def analyse(
    jobs: Sequence[Job],
    films: Sequence[Film | RadrouterError],
    *,
    rules: RuleSet,
    models: Classifiers,
    read: ReadAgain,
) -> list[Analysis | RadrouterError]:
    """Analyse a batch; ``films[i]`` is what :func:`decode` made of ``jobs[i]``.

    A NotAFilm becomes an Analysis without a view, still routed by rules on its header, also to networks that
    are made for such objects; every other error is returned in its film's place. ``read`` is called for those
    objects alone of which a network needs more than ``films`` hold. ``duration_ms`` is the batch's time
    shared equally among its films.
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
    _run_specialists(list(courses.values()), rules, models, read)
    share = (time.perf_counter() - start) * 1000 / max(1, len(courses))
    for index, course in courses.items():
        results[index] = course.trouble or _analysis(course, rules, models, share)
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


def _run_specialists(
    courses: Sequence[_Course], rules: RuleSet, models: Classifiers, read: ReadAgain
) -> None:
    """Run what the rules ask for until they ask for nothing new: a finding may call for a further model.

    Each round asks at least one further name about some film, so there are at most as many rounds as names.
    """
    while wanted := _wanted(courses, rules, models):
        for name, group in wanted.items():
            _ask(name, group, models, read)


def _wanted(courses: Sequence[_Course], rules: RuleSet, models: Classifiers) -> dict[str, list[_Course]]:
    wanted: dict[str, list[_Course]] = {}
    for course in courses:
        for name in () if course.trouble else course.decide(rules).analyse:
            if name not in course.asked and models.runs(name):
                wanted.setdefault(name, []).append(course)
    return wanted


def _ask(name: str, group: Sequence[_Course], models: Classifiers, read: ReadAgain) -> None:
    """Put one name's question about a group of films; who cannot be asked about a film is silent, and why."""
    ready: list[tuple[_Course, Film]] = []
    for course, film in zip(group, _films(name, group, models, read), strict=True):
        course.asked.add(name)
        if isinstance(film, TransientError):
            course.trouble = film
        elif isinstance(film, RadrouterError):
            course.silent[models.ran(name)[0]] = f"not analysed: {film}"
        else:
            ready.append((course, film))
    if ready:
        for (course, _), said in zip(ready, models.said(name, [film for _, film in ready]), strict=True):
            course.take(name, said)


def _films(
    name: str, group: Sequence[_Course], models: Classifiers, read: ReadAgain
) -> list[Film | RadrouterError]:
    """The group's films as the name needs them: those at hand where they are enough, else read again."""
    try:
        need = models.need(name)
    except ModelAbsent as error:
        return [error] * len(group)
    films: dict[int, Film | RadrouterError] = {
        index: course.film
        for index, course in enumerate(group)
        if course.film is not None and need.met_by(course.film)
    }
    short = [index for index in range(len(group)) if index not in films]
    if short:
        films.update(zip(short, read([group[index].job for index in short], need), strict=True))
    return [films[index] for index in range(len(group))]


def _analysis(course: _Course, rules: RuleSet, models: Classifiers, share_ms: float) -> Analysis:
    decision = course.decide(rules)
    views = course.views
    ran = [prediction.model for prediction in views]
    ran += [model for name in course.done for model in models.ran(name)]
    asked = dict.fromkeys(member for name in decision.analyse for member in members_of(name))
    return Analysis(
        view=views[0] if views else None,
        no_view_reason=course.no_view_reason,
        decision=decision,
        findings=tuple(course.findings),
        models_run=tuple(dict.fromkeys(ran)),
        models_absent=tuple(name for name in asked if name not in models.installed),
        models_silent=course.silent,
        shadow_views=tuple(views[1:]),
        duration_ms=share_ms,
    )
