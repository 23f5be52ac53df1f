"""The HL7 listener bound to the other rooms: settings in, orders into the database."""

from __future__ import annotations

import logging
import socket
from contextlib import ExitStack
from threading import Event
from zoneinfo import ZoneInfo

from dicom_scp.tls import server_context
from hl7_mllp.listener import ListenerSettings, open_socket, serve
from hl7_mllp.messages import Reading
from hl7_mllp.receiving import Desk
from service import wiring
from service.database import open_database
from service.kinds import is_loopback
from service.notes import Notes
from service.refused_messages import keeper
from service.sections_orders import Hl7
from service.settings import Settings
from service.tls import tls_at

log = logging.getLogger(__name__)


def run_hl7(settings: Settings, stop: Event, *, listening: socket.socket | None = None) -> None:
    """Take orders in until ``stop``; ``listening`` is a socket that somebody bound for us.

    Raises SettingsError, OutOfResources or OSError before anything is accepted.
    """
    wiring.make_folders(settings)
    wanted = settings.hl7
    with ExitStack() as stack:
        notes = stack.enter_context(Notes(settings.hl7_folder))
        database = stack.enter_context(open_database(settings))
        door = listening or stack.enter_context(open_socket(wanted.host, wanted.port))
        desk = Desk(
            record=database.orders.record,
            keep=keeper(settings.hl7_folder / "refused", wanted.refused_kept),
            count=notes.count,
            reading=reading(wanted),
            otherwise=wanted.character_set,
        )
        log.info("hl7 listener up")
        tls = tls_at(wanted)
        context = None if tls is None else server_context(tls)
        serve(_listener(settings), desk, stop=stop, listening=door, tls=context)
    log.info("hl7 listener down")


def reading(wanted: Hl7) -> Reading:
    """How this site's messages are read."""
    places = [place.split("-") for place in wanted.accession_number]
    return Reading(
        accession_number=tuple((segment, int(number)) for segment, number in places),
        assigning_authority=wanted.assigning_authority,
        processing_ids=wanted.processing_ids,
        zone=ZoneInfo(wanted.time_zone) if wanted.time_zone else None,
    )


def _listener(settings: Settings) -> ListenerSettings:
    wanted = settings.hl7
    return ListenerSettings(
        longest_message=wanted.max_message,
        most_connections=wanted.max_connections,
        idle_s=wanted.idle_timeout_s,
        stalled_s=wanted.stalled_timeout_s,
        drain_s=settings.supervisor.drain_s * 0.8,
        networks=wanted.allowed_networks,
        open_to_all=is_loopback(wanted.host) and not wanted.allowed_networks,
    )
