"""The sections of the settings: one class each, every setting with its default and its meaning.

``docs/settings.md`` shows these tables; a test holds the page against this file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from router.known_films import SURE_ENOUGH
from router.verdicts import Source
from service.kinds import AeTitle, Fraction, Network, Port, Seconds, is_loopback

SHIPPED_RULES = Path(__file__).with_name("default_rules.toml")


class Section(BaseModel):
    """What all sections share: unknown keys are errors, values never change after the start."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TlsDoor(Section):
    """What a door of ours needs to speak TLS; in plain without a certificate."""

    tls_certificate: Path | None = Field(default=None, description="PEM certificate chain; turns TLS on")
    tls_key: Path | None = Field(default=None, description="PEM private key of the certificate")
    tls_ca: Path | None = Field(
        default=None, description="PEM certificates of the authorities that sign clients"
    )
    tls_require_client_certificate: bool = Field(
        default=False, description="refuse clients without a certificate signed by tls_ca"
    )

    @model_validator(mode="after")
    def _whole(self) -> TlsDoor:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together: name both or neither")
        if self.tls_certificate is None and (self.tls_ca or self.tls_require_client_certificate):
            raise ValueError("tls_ca and tls_require_client_certificate need tls_certificate and tls_key")
        if self.tls_require_client_certificate and self.tls_ca is None:
            raise ValueError("tls_require_client_certificate needs tls_ca: the authority that signs clients")
        return self


class Storage(Section):
    """Where objects are kept."""

    folder: Path = Field(
        default=Path("var"),
        description="the data folder: objects, and the SQLite database if no other is named",
    )
    soft_free_fraction: Fraction = Field(
        default=0.10, description="free disk fraction below which analysis pauses and an alert is raised"
    )
    hard_free_fraction: Fraction = Field(
        default=0.05, description="free disk fraction below which C-STORE is refused (0xA700)"
    )
    on_conflict: Literal["replace", "keep_first"] = Field(
        default="replace",
        description="other bytes under a known SOP Instance UID: analyse the new ones, or keep the first",
    )

    @model_validator(mode="after")
    def _watermarks_in_order(self) -> Storage:
        if self.hard_free_fraction > self.soft_free_fraction:
            raise ValueError(
                "hard_free_fraction is above soft_free_fraction: the alert must come before the refusal"
            )
        return self


class Database(Section):
    """Where rows are kept."""

    url: str = Field(default="", description="SQLAlchemy URL; empty: an SQLite file in the data folder")


class Listener(TlsDoor):
    """The DICOM door: C-ECHO and C-STORE."""

    host: str = Field(
        default="127.0.0.1",
        description="address to listen on; anything but loopback makes unknown callers refused",
    )
    port: Port = Field(default=11112, description="TCP port; 0 picks a free one and prints it")
    ae_title: AeTitle = Field(default="RADROUTER", description="our AE title")
    check_called_ae_title: bool = Field(
        default=False, description="refuse callers that call us by another AE title"
    )
    processes: int = Field(default=2, ge=1, le=64, description="listener processes sharing the port")
    max_associations: int = Field(default=32, ge=1, description="associations at once, per listener process")
    max_pdu: int = Field(default=1048576, ge=0, description="largest PDU we say we take, in bytes; 0: any")
    negotiation_timeout_s: Seconds = Field(default=20, description="seconds a caller may take to associate")
    stalled_timeout_s: Seconds = Field(
        default=60, description="seconds of silence inside a message before the association is aborted"
    )
    idle_timeout_s: Seconds = Field(default=300, description="seconds an idle association is kept open")
    allowed_calling_ae_titles: tuple[AeTitle, ...] = Field(
        default=(), description="calling AE titles that may send (empty: any on loopback, else none)"
    )
    allowed_networks: tuple[Network, ...] = Field(
        default=(), description="networks that may send, e.g. 10.1.0.0/16 (empty: any on loopback, else none)"
    )


