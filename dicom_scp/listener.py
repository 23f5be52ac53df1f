"""One process' listener; any number of processes may share its port.

The processes share one listening socket rather than a port with SO_REUSEPORT: each waits in a blocking
``accept``, the kernel wakes the one that has waited longest, so connections go round; SO_REUSEPORT deals them
by a hash of their addresses and gives one of two processes six or more of eight senders every fourth time.
And a shared socket stays open while a process is restarted: its callers wait in the backlog, none is refused.
"""

from __future__ import annotations

import logging
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from dicom_scp.access import AccessPolicy
from dicom_scp.association import Association, House
from dicom_scp.inbox import Inbox
from dicom_scp.refusals import Refusals
from dicom_scp.storing import Record
from dicom_scp.tls import TlsSettings, server_context
from dicom_scp.wire import Timeouts
from router.types import Refusal

log = logging.getLogger(__name__)

BACKLOG = 128
STOP_SECONDS = 0.25  # how soon a stop is noticed
FULL_SECONDS = 0.1  # how long a full process leaves a connection to its siblings
MOST_UNINVITED = 32  # connections beyond the limit that are still read, to be turned away politely


class Stop(Protocol):
    """A ``threading.Event`` or ``multiprocessing.Event``."""

    def is_set(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    """How one process listens. Sizes in bytes, times in seconds."""

    host: str = "127.0.0.1"
    port: int = 11112
    most_associations: int = 64  # at a time, in this process
    longest_pdu: int = 1 << 20  # what we say we take (PS3.8 Annex D.1); 0: any
    timeouts: Timeouts = field(default_factory=Timeouts)
    tls: TlsSettings | None = None
    drain_seconds: float = 20.0  # what an object on its way in gets when we stop


def open_socket(host: str, port: int) -> socket.socket:
    """A listening socket for ``serve``, to be opened once and inherited by every listener process; port 0:
    any.

    Raises OSError when the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def serve(
    settings: ListenerSettings,
    *,
    record: Record,
    refuse: Callable[[Refusal], None],
    policy: Callable[[], AccessPolicy],
    inbox: Inbox,
    stop: Stop,
    listening: socket.socket | None = None,
) -> None:
    """Listen until ``stop`` is set, then let what is on its way in arrive, and return.

    ``record`` commits an object, from several threads at a time; OutOfResources from it becomes 0xA700.
    ``policy`` is asked for each association. ``listening`` is a socket of ``open_socket``; without one it is
    opened here, and closed. Raises SettingsError and OSError before anything is accepted.
    """
    tls = server_context(settings.tls) if settings.tls is not None else None
    own = open_socket(settings.host, settings.port) if listening is None else None
    door = _Door(settings)
    house = House(
        record=record,
        refusals=Refusals(refuse),
        policy=policy,
        inbox=inbox,
        tls=tls,
        timeouts=settings.timeouts,
        longest_pdu=settings.longest_pdu,
        take_slot=door.take_slot,
        draining=threading.Event(),
    )
    try:
        door.welcome(listening or own, house, stop)
    finally:
        if own is not None:
            own.close()
        house.draining.set()
        door.drain()


class _Door:
    """The associations of this process."""

    def __init__(self, settings: ListenerSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._running: dict[Association, threading.Thread] = {}
        self._slots: set[int] = set()  # thread identifiers with an accepted association

    def welcome(self, listening: socket.socket | None, house: House, stop: Stop) -> None:
        assert listening is not None
        _bound_accept(listening)
        while not stop.is_set():
            waiting = len(self._running)
            if waiting >= self._settings.most_associations + MOST_UNINVITED:
                time.sleep(FULL_SECONDS)
                continue
            if len(self._slots) >= self._settings.most_associations:
                time.sleep(FULL_SECONDS)
            try:
                connection, address = listening.accept()
                self._start(Association(connection, address[0], house))
            except BlockingIOError:
                continue  # nobody came for a while
            except OSError as error:  # a caller that is gone again, or no descriptor left for it
                log.warning("could not take a connection: %s", error)
                time.sleep(FULL_SECONDS)

    def take_slot(self) -> bool:
        """For the calling thread, until its association ends."""
        with self._lock:
            if len(self._slots) >= self._settings.most_associations:
                return False
            self._slots.add(threading.get_ident())
            return True

    def drain(self) -> None:
        """Hang up on idle peers, wait for busy ones, and hang up on those too when their time is over."""
        deadline = time.monotonic() + self._settings.drain_seconds
        while self._running and time.monotonic() < deadline:
            for association in list(self._running):
                if not association.is_busy:
                    association.hang_up()
            time.sleep(0.02)
        for association, thread in list(self._running.items()):
            association.hang_up()
            thread.join(timeout=5.0)

    def _start(self, association: Association) -> None:
        thread = threading.Thread(target=self._run, args=(association,), name="association", daemon=True)
        with self._lock:
            self._running[association] = thread
        thread.start()

    def _run(self, association: Association) -> None:
        try:
            association.run()
        except Exception:  # the thread's outermost frame: the listener lives on, the log says why
            log.exception("an association ended in an error of ours")
        finally:
            with self._lock:
                self._slots.discard(threading.get_ident())
                self._running.pop(association, None)


def _bound_accept(listening: socket.socket) -> None:
    """Let ``accept`` block in the kernel, and come back now and then to look at ``stop``.

    A Python timeout would poll, and a poll wakes every process for every connection: a crowd at the door
    instead of a queue.
    """
    listening.settimeout(None)
    seconds, fraction = divmod(STOP_SECONDS, 1)
    listening.setsockopt(
        socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", int(seconds), int(fraction * 1e6))
    )
