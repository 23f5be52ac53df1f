"""What a header's claims leave of the views, and which of them an answer contradicts.

Formal elements alone are read here (codes, Body Part Examined, View Position, laterality): descriptions need
the procedure map, and a viewer is told of what it can see in the header itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from router.anatomy import families_of, is_paired, neighbours
from router.claims import Claim, claims_of
from router.header_words import header_words
from router.orders import Side
from router.types import Instance
from router.verdicts import FilmFacts, Source
from router.views import VIEWS, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Something the film's header claims and the answer contradicts."""

    attribute: str  # DICOM keyword
    header: str
    answer: str


def formal_claims(instance: Instance) -> tuple[Claim, ...]:
    """What the formal elements of a header claim."""
    nobody = FilmFacts(
        sop_instance_uid=instance.sop_instance_uid,
        view=None,
        score=None,
        margin=None,
        runner_up=None,
        source=Source.HEADER,
        model=None,
        **header_words(instance),
    )
    return claims_of(nobody, None)


def claimed_view(claims: Sequence[Claim]) -> str | None:
    """The one view that all claims leave, if they name a region and a projection and leave one."""
    regions = [claim.regions for claim in claims if claim.regions]
    families = [claim.families for claim in claims if claim.families]
    if not regions or not families:
        return None
    left = [
        name
        for name, view in VIEWS.items()
        if all(view.region in one for one in regions) and all(families_of(name) & one for one in families)
    ]
    return left[0] if len(left) == 1 else None


def conflicts(claims: Sequence[Claim], shown: View | None, side: Side | None) -> Iterator[Conflict]:
    """The claims that a stated view, or a human's word on the side, contradicts.

    Neighbouring regions, which lie in one another's films, are no contradiction.
    """
    for claim in claims:
        keyword = claim.keyword.replace(" ", "")
        if shown is not None and claim.regions and not _near(shown.region, claim):
            yield Conflict(attribute=keyword, header=claim.value, answer=shown.anatomic_region.meaning)
        if shown is not None and claim.families and not families_of(shown.name) & claim.families:
            yield Conflict(attribute=keyword, header=claim.value, answer=shown.projection)
        paired = shown is None or is_paired(shown.region)
        if side is not None and claim.side is not None and claim.side is not side and paired:
            yield Conflict(attribute=keyword, header=claim.value, answer=side)


def _near(region: str, claim: Claim) -> bool:
    return any(region in neighbours(one) for one in claim.regions)
