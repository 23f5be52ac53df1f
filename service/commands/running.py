"""``radrouter serve``, ``scp``, ``worker``, ``api``: what runs until it is told to stop."""

from __future__ import annotations

import socket
import sys
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated

import typer

from router.errors import SettingsError
from service.commands.shell import Invocation, hold_lifeline, invocation, stop_event
from service.settings import Settings

if TYPE_CHECKING:
    from service.serving import Part


Lifeline = Annotated[bool, typer.Option("--lifeline", hidden=True, help="end when standard input closes")]
Inherited = Annotated[int, typer.Option("--socket", hidden=True, help="descriptor of a listening socket")]
NO_SOCKET = -1
FIRST_ACCOUNT = (
    "nobody has an account yet: open them on this machine, or radrouter user add NAME --role admin"
)


def serve(context: typer.Context) -> None:
    """Run everything: listener, workers, API, the HL7 listener and the judge, under one supervisor.

    A child that dies is started again. Ctrl-C or SIGTERM drains: the listener finishes its associations, the
    worker its films, the API its answers; after [cyan]supervisor.drain_s[/cyan] seconds the rest is killed.

    Without a [cyan]database.url[/cyan] the SQLite database in the data folder is made, or brought up to date.
    """
    from service.serving import Part

    _supervise(invocation(context), tuple(Part))


def _supervise(told: Invocation, parts: Collection[Part]) -> None:
    from service.database import nobody_yet
    from service.serving import Part, Service
    from service.wiring import near

    settings = told.settings()
    told.log()
    stop = stop_event()
    with Service(settings, told.again, parts=parts) as service:
        door, api = settings.listener, settings.api
        if Part.LISTENER in parts:
            secure = " with TLS" if door.tls_certificate else ""
            print(f"DICOM  {door.ae_title} at {door.host}:{service.port(Part.LISTENER)}{secure}")
        if Part.API in parts:
            print(f"REST   http://{api.host}:{service.port(Part.API)}/api/v1/openapi.json")
            print(f"Pages  http://{near(api.host)}:{service.port(Part.API)}/")
            if nobody_yet(settings):
                print(f"       {FIRST_ACCOUNT}")
        if Part.HL7 in parts and settings.hl7.enabled:
            print(f"HL7    MLLP at {settings.hl7.host}:{service.port(Part.HL7)}")
        sys.stdout.flush()
        service.run(stop)
    print("stopped")


def scp(context: typer.Context, lifeline: Lifeline = False, inherited: Inherited = NO_SOCKET) -> None:
    """Run the listener alone: C-ECHO and C-STORE, by [cyan]listener.processes[/cyan] processes on one port.

    Several hosts may stand behind a TCP balancer.
    """
    from service.listening import run_scp
    from service.serving import Part

    told = invocation(context)
    if not lifeline and told.settings().listener.processes > 1:
        _supervise(told, (Part.LISTENER,))
        return
    settings, stop = _begin(told, lifeline), stop_event()
    try:
        run_scp(settings, stop, listening=_socket(inherited))
    except OSError as error:
        where = f"{settings.listener.host}:{settings.listener.port}"
        raise SettingsError(f"the listener cannot listen on {where}: {error.strerror}") from error


def worker(
    context: typer.Context,
    lifeline: Lifeline = False,
    probe: Annotated[
        bool, typer.Option("--probe", help="run none: exit code 0 when one lives on this host")
    ] = False,
) -> None:
    """Run the workers alone, [cyan]worker.processes[/cyan] of them: claim films, analyse, write the answers.

    Any number of hosts may share a PostgreSQL database and the objects' folder.
    """
    from service.heartbeat import alive
    from service.processes import run_worker
    from service.serving import Part

    told = invocation(context)
    if probe:
        raise typer.Exit(0 if alive(told.settings().heartbeats_folder, here=True) else 1)
    if not lifeline and told.settings().worker.processes > 1:
        _supervise(told, (Part.WORKER,))
        return
    settings, stop = _begin(told, lifeline), stop_event()
    run_worker(settings, stop, verbose=told.verbose)


def api(context: typer.Context, lifeline: Lifeline = False, inherited: Inherited = NO_SOCKET) -> None:
    """Run the API. Its description is at /api/v1/openapi.json."""
    from service.processes import run_api

    told = invocation(context)
    settings, stop = _begin(told, lifeline), stop_event()
    run_api(settings, stop, listening=_socket(inherited), verbose=told.verbose)


def hl7(context: typer.Context, lifeline: Lifeline = False, inherited: Inherited = NO_SOCKET) -> None:
    """Run the HL7 listener alone: orders over MLLP (ORM^O01, OMI^O23, OMG^O19), one process a host."""
    from service.hl7_door import run_hl7

    settings, stop = _begin(invocation(context), lifeline), stop_event()
    try:
        run_hl7(settings, stop, listening=_socket(inherited))
    except OSError as error:
        where = f"{settings.hl7.host}:{settings.hl7.port}"
        raise SettingsError(f"the HL7 listener cannot listen on {where}: {error.strerror}") from error


def judge(
    context: typer.Context,
    lifeline: Lifeline = False,
    probe: Annotated[
        bool, typer.Option("--probe", help="run none: exit code 0 when one lives on this host")
    ] = False,
) -> None:
    """Run the judge alone: hold what was ordered against what was performed, study by study.

    Any number of hosts may run one.
    """
    from service.heartbeat import alive
    from service.judge_process import run_judge

    told = invocation(context)
    if probe:
        raise typer.Exit(0 if alive(told.settings().judges_folder, here=True) else 1)
    run_judge(_begin(told, lifeline), stop_event())


def _begin(told: Invocation, lifeline: bool) -> Settings:
    settings = told.settings()
    told.log()
    if lifeline:
        hold_lifeline()
    return settings


def _socket(descriptor: int) -> socket.socket | None:
    return None if descriptor == NO_SOCKET else socket.socket(fileno=descriptor)
