"""The sections of the settings that are about people and their browsers."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from service.kinds import Network, is_loopback
from service.sections import Section


class Web(Section):
    """The pages: how long somebody stays signed in, and which proxies are believed."""

    session_idle_minutes: float = Field(
        default=60, gt=0, description="minutes without a click or key after which somebody must sign in again"
    )
    session_longest_hours: float = Field(
        default=12, gt=0, description="hours after which somebody must sign in again in any case"
    )
    trusted_proxies: tuple[Network, ...] = Field(
        default=("127.0.0.1/32", "::1/128"),
        description="whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses and networks",
    )


class Oidc(Section):
    """Sign-in by an OpenID Connect provider, e.g. the hospital's; off while there is no issuer."""

    issuer: str = Field(default="", description="the provider's issuer URL, https; empty: no such sign-in")
    client_id: str = Field(default="", description="our name at the provider")
    client_secret: SecretStr = Field(
        default=SecretStr(""), description="our secret at the provider; empty for a public client"
    )
    label: str = Field(default="the hospital's account", description="what the sign-in button names")
    scopes: tuple[str, ...] = Field(
        default=("openid", "profile"), description="what is asked for; openid must be among them"
    )
    name_claim: str = Field(default="preferred_username", description="claim that holds the user's name here")
    role_claim: str = Field(
        default="roles",
        description="claim that holds a role or a list of them; dots lead inwards, as in realm_access.roles",
    )
    roles: dict[str, Literal["reader", "reviewer", "admin"]] = Field(
        default={},
        description="what a value of that claim means here; default: reader, reviewer and admin as they are",
    )
    default_role: Literal["", "reader", "reviewer", "admin"] = Field(
        default="", description="role of those whom the claim gives none; empty: they are turned away"
    )

    @model_validator(mode="after")
    def _whole(self) -> Oidc:
        if not self.issuer:
            return self
        parts = urlsplit(self.issuer)
        at_home = parts.scheme == "http" and is_loopback(parts.hostname or "")
        if parts.scheme != "https" and not at_home:
            raise ValueError("issuer is an https URL")
        if not self.client_id:
            raise ValueError("issuer needs a client_id")
        if "openid" not in self.scopes:
            raise ValueError("scopes must have openid among them")
        return self
