"""Faults of the month: one is put into a study that was right before."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace

from bench.month_films import Named
from bench.month_studies import Orders, Study, facts
from router.anatomy import ANY_WAY_ROUND, neighbours, region_of
from router.claim_tables import BODY_PARTS
from router.orders import Side
from router.verdicts import FilmFacts, Kind

OPPOSITE = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}

Fault = Callable[[Study, Orders, random.Random], Study | None]


def _swapped_film(study: Study, orders: Orders, chance: random.Random) -> Study | None:
    """One film that belongs to somebody else's order, its header filled in from this one."""
    at = chance.randrange(len(study.films))
    return _replaced(study, at, chance.choice(_elsewhere(study, orders, chance).named))


def _swapped_study(study: Study, orders: Orders, chance: random.Random) -> Study | None:
    """The films of somebody else's order: two patients were mixed up."""
    other = _elsewhere(study, orders, chance)
    near = any(region_of(film.view) in neighbours(r) for film in other.named for r in study.entry.regions)
    return replace(study, named=other.named, films=other.films, near=near)


def _elsewhere(study: Study, orders: Orders, chance: random.Random) -> Study:
    """A study of which no film is of this one's regions."""
    while True:
        other = orders.study(chance)
        if not any(region_of(film.view) in study.entry.regions for film in other.named):
            return other


def _wrong_projection(study: Study, orders: Orders, chance: random.Random) -> Study | None:
    """One film of the right region, but of a view that nobody asked for in this place."""
    at = chance.randrange(len(study.films))
    view = study.named[at].view
    slots = [slot for slot in study.entry.views if view in slot.views and not slot.optional]
    asked = {view for slot in slots for view in slot.views}
    others = [
        other for other in orders.pool.by_view if region_of(other) == region_of(view) and other not in asked
    ]
    if not others or any(slot.optional for slot in study.entry.views):
        return None
    return _replaced(study, at, orders.pool.draw(chance.choice(sorted(others)), chance, study.named))


def _missing(study: Study, orders: Orders, chance: random.Random) -> Study | None:
    del orders
    if len(study.films) < 2:
        return None
    at = chance.randrange(len(study.films))
    return replace(
        study,
        named=study.named[:at] + study.named[at + 1 :],
        films=study.films[:at] + study.films[at + 1 :],
    )


def _wrong_side(study: Study, orders: Orders, chance: random.Random) -> Study | None:
    """One film whose header names the other side."""
    del orders
    at = chance.randrange(len(study.films))
    side = study.order.side
    return _changed(study, at, image_laterality=str(OPPOSITE[side])) if side in OPPOSITE else None


def _header(study: Study, orders: Orders, chance: random.Random) -> Study | None:
    """One film whose header names a region far away."""
    del orders
    at = chance.randrange(len(study.films))
    region = region_of(study.named[at].view) or ""
    far = [part for part, regions in BODY_PARTS.items() if neighbours(region).isdisjoint(regions)]
    return _changed(study, at, body_part_examined=chance.choice(far))


def _rotated(study: Study, orders: Orders, chance: random.Random) -> Study | None:
    del orders
    fitting = [at for at, film in enumerate(study.named) if film.view not in ANY_WAY_ROUND]
    if not fitting:
        return None
    at = chance.choice(fitting)
    film = facts(study.named[at], study.order.side, chance, at, quarter=chance.choice((1, 2, 3)))
    return _with(study, at, film)


def _duplicate(study: Study, orders: Orders, chance: random.Random) -> Study | None:
    del orders
    at = chance.randrange(len(study.films))
    copy = replace(study.films[at], sop_instance_uid="1.99")
    return replace(study, named=(*study.named, study.named[at]), films=(*study.films, copy))


# a film in the place of another is one missing too, and its header may still speak of that other
_REPLACED = frozenset((Kind.MISSING_VIEW, Kind.HEADER_CONTRADICTS))
FAULTS: Mapping[str, tuple[Fault, Kind, frozenset[Kind]]] = {
    # how it is made | what has to be said | what else is true of it
    "film of another region": (_swapped_film, Kind.WRONG_REGION, _REPLACED),
    "study of another region": (_swapped_study, Kind.WRONG_REGION, _REPLACED | {Kind.SIDE_CONFLICT}),
    "wrong projection": (_wrong_projection, Kind.WRONG_PROJECTION, _REPLACED),
    "missing view": (_missing, Kind.MISSING_VIEW, frozenset()),
    "wrong side": (_wrong_side, Kind.SIDE_CONFLICT, frozenset()),
    "wrong header": (_header, Kind.HEADER_CONTRADICTS, frozenset()),
    "turned": (_rotated, Kind.ROTATED, frozenset()),
    "sent twice": (_duplicate, Kind.DUPLICATE, frozenset()),
}


def with_fault(orders: Orders, fault: str, chance: random.Random) -> Study:
    """A study with one fault, drawn until it can have it."""
    while True:
        study = FAULTS[fault][0](orders.study(chance), orders, chance)
        if study is not None:
            return replace(study, fault=fault)


def _replaced(study: Study, at: int, film: Named | None) -> Study | None:
    """The study with another film in a place; its header says what that place's did."""
    if film is None:
        return None
    said, before = film.said[0], study.films[at]
    changed = replace(
        before,
        view=said.view,
        score=said.score,
        margin=said.margin,
        candidates=said.candidates,
        rotation=said.rotation,
        rotation_score=said.rotation_score,
        view_position=None,
    )
    named = (*study.named[:at], film, *study.named[at + 1 :])
    near = any(region_of(film.view) in neighbours(region) for region in study.entry.regions)
    return replace(_with(study, at, changed), named=named, near=near)


def _changed(study: Study, at: int, **header: str) -> Study:
    return _with(study, at, replace(study.films[at], **header))  # type: ignore[arg-type]


def _with(study: Study, at: int, film: FilmFacts) -> Study:
    return replace(study, films=(*study.films[:at], film, *study.films[at + 1 :]))
