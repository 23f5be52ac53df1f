"""All that is known of a film when somebody asks how to hang it, and who is to be believed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from router.types import Instance, State, ViewPrediction
from router.verdicts import Source, Truth

SURE_ENOUGH = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom to believe, first first, and how sure the heads beside the view must be."""

    sources: tuple[Source, ...] = (Source.HUMAN, Source.AI, Source.HEADER)
    rotation: float = SURE_ENOUGH  # least score of a rotation that is stated
    projection: float = SURE_ENOUGH  # least score of AP or PA that is stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A view that a model once said this film shows; the latest may still be its answer."""

    view: str
    model: str  # "view@1"
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFilm:
    """All that is known of one film; ``prediction`` is the active model's."""

    instance: Instance
    state: State
    reason: str | None
    prediction: ViewPrediction | None
    said: tuple[Said, ...] = ()  # in order
    truth: Truth | None = None
    truth_at: datetime | None = None
    changed_at: datetime
