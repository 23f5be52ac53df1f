"""The sections of the settings that are about orders: where they come from, and when studies are judged."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from service.kinds import AeTitle, Network, Port, Seconds
from service.sections import Section, TlsDoor

SHIPPED_PROCEDURES = Path(__file__).with_name("default_procedures.toml")


def _place(value: str) -> str:
    if not re.fullmatch(r"(IPC|OBR|ORC)-[1-9]\d?", value):
        raise ValueError(f"{value!r} is no field of IPC, OBR or ORC, such as OBR-18")
    return value


def _encoding(value: str) -> str:
    try:
        return codecs.lookup(value).name
    except LookupError as error:
        raise ValueError(f"{value!r} is no character set that is known here") from error


def _zone(value: str) -> str:
    try:
        ZoneInfo(value or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{value!r} is no time zone such as Europe/Berlin") from error
    return value


FieldPlace = Annotated[str, AfterValidator(_place)]
Encoding = Annotated[str, AfterValidator(_encoding)]
TimeZone = Annotated[str, AfterValidator(_zone)]


class Orders(Section):
    """What was ordered, held against what was performed."""

    procedures: Path = Field(
        default=SHIPPED_PROCEDURES,
        description="the procedure map, watched and reloaded; default: the map shipped with radrouter",
    )
    quiet_s: float = Field(
        default=60,
        ge=0,
        description="seconds without a new film, answer, order or review after which a study is judged",
    )
    batch: int = Field(default=16, ge=1, le=256, description="studies claimed and judged together")
    lease_s: float = Field(
        default=120, ge=5, description="seconds a claim lasts; a dead judge's studies return after it"
    )
    poll_s: float = Field(
        default=1.0, ge=0.01, le=60, description="seconds between looks for studies to judge while idle"
    )


class Hl7(TlsDoor):
    """The HL7 door: orders as HL7 v2 messages over MLLP."""

    enabled: bool = Field(default=True, description="whether it is open at all")
    host: str = Field(
        default="127.0.0.1",
        description="address to listen on; beyond loopback only hl7.allowed_networks may send",
    )
    port: Port = Field(default=2575, description="TCP port; 0 picks a free one and prints it")
    allowed_networks: tuple[Network, ...] = Field(
        default=(), description="networks that may send, e.g. 10.1.0.0/16 (empty: any on loopback, else none)"
    )
    max_connections: int = Field(default=32, ge=1, description="connections at once")
    max_message: int = Field(default=1048576, ge=1024, description="largest message in bytes")
    stalled_timeout_s: Seconds = Field(
        default=60, description="seconds of silence inside a message before the connection is closed"
    )
    idle_timeout_s: Seconds = Field(
        default=3600, description="seconds of silence between messages before the connection is closed"
    )
    accession_number: tuple[FieldPlace, ...] = Field(
        default=("IPC-1", "OBR-18", "ORC-3", "OBR-3"),
        description="where the accession number stands in this site's messages: the first that is filled",
    )
    assigning_authority: str = Field(
        default="", description="whose patient ID of PID-3 the films carry (PID-3.4); empty: the first"
    )
    processing_ids: tuple[str, ...] = Field(
        default=("P", "T", "D"), description="kinds of messages that count (MSH-11): P alone in production"
    )
    character_set: Encoding = Field(
        default="iso8859-1",
        description="of messages that declare none in MSH-18 and are not UTF-8",
    )
    time_zone: TimeZone = Field(
        default="", description="of times without one, e.g. Europe/Berlin; empty: this machine's"
    )
    refused_kept: int = Field(
        default=1000,
        ge=0,
        description="refused messages kept in storage.folder/hl7/refused to be looked at; the oldest go",
    )


class WorklistSource(Section):
    """One modality worklist: a RIS, and whose films it knows the orders of."""

    host: str = Field(min_length=1, description="where it is")
    port: Port = Field(default=104, description="its TCP port")
    ae_title: AeTitle = Field(description="its AE title")
    calling_ae_title: AeTitle | None = Field(
        default=None, description="who we say we are; default: listener.ae_title"
    )
    timeout_s: Seconds = Field(default=10, description="seconds it may be silent before it counts as down")
    calling_ae_titles: tuple[AeTitle, ...] = Field(
        default=(),
        description="ask it for films of these senders alone (`*`, `?` are patterns); empty: all",
    )
    institutions: tuple[str, ...] = Field(
        default=(),
        description="ask it for films of these Institution Names alone (`*`, `?` are patterns); empty: all",
    )
    by_patient: bool = Field(
        default=True,
        description="ask by patient ID for studies without an accession number; "
        "an answer counts when its Study Instance UID is the films'",
    )
    tls: bool = Field(default=False, description="speak TLS to it")
    tls_ca: Path | None = Field(
        default=None, description="PEM certificates that its certificate is signed by"
    )
    tls_certificate: Path | None = Field(default=None, description="PEM certificate of ours, if it wants one")
    tls_key: Path | None = Field(default=None, description="PEM private key of our certificate")

    @model_validator(mode="after")
    def _tls_whole(self) -> WorklistSource:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together: name both or neither")
        if not self.tls and (self.tls_ca or self.tls_certificate):
            raise ValueError("tls_ca and tls_certificate mean nothing without tls = true")
        return self


class Worklist(Section):
    """Modality worklists that are asked what was ordered, where no order has come by itself."""

    sources: tuple[WorklistSource, ...] = Field(
        default=(), description="worklists, each with host, port, ae_title and whose films it knows"
    )
    again_first_s: Seconds = Field(
        default=60,
        description="seconds after which a worklist that was down is asked again about a study; "
        "doubles with each further time",
    )
    again_longest_s: Seconds = Field(default=3600, description="longest such delay, in seconds")
    again_for_s: float = Field(
        default=86400, ge=0, description="seconds after the first attempt when it is not asked again"
    )

    @model_validator(mode="after")
    def _delays_in_order(self) -> Worklist:
        if self.again_first_s > self.again_longest_s:
            raise ValueError("again_first_s is above again_longest_s")
        names = [source.ae_title for source in self.sources]
        if len(set(names)) < len(names):
            raise ValueError("two sources have the same ae_title")
        return self
