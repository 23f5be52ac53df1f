"""A PostgreSQL cluster of a bench's own, to be killed: in a folder of its own, on a free loopback port."""

from __future__ import annotations

import os
import shutil
import signal
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
        """Start the server and wait until it has recovered and answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-w", "-t", "60", "-D", str(self.data), "-o", options, "-l", log, "start")
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
        return killed

    def kill_backend(self, number: int) -> bool:
        """SIGKILL to one process that serves a connection: the server drops all others and recovers."""
        postmaster = int((self.data / "postmaster.pid").read_text().split()[0])
        backends = [pid for pid in processes_in(self.data) if pid != postmaster and _serves(pid)]
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
            preexec_fn=_own_group,
        )


def _own_group() -> None:
    """Ctrl-C in a terminal reaches the bench alone, which then cleans up."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _serves(pid: int) -> bool:
    try:
        return b"127.0.0.1" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
