"""What was ordered, in our words: an order as received, and what it lets one expect of its films.

Orders are kept beside the films and never merged into them: the comparison (``router.comparison``) needs both
as they came.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from router.views import Code


class OrderSource(StrEnum):
    """Where an order came from."""

    HL7 = "hl7"
    WORKLIST = "worklist"
    REST = "rest"
    HEADER = "header"  # no order at all: what the films' own headers claim


class OrderControl(StrEnum):
    """What a message does to an order (HL7 v2 table 0119, as far as it concerns us)."""

    NEW = "new"
    CHANGE = "change"
    CANCEL = "cancel"


class OrderOutcome(StrEnum):
    """What recording a message did to the orders."""

    NEW = "new"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    DUPLICATE = "duplicate"  # says nothing that was not known
    UNKNOWN = "unknown"  # cancels an order nobody knows: kept as a cancelled order


class Side(StrEnum):
    """Image Laterality (0020,0062): right, left, both, unpaired."""

    RIGHT = "R"
    LEFT = "L"
    BOTH = "B"
    UNPAIRED = "U"


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """One requested procedure: a code, or a description alone (``code`` None)."""

    code: Code | None
    description: str | None
    alternatives: tuple[Code, ...] = ()  # the same procedure in other codes, as some messages carry it


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order as one message stated it.

    ``order_number`` names it at its ``origin``: the filler's order number, else the placer's, else the
    accession number. The patient's fields are there to find the study, and are never logged.
    """

    order_number: str
    source: OrderSource
    origin: str  # who sent it: "RIS|CENTRAL" (MSH-3|MSH-4), an AE title, a token's name
    control: OrderControl
    accession_number: str | None = None
    study_instance_uid: str | None = None
    patient_id: str | None = None
    patient_name: str | None = None
    procedures: tuple[Procedure, ...] = ()
    side: Side | None = None  # where the order says it apart from its procedures
    scheduled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedView:
    """One film that a procedure asks for: any one of ``views``, ``count`` times."""

    views: tuple[str, ...]  # alternatives, names of router.views, the usual one first
    count: int = 1
    optional: bool = False  # welcome but not missed


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What one procedure lets one expect of a study.

    ``views`` may be empty: the region is known, the projections are not (a header that says CHEST).
    """

    procedure: str  # the name of the map's entry, or of the header's claim
    source: OrderSource
    regions: tuple[str, ...]  # regions of router.views; the first is the one asked for
    side: Side | None
    views: tuple[ExpectedView, ...]
    evidence: str  # one sentence: which code or description led here
    order_number: str | None = None
    side_conflict: str | None = None  # one sentence, where the order itself names two sides


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """A procedure that the map does not know: listed, counted, never guessed."""

    procedure: Procedure
    order_number: str | None
    reason: str = ""  # one sentence: not in the map, or which entries fit equally well
