"""What to expect of a study: what its orders ask for by the procedure map, or what its headers claim."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from router.anatomy import is_paired
from router.claims import claims_of
from router.orders import Expectation, Order, OrderControl, OrderSource, Procedure, Side, Unmapped
from router.procedure_map import Entry, Match, ProcedureMap
from router.procedure_text import parse_map
from router.verdicts import FilmFacts

__all__ = ["Entry", "Match", "ProcedureMap", "expect", "parse_map"]

Expected = tuple[tuple[Expectation, ...], tuple[Unmapped, ...]]


def expect(procedures: ProcedureMap, orders: Iterable[Order], films: Sequence[FilmFacts]) -> Expected:
    """What the orders let one expect, and what of them the map does not know.

    Orders that are cancelled count for nothing. Where no order names a procedure, the films' own headers do
    (source HEADER). One procedure that several orders name, as when HL7 and the worklist both bring it, is
    expected once.
    """
    found: list[Expectation] = []
    unmapped: dict[Unmapped, None] = {}
    named = [
        (order, procedure)
        for order in orders
        if order.control is not OrderControl.CANCEL
        for procedure in order.procedures
    ]
    for order, procedure in named:
        match = procedures.find(procedure)
        if isinstance(match, Match):
            found.append(_ordered(match, order))
        else:
            unmapped[Unmapped(procedure=procedure, order_number=order.order_number, reason=match)] = None
    if not named:
        return _claimed(procedures, films)
    return _once(found), tuple(unmapped)


def _ordered(match: Match, order: Order) -> Expectation:
    sides = {side for side in (match.side, order.side) if side in (Side.LEFT, Side.RIGHT)}
    conflict = match.side_conflict
    if len(sides) > 1:
        conflict = f"the order says {order.side}, its procedure {match.side}"
    return _expectation(
        match,
        source=order.source,
        side=None if conflict else order.side or match.side,
        order_number=order.order_number,
        conflict=conflict,
    )


def _expectation(
    match: Match,
    *,
    source: OrderSource,
    side: Side | None,
    order_number: str | None = None,
    conflict: str | None = None,
) -> Expectation:
    paired = is_paired(match.entry.regions[0])
    return Expectation(
        procedure=match.entry.name,
        source=source,
        regions=match.entry.regions,
        side=side if paired and side is not Side.UNPAIRED else None,
        views=match.views,
        evidence=match.evidence,
        order_number=order_number,
        side_conflict=conflict if paired else None,
    )


def _once(found: Sequence[Expectation]) -> tuple[Expectation, ...]:
    """Each procedure once for each side; one without a side is the one that has it."""
    kept: list[Expectation] = []
    for expectation in sorted(found, key=lambda each: each.side is None):
        same = [each for each in kept if each.procedure == expectation.procedure]
        if not any(expectation.side in (each.side, None) for each in same):
            kept.append(expectation)
    return tuple(sorted(kept, key=found.index))


def _claimed(procedures: ProcedureMap, films: Sequence[FilmFacts]) -> Expected:
    """What the headers claim was asked for; where they say nothing of it, what they claim the films show."""
    said = dict.fromkeys(procedure for film in films for procedure in film.procedures)
    for film in films:
        if film.study_description and film.study_description.strip():
            said.setdefault(Procedure(code=None, description=film.study_description.strip()))
    matches = {procedure: procedures.find(procedure) for procedure in said}
    found = [
        _expectation(match, source=OrderSource.HEADER, side=match.side, conflict=match.side_conflict)
        for match in matches.values()
        if isinstance(match, Match)
    ]
    if found:
        return _once(found), ()
    unmapped = tuple(
        Unmapped(procedure=procedure, order_number=None, reason=why)
        for procedure, why in matches.items()
        if isinstance(why, str)
    )
    return _shown(procedures, films), unmapped


def _shown(procedures: ProcedureMap, films: Sequence[FilmFacts]) -> tuple[Expectation, ...]:
    """One expectation for each region that a film's header names, without any view."""
    found: dict[tuple[str, ...], Expectation] = {}
    for film in films:
        for claim in claims_of(film, procedures):
            regions = tuple(sorted(claim.regions))
            if not regions:
                continue
            found.setdefault(
                regions,
                Expectation(
                    procedure=" or ".join(region.replace("_", " ") for region in regions),
                    source=OrderSource.HEADER,
                    regions=regions,
                    side=None,
                    views=(),
                    evidence=claim.evidence,
                ),
            )
    return tuple(found.values())
