"""What the API needs of its surroundings: handed to ``create_app``, reached by endpoints as ``Needed``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NotRequired, Protocol, TypedDict

from fastapi import Depends, Request

from db.actions import Actions
from db.callers import Callers
from db.deliveries import Deliveries
from db.drift import Drift
from db.hanging import Hanging
from db.instances import Instances
from db.matching import Matching
from db.news import Newsroom
from db.orders import Orders
from db.queries import Queries
from db.reviews import Reviews
from db.rule_versions import RuleVersions
from db.users import Users
from db.verdicts import Verdicts
from router.known_films import Trust
from router.procedures import ProcedureMap
from router.rules import RuleSet
from service.about import About
from service.api.out_models import ModelOut
from service.api.pictures import PictureTurns, Preview, ValuesOf
from service.api.seats import Seats
from service.explainer import Explained
from service.heating import HeatJob
from service.presence import Presence
from service.procedures_watch import shipped_procedures
from service.taking_in import Taken

HEARTBEAT_S = 15.0
DEFAULT_TRUST = Trust()


class RulesInForce(Protocol):
    """The holder of the rules, as in ``service.rules_watch``."""

    @property
    def current(self) -> RuleSet:
        """The rules that decide now."""

    @property
    def problem(self) -> str | None:
        """Why the file's present text is not in force; None when it is."""

    @property
    def missing(self) -> tuple[str, ...]:
        """A sentence for each pack that a rule in force asks for and that is not here."""

    @property
    def file(self) -> Path:
        """The file that decides now."""

    def publish(self, text: str) -> RuleSet:
        """Put a text in force; raises RulesError."""

    def parse(self, text: str) -> RuleSet:
        """A draft's rules, read as the file's would be; raises RulesError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a health probe found: whether the work can be done, and a reason where there is one."""

    ok: bool
    reason: str | None = None


Probe = Callable[[], Check]
Analyse = Callable[[Path], Explained]
DrawHeat = Callable[[HeatJob], bytes]
TakeIn = Callable[[Path, str], Taken]


def utc_now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Everything an endpoint may use: what ``create_app`` was given, and the turns that callers take."""

    queries: Queries
    instances: Instances
    callers: Callers
    orders: Orders
    verdicts: Verdicts
    reviews: Reviews
    users: Users
    actions: Actions
    rule_versions: RuleVersions
    deliveries: Deliveries
    hanging: Hanging
    matching: Matching
    newsroom: Newsroom
    drift: Drift
    rules: RulesInForce
    models: Sequence[ModelOut]
    storage: Path
    preview: Preview
    values: ValuesOf
    analyse: Analyse
    heat: DrawHeat
    take_in: TakeIn
    probes: Mapping[str, Probe]
    about: About
    card_folders: Mapping[tuple[str, str], Path] = field(default_factory=dict)
    trust: Trust = DEFAULT_TRUST
    procedures: Callable[[], ProcedureMap] = shipped_procedures
    order_messages: Callable[[], Mapping[str, int]] = dict
    reference_links: bool = True
    soft_free_fraction: float = 0.0
    clock: Callable[[], datetime] = utc_now
    heartbeat_s: float = HEARTBEAT_S
    stopping: threading.Event = field(default_factory=threading.Event)
    picture_turns: PictureTurns = field(default_factory=PictureTurns)
    heat_turns: PictureTurns = field(default_factory=PictureTurns)  # one is drawn, one waits
    replay_turn: threading.BoundedSemaphore = field(default_factory=threading.BoundedSemaphore)
    seats: Seats = field(default_factory=Seats)
    presence: Presence = field(default_factory=Presence)


class Rooms(TypedDict):
    """The database, room by room."""

    queries: Queries
    instances: Instances
    callers: Callers
    orders: Orders
    verdicts: Verdicts
    reviews: Reviews
    users: Users
    actions: Actions
    rule_versions: RuleVersions
    deliveries: Deliveries
    hanging: Hanging
    matching: Matching
    newsroom: Newsroom
    drift: Drift


class Given(Rooms):
    """What ``create_app`` is given besides its settings."""

    rules: RulesInForce
    models: Sequence[ModelOut]
    storage: Path  # the folder that stored paths count from
    preview: Preview
    values: ValuesOf
    analyse: Analyse  # what an uploaded file is; raises InvalidObject for what is none
    heat: DrawHeat  # a heat map as PNG; raises HeatAbsent, ModelAbsent, FilmError
    take_in: TakeIn  # an uploaded file, by somebody's name, through the same door as C-STORE
    probes: Mapping[str, Probe]  # by the name that ``/readyz`` tells
    about: About  # this installation, for the pages
    card_folders: NotRequired[Mapping[tuple[str, str], Path]]  # by model and version: its card's pictures
    trust: NotRequired[Trust]  # whom hanging protocols should believe
    procedures: NotRequired[Callable[[], ProcedureMap]]  # the procedure map in force
    order_messages: NotRequired[Callable[[], Mapping[str, int]]]  # HL7 messages by outcome
    soft_free_fraction: NotRequired[float]  # free part of the disk below which analysis pauses
    clock: NotRequired[Callable[[], datetime]]
    heartbeat_s: NotRequired[float]  # how often a quiet event stream says that it lives
    stopping: NotRequired[threading.Event]  # set it to end all event streams


async def needs(request: Request) -> Needs:
    """What ``create_app`` was given."""
    found = request.app.state.needs
    assert isinstance(found, Needs)
    return found


Needed = Annotated[Needs, Depends(needs)]
