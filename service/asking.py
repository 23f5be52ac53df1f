"""Asking the modality worklists what was ordered for a study."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Protocol

from db.read import InstanceDetail
from db.read_verdicts import Due
from dicom_scp.link import Address, Unreachable
from dicom_scp.wire import Timeouts
from router.orders import Order
from service.sections_orders import WorklistSource
from service.tls import tls_to

log = logging.getLogger(__name__)

REST_S = 30.0  # a worklist that was down is left alone so long: each try may take its whole timeout


class Ask(Protocol):
    """``dicom_scp.worklist.ask``."""

    def __call__(
        self, address: Address, *, accession_number: str | None = None, patient_id: str | None = None
    ) -> tuple[Order, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the worklists said: orders that belong to the study, and who did not answer."""

    orders: tuple[Order, ...] = ()
    down: tuple[str, ...] = ()  # AE titles


@dataclass(slots=True, kw_only=True)
class Worklists:
    """The worklists of the settings. For one thread.

    ``instance`` gives what is known of one film, for sources that serve certain senders or institutions;
    ``tell`` hears of each source whether something is wrong with it.
    """

    sources: Sequence[WorklistSource]
    our_ae_title: str
    ask: Ask
    instance: Callable[[str], InstanceDetail | None]
    tell: Callable[[str, str | None], None]
    beat: Callable[[], None]  # before each: they may take long
    rest_s: float = REST_S
    _resting: dict[str, float] = field(default_factory=dict)

    def orders_of(self, due: Due) -> Asked:
        """Ask every worklist that serves the study; one that is down is named, and no error."""
        orders: list[Order] = []
        down: list[str] = []
        for source in self._serving(due):
            if time.monotonic() < self._resting.get(source.ae_title, 0.0):
                down.append(source.ae_title)
                continue
            self.beat()
            try:
                orders += self._asked(source, due)
                self.tell(source.ae_title, None)
            except Unreachable as error:
                down.append(source.ae_title)
                self._resting[source.ae_title] = time.monotonic() + self.rest_s
                self.tell(source.ae_title, str(error))
                log.warning("worklist %s: %s", source.ae_title, error)
        return Asked(orders=tuple(orders), down=tuple(down))

    def _asked(self, source: WorklistSource, due: Due) -> list[Order]:
        address = self._address(source)
        if due.accession_number:
            return list(self.ask(address, accession_number=due.accession_number))
        if not source.by_patient or not due.patient_id:
            return []
        # The patient alone says nothing about which of several orders this study is.
        found = self.ask(address, patient_id=due.patient_id)
        return [order for order in found if order.study_instance_uid == due.study_instance_uid]

    def _serving(self, due: Due) -> list[WorklistSource]:
        choosy = any(source.calling_ae_titles or source.institutions for source in self.sources)
        film = self.instance(due.films[0].sop_instance_uid) if choosy and due.films else None
        return [source for source in self.sources if _serves(source, film)]

    def _address(self, source: WorklistSource) -> Address:
        calling = source.calling_ae_title or self.our_ae_title
        return Address(source.host, source.port, calling, source.ae_title, tls_to(source), timeouts(source))


def timeouts(source: WorklistSource) -> Timeouts:
    """How long a worklist may be silent."""
    return Timeouts(negotiation=source.timeout_s, stalled=source.timeout_s, idle=source.timeout_s)


def _serves(source: WorklistSource, film: InstanceDetail | None) -> bool:
    sender = film.arrival.calling_ae_title if film else ""
    institution = " ".join(film.instance.attributes.get("InstitutionName", ())) if film else ""
    return _fits(sender, source.calling_ae_titles) and _fits(institution, source.institutions)


def _fits(value: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(value, pattern) for pattern in patterns)
