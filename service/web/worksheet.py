"""One study as a reviewer sees it: what was ordered, the film in each place, and what everybody said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.read_reviews import StoredReview
from db.read_verdicts import StoredVerdict
from router.settling import RANK, anchor, is_answered, is_settled, worst_first
from router.verdicts import FilmFacts, Kind, Remark, Review, Truth, Verdict
from service.web.places import Frame, Note, Ordered, Said, Shown, placed

JUDGED_WITHIN = timedelta(seconds=15)  # after a word; a verdict that stays the same keeps its date


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
