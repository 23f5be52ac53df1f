"""The comparison of what was expected with the films that came: a pure function from both to a ``Verdict``.

Each film is given to the expected view that it fits best. What is left on either side is explained by one
remark: a film in the place of another, a film too many, a film too few. A fault is stated only where the
scores leave no room for what was expected (``Thresholds``); otherwise the remark says *unsure*. A film of a
view that was expected and is there already is a repeat, and no fault; nor is the other side, once the ordered
one is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from router.evidence import Thresholds, reading_of
from router.film_checks import contradicted, copies, duplicates, side_conflict, turned
from router.orders import Expectation, Unmapped
from router.procedure_map import ProcedureMap
from router.slots import match, slots_of
from router.study_films import StudyFilms, ordered_of, side_is_there
from router.verdicts import FilmFacts, Kind, Remark, Verdict
from router.view_remarks import completeness, view_remarks

__all__ = ["Thresholds", "compare"]

_FILM_MODALITIES = frozenset(("CR", "DX", "DR", "RG", "RF"))
_ORDER = {kind: position for position, kind in enumerate(Kind)}


def compare(
    study_instance_uid: str,
    expectations: Sequence[Expectation],
    unmapped: Sequence[Unmapped],
    films: Sequence[FilmFacts],
    *,
    has_order: bool,
    thresholds: Thresholds,
    map_version: str,
    procedures: ProcedureMap | None = None,
) -> Verdict:
    """Hold the films of one study against what was expected of it.

    ``procedures`` reads the descriptions in the films' headers; without it only their codes are read. Never
    raises, and does not depend on the order of the films.
    """
    ordered = sorted(films, key=lambda film: film.sop_instance_uid)
    found = copies(ordered)
    kept = [film for film in ordered if film.sop_instance_uid not in found and _is_film(film)]
    study = _study(expectations, unmapped, kept, thresholds, procedures)
    remarks = [*_about_orders(study, has_order=has_order), *duplicates(found), *_about_films(study)]
    remarks += view_remarks(study, contradicted=_contradicted(remarks))
    remarks += completeness(study, remarks)
    return Verdict(
        study_instance_uid=study_instance_uid,
        remarks=tuple(sorted(remarks, key=lambda each: (_ORDER[each.kind], each.sop_instance_uids))),
        expectations=study.expectations,
        unmapped=study.unmapped,
        films=tuple(film.sop_instance_uid for film in ordered),
        map_version=map_version,
    )


def _study(
    expectations: Sequence[Expectation],
    unmapped: Sequence[Unmapped],
    films: Sequence[FilmFacts],
    thresholds: Thresholds,
    procedures: ProcedureMap | None,
) -> StudyFilms:
    readings = tuple(reading_of(film, thresholds.model_views) for film in films)
    return StudyFilms(
        expectations=tuple(expectations),
        unmapped=tuple(unmapped),
        readings=readings,
        matching=match(slots_of(expectations), readings, thresholds),
        thresholds=thresholds,
        procedures=procedures,
    )


def _is_film(film: FilmFacts) -> bool:
    """Whether an object is a radiograph, or could be one; reports and key images are none."""
    return film.view is not None or film.modality in _FILM_MODALITIES


def _contradicted(remarks: Sequence[Remark]) -> frozenset[str]:
    return frozenset(
        film
        for remark in remarks
        if remark.kind is Kind.HEADER_CONTRADICTS
        for film in remark.sop_instance_uids
    )


def _about_orders(study: StudyFilms, *, has_order: bool) -> Iterator[Remark]:
    if not has_order:
        yield Remark(kind=Kind.NO_ORDER, sentence="no order is known for this study")
    for unmapped in study.unmapped:
        code = unmapped.procedure.code
        name = unmapped.procedure.description or (code.meaning or code.value if code else "without a name")
        yield Remark(
            kind=Kind.UNMAPPED,
            sentence=f'nobody can say what "{name}" asks for: {unmapped.reason or "it is not in the map"}',
            procedure=name,
        )
    for expectation in study.expectations:
        if expectation.side_conflict:
            yield Remark(
                kind=Kind.SIDE_CONFLICT,
                sentence=f"the order contradicts itself: {expectation.side_conflict}",
                procedure=expectation.procedure,
            )


def _about_films(study: StudyFilms) -> Iterator[Remark]:
    """What is wrong with single films, whatever was ordered."""
    for index, reading in enumerate(study.readings):
        yield from turned(reading, study.thresholds)
        yield from contradicted(reading, study.procedures, study.thresholds)
        ordered = ordered_of(study, index)
        comparison = side_is_there(study, index, ordered)
        yield from side_conflict(reading, ordered, study.procedures, comparison=comparison)
