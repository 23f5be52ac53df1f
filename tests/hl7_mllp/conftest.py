"""Messages as a RIS writes them, and a listener on a free port."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from hl7_mllp.complaints import Complaint
from hl7_mllp.listener import ListenerSettings, open_socket, serve
from hl7_mllp.receiving import Desk
from router.orders import Order, OrderOutcome

ORM = (
    r"MSH|^~\&|RIS|CENTRAL|RADROUTER|RAD|20260102101500+0100||ORM^O01|MSG1|P|2.3.1",
    r"PID|1||4711^^^HOSP^MR||Doe^Jane^Q^III^Dr||19700101|F",
    r"PV1|1|O",
    r"ORC|NW|PL1^HIS|FI1^RIS||SC||^^^202601021030^^R",
    r"OBR|1|PL1^HIS|FI1^RIS|37925-5^XR wrist 2 views^LN^WR2^Handgelenk 2 Ebenen^99LOC"
    r"|||||||||||^^^WRIST^RT|||A100|RP1|SPS1",
    r"ZDS|1.2.3.4^^Application^DICOM",
)
OMI = (
    r"MSH|^~\&|RIS|CENTRAL|||20260102101500||OMI^O23^OMI_O23|MSG2|P|2.5.1||||||UNICODE UTF-8",
    r"PID|1||99^^^OTHER&1.2.3&ISO~4711^^^HOSP||M\S\ller^Jörg",
    r"ORC|NW|PL2|FI2",
    r"TQ1|1||||||20260102093000",
    r"OBR|1|PL2|FI2|36643-5^Chest 2 views^LN" + "|" * 42 + "LFT^^HL70411",
    r"IPC|A200|RP2|1.2.3.5|SPS2|DX|CH2^Chest PA and lateral^99LOC",
)


def message(*lines: str) -> bytes:
    return "\r".join(lines).encode() + b"\r"


@dataclass
class House:
    """What a listener was told, and where it is."""

    port: int = 0
    recorded: list[tuple[Order, str]] = field(default_factory=list)
    kept: list[tuple[bytes, Complaint]] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)
    fails: Exception | None = None
    gate: threading.Event = field(default_factory=threading.Event)

    def record(self, order: Order, *, message: str | None = None) -> OrderOutcome:
        self.gate.wait(10)
        if self.fails is not None:
            raise self.fails
        self.recorded.append((order, message or ""))
        return OrderOutcome.NEW

    def keep(self, raw: bytes, complaint: Complaint) -> None:
        self.kept.append((raw, complaint))

    def desk(self) -> Desk:
        return Desk(record=self.record, keep=self.keep, count=self.counted.append)


@pytest.fixture
def listener() -> Iterator[Callable[..., House]]:
    """Start a listener with these settings."""
    ends: list[Callable[[], None]] = []

    def start(**settings: object) -> House:
        tls = settings.pop("tls", None)
        house, stop = House(), threading.Event()
        house.gate.set()
        listening = open_socket("127.0.0.1", 0)
        house.port = listening.getsockname()[1]
        chosen = ListenerSettings(**settings)
        thread = threading.Thread(
            target=serve,
            args=(chosen, house.desk()),
            kwargs={"stop": stop, "listening": listening, "tls": tls},
        )
        thread.start()

        def end() -> None:
            stop.set()
            thread.join(20)
            assert not thread.is_alive(), "the listener did not stop"
            listening.close()

        ends.append(end)
        return house

    yield start
    for end in ends:
        end()


class Sender:
    """A connection that sends blocks and reads answers, byte by byte if need be."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._left = b""

    def send(self, raw: bytes) -> None:
        self.socket.sendall(raw)

    def answer(self) -> str:
        """The next answer; empty when the connection ends."""
        while b"\x1c\r" not in self._left:
            piece = self.socket.recv(4096)
            if not piece:
                return ""
            self._left += piece
        answer, _, self._left = self._left.partition(b"\x1c\r")
        return answer.lstrip(b"\x0b").decode("latin-1")

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def sender() -> Iterator[Callable[[int], Sender]]:
    """Connect to a port."""
    open_ones: list[Sender] = []

    def connect(port: int) -> Sender:
        open_ones.append(Sender(port))
        return open_ones[-1]

    yield connect
    for each in open_ones:
        each.close()


@pytest.fixture(scope="session")
def orm() -> tuple[str, ...]:
    return ORM


@pytest.fixture(scope="session")
def omi() -> tuple[str, ...]:
    return OMI
