"""What the database answers about reviews. Times are timezone-aware UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from router.orders import Side
from router.verdicts import Kind, Review


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReview:
    """A review, undone ones and those of bytes that were replaced since included."""

    id: int
    study_instance_uid: str
    review: Review
    undone_at: datetime | None
    undone_by: str | None
    of_other_bytes: bool  # the film was sent again with other bytes: this word no longer counts
    view_shown: str | None  # the model's answer at that time
    kinds: frozenset[Kind]  # the faults that the verdict then found with this film or its study

    @property
    def stands(self) -> bool:
        """Whether it may count; a later word of the same reviewer still replaces it."""
        return self.undone_at is None and not self.of_other_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedFilm:
    """One film on whose view its reviewers agree: a labelled example."""

    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    patient_id: str | None = field(repr=False)  # to keep one patient's films together
    path: str  # relative to the storage root, "/" separated
    sha256: str  # of the data set's bytes
    view: str  # the truth
    side: Side | None
    reviewers: tuple[str, ...]
    agreed_at: datetime
    predicted_view: str | None
    predicted_score: float | None
    model: str | None
    calling_ae_title: str
    manufacturer: str | None
    manufacturer_model_name: str | None
    station_name: str | None
