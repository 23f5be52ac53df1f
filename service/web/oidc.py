"""An OpenID Connect provider (OpenID Connect Core 1.0): authorization code with PKCE, state and nonce.

Authlib and joserfc speak the protocol; here is what is asked of them, and what is believed.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from router.errors import OutOfResources, RadrouterError
from service.sections_web import Oidc

TIMEOUT_S = 10.0
KEPT_S = 3600.0  # how long what the provider says about itself is believed
LEEWAY_S = 60  # the clocks of two machines
# Signatures that only the provider can make: "none", and those by our shared secret, are not among them.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
NOT_THERE = "the sign-in service does not answer as it should: try again, or sign in with a password"


class NotBelieved(RadrouterError):  # noqa: N818  as the whole tree of router.errors is named
    """What came back from the provider is not believed; the message names what, never a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a browser takes to the provider and must bring back."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What the provider says about itself, and its keys."""

    endpoints: Mapping[str, Any]
    keys: KeySet
    until: float  # monotonic seconds


class Provider:
    """One provider, asked by many threads."""

    def __init__(self, settings: Oidc) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._metadata: Metadata | None = None

    def begin(self, redirect_uri: str) -> tuple[str, Asked]:
        """Where to send the browser, and what to keep until it comes back. Raises OutOfResources."""
        asked = Asked(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
        )
        endpoint = self._known().endpoints["authorization_endpoint"]
        with self._client(redirect_uri) as client:
            address, _ = client.create_authorization_url(
                endpoint, state=asked.state, code_verifier=asked.verifier, nonce=asked.nonce
            )
        return str(address), asked

    def claims(self, code: str, asked: Asked, redirect_uri: str) -> dict[str, Any]:
        """What the provider says of whoever brought this code.

        Raises:
            NotBelieved: the code or the identity token does not hold.
            OutOfResources: the provider cannot be reached.
        """
        known = self._known()
        with self._client(redirect_uri) as client:
            try:
                token = client.fetch_token(
                    known.endpoints["token_endpoint"], code=code, code_verifier=asked.verifier
                )
                claims = self._verified(str(token.get("id_token", "")), asked.nonce, token)
                return self._with_userinfo(client, known, claims)
            except (AuthlibBaseError, JoseError) as error:
                raise NotBelieved(f"the sign-in is not believed: {type(error).__name__}") from error
            except (httpx2.HTTPError, ValueError) as error:
                raise OutOfResources(NOT_THERE) from error

    def _verified(self, id_token: str, nonce: str, token: Mapping[str, Any]) -> dict[str, Any]:
        """The claims of an identity token that holds; keys are asked for anew once, should they be new."""
        decoded = self._decoded(id_token)
        options = {
            "iss": {"essential": True, "value": self._settings.issuer},
            "aud": {"essential": True, "value": self._settings.client_id},
            "nonce": {"essential": True, "value": nonce},
        }
        params = {"client_id": self._settings.client_id, "nonce": nonce, **token}
        claims = CodeIDToken(decoded.claims, decoded.header, options, params)
        claims.validate(leeway=LEEWAY_S)
        return dict(claims)

    def _decoded(self, id_token: str) -> jwt.Token:
        try:
            return jwt.decode(id_token, self._known().keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            return jwt.decode(id_token, self._known(anew=True).keys, algorithms=ALGORITHMS)

    def _with_userinfo(self, client: Any, known: Metadata, claims: dict[str, Any]) -> dict[str, Any]:
        """Name and role may only be told there (Core 5.3); the identity token's words come first."""
        endpoint = known.endpoints.get("userinfo_endpoint")
        wanted = (self._settings.name_claim, self._settings.role_claim)
        if endpoint is None or all(claim(claims, name) is not None for name in wanted):
            return claims
        answer = client.get(endpoint)
        answer.raise_for_status()
        more = answer.json()
        if more.get("sub") != claims["sub"]:
            raise NotBelieved("the sign-in is not believed: its two halves are about different people")
        return {**more, **claims}

    def _known(self, *, anew: bool = False) -> Metadata:
        """Raises OutOfResources."""
        with self._lock:
            if anew or self._metadata is None or time.monotonic() > self._metadata.until:
                self._metadata = self._ask()
            return self._metadata

    def _ask(self) -> Metadata:
        try:
            with httpx2.Client(timeout=TIMEOUT_S, follow_redirects=False) as client:
                address = get_well_known_url(self._settings.issuer, external=True)
                endpoints = _json(client.get(address))
                if endpoints.get("issuer") != self._settings.issuer:
                    raise OutOfResources("the sign-in service calls itself otherwise than oidc.issuer says")
                keys = KeySet.import_key_set(_json(client.get(endpoints["jwks_uri"])))
        except (httpx2.HTTPError, KeyError, ValueError, JoseError) as error:
            raise OutOfResources(NOT_THERE) from error
        return Metadata(endpoints=endpoints, keys=keys, until=time.monotonic() + KEPT_S)

    def _client(self, redirect_uri: str) -> Any:
        secret = self._settings.client_secret.get_secret_value()
        return OAuth2Client(
            client_id=self._settings.client_id,
            client_secret=secret or None,
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
            scope=" ".join(self._settings.scopes),
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
        )


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by a path of names joined by dots; None when it is not there."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def role_of(claims: Mapping[str, Any], settings: Oidc) -> str | None:
    """The highest role that the claims give here; None for none."""
    told = claim(claims, settings.role_claim)
    values = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    meanings = settings.roles or {role: role for role in ("reader", "reviewer", "admin")}
    roles = {meanings[value] for value in values if isinstance(value, str) and value in meanings}
    ordered = ("admin", "reviewer", "reader")
    return next((role for role in ordered if role in roles), settings.default_role or None)


def _json(answer: httpx2.Response) -> Any:
    """Raises httpx2.HTTPError for a refusal, ValueError for what is no JSON."""
    return answer.raise_for_status().json()
