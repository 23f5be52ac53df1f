"""What hanging-protocol software wants to know of a film, from what is known of it: one pure function.

Who is believed is the caller's choice (``Trust``): a human, the model, the header, in this order by default.
What the first of them says is the answer. A model that is unsure has spoken: its "unsure" is not replaced by
what a header claims.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from router.anatomy import ANY_WAY_ROUND, UNPAIRED
from router.claims import Claim
from router.header_claims import Conflict, claimed_view, conflicts, formal_claims
from router.known_films import KnownFilm, Trust
from router.orders import Side
from router.orientation import (
    POSITIONS_OF,
    VIEW_POSITIONS,
    Directions,
    agrees,
    is_mirrored,
    patient_orientation,
    stated_orientation,
)
from router.types import Candidate, Instance, State, ViewPrediction
from router.verdicts import Source
from router.views import AP, FRONTAL, PA, UNSURE, VIEWS, Code, View


class Readiness(StrEnum):
    """Whether a viewer should wait for this film's answer."""

    PENDING = "pending"  # it will come, or change: wait
    DONE = "done"
    FAILED = "failed"  # nobody could say, and nobody is trying


class Origin(StrEnum):
    """Where a single attribute's value comes from."""

    HUMAN = "human"
    AI = "ai"  # a head of the model beside the view
    VIEW = "view"  # it follows from the view
    IMAGE_LATERALITY = "header_image_laterality"  # (0020,0062)
    LATERALITY = "header_laterality"  # (0020,0060)
    HEADER = "header"


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What an answer was before it changed."""

    view: str
    source: Source
    model: str | None  # "view@1"
    until: datetime  # when the later answer came


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A value with where it comes from."""

    value: str
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class HungFilm:
    """One film in the words of hanging protocols; None: not known."""

    instance: Instance
    state: Readiness
    reason: str | None
    view: str | None  # a name of router.views, "other" or "unsure"
    source: Source | None
    score: float | None  # of the model's answer; a human's and a header's have none
    shown: View | None  # what the view means; None for other and unsure
    view_code: Code | None  # Item of View Code Sequence (0054,0220), CID 4010
    view_position: Stated | None  # (0018,5101)
    image_laterality: Stated | None  # (0020,0062)
    patient_orientation: Directions | None  # (0020,0020)
    orientation_origin: Origin | None
    rotation_to_upright: int | None  # degrees clockwise
    rotation_score: float | None
    prediction: ViewPrediction | None
    conflicts: tuple[Conflict, ...]
    before: Earlier | None
    changed_at: datetime


def hang(film: KnownFilm, trust: Trust) -> HungFilm:
    """The film as a hanging protocol should see it."""
    claims = formal_claims(film.instance)
    view, source, score = _answer(film, claimed_view(claims), trust)
    shown = VIEWS.get(view) if view else None
    side = _side(film, shown, trust)
    position = _position(film, shown, trust)
    turned = _best(film, "rotation") if shown and shown.name not in ANY_WAY_ROUND else None
    rotation = int(turned.label) if turned and turned.score >= trust.rotation else None
    orientation, origin = _orientation(film, shown, rotation, side)
    return HungFilm(
        instance=film.instance,
        state=_readiness(film, source),
        reason=film.reason,
        view=view,
        source=source,
        score=score,
        shown=shown,
        view_code=_view_code(shown, position),
        view_position=position,
        image_laterality=side,
        patient_orientation=orientation,
        orientation_origin=origin,
        rotation_to_upright=rotation,
        rotation_score=turned.score if turned else None,
        prediction=film.prediction,
        conflicts=_conflicts(claims, shown, source, side),
        before=_before(film, view, source),
        changed_at=film.changed_at,
    )


def _answer(
    film: KnownFilm, claimed: str | None, trust: Trust
) -> tuple[str | None, Source | None, float | None]:
    said = film.prediction
    human = film.truth.view if film.truth and film.truth.agreed else None
    ai = said.view if said else None
    # While a model may still speak, a header's claim is not taken for an answer.
    header = None if _is_open(film) else claimed
    words = {Source.HUMAN: human, Source.AI: ai, Source.HEADER: header}
    for source in trust.sources:
        if (view := words[source]) is not None:
            score = said.score if said and source is Source.AI and view != UNSURE else None
            return view, source, score
    return None, None, None


def _conflicts(
    claims: Sequence[Claim], shown: View | None, source: Source | None, side: Stated | None
) -> tuple[Conflict, ...]:
    """What the header claims otherwise; where it is the header that is believed, nothing is contradicted."""
    said = Side(side.value) if side is not None and side.origin is Origin.HUMAN else None
    return tuple(conflicts(claims, None if source is Source.HEADER else shown, said))


