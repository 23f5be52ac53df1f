"""The places of what was ordered, and which film stands in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.orders import Expectation
from router.slots import Slot, slots_of
from router.verdicts import NO_FAULT, FilmFacts, Kind, Remark, Review, ReviewAction, Truth
from router.views import UNSURE

# remarks whose film stands in the place that they name
IN_A_PLACE = frozenset((Kind.WRONG_PROJECTION, Kind.WRONG_REGION, Kind.UNSURE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One reviewer's word that stands."""

    id: int
    word: Review
    is_mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One remark with what was said about it alone."""

    remark: Remark
    place: str | None  # SOP Instance UID at which a word about it hangs
    said: tuple[Said, ...]
    is_answered: bool

    @property
    def is_fault(self) -> bool:
        """Whether there is something to dismiss."""
        return self.remark.kind not in NO_FAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One film with its remarks and its reviewers' words."""

    facts: FilmFacts
    notes: tuple[Note, ...]
    said: tuple[Said, ...]
    truth: Truth | None

    @property
    def is_disputed(self) -> bool:
        """Whether its reviewers name different views or sides."""
        voices = [one for one in self.said if one.word.action is not ReviewAction.DISMISS]
        return len(voices) > 1 and self.truth is not None and not self.truth.agreed

    @property
    def can_be_confirmed(self) -> bool:
        """Whether a view is stated that could be right."""
        return self.facts.view not in (None, UNSURE)

    @property
    def mine(self) -> Said | None:
        """The visitor's own word on the film."""
        return next((one for one in self.said if one.is_mine), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One place on the card: something ordered, the film in it, or both."""

    slot: Slot | None  # None: nobody asked for this film
    film: Shown | None  # None: the place is empty
    missing: Note | None = None

    @property
    def standing(self) -> str:
        """What became of the place."""
        if self.film is None or self.slot is None:
            return "missing" if self.slot else "not asked for"
        if self.film.facts.view in self.slot.views:
            return "there"
        return "perhaps" if self.film.facts.view in (None, UNSURE) else "another film"

    @property
    def is_open(self) -> bool:
        """Whether the visitor may still have something to say here."""
        if self.film is None:
            return self.missing is not None and not any(one.is_mine for one in self.missing.said)
        return self.film.mine is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """One procedure and its places."""

    expectation: Expectation
    frames: tuple[Frame, ...]


def placed(
    expectations: Sequence[Expectation], shown: Sequence[Shown], notes: Sequence[Note]
) -> tuple[tuple[Ordered, ...], tuple[Frame, ...]]:
    """The films in the places that were ordered, and those left over.

    A film that a remark names together with a place stands there; then a film of an expected view fills its
    place. A place that stays empty is drawn where a remark says that it is missing.
    """
    slots, rest = slots_of(expectations), list(shown)
    frames = [_spoken_of(slot, rest) for slot in slots]
    frames = [frame or _filled(slot, rest) for slot, frame in zip(slots, frames, strict=True)]
    open_notes = [note for note in notes if note.remark.kind is Kind.MISSING_VIEW]
    frames = [frame or _missing(slot, open_notes) for slot, frame in zip(slots, frames, strict=True)]
    drawn = [(slot, frame) for slot, frame in zip(slots, frames, strict=True) if frame is not None]
    groups = tuple(
        Ordered(expectation=each, frames=tuple(frame for slot, frame in drawn if slot.expectation is each))
        for each in expectations
    )
    return groups, tuple(Frame(slot=None, film=film) for film in rest)


def _spoken_of(slot: Slot, rest: list[Shown]) -> Frame | None:
    for film in rest:
        if any(note.remark.kind in IN_A_PLACE and note.remark.expected == slot.name for note in film.notes):
            rest.remove(film)
            return Frame(slot=slot, film=film)
    return None


def _filled(slot: Slot, rest: list[Shown]) -> Frame | None:
    fitting = [film for film in rest if film.facts.view in slot.views]
    if not fitting:
        return None
    film = min(fitting, key=lambda film: film.facts.side is not slot.side)
    rest.remove(film)
    return Frame(slot=slot, film=film)


def _missing(slot: Slot, notes: list[Note]) -> Frame | None:
    for note in notes:
        if note.remark.expected == slot.name:
            notes.remove(note)
            return Frame(slot=slot, film=None, missing=note)
    return None
