"""A model's answers by scanner, the present ones held against those of a reference period and of its pack."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from router.drift import SCORE_EDGES, Comparison, Histogram, compare, score_bin, score_bins

MOST_SCANNERS = 20
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a model said of one film."""

    scanner: str
    study: int  # equal for the films of one study, and of no other meaning
    at: datetime  # when the film came
    said: str  # the view, or what another head said; of a specialist what ``counts_for`` gives
    score: float | None  # calibrated probability in [0, 1]; None: nothing was stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From ``since`` until before ``until``."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """What is compared with what. No ``current`` while the reference is still being gathered."""

    reference: Span
    current: Span | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The scores on the films that the pack was measured on."""

    edges: tuple[float, ...]
    films: tuple[int, ...]  # by bin, one more than edges


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One bin or one view: how large a part of the films it was and is, in [0, 1]."""

    name: str
    reference: float
    current: float
    trained: float | None = None  # in the pack's baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One week of the current span against the reference."""

    begins: date
    films: int
    scores: Comparison
    said: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerDrift:
    """The films of one scanner; ``scanner`` None: those of all."""

    scanner: str | None
    films: int
    scores: Comparison  # against the reference period
    trained: Comparison | None  # scores against the pack's baseline, where it has one
    said: Comparison  # against the reference period: the mix of views is each site's own
    score_parts: tuple[Part, ...]
    said_parts: tuple[Part, ...]  # the largest change first
    weeks: tuple[Week, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """All scanners together first, then one by one, the most films first."""

    scanners: tuple[ScannerDrift, ...]
    left_out: int  # scanners beyond the first ``MOST_SCANNERS``


def spans(
    first_at: datetime, now: datetime, *, days: int, reference_days: int, reference_from: datetime | None
) -> Spans:
    """The reference begins with the model's first film here, or where told; the current films come after."""
    since = reference_from or first_at
    until = since + timedelta(days=reference_days)
    begins = max(until, now - timedelta(days=days))
    current = Span(since=begins, until=now) if begins < now else None
    return Spans(reference=Span(since=since, until=until), current=current)


def report(
    reference: Iterable[Answered], current: Sequence[Answered], *, span: Span, baseline: Baseline | None
) -> DriftReport:
    """What changed, for all films of ``span`` and by scanner; both samples are of one model and one head."""
    then, now = _by_scanner(reference), _by_scanner(current)
    names = sorted(now, key=lambda name: (-len(now[name]), name))
    everything = [answer for films in then.values() for answer in films]
    found = [_drift(None, everything, current, span, baseline)] if current else []
    found += [_drift(name, then.get(name, []), now[name], span, baseline) for name in names[:MOST_SCANNERS]]
    return DriftReport(scanners=tuple(found), left_out=len(names[MOST_SCANNERS:]))


def of_scores(answers: Iterable[Answered], edges: Sequence[float]) -> Histogram:
    """The scores in bins; films of which nothing was stated have none."""
    scored = [(answer, answer.score) for answer in answers if answer.score is not None]
    counts = Counter(score_bin(score, edges) for _, score in scored)
    named = {name: counts[number] for number, name in enumerate(score_bins(edges))}
    return Histogram(films=named, independent=_studies(answer for answer, _ in scored))


def of_said(answers: Iterable[Answered]) -> Histogram:
    """What was said, by how often."""
    answers = tuple(answers)
    return Histogram(films=Counter(answer.said for answer in answers), independent=_studies(answers))


def _drift(
    scanner: str | None,
    then: Sequence[Answered],
    now: Sequence[Answered],
    span: Span,
    baseline: Baseline | None,
) -> ScannerDrift:
    edges = baseline.edges if baseline else SCORE_EDGES
    trained = _trained(baseline) if baseline else None
    scores_then, scores_now = of_scores(then, edges), of_scores(now, edges)
    said_then, said_now = of_said(then), of_said(now)
    return ScannerDrift(
        scanner=scanner,
        films=len(now),
        scores=compare(scores_then, scores_now),
        trained=compare(trained, scores_now) if trained else None,
        said=compare(said_then, said_now),
        score_parts=tuple(_parts(score_bins(edges), scores_then, scores_now, trained)),
        said_parts=_changes(said_then, said_now),
        weeks=tuple(_weeks(now, span, scores_then, said_then, edges)),
    )


def _trained(baseline: Baseline) -> Histogram:
    named = dict(zip(score_bins(baseline.edges), baseline.films, strict=True))
    return Histogram(films=named, independent=sum(baseline.films))


def _parts(names: Iterable[str], then: Histogram, now: Histogram, trained: Histogram | None) -> list[Part]:
    return [
        Part(
            name=name,
            reference=then.share(name),
            current=now.share(name),
            trained=trained.share(name) if trained else None,
        )
        for name in names
    ]


def _changes(then: Histogram, now: Histogram) -> tuple[Part, ...]:
    parts = _parts(dict.fromkeys((*now.films, *then.films)), then, now, None)
    return tuple(sorted(parts, key=lambda part: (-abs(part.current - part.reference), part.name)))


def _weeks(
    now: Sequence[Answered], span: Span, scores: Histogram, said: Histogram, edges: Sequence[float]
) -> Iterable[Week]:
    """Whole weeks counted back from the span's end; what is left at its beginning is a shorter one."""
    by_week: Mapping[int, list[Answered]] = defaultdict(list)
    for answer in now:
        by_week[int((span.until - answer.at) / WEEK)].append(answer)
    for ago in reversed(range(-(-(span.until - span.since) // WEEK))):
        films = by_week.get(ago, [])
        yield Week(
            begins=max(span.since, span.until - (ago + 1) * WEEK).date(),
            films=len(films),
            scores=compare(scores, of_scores(films, edges)),
            said=compare(said, of_said(films)),
        )


def _by_scanner(answers: Iterable[Answered]) -> dict[str, list[Answered]]:
    found: dict[str, list[Answered]] = defaultdict(list)
    for answer in answers:
        found[answer.scanner].append(answer)
    return found


def _studies(answers: Iterable[Answered]) -> int:
    return len({answer.study for answer in answers})