def _before(film: KnownFilm, view: str | None, source: Source | None) -> Earlier | None:
    """What the answer was before: the model's word before a human's, else the model's earlier one."""
    if source is Source.HUMAN and film.truth_at is not None:
        later, until = list(film.said), film.truth_at
    else:
        # The bytes may have been replaced since: then the last word is an earlier one, too.
        later, until = list(film.said[:-1] if film.prediction else film.said), film.changed_at
        until = film.said[-1].at if film.prediction and film.said else until
    for said in reversed(later):
        if said.view != view:
            return Earlier(view=said.view, source=Source.AI, model=said.model, until=until)
        until = said.at
    return None


def _is_open(film: KnownFilm) -> bool:
    return film.state in (State.RECEIVED, State.PROCESSING)


def _readiness(film: KnownFilm, source: Source | None) -> Readiness:
    if _is_open(film) and source is not Source.HUMAN:
        return Readiness.PENDING
    return Readiness.FAILED if film.state is State.FAILED and source is None else Readiness.DONE


def _best(film: KnownFilm, head: str) -> Candidate | None:
    said = film.prediction.further.get(head, ()) if film.prediction else ()
    return said[0] if said else None


def _side(film: KnownFilm, shown: View | None, trust: Trust) -> Stated | None:
    """Image Laterality: a human's word or the header's, in the order of trust; else what the region tells."""
    for source in trust.sources:
        said = _human_side(film) if source is Source.HUMAN else None
        said = _header_side(film) if source is Source.HEADER else said
        if said is not None:
            return said
    if shown is not None and shown.region in UNPAIRED:
        return Stated(value=Side.UNPAIRED, origin=Origin.VIEW)
    return None


def _human_side(film: KnownFilm) -> Stated | None:
    truth = film.truth
    return Stated(value=truth.side, origin=Origin.HUMAN) if truth and truth.agreed and truth.side else None


# Enumerated values of PS3.3 C.8.11.2 and C.7.3.1
_SIDES: Mapping[str, tuple[Origin, frozenset[str]]] = {
    "ImageLaterality": (Origin.IMAGE_LATERALITY, frozenset(Side)),
    "Laterality": (Origin.LATERALITY, frozenset({Side.RIGHT, Side.LEFT})),
}


def _header_side(film: KnownFilm) -> Stated | None:
    for keyword, (origin, allowed) in _SIDES.items():
        values = film.instance.attributes.get(keyword, ())
        said = values[0].strip().upper() if values else ""
        if said in allowed:
            return Stated(value=said, origin=origin)
    return None


def _position(film: KnownFilm, shown: View | None, trust: Trust) -> Stated | None:
    """View Position, where view, model or header leave one term that does not contradict the view."""
    if shown is None:
        return None
    possible = POSITIONS_OF.get(shown.projection, frozenset())
    if len(possible) == 1:
        return Stated(value=next(iter(possible)), origin=Origin.VIEW)
    if shown.view_code == AP:
        return Stated(value="AP", origin=Origin.VIEW)
    beam = _best(film, "projection") if shown.name == "chest_pa_ap" else None
    if beam is not None and beam.score >= trust.projection:
        return Stated(value=beam.label.upper(), origin=Origin.AI)
    claimed = (film.instance.view_position or "").strip().upper()
    if claimed in possible & VIEW_POSITIONS and Source.HEADER in trust.sources:
        return Stated(value=claimed, origin=Origin.HEADER)
    return None


def _view_code(shown: View | None, position: Stated | None) -> Code | None:
    """The view's code; "frontal" becomes the narrower code where the model knows from which side."""
    if shown is None or shown.view_code != FRONTAL or position is None or position.origin is not Origin.AI:
        return shown.view_code if shown else None
    return {"AP": AP, "PA": PA}[position.value]


def _orientation(
    film: KnownFilm, shown: View | None, rotation: int | None, side: Stated | None
) -> tuple[Directions | None, Origin | None]:
    """Patient Orientation: what follows from the pixels, unless the header knows of a mirrored film.

    A header that contradicts the pixels on what is up leaves nothing known.
    """
    seen = patient_orientation(shown.name, rotation, Side(side.value) if side else None) if shown else None
    stated = stated_orientation(film.instance.attributes.get("PatientOrientation", ()))
    if seen is None or stated is None:
        return seen or stated, Origin.VIEW if seen else Origin.HEADER if stated else None
    if agrees(seen, stated):
        return seen, Origin.VIEW
    return (stated, Origin.HEADER) if is_mirrored(seen, stated) else (None, None)
