"""What the comparison says of views: there, missing, too many, or another in their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from router.anatomy import views_of
from router.conditions import decimal
from router.evidence import Reading
from router.orders import OrderSource, Side
from router.slots import Slot, region_limit, ruled_out, side_of
from router.study_films import StudyFilms
from router.verdicts import Kind, Remark


def view_remarks(study: StudyFilms, *, contradicted: frozenset[str]) -> list[Remark]:
    """What is missing, what is there instead, and what nobody asked for.

    ``contradicted``: films whose header was found wrong already, which is not said twice where headers are
    all that is known of the order.
    """
    if not study.expectations:
        return []
    unfilled = list(study.matching.unfilled())
    remarks = list(_unsure_slots(study))
    by_headers = all(e.source is OrderSource.HEADER and not e.views for e in study.expectations)
    for reading in sorted(study.left_over, key=lambda each: not study.expects_region_of(each.best)):
        remark = _left_over(study, reading, unfilled)
        repeated = by_headers and reading.film.sop_instance_uid in contradicted
        if remark is not None and not (repeated and remark.kind is Kind.WRONG_REGION):
            remarks.append(remark)
    return remarks + [_missing(slot) for slot in unfilled]


def completeness(study: StudyFilms, remarks: Iterable[Remark]) -> Iterator[Remark]:
    """The remark that everything is there, where it is."""
    others = {remark.kind for remark in remarks} - {Kind.NO_ORDER}
    if others or not study.expectations or not study.readings:
        return
    names = " and ".join(f'"{each.procedure}"' for each in study.expectations)
    films = study.matching.taken or range(len(study.readings))
    readings = [study.readings[film] for film in films]
    yield Remark(
        kind=Kind.COMPLETE,
        sentence=f"all that {names} asks for is there: {', '.join(each.said() for each in readings)}",
        sop_instance_uids=tuple(sorted(each.film.sop_instance_uid for each in readings)),
        score=min((each.film.score for each in readings if each.film.score is not None), default=None),
        procedure=study.expectations[0].procedure,
    )


def _unsure_slots(study: StudyFilms) -> Iterator[Remark]:
    """A remark for each expected view that a film may or may not be."""
    matching = study.matching
    for slot, film, sure in zip(matching.slots, matching.film_of, matching.sure, strict=True):
        if film is None or sure:
            continue
        reading = study.readings[film]
        yield Remark(
            kind=Kind.UNSURE,
            sentence=f"{slot.name} was expected, and the film, {reading.said()}, could be it",
            sop_instance_uids=(reading.film.sop_instance_uid,),
            expected=slot.name,
            found=reading.best,
            score=reading.at_most(slot.views),
            procedure=slot.expectation.procedure,
        )


def _left_over(study: StudyFilms, reading: Reading, unfilled: list[Slot]) -> Remark | None:
    """What a film without a place of its own is; where it can it takes a slot's place from ``unfilled``."""
    if reading.best in study.welcome:
        slot = _take(unfilled, [each for each in unfilled if _in_place_of(reading, each)])
        if slot is not None:
            return _wrong_projection(reading, slot, reading.against(slot.views))
    if reading.stated in study.welcome:
        return None  # a repeat
    elsewhere = reading.against(views_of(study.regions))
    if elsewhere >= region_limit(reading.region, study.regions, study.thresholds):
        # A procedure that nobody understands may well have asked for it.
        return None if study.unmapped else _wrong_region(study, reading, _take(unfilled, unfilled), elsewhere)
    evidence = reading.against(study.welcome)
    if reading.region not in study.regions or not ruled_out(reading, study.welcome, study.thresholds):
        return _unsure(reading, evidence)
    slot = _take(unfilled, [each for each in unfilled if _in_place_of(reading, each)])
    if slot is not None:
        return _wrong_projection(reading, slot, evidence)
    return None if study.unmapped else _unexpected(study, reading, evidence)


def _in_place_of(reading: Reading, slot: Slot) -> bool:
    """Whether a film is of the region of a slot, and of its side as far as that is known."""
    side = side_of(reading)
    same_side = slot.side is None or side in (None, Side.BOTH, slot.side)
    return same_side and reading.region in slot.expectation.regions and reading.stated not in slot.views


def _take(unfilled: list[Slot], fitting: list[Slot]) -> Slot | None:
    """The first fitting slot, which is no longer unfilled then."""
    first = next(iter(fitting), None)
    if first is not None:
        unfilled.remove(first)
    return first


def _missing(slot: Slot) -> Remark:
    return Remark(
        kind=Kind.MISSING_VIEW,
        sentence=f'{slot.name} was expected of "{slot.expectation.procedure}", and no film can be it',
        expected=slot.name,
        procedure=slot.expectation.procedure,
    )


def _wrong_region(study: StudyFilms, reading: Reading, slot: Slot | None, evidence: float) -> Remark:
    regions = " or ".join(region.replace("_", " ") for region in study.expectations[0].regions)
    wanted = slot.name if slot else regions
    procedure = slot.expectation.procedure if slot else study.expectations[0].procedure
    return Remark(
        kind=Kind.WRONG_REGION,
        sentence=f'{wanted} was expected of "{procedure}", but the film is {reading.said()};'
        f" that it shows the expected region is ruled out with {decimal(evidence)}",
        sop_instance_uids=(reading.film.sop_instance_uid,),
        expected=wanted,
        found=reading.best,
        score=evidence,
        procedure=procedure,
    )


def _wrong_projection(reading: Reading, slot: Slot, evidence: float) -> Remark:
    return Remark(
        kind=Kind.WRONG_PROJECTION,
        sentence=f'{slot.name} was expected of "{slot.expectation.procedure}", but in its place there is'
        f" {reading.said()}; that it is the expected view is ruled out with {decimal(evidence)}",
        sop_instance_uids=(reading.film.sop_instance_uid,),
        expected=slot.name,
        found=reading.best,
        score=evidence,
        procedure=slot.expectation.procedure,
    )


def _unexpected(study: StudyFilms, reading: Reading, evidence: float) -> Remark:
    procedure = study.expectations[0].procedure
    return Remark(
        kind=Kind.UNEXPECTED_VIEW,
        sentence=f'nobody asked for {reading.said()} beside "{procedure}"',
        sop_instance_uids=(reading.film.sop_instance_uid,),
        found=reading.best,
        score=evidence,
        procedure=procedure,
    )


def _unsure(reading: Reading, evidence: float) -> Remark:
    return Remark(
        kind=Kind.UNSURE,
        sentence=f"the film, {reading.said()}, may be what was expected or not ({decimal(evidence)})",
        sop_instance_uids=(reading.film.sop_instance_uid,),
        found=reading.best,
        score=evidence,
    )
