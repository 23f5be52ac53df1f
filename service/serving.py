"""Everything at once: sockets bound once, children that inherit them, one supervisor."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack
from threading import Event
from types import TracebackType

from router.errors import SettingsError
from service import wiring
from service.settings import Settings
from service.supervisor import ChildSpec, Supervisor

API_BACKLOG = 128


class Service:
    """Checks what can be checked, binds the ports, runs the children. Use it as a context."""

    def __init__(self, settings: Settings, again: Callable[..., tuple[str, ...]]) -> None:
        """``again`` gives the command line that runs one of our commands with the same options.

        Raises:
            SettingsError, RulesError, PackError: something the operator wrote cannot be used.
            OutOfResources: the database is away.
        """
        self._settings = settings
        self._again = again
        self._open = ExitStack()
        self._listening: socket.socket
        self._answering: socket.socket

    def __enter__(self) -> Service:
        """Check, migrate the embedded database, bind."""
        settings = self._settings
        wiring.make_folders(settings)
        wiring.rules_watch(settings, wiring.installed_names(settings))
        _prepare_database(settings)
        self._listening = self._bind("listener", settings.listener.host, settings.listener.port)
        self._answering = self._bind("api", settings.api.host, settings.api.port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the ports."""
        self._open.close()

    @property
    def listener_port(self) -> int:
        """Where DICOM nodes reach us, also where the settings say 0."""
        return int(self._listening.getsockname()[1])

    @property
    def api_port(self) -> int:
        """Where REST is answered, also where the settings say 0."""
        return int(self._answering.getsockname()[1])

    def run(self, stop: Event, *, say: Callable[[str, str], None] | None = None) -> None:
        """Keep the children alive until ``stop``; raises CrashLoopError."""
        supervisor = Supervisor(
            self._children(),
            drain_s=self._settings.supervisor.drain_s,
            deaths_per_minute=self._settings.supervisor.deaths_per_minute,
            say=say or _say,
        )
        supervisor.run(stop)

    def _children(self) -> list[ChildSpec]:
        settings = self._settings
        listening, answering = self._listening.fileno(), self._answering.fileno()
        children = [
            ChildSpec(
                name=f"listener-{number}",
                command=self._again("scp", "--lifeline", "--socket", str(listening)),
                inherited=(listening,),
            )
            for number in range(1, settings.listener.processes + 1)
        ]
        children += [
            ChildSpec(name=f"worker-{number}", command=self._again("worker", "--lifeline"))
            for number in range(1, settings.worker.processes + 1)
        ]
        api = self._again("api", "--lifeline", "--socket", str(answering))
        return [*children, ChildSpec(name="api", command=api, inherited=(answering,))]

    def _bind(self, name: str, host: str, port: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            bound = socket.create_server((host, port), family=family, backlog=API_BACKLOG)
        except OSError as error:
            raise SettingsError(f"{name}.port: {host}:{port} cannot be had: {error.strerror}") from error
        return self._open.enter_context(bound)


def _prepare_database(settings: Settings) -> None:
    """The embedded database is ours to migrate; any other is its administrator's."""
    if not settings.database.url:
        wiring.migrate_database(settings)
    wiring.require_database(settings)


def _say(name: str, line: str) -> None:
    print(f"{name:<11}| {line}", flush=True)
