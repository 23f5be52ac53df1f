"""One study on its way through the comparison: what was expected, what came, and which film is which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.anatomy import region_of, views_of
from router.evidence import Reading, Thresholds, Views
from router.orders import Expectation, Unmapped
from router.procedure_map import ProcedureMap
from router.slots import Matching, match, side_of, slots_of


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFilms:
    """One study as it is compared; copies and objects that are no films are left out of ``readings``."""

    expectations: tuple[Expectation, ...]
    unmapped: tuple[Unmapped, ...]
    readings: tuple[Reading, ...]
    matching: Matching
    thresholds: Thresholds
    procedures: ProcedureMap | None

    @property
    def left_over(self) -> tuple[Reading, ...]:
        """The films that no expected view was given, in order."""
        return tuple(each for at, each in enumerate(self.readings) if at not in self.matching.taken)

    @property
    def regions(self) -> Views:
        """Every region that was expected."""
        return frozenset(region for expectation in self.expectations for region in expectation.regions)

    @property
    def welcome(self) -> Views:
        """Every view that was expected; all of a region whose views nobody named."""
        named = {view for expectation in self.expectations for e in expectation.views for view in e.views}
        open_regions = {
            region
            for expectation in self.expectations
            if not expectation.views
            for region in expectation.regions
        }
        return frozenset(named) | views_of(frozenset(open_regions))

    def expects_region_of(self, view: str | None) -> bool:
        """Whether a view shows one of the expected regions."""
        return view is not None and region_of(view) in self.regions


def ordered_of(study: StudyFilms, index: int) -> tuple[Expectation, ...]:
    """The expectations that a film belongs to: that of its place, else those of the region it shows.

    A film of which nobody can say what it shows may belong to any.
    """
    reading = study.readings[index]
    slots = (
        slot for slot, film in zip(study.matching.slots, study.matching.film_of, strict=True) if film == index
    )
    if (slot := next(slots, None)) is not None:
        return (slot.expectation,)
    of_region = tuple(each for each in study.expectations if reading.region in each.regions)
    return of_region or (() if reading.stated else study.expectations)


def side_is_there(study: StudyFilms, index: int, ordered: Sequence[Expectation]) -> bool:
    """Whether the ordered side is complete without this film, so that it is one to compare with."""
    side = side_of(study.readings[index])
    wanted = [each for each in ordered if each.side is not None and each.side is not side]
    if not wanted or side is None:
        return False
    of_side = [each for each in study.readings if side_of(each) is not side]
    shown = any(side_of(each) is want.side for each in of_side for want in wanted)
    return shown and not any(match(slots_of(wanted), of_side, study.thresholds).unfilled())
