"""What flows through the house: plain values, frozen, with no technology in them.

DICOM facts carry their keyword in snake_case (PS3.6), all else a word of ``docs/words.md``; times are UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

NO_ATTRIBUTES: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class State(StrEnum):
    """Where an instance stands. The instance row is the job: there is no second copy of this."""

    RECEIVED = "received"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"


class Outcome(StrEnum):
    """What recording an object did to the database."""

    NEW = "new"
    DUPLICATE = "duplicate"  # the same bytes again: no new work
    REPLACED = "replaced"  # other bytes under the same UID, policy ``replace``: analysed again
    KEPT_FIRST = "kept_first"  # the same, policy ``keep_first``: the new bytes are not analysed


class Event(StrEnum):
    """What the append-only audit says happened to an instance."""

    RECEIVED = "received"
    DUPLICATE = "duplicate"
    REPLACED = "replaced"
    KEPT_FIRST = "kept_first"
    CLAIMED = "claimed"
    PREDICTED = "predicted"
    ROUTED = "routed"
    ANALYSED = "analysed"
    DONE = "done"
    RETRY = "retry"
    FAILED = "failed"
    REQUEUED = "requeued"
    REVIEWED = "reviewed"
    REVIEW_UNDONE = "review_undone"


class Mode(StrEnum):
    """Whether a model's answer counts, or is only kept: only ``ACTIVE`` ones are ever the answer."""

    ACTIVE = "active"
    SHADOW = "shadow"  # for comparison
    MEMBER = "member"  # of an ensemble, whose answer counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """The header facts of one SOP Instance, validated once at the door.

    ``attributes``: every short top-level text or number element as sent, DICOM keyword to its values, for
    rules to ask about; of the few sequences that say what was taken and what was asked for the codes, under
    dotted keywords: ``ViewCodeSequence.CodeValue``.
    """

    sop_instance_uid: str
    sop_class_uid: str
    study_instance_uid: str
    series_instance_uid: str
    transfer_syntax_uid: str
    modality: str | None = None
    body_part_examined: str | None = None
    view_position: str | None = None
    image_laterality: str | None = None
    patient_id: str | None = None
    patient_name: str | None = None
    accession_number: str | None = None
    study_date: str | None = None  # DA as sent, YYYYMMDD
    study_description: str | None = None
    series_description: str | None = None
    instance_number: int | None = None
    rows: int | None = None
    columns: int | None = None
    number_of_frames: int = 1
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NO_ATTRIBUTES, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How an object came to us."""

    calling_ae_title: str
    called_ae_title: str
    address: str  # the peer's IP address, or the folder's path for an import
    via: str  # "C-STORE" | "import"
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """The file with an object's bytes, as sent, behind our own File Meta Information (PS3.10 section 7.1)."""

    path: str  # relative to the storage root, "/" separated
    size: int  # bytes of the whole file
    sha256: str  # hex digest of the data set's bytes, without the File Meta Information


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A caller that was turned away, kept so that an admin can see it and allow it."""

    calling_ae_title: str
    called_ae_title: str
    address: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRef:
    """One model pack at one version, pinned by the hash of its weights."""

    name: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One label with its calibrated score in [0, 1]."""

    label: str
    score: float


POLARITY, INVERTED = "polarity", "inverted"  # in ViewPrediction.further: shown bone dark by its own header


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewPrediction:
    """The view of one film.

    ``view`` is a name of ``router.views``, ``"other"`` (none of them) or ``"unsure"`` (the gate stayed shut).
    ``score`` is the top candidate's calibrated probability, ``margin`` its lead over the second, in [0, 1].
    ``further``, by head, best first: ``projection`` (ap or pa, of a frontal chest), ``rotation`` (degrees
    counter-clockwise that the film lies turned); ``polarity``, where its header had it bone dark.
    """

    view: str
    score: float
    margin: float
    candidates: tuple[Candidate, ...]  # best first, the top one included
    model: ModelRef
    mode: Mode = Mode.ACTIVE
    further: Mapping[str, tuple[Candidate, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle in stored pixels: ``x``, ``y`` its top left corner, column and row counted from 0."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a specialist states about a film: its ``probability`` reached ``threshold``."""

    label: str
    score: float  # the network's own number, before calibration
    probability: float  # calibrated, in [0, 1] as the others
    threshold: float
    model: ModelRef
    box: Box | None = None
    mode: Mode = Mode.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of a rule held against one film; ``word`` is ours, or a DICOM keyword."""

    word: str
    wanted: tuple[str, ...]
    found: tuple[str, ...]
    holds: bool
    reason: str  # one sentence for a human


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOutcome:
    """One rule held against one film, condition by condition."""

    rule: str
    matched: bool
    conditions: tuple[Condition, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the rules ask for, and why: every rule with its outcome."""

    analyse: tuple[str, ...]  # names of model packs
    destinations: tuple[str, ...]
    priority: int
    outcomes: tuple[RuleOutcome, ...]
    rules_version: str  # the digest of the rules text that decided

    @property
    def matched(self) -> tuple[str, ...]:
        """The names of the rules that matched, in order."""
        return tuple(outcome.rule for outcome in self.outcomes if outcome.matched)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A worker's lease on one instance; ``finish``, ``retry``, ``fail`` refuse a stale token."""

    instance: Instance
    arrival: Arrival
    stored: StoredObject
    token: str
    attempt: int  # 1 on the first try
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """All that was found out about one film; what ``finish`` writes in one transaction."""

    view: ViewPrediction | None
    no_view_reason: str | None  # why there is no view, when ``view`` is None
    decision: Decision
    findings: tuple[Finding, ...] = ()
    models_run: tuple[ModelRef, ...] = ()
    models_absent: tuple[str, ...] = ()  # asked for by a rule, but no such pack is installed
    models_silent: Mapping[ModelRef, str] = field(default_factory=dict)  # what stated nothing for a reason
    shadow_views: tuple[ViewPrediction, ...] = ()
    duration_ms: float = 0.0
