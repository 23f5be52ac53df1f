"""What the comparison of order and films says about a study, and what people say about its films."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from router.orders import Expectation, Procedure, Side, Unmapped
from router.types import Candidate


class Kind(StrEnum):
    """What a remark is about. The first two are no faults."""

    COMPLETE = "complete"  # every expected view is there, and nothing else is wrong
    UNSURE = "unsure"  # a film whose view is not stated could be what is missing, or something else
    MISSING_VIEW = "missing_view"
    UNEXPECTED_VIEW = "unexpected_view"  # right region, a view nobody asked for
    WRONG_REGION = "wrong_region"
    WRONG_PROJECTION = "wrong_projection"  # right region, another view in place of the expected one
    SIDE_CONFLICT = "side_conflict"  # ordered, header and marker name different sides
    HEADER_CONTRADICTS = "header_contradicts"  # the film's own header names another region or projection
    ROTATED = "rotated"
    INVERTED = "inverted"
    DUPLICATE = "duplicate"
    NO_ORDER = "no_order"
    UNMAPPED = "unmapped"  # an order, but of a procedure the map does not know


LONGEST_KEY = 128  # characters of a remark's key
NO_FAULT = frozenset((Kind.COMPLETE, Kind.UNSURE, Kind.NO_ORDER, Kind.UNMAPPED))


class Source(StrEnum):
    """Who says what a film is; which of them wins is a setting, this order its default."""

    HUMAN = "human"
    AI = "ai"
    HEADER = "header"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmFacts:
    """One film of a study as the comparison sees it; everything a header claims is as sent.

    ``view`` is a name of router.views, "other", "unsure", or None where no view was predicted.
    """

    sop_instance_uid: str
    view: str | None
    score: float | None
    margin: float | None
    runner_up: str | None  # the second candidate's label
    source: Source
    model: str | None  # "view@2"
    rotation: int | None = None  # degrees counter-clockwise that the film lies turned, where stated
    rotation_score: float | None = None
    inverted: bool | None = None  # shows bone dark although the header says otherwise; None: not known
    side: Side | None = None  # a human's word on the side, if any
    marker_side: Side | None = None  # a marker read from the pixels, if any
    image_laterality: str | None = None  # (0020,0062), else (0020,0060)
    modality: str | None = None
    body_part_examined: str | None = None
    view_position: str | None = None
    series_description: str | None = None
    protocol_name: str | None = None
    anatomic_region_code: str | None = None  # Code Value in (0008,2218)
    view_code: str | None = None  # Code Value in (0054,0220)
    sha256: str | None = None  # of the data set's bytes
    candidates: tuple[Candidate, ...] = ()  # best first, the stated one included; as many as were kept
    study_description: str | None = None
    # what Request Attributes, Procedure Code and Requested Procedure Description claim, as sent
    procedures: tuple[Procedure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing the comparison says, with its evidence."""

    kind: Kind
    sentence: str  # for a human; names no patient
    sop_instance_uids: tuple[str, ...] = ()
    expected: str | None = None
    found: str | None = None
    score: float | None = None  # how sure the evidence is, in [0, 1]
    procedure: str | None = None

    @property
    def key(self) -> str:
        """What a reviewer's word about this remark alone names: ``missing_view:wrist_lateral``."""
        return f"{self.kind.value}:{self.expected or ''}".removesuffix(":")[:LONGEST_KEY]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All that the comparison says about one study."""

    study_instance_uid: str
    remarks: tuple[Remark, ...]
    expectations: tuple[Expectation, ...] = ()
    unmapped: tuple[Unmapped, ...] = ()
    films: tuple[str, ...] = ()  # SOP Instance UIDs that were compared
    map_version: str = ""  # the digest of the procedure map that decided

    @property
    def kinds(self) -> frozenset[Kind]:
        """What it is about."""
        return frozenset(remark.kind for remark in self.remarks)

    @property
    def is_fault(self) -> bool:
        """Whether somebody should look at it."""
        return bool(self.kinds - NO_FAULT)


class ReviewAction(StrEnum):
    """What a reviewer does with a film."""

    CONFIRM = "confirm"  # the stated view is right
    CORRECT = "correct"  # it is another view, region or side
    DISMISS = "dismiss"  # the remark is no fault, for a reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One reviewer's word on one film, or on one remark about it.

    A later word of the same reviewer on the same thing (film and ``about``) replaces the earlier one. A
    remark that names no film, such as a missing view, is spoken about at the study's first film.
    """

    sop_instance_uid: str
    reviewer: str
    action: ReviewAction
    view: str | None  # the view it is, confirmed or corrected; None for a dismissal
    side: Side | None = None
    reason: str | None = None  # needed for a dismissal
    about: str | None = None  # a remark's key, for a word on that remark alone; None: on the film
    at: datetime | None = None  # set by the database


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What the reviewers of one film agree on, or that they do not."""

    sop_instance_uid: str
    view: str | None  # None: nobody has said, or they disagree
    side: Side | None
    agreed: bool
    reviewers: tuple[str, ...] = field(default_factory=tuple)
