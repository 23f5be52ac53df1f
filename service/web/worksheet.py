"""One study as a reviewer sees it: what was ordered, the film in each place, and what everybody said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.read_reviews import StoredReview
from db.read_verdicts import StoredVerdict
from router.orders import Expectation
from router.settling import RANK, anchor, is_answered, is_settled, worst_first
from router.slots import Slot, slots_of
from router.verdicts import NO_FAULT, FilmFacts, Kind, Remark, Review, ReviewAction, Truth, Verdict
from router.views import UNSURE

# remarks whose film stands in the place that they name
IN_A_PLACE = frozenset((Kind.WRONG_PROJECTION, Kind.WRONG_REGION, Kind.UNSURE))

JUDGED_WITHIN = timedelta(seconds=15)  # after a word; a verdict that stays the same keeps its date


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One study, ready to be reviewed."""

    verdict: Verdict
    judged_at: datetime
    kinds: tuple[Kind, ...]  # the worst first
    ordered: tuple[Ordered, ...]
    others: tuple[Frame, ...]  # films that nobody asked for
    notes: tuple[Note, ...]  # about the study, drawn in no frame
    is_settled: bool
    is_stale: bool  # somebody spoke just now: the next verdict may be on its way
    past: tuple[StoredReview, ...]  # words that were taken back or replaced

    @property
    def has_places(self) -> bool:
        """Whether certain views were asked for."""
        return any(group.frames for group in self.ordered)

    @property
    def is_disputed(self) -> bool:
        """Whether reviewers differ on one of its films."""
        frames = (frame for group in self.ordered for frame in group.frames)
        return any(frame.film is not None and frame.film.is_disputed for frame in (*frames, *self.others))


def card_of(
    stored: StoredVerdict,
    films: Sequence[FilmFacts],
    reviews: Sequence[StoredReview],
    truths: Mapping[str, Truth],
    *,
    reader: str,
    now: datetime,
) -> Card:
    """What ``reader`` sees of one study at ``now``."""
    verdict, words = stored.verdict, standing(reviews)
    said = [Said(id=one.id, word=one.review, is_mine=one.review.reviewer == reader) for one in words]
    notes = _notes(verdict, said)
    shown = [
        Shown(
            facts=facts,
            notes=tuple(note for note in notes if facts.sop_instance_uid in note.remark.sop_instance_uids),
            said=tuple(one for one in said if _is_about_film(one.word, facts.sop_instance_uid)),
            truth=truths.get(facts.sop_instance_uid),
        )
        for facts in films
    ]
    ordered, others = placed(verdict.expectations, shown, notes)
    drawn = [frame.missing for group in ordered for frame in group.frames]
    return Card(
        verdict=verdict,
        judged_at=stored.judged_at,
        kinds=worst_first(verdict.kinds),
        ordered=ordered,
        others=others,
        notes=tuple(note for note in notes if not note.remark.sop_instance_uids and note not in drawn),
        is_settled=is_settled(verdict, [one.review for one in words]),
        is_stale=any(_is_news(one, stored.judged_at, now) for one in reviews),
        past=tuple(one for one in reviews if one not in words),
    )


def _is_news(one: StoredReview, judged_at: datetime, now: datetime) -> bool:
    """Whether the judge may still be about to answer a word, or to its being taken back."""
    times = (at for at in (one.review.at, one.undone_at) if at is not None)
    return any(at > judged_at and now - at < JUDGED_WITHIN for at in times)


def standing(reviews: Iterable[StoredReview]) -> list[StoredReview]:
    """The words that count: of each reviewer the last one on each thing."""
    last = {
        (one.review.sop_instance_uid, one.review.reviewer, one.review.about): one
        for one in reviews
        if one.stands
    }
    return list(last.values())


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


def _notes(verdict: Verdict, said: Sequence[Said]) -> list[Note]:
    """The remarks but "complete", the worst first."""
    words = [one.word for one in said]
    remarks = [remark for remark in verdict.remarks if remark.kind is not Kind.COMPLETE]
    return [
        Note(
            remark=remark,
            place=anchor(verdict, remark),
            said=tuple(one for one in said if _is_about(one.word, remark, anchor(verdict, remark))),
            is_answered=is_answered(verdict, remark, words),
        )
        for remark in sorted(remarks, key=lambda remark: RANK[remark.kind])
    ]


def _is_about(word: Review, remark: Remark, place: str | None) -> bool:
    return word.about == remark.key and word.sop_instance_uid == place


def _is_about_film(word: Review, sop_instance_uid: str) -> bool:
    return word.about is None and word.sop_instance_uid == sop_instance_uid
