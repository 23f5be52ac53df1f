"""What those who wait for answers are told: a few words for the audit's many, and who wants to hear which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from router.types import Event


class Word(StrEnum):
    """What happened to a film, or to a study, as far as its answer is concerned."""

    PENDING = "pending"  # it came, came again with other bytes, or is analysed again: an answer will follow
    ANSWERED = "answered"  # its analysis is done; of a film that had an answer this may be another one
    FAILED = "failed"
    REVIEWED = "reviewed"  # a human said what it is, or took it back
    STUDY = "study"  # every film of the study has been answered, again after each change


WORD_OF: Mapping[Event, Word] = MappingProxyType(
    {
        Event.RECEIVED: Word.PENDING,
        Event.REPLACED: Word.PENDING,
        Event.REQUEUED: Word.PENDING,
        Event.DONE: Word.ANSWERED,
        Event.FAILED: Word.FAILED,
        Event.REVIEWED: Word.REVIEWED,
        Event.REVIEW_UNDONE: Word.REVIEWED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing that changed what a viewer should show. Never a patient's field: it travels far."""

    id: int  # of the audit entry: orders all of them
    word: Word
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    modality: str | None
    calling_ae_title: str
    at: datetime
    study_pending: int  # films of the study that wait for their answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """What somebody wants to hear about; () is no condition."""

    words: frozenset[Word]
    calling_ae_titles: frozenset[str] = frozenset()
    modalities: frozenset[str] = frozenset()

    def words_for(self, news: News) -> tuple[Word, ...]:
        """The words under which this is to be told, the film's before the study's."""
        if self.calling_ae_titles and news.calling_ae_title not in self.calling_ae_titles:
            return ()
        if self.modalities and news.modality not in self.modalities:
            return ()
        settles = news.study_pending == 0 and news.word is not Word.PENDING
        said = (news.word, Word.STUDY) if settles else (news.word,)
        return tuple(word for word in said if word in self.words)
