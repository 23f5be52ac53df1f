"""What can be wrong with a single film: turned, inverted, sent twice, called another, of the wrong side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from router.anatomy import ANY_WAY_ROUND, families_of, is_paired, neighbours, views_of
from router.claims import Claim, claims_of
from router.conditions import decimal
from router.evidence import Reading, Thresholds, Views
from router.orders import Expectation, Side
from router.procedure_map import ProcedureMap
from router.verdicts import FilmFacts, Kind, Remark
from router.views import VIEWS

_NAMES = {Side.LEFT: "left", Side.RIGHT: "right"}
_DIGITS = 4  # a score with no more decimals than this may have been rounded, and proves nothing


def copies(films: Sequence[FilmFacts]) -> dict[str, str]:
    """The films that are copies, each with the one it is a copy of (SOP Instance UIDs).

    Copies have the same bytes or, sent under another SOP Instance UID, every score the same to the last
    digit.
    """
    first: dict[object, str] = {}
    found: dict[str, str] = {}
    for film in films:
        for key in _fingerprints(film):
            original = first.setdefault(key, film.sop_instance_uid)
            if original != film.sop_instance_uid:
                found.setdefault(film.sop_instance_uid, original)
    return found


def _fingerprints(film: FilmFacts) -> Iterator[object]:
    if film.sha256:
        yield film.sha256
    exact = [candidate for candidate in film.candidates if candidate.score != round(candidate.score, _DIGITS)]
    if len(exact) >= 3:
        yield (film.model, film.candidates)


def duplicates(found: dict[str, str]) -> Iterator[Remark]:
    """One remark for each copy."""
    for copy, original in found.items():
        yield Remark(
            kind=Kind.DUPLICATE,
            sentence="two films are the same picture, sent under two SOP Instance UIDs",
            sop_instance_uids=(original, copy),
            score=1.0,
        )


def turned(reading: Reading, thresholds: Thresholds) -> Iterator[Remark]:
    """A remark on a film that lies turned, or shows bone dark."""
    film, best = reading.film, reading.best
    score = film.rotation_score or 0.0
    angle = (film.rotation or 0) % 360
    limit = thresholds.upside_down if angle == 180 else thresholds.quarter_turn
    if best is not None and best not in ANY_WAY_ROUND and angle and score >= limit:
        yield Remark(
            kind=Kind.ROTATED,
            sentence=f"the film, {reading.said()}, lies turned by {film.rotation} degrees"
            f" counter-clockwise ({decimal(score)})",
            sop_instance_uids=(film.sop_instance_uid,),
            found=str(film.rotation),
            score=score,
        )
    if film.inverted:
        yield Remark(
            kind=Kind.INVERTED,
            sentence=f"the film, {reading.said()}, shows bone dark although its header says otherwise",
            sop_instance_uids=(film.sop_instance_uid,),
        )


def contradicted(
    reading: Reading, procedures: ProcedureMap | None, thresholds: Thresholds
) -> Iterator[Remark]:
    """A remark on a film whose header names another region or projection than its pixels show."""
    wrong = [
        (claim, evidence)
        for claim in claims_of(reading.film, procedures)
        if (evidence := _contradiction(reading, claim, thresholds)) is not None
    ]
    if not wrong:
        return
    said = " and ".join(claim.evidence for claim, _ in wrong)
    yield Remark(
        kind=Kind.HEADER_CONTRADICTS,
        sentence=f"{said}, but the pixels show {reading.said()}",
        sop_instance_uids=(reading.film.sop_instance_uid,),
        expected=wrong[0][0].value,
        found=reading.best,
        score=max(evidence for _, evidence in wrong),
    )


def _contradiction(reading: Reading, claim: Claim, thresholds: Thresholds) -> float | None:
    """How sure it is that a claim is wrong, or None where it is not sure enough or claims nothing."""
    if claim.regions:
        near = frozenset[str]().union(*(neighbours(region) for region in claim.regions))
        evidence = reading.against(views_of(near))
        if evidence >= thresholds.header_region:
            return evidence
    if claim.families:
        evidence = reading.against(_so_called(claim.families, reading))
        if evidence >= thresholds.header_projection:
            return evidence
    return None


def _so_called(families: Views, reading: Reading) -> Views:
    """The views that may be called so; of those the model cannot name, only the ones near this film."""
    near = neighbours(reading.region) if reading.region else frozenset()
    return frozenset(
        view.name
        for view in VIEWS.values()
        if families_of(view.name) & families and (view.name in reading.model_views or view.region in near)
    )


def sides_said(film: FilmFacts, procedures: ProcedureMap | None) -> dict[Side, str]:
    """The sides that are said of a film, left and right only, each with the first that says so."""
    said: dict[Side, str] = {}
    if film.side in _NAMES:
        said[film.side] = f"a reviewer says {_NAMES[film.side]}"
    if film.marker_side in _NAMES:
        said.setdefault(film.marker_side, f"the marker shows {_NAMES[film.marker_side]}")
    for claim in claims_of(film, procedures):
        if claim.side in _NAMES:
            said.setdefault(claim.side, claim.evidence)
    return said


def side_conflict(
    reading: Reading, ordered: Sequence[Expectation], procedures: ProcedureMap | None, *, comparison: bool
) -> Iterator[Remark]:
    """A remark on a film of which two sides are said.

    ``ordered``: the expectations it belongs to; with ``comparison`` the ordered side is there already, and
    this film of the other side is taken for one to compare with.
    """
    regions = [each.regions[0] for each in ordered] or [reading.region or ""]
    if not any(region and is_paired(region) for region in regions):
        return
    said = sides_said(reading.film, procedures)
    sides = {expectation.side for expectation in ordered}
    if len(sides) == 1 and not comparison:
        side = next(iter(sides))
        if side in _NAMES:
            said = {side: said.get(side, f"{_NAMES[side]} was ordered"), **said}
    if len(said) < 2:
        return
    yield Remark(
        kind=Kind.SIDE_CONFLICT,
        sentence=f"of the film {reading.said()}, {', but '.join(said.values())}",
        sop_instance_uids=(reading.film.sop_instance_uid,),
        expected=str(next(iter(said))),
        found=str(list(said)[1]),
        procedure=ordered[0].procedure if ordered else None,
    )
