"""The reception desk: who may sign in with what, and how often that may fail."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from db.read_people import User
from db.users import Users
from service.api.ports import Needs
from service.api.problems import Problem
from service.sections_web import Oidc, Web
from service.web import sign_in_limits as limits
from service.web.oidc import Provider
from service.web.passwords import Passwords
from service.web.sign_in_limits import Failures

UNKNOWN = "(unknown)"
BLOCKED = "too many sign-ins failed: wait a quarter of an hour, or ask an administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What signing in takes, for one app."""

    web: Web
    oidc: Oidc
    provider: Provider | None  # None: nobody but us signs anybody in
    passwords: Passwords = field(default_factory=Passwords)
    # One at a time, so that guesses sent together are counted as those sent one after the other.
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def idle(self) -> timedelta:
        """How long a session lasts without anybody there."""
        return timedelta(minutes=self.web.session_idle_minutes)


def desk_of(web: Web, oidc: Oidc) -> Desk:
    """The desk of an app with these settings."""
    return Desk(web=web, oidc=oidc, provider=Provider(oidc) if oidc.issuer else None)


async def desk(request: Request) -> Desk:
    """The app's desk."""
    found = request.app.state.desk
    assert isinstance(found, Desk)
    return found


AtDesk = Annotated[Desk, Depends(desk)]


def address_of(request: Request) -> str:
    """Where somebody comes from; a trusted proxy has said it."""
    return request.client.host if request.client else "?"


async def welcome(needs: Needs, at: Desk, name: str, password: str, address: str) -> User | None:
    """The user who has this password; None for a wrong name or password, told after a while.

    Raises:
        Problem: 429, it failed too often.
    """
    await run_in_threadpool(refuse_blocked, needs, name, address)
    async with at.turn:
        user, failures = await run_in_threadpool(_checked, needs, at.passwords, name, password, address)
    if user is None:
        await asyncio.sleep(limits.delay_s(failures))
    return user


def failures_of(users: Users, name: str, address: str, now: datetime) -> Failures:
    """What failed lately."""
    since = now - limits.WITHIN
    return Failures(
        of_name_from_address=users.recent_failures(since, name=name, address=address),
        of_address=users.recent_failures(since, address=address),
        of_name=users.recent_failures(since, name=name),
    )


def refuse_blocked(needs: Needs, name: str, address: str) -> Failures:
    """How often it failed lately.

    Raises:
        Problem: 429, too often.
    """
    user = needs.users.find(name)
    failures = failures_of(needs.users, user.name if user else UNKNOWN, address, needs.clock())
    if limits.is_blocked(failures):
        retry_after = str(int(limits.WITHIN.total_seconds()))
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, BLOCKED, headers={"Retry-After": retry_after})
    return failures


def _checked(
    needs: Needs, passwords: Passwords, name: str, password: str, address: str
) -> tuple[User | None, Failures]:
    """The same work whether or not the name is known, so that how long it takes tells nothing."""
    failures = refuse_blocked(needs, name, address)
    user = needs.users.find(name)
    kept = user.password_hash if user is not None and user.disabled_at is None else None
    fits = passwords.fits(kept, password)
    if user is None or not fits:
        # People type passwords into the field for the name: what is nobody's name is not kept.
        count_failure(needs, user.name if user else UNKNOWN, address)
        return None, failures
    if kept is not None and passwords.is_stale(kept):
        needs.users.rehash(user.name, passwords.hash(password))
    return user, failures


def count_failure(needs: Needs, name: str, address: str) -> None:
    """Remember that somebody gave a wrong password."""
    needs.users.failed(name, address)
    needs.actions.note(name, "sign-in failed", {"address": address})
