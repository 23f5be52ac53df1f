"""One C-STORE, from its command to its status: what may be answered, and when (PS3.4 Annex B)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from dicom_scp import header
from dicom_scp.command import Command
from dicom_scp.header import Announced
from dicom_scp.inbox import Inbox, Writing
from dicom_scp.part10 import Naming
from dicom_scp.status import SOP_CLASS_NOT_SUPPORTED, STORED, UNRECOGNIZED_OPERATION, Status, status_of
from dicom_scp.uids import checked_uid
from router.errors import OutOfResources, RefusedObject
from router.types import Arrival, Instance, Outcome, StoredObject

log = logging.getLogger(__name__)

Record = Callable[[Instance, Arrival, StoredObject], Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who is at the other end of an association, and what for."""

    calling_ae_title: str
    called_ae_title: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """An accepted presentation context (PS3.8 section 7.1.1.14)."""

    abstract_syntax: str
    transfer_syntax: str


class Message(Protocol):
    """What the bytes of a data set go to."""

    def write(self, data: memoryview) -> None: ...
    def finish(self) -> Status: ...
    def abandon(self) -> None: ...


class Unwanted:
    """A data set that belongs to an operation nobody here knows."""

    def write(self, data: memoryview) -> None:
        pass

    def finish(self) -> Status:
        return Status(code=UNRECOGNIZED_OPERATION)

    def abandon(self) -> None:
        pass


class Storing:
    """An object on its way in: ``write`` its bytes, then ``finish`` or ``abandon``.

    Once something is wrong the rest of the bytes is let pass, because the sender may be answered only after
    them.
    """

    def __init__(
        self, command: Command, context: Context, *, peer: Peer, inbox: Inbox, record: Record
    ) -> None:
        self._peer = peer
        self._record = record
        self._writing: Writing | None = None
        self._refused: Status | None = None
        try:
            self._announced = Announced(
                sop_class_uid=checked_uid(command.sop_class_uid, "AffectedSOPClassUID"),
                sop_instance_uid=checked_uid(command.sop_instance_uid, "AffectedSOPInstanceUID"),
            )
            if command.sop_class_uid != context.abstract_syntax:
                self._refuse(
                    Status(code=SOP_CLASS_NOT_SUPPORTED, comment="not this presentation context's SOP class")
                )
                return
            self._writing = inbox.begin(
                Naming(
                    sop_class_uid=command.sop_class_uid,
                    sop_instance_uid=command.sop_instance_uid,
                    transfer_syntax_uid=context.transfer_syntax,
                    source_ae_title=peer.calling_ae_title,
                )
            )
        except (RefusedObject, OutOfResources, OSError) as error:
            self._refuse(_told(error))

    def write(self, data: memoryview) -> None:
        """Take the next bytes of the data set."""
        if self._writing is None:
            return
        try:
            self._writing.write(data)
        except OSError as error:
            self._refuse(_told(error))

    def finish(self) -> Status:
        """All bytes are here: keep them, record them, and only then say so."""
        writing = self._writing
        if writing is None:
            assert self._refused is not None
            return self._refused
        try:
            instance = header.read(writing.part, announced=self._announced)
            stored = writing.keep(instance)
            outcome = self._record(instance, self._arrival(), stored)
        except (RefusedObject, OutOfResources, OSError) as error:
            return self._refuse(_told(error))
        except Exception as error:
            # The outermost frame of this object: its sender hears of a failure, the association lives on. The
            # file stays if it has its final name: the same bytes may have been acknowledged before, under
            # that name.
            log.exception("storing %s failed", self._announced.sop_instance_uid)
            return self._refuse(status_of(error))
        log.info("%s %s from %s", instance.sop_instance_uid, outcome, self._peer.calling_ae_title)
        return STORED

    def abandon(self) -> None:
        """The association ended before the object did: nothing of it is kept."""
        if self._writing is not None:
            self._writing.discard()
            self._writing = None

    def _arrival(self) -> Arrival:
        return Arrival(
            calling_ae_title=self._peer.calling_ae_title,
            called_ae_title=self._peer.called_ae_title,
            address=self._peer.address,
            via="C-STORE",
            received_at=datetime.now(UTC),
        )

    def _refuse(self, status: Status) -> Status:
        self.abandon()
        self._refused = status
        log.warning(
            "refused an object of %s: 0x%04X %s", self._peer.calling_ae_title, status.code, status.comment
        )
        return status


def _told(error: RefusedObject | OutOfResources | OSError) -> Status:
    """A disk's error is a lack of resources to the sender: it may try again (PS3.4 Table B.2-1)."""
    if isinstance(error, OSError):
        log.error("the storage failed: %s", error)
        return status_of(OutOfResources(f"storage: {error.strerror}"))
    return status_of(error)
