"""What the API needs of its surroundings: handed to ``create_app``, reached by endpoints as ``Needed``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import Depends, Request

from db.callers import Callers
from db.instances import Instances
from db.queries import Queries
from router.rules import Facts, RuleSet
from service.api.out_models import ModelOut
from service.api.pictures import Pictures
from service.api.seats import Seats


class RulesInForce(Protocol):
    """The holder of the rules, as in ``service.rules_watch``."""

    @property
    def current(self) -> RuleSet:
        """The rules that decide now."""

    @property
    def problem(self) -> str | None:
        """Why the file's present text is not in force; None when it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a health probe found: whether the work can be done, and a reason where there is one."""

    ok: bool
    reason: str | None = None


Probe = Callable[[], Check]
Analyse = Callable[[Path], Facts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Everything an endpoint may use."""

    queries: Queries
    instances: Instances
    callers: Callers
    rules: RulesInForce
    known_models: Collection[str] | None
    models: tuple[ModelOut, ...]
    storage: Path
    soft_free_fraction: float
    probes: Mapping[str, Probe]
    pictures: Pictures
    replay_turn: threading.BoundedSemaphore
    seats: Seats
    analyse: Analyse
    clock: Callable[[], datetime]
    heartbeat_s: float
    stopping: threading.Event


async def needs(request: Request) -> Needs:
    """What ``create_app`` was given."""
    found = request.app.state.needs
    assert isinstance(found, Needs)
    return found


Needed = Annotated[Needs, Depends(needs)]
