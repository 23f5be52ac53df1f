"""What the scores of one film allow: how sure it is that a film does not show what was expected.

A film need not be named to be told from another: one that wavers between hand and wrist is surely no knee.
So nothing here asks for the leading candidate alone; what counts is how much of the probability could still
lie on the views in question.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from router.anatomy import families_of, lookalikes, region_of
from router.conditions import decimal
from router.verdicts import FilmFacts, Source
from router.views import NNCPR_VIEWS, OTHER, UNSURE, VIEWS

Views = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How sure the evidence has to be before something is called a fault; each in [0, 1].

    The values were chosen on films that may choose (docs/orders.md says how), and are no settings: they
    belong to the classifier whose labels ``model_views`` holds.
    """

    wrong_region: float = 0.92
    neighbour_region: float = 0.99  # regions that lie in one another's films (router.anatomy)
    confused_region: float = 0.998  # regions whose films are taken for one another
    wrong_projection: float = 0.80
    lookalike: float = 0.90  # views that differ by degrees
    header_region: float = 0.80
    header_projection: float = 0.90
    quarter_turn: float = 0.50
    upside_down: float = 0.95  # told from upright less surely than a quarter turn is
    model_views: Views = frozenset(NNCPR_VIEWS)  # what the classifier can name at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One film and the probability of each label that is known of it."""

    film: FilmFacts
    scores: Mapping[str, float]
    rest: float  # probability of all labels that were not kept
    model_views: Views

    @property
    def stated(self) -> str | None:
        """The view it is said to be, if it is said."""
        return self.film.view if self.film.view in VIEWS else None

    @property
    def best(self) -> str | None:
        """The view it most likely is, said or not; None where nothing is known."""
        named = {label: score for label, score in self.scores.items() if label in VIEWS}
        return self.stated or max(sorted(named), key=named.__getitem__, default=None)

    @property
    def region(self) -> str | None:
        """The region it most likely shows."""
        if self.stated:
            return region_of(self.stated)
        sums: defaultdict[str, float] = defaultdict(float)
        for label, score in self.scores.items():
            if region := region_of(label):
                sums[region] += score
        return max(sorted(sums), key=sums.__getitem__, default=None)

    def at_most(self, views: Views) -> float:
        """The greatest probability that it shows one of these views, in [0, 1].

        What the model cannot name speaks for them: *other*, and for a view it never learnt the views that it
        would take it for. So may what was not kept of its scores.
        """
        possible = views | {OTHER}
        for unknown in views - self.model_views:
            possible |= {label for label in self.scores if _taken_for(unknown, label)}
        listed = sum(score for label, score in self.scores.items() if label in possible)
        unlisted = len((views & self.model_views) - self.scores.keys())
        least = min(self.scores.values(), default=1.0)
        return min(1.0, listed + min(self.rest, unlisted * least))

    def against(self, views: Views) -> float:
        """How sure it is that it shows none of these views, in [0, 1]."""
        return 1.0 - self.at_most(views)

    def said(self) -> str:
        """What is said of it, for a sentence: ``knee_ap (0.98)``."""
        film = self.film
        if film.view is None:
            return "not named"
        if film.source is Source.HUMAN:
            return f"{film.view}, a reviewer says"
        score = "" if film.score is None else f" ({decimal(film.score)})"
        if film.view != UNSURE:
            return film.view + score
        best = self.best
        return f"unsure, at best {best} ({decimal(self.scores[best])})" if best else "unsure"


def _taken_for(unknown: str, label: str) -> bool:
    """Whether a view that the model never learnt may be called ``label``: one of its region and kind."""
    alike = label in lookalikes(unknown) or not families_of(label).isdisjoint(families_of(unknown))
    return alike and region_of(label) == region_of(unknown)


def reading_of(film: FilmFacts, model_views: Views) -> Reading:
    """A film's scores, or as much as is known of them; a reviewer's word is certain."""
    scores: dict[str, float] = {}
    if film.view is not None and film.source is not Source.AI:
        scores = {film.view: 1.0}
    elif film.view is not None and film.candidates:
        scores = {candidate.label: candidate.score for candidate in film.candidates}
    elif film.view is not None and film.score is not None and film.view != UNSURE:
        scores = {film.view: film.score}
        if film.runner_up and film.margin is not None:
            scores.setdefault(film.runner_up, max(0.0, film.score - film.margin))
    return Reading(
        film=film,
        scores=scores,
        rest=max(0.0, 1.0 - sum(scores.values())),
        model_views=model_views if film.source is Source.AI else frozenset(VIEWS),
    )
