"""Who is asking: bearer tokens (RFC 6750) with roles."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from router.errors import SettingsError
from service.api.problems import Problem
from service.kinds import is_loopback
from service.sections import Token

CHALLENGE = 'Bearer realm="radrouter"'


class Role(IntEnum):
    """What a token may do; each role may do all that the lower ones may."""

    READER = 1
    REVIEWER = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody who asks; ``name`` appears in the audit."""

    name: str
    role: Role


LOCAL = Principal(name="local", role=Role.ADMIN)


class Keyring:
    """The tokens of the settings, of which only the hashes are known."""

    def __init__(self, tokens: Sequence[Token], *, host: str) -> None:
        """Take the tokens; without any, everyone on a loopback ``host`` is admin.

        Raises:
            SettingsError: ``host`` is reachable from elsewhere and there is no token.
        """
        if not tokens and not is_loopback(host):
            raise SettingsError(
                f"the API would answer anyone on {host}: name at least one token in api.tokens"
            )
        self._principals = tuple(
            (token.sha256.encode(), Principal(name=token.name, role=Role[token.role.upper()]))
            for token in tokens
        )

    @property
    def is_empty(self) -> bool:
        """Whether nobody needs a token."""
        return not self._principals

    def find(self, authorization: str | None) -> Principal | None:
        """Who sent this ``Authorization`` header; None for nobody known.

        Every hash is compared, in constant time: how long it takes tells nothing about the tokens.
        """
        if self.is_empty:
            return LOCAL
        scheme, _, token = (authorization or "").partition(" ")
        presented = hashlib.sha256(token.strip().encode()).hexdigest().encode()
        found = None
        for known, principal in self._principals:
            if hmac.compare_digest(known, presented):
                found = principal
        return found if scheme.lower() == "bearer" else None


bearer = HTTPBearer(auto_error=False, description="a token of the settings' api.tokens")


async def principal(request: Request) -> Principal:
    """Whom the door recognised."""
    found = request.scope.get("principal")
    if not isinstance(found, Principal):
        raise Problem(HTTPStatus.UNAUTHORIZED, "a token is needed", headers={"WWW-Authenticate": CHALLENGE})
    return found


async def _reader(who: Annotated[Principal, Depends(principal)]) -> None:
    _at_least(Role.READER, who)


async def _reviewer(who: Annotated[Principal, Depends(principal)]) -> None:
    _at_least(Role.REVIEWER, who)


async def _admin(who: Annotated[Principal, Depends(principal)]) -> None:
    _at_least(Role.ADMIN, who)


def _at_least(role: Role, who: Principal) -> None:
    if who.role < role:
        raise Problem(HTTPStatus.FORBIDDEN, f"this needs the role {role.name.lower()}")


Asking = Annotated[Principal, Depends(principal)]
READER = [Depends(bearer), Depends(_reader)]
REVIEWER = [Depends(bearer), Depends(_reviewer)]
ADMIN = [Depends(bearer), Depends(_admin)]
