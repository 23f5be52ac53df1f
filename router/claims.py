"""What one film's own header claims it shows: every element by itself, because they often disagree.

Absent values, nonsense, and values that say too little claim nothing: an error of ours would look like one of
the header's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from router.anatomy import AXIAL, FRONTAL, LATERAL, OBLIQUE
from router.claim_tables import BODY_PARTS, REGION_CODES, VIEW_CODES, VIEW_POSITIONS
from router.condition_text import quoted
from router.orders import Side
from router.procedure_map import Match, ProcedureMap
from router.verdicts import FilmFacts

_FAMILIES = frozenset((FRONTAL, LATERAL, OBLIQUE, AXIAL))
_LATERALITY = {"R": Side.RIGHT, "L": Side.LEFT, "B": Side.BOTH}  # U, unpaired, claims no side
Words = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one element of a header says of its film; what is empty or None is not said."""

    keyword: str
    value: str
    regions: Words = frozenset()
    families: Words = frozenset()  # frontal, lateral, oblique, axial
    side: Side | None = None

    @property
    def evidence(self) -> str:
        """Half a sentence."""
        return f"{self.keyword} says {quoted(self.value)}"


def claims_of(film: FilmFacts, procedures: ProcedureMap | None) -> tuple[Claim, ...]:
    """What the header of one film claims, element by element, the most formal first.

    Descriptions are read by the procedure map; without one they claim nothing.
    """
    return tuple(
        claim for claim in _claims(film, procedures) if claim.regions or claim.families or claim.side
    )


def _claims(film: FilmFacts, procedures: ProcedureMap | None) -> Iterator[Claim]:
    if code := _said(film.anatomic_region_code):
        regions = REGION_CODES.get(code, ())
        yield Claim(keyword="Anatomic Region Sequence", value=code, regions=frozenset(regions))
    if code := _said(film.view_code):
        yield Claim(keyword="View Code Sequence", value=code, families=_family(VIEW_CODES.get(code)))
    if part := _said(film.body_part_examined):
        yield _body_part(part, procedures)
    if position := _said(film.view_position):
        family = _family(VIEW_POSITIONS.get(_letters(position)))
        yield Claim(keyword="ViewPosition", value=position, families=family)
    if laterality := _said(film.image_laterality):
        side = _LATERALITY.get(laterality.upper())
        yield Claim(keyword="ImageLaterality", value=laterality, side=side)
    for keyword, text in (
        ("SeriesDescription", film.series_description),
        ("ProtocolName", film.protocol_name),
    ):
        if procedures and (said := _said(text)):
            yield _described(keyword, said, procedures)


def _said(value: str | None) -> str:
    return (value or "").strip()


def _letters(value: str) -> str:
    return "".join(char for char in value.upper() if char.isalnum())


def _family(family: str | None) -> Words:
    return frozenset((family,)) if family else frozenset()


def _body_part(value: str, procedures: ProcedureMap | None) -> Claim:
    known = BODY_PARTS.get(_letters(value))
    if known:
        return Claim(keyword="BodyPartExamined", value=value, regions=frozenset(known))
    if procedures:
        return _described("BodyPartExamined", value, procedures)
    return Claim(keyword="BodyPartExamined", value=value)


def _described(keyword: str, text: str, procedures: ProcedureMap) -> Claim:
    """What a description says; one that names several projections, as that of a study does, names none."""
    words = procedures.dictionary.words(text)
    match = procedures.describe(text)
    families = words & _FAMILIES
    return Claim(
        keyword=keyword,
        value=text,
        regions=frozenset(match.entry.regions) if isinstance(match, Match) else frozenset(),
        families=families if len(families) == 1 else frozenset(),
        side=procedures.side_of(words),
    )