class Worker(Section):
    """Analysis: how many films at once, how long, and how often again."""

    processes: int = Field(
        default=1,
        ge=1,
        le=64,
        description="worker processes, each with one analysis process holding warm models",
    )
    batch: int = Field(default=16, ge=1, le=256, description="films claimed and analysed together")
    lease_s: float = Field(
        default=120,
        ge=5,
        description="seconds a claim lasts unless renewed; a dead worker's films return after it",
    )
    poll_s: float = Field(
        default=0.1, ge=0.01, le=10, description="seconds between looks for new films while idle"
    )
    batch_timeout_s: Seconds = Field(
        default=60, description="seconds one batch may take before the analysis process is killed"
    )
    film_timeout_s: Seconds = Field(
        default=30, description="seconds one film may take when a failed batch is run again one by one"
    )
    start_timeout_s: Seconds = Field(
        default=180, description="seconds the analysis process may take to load the models"
    )
    decode_threads: int = Field(
        default=0, ge=0, le=128, description="threads that decode pixels, per worker; 0: one per core"
    )
    inference_threads: int = Field(
        default=0, ge=0, le=128, description="threads of the model runtime, per worker; 0: one per core"
    )
    max_attempts: int = Field(default=5, ge=1, le=100, description="attempts before a film ends as failed")
    retry_first_delay_s: Seconds = Field(
        default=5, description="seconds before the second attempt; doubles with each further one"
    )
    retry_longest_delay_s: Seconds = Field(
        default=600, description="longest delay between attempts, in seconds"
    )

    @model_validator(mode="after")
    def _delays_in_order(self) -> Worker:
        if self.retry_first_delay_s > self.retry_longest_delay_s:
            raise ValueError("retry_first_delay_s is above retry_longest_delay_s")
        return self


class Token(Section):
    """One bearer token of the API; only its hash is kept. ``radrouter token`` makes one."""

    name: str = Field(min_length=1, description="who holds it; appears in the audit")
    role: Literal["reader", "reviewer", "admin"] = Field(description="what it may do")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="hex SHA-256 of the token")


class Api(Section):
    """REST."""

    host: str = Field(
        default="127.0.0.1",
        description="address to listen on; anything but loopback needs at least one token",
    )
    port: Port = Field(default=8080, description="TCP port; 0 picks a free one and prints it")
    tokens: tuple[Token, ...] = Field(
        default=(), description="bearer tokens, each with name, role (reader, reviewer, admin) and sha256"
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="further host names to answer to, e.g. a reverse proxy's; needs a token"
    )
    cors_origins: tuple[str, ...] = Field(
        default=(), description="origins whose pages may call the API from a browser"
    )
    reference_links: bool = Field(
        default=True,
        description="give each finding, over REST and on the pages, links to searches for its name: pictures "
        "of it, and Radiopaedia; made from the name alone",
    )

    @model_validator(mode="after")
    def _no_open_house(self) -> Api:
        if not self.tokens and not is_loopback(self.host):
            raise ValueError(
                f"the API would answer anyone on {self.host}: name at least one token "
                "(`radrouter token` makes one), or listen on 127.0.0.1"
            )
        return self


class Hanging(Section):
    """What hanging protocols are told."""

    sources: tuple[Source, ...] = Field(
        default=(Source.HUMAN, Source.AI, Source.HEADER),
        min_length=1,
        description="who is believed, the first that says something; one that is left out is never asked",
    )
    min_rotation_score: Fraction = Field(
        default=SURE_ENOUGH, description="score below which a film's rotation is not stated"
    )
    min_projection_score: Fraction = Field(
        default=SURE_ENOUGH, description="score below which AP or PA of a chest film is not stated"
    )

    @model_validator(mode="after")
    def _each_once(self) -> Hanging:
        if len(set(self.sources)) < len(self.sources):
            raise ValueError("sources names one of them twice")
        return self


class Rules(Section):
    """Routing rules."""

    file: Path | None = Field(
        default=None,
        description="the rules file, watched and reloaded; none: `rules.toml` in the data folder, and until "
        "there is one the rules shipped with radrouter",
    )


class Supervisor(Section):
    """What `radrouter serve` does with its children."""

    drain_s: Seconds = Field(
        default=20,
        description="seconds children get to finish their work on Ctrl-C or SIGTERM before they are killed",
    )
    deaths_per_minute: int = Field(
        default=5, ge=1, description="deaths of one child within a minute that stop the whole service"
    )
