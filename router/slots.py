"""The films that were expected, one by one, and which film of the study each of them is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from router.anatomy import confused, is_paired, lookalikes, neighbours, region_of, views_of
from router.assignment import assign
from router.evidence import Reading, Thresholds, Views
from router.orders import Expectation, Side

# What a pair is worth: first the stated views that were asked for, then what could be one of them, then what
# is welcome beside them; the film's side and its score decide between equals.
_NEEDED, _POSSIBLE, _WELCOME, _SIDE = 1000.0, 100.0, 30.0, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One film that was expected."""

    expectation: Expectation
    views: Views
    usual: tuple[str, ...]  # the same views, the usual one first
    side: Side | None
    optional: bool

    @property
    def name(self) -> str:
        """For a sentence: ``wrist_ap or wrist_lateral, left``."""
        views = " or ".join(self.usual)
        sides = {Side.LEFT: ", left", Side.RIGHT: ", right"}
        return views + (sides.get(self.side, "") if self.side else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Which film is which slot: by index."""

    slots: tuple[Slot, ...]
    film_of: tuple[int | None, ...]  # for each slot the film that is, or could be, it
    sure: tuple[bool, ...]  # for each slot whether the film's stated view is the one expected

    @property
    def taken(self) -> frozenset[int]:
        """The films that have a slot."""
        return frozenset(film for film in self.film_of if film is not None)

    def unfilled(self) -> Iterator[Slot]:
        """The slots that no film could be; one film of both sides is both."""
        for index, slot in enumerate(self.slots):
            if self.film_of[index] is None and not slot.optional:
                yield slot


def slots_of(expectations: Sequence[Expectation]) -> tuple[Slot, ...]:
    """Every expected film; a procedure of both sides expects each view on either."""
    return tuple(
        Slot(
            expectation=expectation,
            views=frozenset(expected.views),
            usual=expected.views,
            side=side,
            optional=expected.optional,
        )
        for expectation in expectations
        for expected in expectation.views
        for side in _sides(expectation)
        for _ in range(expected.count)
    )


def match(slots: tuple[Slot, ...], readings: Sequence[Reading], thresholds: Thresholds) -> Matching:
    """Give each slot the film that fits it best."""
    worth = [[_worth(slot, reading, thresholds) for reading in readings] for slot in slots]
    film_of = assign(worth)
    _share(slots, readings, film_of)
    sure = [
        film is not None and readings[film].stated in slot.views
        for slot, film in zip(slots, film_of, strict=True)
    ]
    return Matching(slots=slots, film_of=tuple(film_of), sure=tuple(sure))


def side_of(reading: Reading) -> Side | None:
    """The side a film shows, by its reviewer, its marker or its header."""
    film = reading.film
    laterality = (film.image_laterality or "").strip().upper()
    header = Side(laterality) if laterality in {"R", "L", "B"} else None
    return film.side or film.marker_side or header


def ruled_out(reading: Reading, views: Views, thresholds: Thresholds) -> bool:
    """Whether it is sure enough that a film shows none of these views."""
    best, region = reading.best, reading.region
    regions = frozenset(of for view in views if (of := region_of(view)))
    if region not in regions:
        return reading.against(views_of(regions)) >= region_limit(region, regions, thresholds)
    alike = best is not None and not lookalikes(best).isdisjoint(views - {best})
    return reading.against(views) >= (thresholds.lookalike if alike else thresholds.wrong_projection)


def region_limit(region: str | None, regions: frozenset[str], thresholds: Thresholds) -> float:
    """How sure it has to be that a film, which looks like ``region``, shows none of these regions."""
    if region is None or not regions.isdisjoint(confused(region)):
        return thresholds.confused_region
    if not regions.isdisjoint(neighbours(region)):
        return thresholds.neighbour_region
    return thresholds.wrong_region


def _sides(expectation: Expectation) -> tuple[Side | None, ...]:
    both = expectation.side is Side.BOTH and is_paired(expectation.regions[0])
    return (Side.RIGHT, Side.LEFT) if both else (expectation.side,)


def _worth(slot: Slot, reading: Reading, thresholds: Thresholds) -> float:
    probable = sum(reading.scores.get(view, 0.0) for view in slot.views)
    if reading.stated in slot.views:
        kind = _WELCOME if slot.optional else _NEEDED
        return kind + _SIDE * _agreement(slot, reading) + probable
    if slot.optional or ruled_out(reading, slot.views, thresholds):
        return 0.0
    return _POSSIBLE + probable


def _agreement(slot: Slot, reading: Reading) -> int:
    """2 where the film's side is the expected one, 1 where one of them is not known, 0 where they differ."""
    side = side_of(reading)
    if slot.side in (None, Side.BOTH) or side in (None, Side.BOTH):
        return 1
    return 2 if side is slot.side else 0


def _share(slots: Sequence[Slot], readings: Sequence[Reading], film_of: list[int | None]) -> None:
    """Let a film that is not of one side only be the same view of the other too: both knees on a plate."""
    for index, slot in enumerate(slots):
        if film_of[index] is not None or slot.expectation.side is not Side.BOTH:
            continue
        for other, film in enumerate(film_of):
            twin = film is not None and slots[other].expectation is slot.expectation
            if twin and slots[other].views == slot.views and _shows_both(readings, film):
                film_of[index] = film
                break


def _shows_both(readings: Sequence[Reading], film: int | None) -> bool:
    return film is not None and side_of(readings[film]) not in (Side.LEFT, Side.RIGHT)
