"""The settings of webhooks: who is told of what, and how often it is tried."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from router.news import Word
from service.kinds import AeTitle, Seconds, is_loopback
from service.sections import Section

SHORTEST_SECRET = 16


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
        raise ValueError("write an address such as https://viewer.example.org/hooks/radrouter")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("beyond this machine only https is spoken: the address must begin with https://")
    return value


class Webhook(Section):
    """One address that is told what happens."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$")] = Field(
        description="what it is called here; another name begins anew with what happens from then on"
    )
    url: Annotated[str, AfterValidator(_address)] = Field(description="https, or http on this machine")
    secret: SecretStr = Field(
        description=f"signs every message (HMAC-SHA256), {SHORTEST_SECRET} characters or more"
    )
    events: tuple[Word, ...] = Field(
        default=(Word.ANSWERED, Word.FAILED, Word.REVIEWED, Word.STUDY),
        min_length=1,
        description="of what: pending, answered, failed, reviewed (films), study (all its films are)",
    )
    calling_ae_titles: tuple[AeTitle, ...] = Field(
        default=(), description="films of these senders alone; empty: all"
    )
    modalities: tuple[str, ...] = Field(default=(), description="films of these modalities alone; empty: all")
    ca: Path | None = Field(
        default=None, description="PEM certificates that its certificate is signed by; default: the system's"
    )

    @model_validator(mode="after")
    def _secret_long_enough(self) -> Webhook:
        if len(self.secret.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError(f"the secret of {self.name} is shorter than {SHORTEST_SECRET} characters")
        return self


class Webhooks(Section):
    """Who is told when a film or a study has its answer, or another one."""

    targets: tuple[Webhook, ...] = Field(
        default=(), description="addresses, each with name, url, secret and what it wants to hear"
    )
    timeout_s: Seconds = Field(default=10, description="seconds one attempt may take as a whole")
    attempts: int = Field(default=12, ge=1, le=100, description="attempts before a message is given up")
    first_delay_s: Seconds = Field(
        default=5, description="seconds before the second attempt; doubles with each further one"
    )
    longest_delay_s: Seconds = Field(default=3600, description="longest delay between attempts, in seconds")
    poll_s: float = Field(
        default=0.25, ge=0.01, le=60, description="seconds between looks for news while there is none"
    )
    keep_days: float = Field(
        default=30,
        gt=0,
        description="days after which messages that came to an end are forgotten",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Webhooks:
        if self.first_delay_s > self.longest_delay_s:
            raise ValueError("first_delay_s is above longest_delay_s")
        names = [target.name for target in self.targets]
        if len(set(names)) < len(names):
            raise ValueError("two targets have the same name")
        return self
