"""The listener bound to the other rooms: settings in, an open door out."""

from __future__ import annotations

import logging
import socket
from functools import partial
from threading import Event

from dicom_scp.listener import ListenerSettings, serve
from dicom_scp.wire import Timeouts
from service import wiring
from service.access import Access
from service.database import open_database
from service.settings import Settings
from service.tls import tls_at

log = logging.getLogger(__name__)


def run_scp(settings: Settings, stop: Event, *, listening: socket.socket | None = None) -> None:
    """Take objects in until ``stop``; ``listening`` is a socket shared with other listener processes.

    Raises SettingsError, OutOfResources or OSError before anything is accepted.
    """
    wiring.make_folders(settings)
    with open_database(settings) as database, wiring.open_inbox(settings) as inbox:
        access = Access(settings.listener, database.callers.allowed)
        log.info("listener up ae_title=%s", settings.listener.ae_title)
        serve(
            listener_settings(settings),
            record=partial(database.instances.record, on_conflict=settings.storage.on_conflict),
            refuse=database.callers.refuse,
            policy=access.policy,
            inbox=inbox,
            stop=stop,
            listening=listening,
        )
    log.info("listener down")


def listener_settings(settings: Settings) -> ListenerSettings:
    """The listener's part of the settings, in its own words."""
    wanted = settings.listener
    return ListenerSettings(
        host=wanted.host,
        port=wanted.port,
        most_associations=wanted.max_associations,
        longest_pdu=wanted.max_pdu,
        timeouts=Timeouts(
            negotiation=wanted.negotiation_timeout_s,
            stalled=wanted.stalled_timeout_s,
            idle=wanted.idle_timeout_s,
        ),
        tls=tls_at(wanted),
        drain_seconds=settings.supervisor.drain_s * 0.8,
    )
