"""A worker and the API as processes that run until an event is set; the listener: ``service.listening``."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from threading import Event, Thread

from router.retry import RetryPolicy
from service import wiring
from service.analyst import Analyst
from service.heartbeat import Heartbeat
from service.rules_watch import RulesWatch
from service.settings import Settings

log = logging.getLogger(__name__)

RULES_EVERY_S = 1.0


def run_worker(settings: Settings, stop: Event, *, verbose: bool = False) -> None:
    """Claim and analyse until ``stop``; raises PackError or RulesError before the first claim."""
    from service.database import open_database
    from service.engine import build
    from service.worker import Pace, Worker

    wiring.make_folders(settings)
    rules = wiring.rules_watch(settings, wiring.installed_names(settings))
    rules.warn()
    with (
        open_database(settings) as database,
        wiring.open_inbox(settings) as inbox,
        Heartbeat(settings.heartbeats_folder) as heartbeat,
    ):
        worker = Worker(
            jobs=database.instances,
            analyst=Analyst(partial(build, settings, verbose=verbose), limits=wiring.limits(settings)),
            rules=rules,
            objects=settings.objects_folder,
            disk_is_low=inbox.is_low,
            beat=heartbeat.beat,
            pace=Pace(
                name=wiring.worker_name(),
                batch=settings.worker.batch,
                lease=timedelta(seconds=settings.worker.lease_s),
                poll_s=settings.worker.poll_s,
                drain_s=settings.supervisor.drain_s * 0.8,
                retries=retries(settings),
            ),
        )
        log.info("worker up name=%s rules=%s", worker.pace.name, rules.current.version[:12])
        worker.run(stop)
    log.info("worker down")


def retries(settings: Settings) -> RetryPolicy:
    """How often again, and how soon."""
    return RetryPolicy(
        base=timedelta(seconds=settings.worker.retry_first_delay_s),
        cap=timedelta(seconds=settings.worker.retry_longest_delay_s),
        max_attempts=settings.worker.max_attempts,
    )


def run_api(
    settings: Settings, stop: Event, *, listening: socket.socket | None = None, verbose: bool = False
) -> None:
    """Answer over REST until ``stop``; ``listening`` is a socket that somebody bound for us."""
    from service.answering import open_app
    from service.api.server import server

    wiring.make_folders(settings)
    rules = wiring.rules_watch(settings, wiring.installed_names(settings))
    with open_app(settings, rules, verbose=verbose) as app:
        serving = server(app, host=settings.api.host, port=settings.api.port)
        with _refreshing(rules, stop):
            Thread(
                target=_end_when, args=(stop, partial(setattr, serving, "should_exit", True)), daemon=True
            ).start()
            serving.run(sockets=[listening] if listening else None)
    log.info("API down")


def _end_when(stop: Event, end: Callable[[], None]) -> None:
    stop.wait()
    end()


@contextmanager
def _refreshing(rules: RulesWatch, stop: Event) -> Iterator[None]:
    """Look at the rules file now and then, so that a reader sees the rules in force."""

    def look() -> None:
        while not stop.wait(RULES_EVERY_S):
            rules.refresh()

    Thread(target=look, daemon=True, name="rules").start()
    yield
