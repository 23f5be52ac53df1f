"""Everything at once: sockets bound once, children that inherit them, one supervisor."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection
from contextlib import ExitStack
from enum import StrEnum
from threading import Event
from types import TracebackType

from router.errors import SettingsError
from service import wiring
from service.database import migrate, require_schema
from service.procedures_watch import procedures_watch
from service.roster import Roster
from service.settings import Settings
from service.supervisor import ChildSpec, Supervisor

API_BACKLOG = 128


class Part(StrEnum):
    """What may run here."""

    LISTENER = "listener"
    WORKER = "worker"
    API = "api"
    HL7 = "hl7"
    JUDGE = "judge"
    NOTIFY = "notify"


class Service:
    """Checks what can be checked, binds the ports, runs the children. Use it as a context."""

    def __init__(
        self,
        settings: Settings,
        again: Callable[..., tuple[str, ...]],
        *,
        parts: Collection[Part] = tuple(Part),
    ) -> None:
        """``again`` gives the command line that runs one of our commands with the same options."""
        self._settings = settings
        self._again = again
        self._parts = frozenset(parts)
        self._open = ExitStack()
        self._sockets: dict[Part, socket.socket] = {}

    def __enter__(self) -> Service:
        """Check, migrate the embedded database, bind.

        Raises:
            ConfigurationError: something the operator wrote cannot be used.
            OutOfResources: the database is away.
        """
        settings = self._settings
        wiring.make_folders(settings)
        wiring.rules_watch(settings, wiring.installed_names(settings))
        procedures_watch(settings.orders.procedures)
        _prepare_database(settings)
        if Part.LISTENER in self._parts:
            self._bind(Part.LISTENER, settings.listener.host, settings.listener.port)
        if Part.API in self._parts:
            self._bind(Part.API, settings.api.host, settings.api.port)
        if Part.HL7 in self._parts and settings.hl7.enabled:
            self._bind(Part.HL7, settings.hl7.host, settings.hl7.port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the ports."""
        self._open.close()

    def port(self, part: Part) -> int:
        """Where a part is reached, also where the settings say 0."""
        return int(self._sockets[part].getsockname()[1])

    def run(self, stop: Event, *, say: Callable[[str, str], None] | None = None) -> None:
        """Keep the children alive until ``stop``; raises CrashLoopError."""
        with Roster(self._settings.rosters_folder) as roster:
            supervisor = Supervisor(
                self._children(),
                drain_s=self._settings.supervisor.drain_s,
                deaths_per_minute=self._settings.supervisor.deaths_per_minute,
                say=say or _say,
                tell=roster.tell,
            )
            supervisor.run(stop)

    def _children(self) -> list[ChildSpec]:
        settings = self._settings
        found: list[ChildSpec] = []
        if Part.LISTENER in self._parts:
            found += self._on_socket(Part.LISTENER, "scp", settings.listener.processes)
        if Part.WORKER in self._parts:
            command = self._again("worker", "--lifeline")
            numbers = range(1, settings.worker.processes + 1)
            found += [ChildSpec(name=f"worker-{number}", command=command) for number in numbers]
        if Part.API in self._parts:
            found += self._on_socket(Part.API, "api", 1)
        if Part.HL7 in self._sockets:
            found += self._on_socket(Part.HL7, "hl7", 1)
        if Part.JUDGE in self._parts:
            found.append(ChildSpec(name=str(Part.JUDGE), command=self._again("judge", "--lifeline")))
        if Part.NOTIFY in self._parts and settings.webhooks.targets:
            found.append(ChildSpec(name=str(Part.NOTIFY), command=self._again("notify", "--lifeline")))
        return found

    def _on_socket(self, part: Part, command: str, count: int) -> list[ChildSpec]:
        """Children that all accept from one socket of ours."""
        inherited = self._sockets[part].fileno()
        line = self._again(command, "--lifeline", "--socket", str(inherited))
        names = [f"{part}-{number}" for number in range(1, count + 1)] if count > 1 else [str(part)]
        return [ChildSpec(name=name, command=line, inherited=(inherited,)) for name in names]

    def _bind(self, name: Part, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            bound = socket.create_server((host, port), family=family, backlog=API_BACKLOG)
        except OSError as error:
            raise SettingsError(
                f"{name}.port: {host}:{port} cannot be had: {error.strerror} (0 picks a free one)"
            ) from error
        self._sockets[name] = self._open.enter_context(bound)


def _prepare_database(settings: Settings) -> None:
    """The embedded database is ours to migrate; any other is its administrator's."""
    if not settings.database.url:
        migrate(settings)
    require_schema(settings)


def _say(name: str, line: str) -> None:
    print(f"{name:<11}| {line}", flush=True)
