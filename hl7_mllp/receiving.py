"""One message from its bytes to its answer: the answer is written once all its orders are committed."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from hl7_mllp.acknowledgement import answers
from hl7_mllp.characters import decoded
from hl7_mllp.complaints import Complaint, Condition
from hl7_mllp.fields import segments
from hl7_mllp.messages import Header, Reading, read_header, read_orders
from router.errors import OutOfResources
from router.orders import Order, OrderOutcome

log = logging.getLogger(__name__)

REFUSED, NOT_NOW, IGNORED = "refused", "not_now", "ignored"
_LOGGED = 40  # characters of a control ID


class Record(Protocol):
    """``db.orders.Orders.record``: commits one order; raises OutOfResources."""

    def __call__(self, order: Order, *, message: str | None = None) -> OrderOutcome: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a message says, as far as it could be read."""

    header: Header
    text: str = ""
    orders: tuple[Order, ...] = ()
    complaint: Complaint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where messages are taken in. ``record`` and ``keep`` may be called from several threads at a time.

    ``keep`` stores a message that is refused, so that somebody can see what was wrong with it; ``count``
    hears the outcome of each order and message.
    """

    record: Record
    keep: Callable[[bytes, Complaint], None]
    count: Callable[[str], None]
    reading: Reading = field(default_factory=Reading)
    otherwise: str = "iso8859_1"  # the encoding of messages that declare none and are not UTF-8

    def take(self, raw: bytes) -> list[bytes]:
        """The answers to one message."""
        found = read(raw, self.reading, otherwise=self.otherwise)
        complaint = found.complaint or self._record(found)
        if found.complaint is not None:
            self.keep(raw, found.complaint)
            self.count(REFUSED)
            log.warning("refused control_id=%s: %s", _logged(found.header), found.complaint)
        return answers(found.header, complaint, now=datetime.now(UTC))

    def refuse(self, head: bytes, complaint: Complaint) -> list[bytes]:
        """The answers to a message of which only the beginning was looked at."""
        header = read(head, self.reading, otherwise=self.otherwise).header
        self.keep(head, complaint)
        self.count(REFUSED)
        log.warning("refused control_id=%s: %s", _logged(header), complaint)
        return answers(header, complaint, now=datetime.now(UTC))

    def _record(self, found: Read) -> Complaint | None:
        """Commit the orders one by one: repeated, those that were committed are duplicates."""
        outcomes = []
        try:
            for order in found.orders:
                outcomes.append(self.record(order, message=found.text))
        except OutOfResources as error:
            log.error("control_id=%s is not taken in now: %s", _logged(found.header), error)
            self.count(NOT_NOW)
            return Complaint(Condition.INTERNAL, "", "the database is not to be had, send it again later")
        except Exception as error:  # the outermost frame of a message: its sender hears that it failed
            _tell(error)
            self.count(NOT_NOW)
            return Complaint(Condition.INTERNAL, "", "an error of ours; the log has it")
        said = [str(outcome) for outcome in outcomes] or [IGNORED]
        for word in said:
            self.count(word)
        kind = found.header.message_type
        log.info("%s control_id=%s orders=%s", kind, _logged(found.header), ",".join(said))
        return None


def read(raw: bytes, reading: Reading, *, otherwise: str = "iso8859_1") -> Read:
    """What a message says; never raises."""
    header, text = Header(), ""
    try:
        text, encoding = decoded(raw, otherwise=otherwise)
        header = Header(encoding=encoding)
        known = list(segments(text, encoding))
        header = read_header(known[0])
        return Read(header=header, text=text, orders=read_orders(header, known, reading))
    except Complaint as complaint:
        return Read(header=header, text=text, complaint=complaint)


def _logged(header: Header) -> str:
    return re.sub(r"[^\w.:-]", "?", header.control_id, flags=re.ASCII)[:_LOGGED] or "-"


def _tell(error: Exception) -> None:
    """The error's place, without its message, which may quote a patient's values."""
    log.error(
        "unexpected %s\n%s", type(error).__qualname__, "".join(traceback.format_tb(error.__traceback__))
    )
