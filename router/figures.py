"""What people's reviews say about us: how often a flag was right, what is taken for what, and for whom.

Reviewed films are mostly those that were flagged, so these figures are not the accuracy over all films: they
tell what an administrator can act on, a flag that cries wolf or a scanner whose films are misread.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from router.flags import OF_THE_STUDY
from router.verdicts import Kind
from router.views import UNSURE

ENOUGH = 20  # below this many, an interval is so wide that a figure says nothing
Z_95 = 1.959964  # two-sided 95 % of the normal distribution
NO_VIEW = "no view"


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """What the reviews of one film say about us."""

    sop_instance_uid: str
    study_instance_uid: str
    predicted_view: str | None
    true_view: str | None  # None: nobody said, or they disagree
    model: str | None
    calling_ae_title: str
    manufacturer_model_name: str | None
    station_name: str | None
    confirmed: frozenset[Kind]  # flags that the reviews upheld
    dismissed: frozenset[Kind]  # flags that the reviews took away
    reviewers: int  # whose word on the film's view stands
    reviewed_at: datetime  # the latest word


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many, with the interval that holds the true share in 95 of 100 cases."""

    count: int
    of: int
    low: float  # in [0, 1]
    high: float  # in [0, 1]

    @property
    def value(self) -> float | None:
        """The share in [0, 1]; None of nothing."""
        return self.count / self.of if self.of else None

    @property
    def is_enough(self) -> bool:
        """Whether there are enough reviews to say anything."""
        return self.of >= ENOUGH


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """What films show, by what was said of them: ``counts[row][column]``."""

    rows: tuple[str, ...]  # true views
    columns: tuple[str, ...]  # predicted views; every row's view first, in the same order
    counts: tuple[tuple[int, ...], ...]

    def share(self, row: int, column: int) -> float:
        """The part of a true view's films that was taken for the column's."""
        return self.counts[row][column] / sum(self.counts[row])


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One view taken for another, and how often."""

    true_view: str
    predicted_view: str
    films: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigures:
    """The films of one scanner, station or sender."""

    name: str | None  # None: the header does not say
    agreement: Share
    flags: Share  # upheld, of those that were judged
    worst: Mistake | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All of it. ``agreement`` counts films whose view was stated and whose reviewers agree."""

    films: int
    flags: Mapping[Kind, Share]  # upheld, of those that were judged
    agreement: Share
    stated: Share  # films whose view was stated, of those whose view the reviewers agree on
    between: Share  # films on which reviewers agree, of those with two or more
    confusion: Confusion
    by_scanner: tuple[GroupFigures, ...]
    by_station: tuple[GroupFigures, ...]
    by_sender: tuple[GroupFigures, ...]


def wilson(count: int, of: int) -> Share:
    """The share with its 95 % interval (Wilson 1927, J Am Stat Assoc 22:209): sound for small numbers too."""
    if not of:
        return Share(count=0, of=0, low=0.0, high=1.0)
    share, square = count / of, Z_95**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z_95 / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of**2))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Share(count=count, of=of, low=0.0 if count == 0 else low, high=1.0 if count == of else high)


def figures(rows: Iterable[FigureRow]) -> Figures:
    """What these films' reviews say. Rows are read once."""
    films = tuple(rows)
    judged = [film for film in films if film.true_view is not None]
    several = [film for film in films if film.reviewers > 1]
    return Figures(
        films=len(films),
        flags=_flags(films),
        agreement=_agreement(judged),
        stated=wilson(sum(_is_stated(film) for film in judged), len(judged)),
        between=wilson(sum(film.true_view is not None for film in several), len(several)),
        confusion=confusion(judged),
        by_scanner=_groups(films, lambda film: film.manufacturer_model_name),
        by_station=_groups(films, lambda film: film.station_name),
        by_sender=_groups(films, lambda film: film.calling_ae_title),
    )


def confusion(judged: Iterable[FigureRow]) -> Confusion:
    """What films show (rows) by what was said of them (columns), commonest view first."""
    counts = Counter((film.true_view or "", film.predicted_view or NO_VIEW) for film in judged)
    true: Counter[str] = Counter()
    said: Counter[str] = Counter()
    for (shows, says), number in counts.items():
        true[shows] += number
        said[says] += number
    rows = tuple(sorted(true, key=lambda view: (-true[view], view)))
    others = sorted(said.keys() - true.keys(), key=lambda view: (view in (UNSURE, NO_VIEW), view))
    columns = (*rows, *others)
    return Confusion(
        rows=rows,
        columns=columns,
        counts=tuple(tuple(counts[shows, says] for says in columns) for shows in rows),
    )


def _is_stated(film: FigureRow) -> bool:
    return film.predicted_view not in (None, UNSURE)


def _agreement(judged: Iterable[FigureRow]) -> Share:
    stated = [film for film in judged if _is_stated(film)]
    return wilson(sum(film.predicted_view == film.true_view for film in stated), len(stated))


def _flags(films: Sequence[FigureRow]) -> dict[Kind, Share]:
    """Per kind, in the order of ``Kind``; only kinds that somebody judged."""
    upheld: dict[Kind, set[str]] = defaultdict(set)
    taken: dict[Kind, set[str]] = defaultdict(set)
    for film in films:
        for found, kinds in ((upheld, film.confirmed), (taken, film.dismissed)):
            for kind in kinds:
                found[kind].add(film.study_instance_uid if kind in OF_THE_STUDY else film.sop_instance_uid)
    return {
        kind: wilson(len(upheld[kind] - taken[kind]), len(upheld[kind] | taken[kind]))
        for kind in Kind
        if upheld[kind] or taken[kind]
    }


def _groups(films: Sequence[FigureRow], name: Callable[[FigureRow], str | None]) -> tuple[GroupFigures, ...]:
    """One group a name, the most films first."""
    found: dict[str | None, list[FigureRow]] = defaultdict(list)
    for film in films:
        found[name(film)].append(film)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0] is None, item[0] or ""))
    return tuple(_group(group, members) for group, members in ordered)


def _group(name: str | None, members: Sequence[FigureRow]) -> GroupFigures:
    judged = [film for film in members if film.true_view is not None]
    wrong = Counter(
        (film.true_view or "", film.predicted_view or NO_VIEW)
        for film in judged
        if _is_stated(film) and film.predicted_view != film.true_view
    )
    flags = _flags(members).values()
    worst = min(wrong.items(), key=lambda item: (-item[1], item[0]), default=None)
    return GroupFigures(
        name=name,
        agreement=_agreement(judged),
        flags=wilson(sum(share.count for share in flags), sum(share.of for share in flags)),
        worst=None
        if worst is None
        else Mistake(true_view=worst[0][0], predicted_view=worst[0][1], films=worst[1]),
    )
