"""Whether the service lives, and whether it can do its work: ``/healthz`` and ``/readyz``, open to everyone.

Reasons are told to those who may read; to others only what is well and what is not.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from router.errors import RadrouterError
from service.api.etags import as_json
from service.api.out_models import ModelOut
from service.api.ports import Check, Needed, Probe, RulesInForce
from service.api.shape import Out
from service.api.tokens import Principal


class HealthOut(Out):
    """The process answers."""

    status: str = Field(examples=["ok"])


class CheckOut(Out):
    """One thing the service needs."""

    ok: bool
    reason: str | None = Field(description="what is wrong, or about to be", examples=[None])


class ReadyOut(Out):
    """All that the service needs to do its work."""

    ready: bool
    checks: dict[str, CheckOut] = Field(examples=[{"database": {"ok": True, "reason": None}}])


router = APIRouter(tags=["health"])


@router.get("/healthz", response_model=HealthOut)
def healthz() -> Response:
    """200 as long as the process answers at all; for a liveness probe."""
    return as_json(HealthOut(status="ok"))


@router.get(
    "/readyz", response_model=ReadyOut, responses={503: {"model": ReadyOut, "description": "not ready"}}
)
def readyz(request: Request, needs: Needed) -> Response:
    """200 when all that the work needs is fit for it (workers and judge too), else 503 with the reasons."""
    found = {name: check(probe) for name, probe in needs.probes.items()}
    told = isinstance(request.scope.get("principal"), Principal)
    ready = all(each.ok for each in found.values())
    body = ReadyOut(
        ready=ready,
        checks={
            name: CheckOut(ok=each.ok, reason=each.reason if told else None) for name, each in found.items()
        },
    )
    return as_json(body, HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)


def check(probe: Probe) -> Check:
    """What a probe found; an error of ours is a finding, too."""
    try:
        return probe()
    except RadrouterError as error:
        return Check(ok=False, reason=str(error))


def database_probe(revision: Callable[[], tuple[str | None, str | None]]) -> Probe:
    """The database answers and has the newest revision; ``revision`` gives (current, head)."""

    def probe() -> Check:
        current, head = revision()
        if current != head:
            return Check(
                ok=False, reason=f"the database is at revision {current}, not {head}: radrouter migrate"
            )
        return Check(ok=True)

    return probe


def rules_probe(rules: RulesInForce) -> Probe:
    """Rules are in force; a newer text that is not, or a missing pack, is worth a word: the rest is done."""

    def probe() -> Check:
        problem = rules.problem
        if problem is not None:
            return Check(ok=True, reason=f"older rules are in force: {problem}")
        return Check(ok=True, reason="; ".join(rules.missing) or None)

    return probe


def models_probe(models: Sequence[ModelOut]) -> Probe:
    """A pack that answers for the view is installed."""

    def probe() -> Check:
        if any(model.task == "view" and model.mode == "active" for model in models):
            return Check(ok=True)
        return Check(ok=False, reason="no active view model is installed: films would get no view")

    return probe


def workers_probe(alive: Callable[[], int]) -> Probe:
    """A worker gave a sign of life just now; without one films are taken in, and wait."""

    def probe() -> Check:
        if alive():
            return Check(ok=True)
        return Check(ok=False, reason="no worker is alive: films are taken in, but wait for their answer")

    return probe


def judge_probe(alive: Callable[[], int], problems: Callable[[], Mapping[str, str]]) -> Probe:
    """A judge gave a sign of life just now; a worklist that is down is worth a word, no more."""

    def probe() -> Check:
        if not alive():
            return Check(ok=False, reason="no judge is alive: studies wait to be held against their orders")
        down = "; ".join(f"worklist {name}: {problem}" for name, problem in sorted(problems().items()))
        return Check(ok=True, reason=down or None)

    return probe


def disk_probe(folder: Path, *, soft: float, hard: float) -> Probe:
    """Space is left; below the free fraction ``soft`` analysis pauses, below ``hard`` C-STORE is refused."""

    def probe() -> Check:
        try:
            free = free_fraction(folder)
        except OSError as error:
            return Check(ok=False, reason=f"the storage folder cannot be read: {error.strerror}")
        if free < hard:
            return Check(
                ok=False, reason=f"{free:.1%} of the disk is free: below {hard:.1%} nothing is taken in"
            )
        if free < soft:
            return Check(ok=True, reason=f"{free:.1%} of the disk is free: below {soft:.1%} analysis pauses")
        return Check(ok=True)

    return probe


def free_fraction(folder: Path) -> float:
    """The free part of the disk that holds ``folder``, in [0, 1]; raises OSError when it cannot be read."""
    usage = shutil.disk_usage(folder)
    return usage.free / usage.total if usage.total else 0.0
