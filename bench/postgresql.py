"""A PostgreSQL cluster of a bench's own, to be killed: in a folder of its own, on a free loopback port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

import psycopg

from bench.house import kill, processes_in

USER = "postgres"  # PostgreSQL refuses to be run by root
START_SECONDS = 60.0


def programs() -> Path | None:
    """The newest installed server's programs; None when there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


class Cluster:
    """One cluster with durable settings, as installed; use it as a context."""

    def __init__(self) -> None:
        installed = programs()
        if installed is None:
            raise FileNotFoundError("no PostgreSQL server is installed under /usr/lib/postgresql")
        self._programs = installed
        self._user = USER if os.getuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="radrouter-pg-"))
        self.data = self.folder / "data"
        self.port = _free_port()
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Cluster:
        if self._user:
            shutil.chown(self.folder, self._user)
        self._run("initdb", "--auth=trust", f"--username={USER}", "-D", str(self.data))
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """What goes into ``database.url``."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start the server and wait until it has recovered and answers; raises psycopg.OperationalError."""
        command = [str(self._programs / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        command += ["-k", str(self.folder), "-c", "listen_addresses=127.0.0.1"]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                command,
                user=self._user,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def kill(self) -> int:
        """SIGKILL to the postmaster and all that it started, until none is left; how many that were."""
        killed = 0
        while pids := processes_in(self.data):
            killed += sum(kill(pid) for pid in pids)
            time.sleep(0.01)
        if self._server is not None:  # else it would look alive to the next one
            self._server.wait()
            self._server = None
        return killed

    def kill_backend(self, number: int) -> bool:
        """SIGKILL to one process that serves a connection: the server drops all others and recovers."""
        backends = [pid for pid in processes_in(self.data) if _serves(pid)]
        if not backends:
            return False
        return kill(backends[number % len(backends)])

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), *arguments],
            user=self._user,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )


def _serves(pid: int) -> bool:
    try:
        # A backend names its client: "postgres: postgres postgres 127.0.0.1(43210) idle"
        return b"127.0.0.1(" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
