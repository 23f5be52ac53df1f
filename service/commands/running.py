"""``radrouter serve``, ``scp``, ``worker``, ``api``: what runs until it is told to stop."""

from __future__ import annotations

import logging
import socket
from typing import Annotated

import typer

from router.errors import SettingsError
from service.commands.shell import Invocation, hold_lifeline, invocation, out, stop_event
from service.settings import Settings

log = logging.getLogger(__name__)

Lifeline = Annotated[bool, typer.Option("--lifeline", hidden=True, help="end when standard input closes")]
Inherited = Annotated[int, typer.Option("--socket", hidden=True, help="descriptor of a listening socket")]
NO_SOCKET = -1


def serve(context: typer.Context) -> None:
    """Run everything: listener processes, workers and the API, under one supervisor.

    A child that dies is started again. Ctrl-C or SIGTERM drains: the listener finishes its associations, the
    worker its films, the API its answers; after [cyan]supervisor.drain_s[/cyan] seconds the rest is killed.

    Without a [cyan]database.url[/cyan] the SQLite database in the data folder is made, or brought up to date.
    """
    from service.serving import Service

    told = invocation(context)
    settings = told.settings()
    told.log()
    stop = stop_event()
    with Service(settings, told.again) as service:
        _announce(settings, service.listener_port, service.api_port)
        service.run(stop)
    out.print("stopped", highlight=False)


def _announce(settings: Settings, listener_port: int, api_port: int) -> None:
    door, api = settings.listener, settings.api
    secure = " with TLS" if door.tls_certificate else ""
    print(f"DICOM  {door.ae_title} at {door.host}:{listener_port}{secure}")
    print(f"REST   http://{api.host}:{api_port}/api/v1/openapi.json", flush=True)


def scp(context: typer.Context, lifeline: Lifeline = False, inherited: Inherited = NO_SOCKET) -> None:
    """Run one listener process: C-ECHO and C-STORE.

    Several may share one port only under [cyan]radrouter serve[/cyan], or behind a TCP balancer.
    """
    from service.listening import run_scp

    settings, stop = _begin(invocation(context), lifeline), stop_event()
    try:
        run_scp(settings, stop, listening=_socket(inherited))
    except OSError as error:
        where = f"{settings.listener.host}:{settings.listener.port}"
        raise SettingsError(f"the listener cannot listen on {where}: {error.strerror}") from error


def worker(context: typer.Context, lifeline: Lifeline = False) -> None:
    """Run one worker: it claims films, analyses them and writes the answers.

    Any number of workers on any number of hosts may share a PostgreSQL database and the objects' folder.
    """
    from service.processes import run_worker

    told = invocation(context)
    settings, stop = _begin(told, lifeline), stop_event()
    run_worker(settings, stop, verbose=told.verbose)


def api(context: typer.Context, lifeline: Lifeline = False, inherited: Inherited = NO_SOCKET) -> None:
    """Run the API. Its description is at /api/v1/openapi.json."""
    from service.processes import run_api

    told = invocation(context)
    settings, stop = _begin(told, lifeline), stop_event()
    run_api(settings, stop, listening=_socket(inherited), verbose=told.verbose)


def _begin(told: Invocation, lifeline: bool) -> Settings:
    settings = told.settings()
    told.log()
    if lifeline:
        hold_lifeline()
    return settings


def _socket(descriptor: int) -> socket.socket | None:
    return None if descriptor == NO_SOCKET else socket.socket(fileno=descriptor)
