"""A worker over a real database whose films are text files: what a file says is what its analysis does.

``worker_program.py URL OBJECTS RULES LEASE_S``; works until it is told to stop by SIGTERM.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

from db.engine import connect, sessions
from db.instances import Instances
from router.errors import RadrouterError
from router.retry import RetryPolicy
from router.rules import decide, parse
from router.types import Analysis
from service import logs
from service.analysis_process import Request
from service.analyst import Analyst, Limits
from service.pipeline import Job
from service.rules_watch import RulesWatch
from service.worker import Pace, Worker


class TextEngine:
    threads = 1

    def decode(self, job: Job) -> str:
        return job.path.read_text()

    def analyse(self, request: Request, films: Sequence[str]) -> Sequence[Analysis | RadrouterError]:
        return [self._one(request, job, film) for job, film in zip(request.jobs, films, strict=True)]

    def _one(self, request: Request, job: Job, film: str) -> Analysis:
        from router.facts import Facts

        if film == "poison":
            os.kill(os.getpid(), signal.SIGKILL)
        if film == "slow":
            time.sleep(3)
        facts = Facts(instance=job.instance, arrival=job.arrival, view=None)
        decision = decide(parse(request.rules_text, known_models=None), facts)
        return Analysis(view=None, no_view_reason=film, decision=decision)


def build() -> TextEngine:
    return TextEngine()


def main(url: str, objects: str, rules: str, lease_s: str) -> None:
    logs.set_up()
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    worker: Any = Worker(
        jobs=Instances(sessions(connect(url))),
        analyst=Analyst(build, limits=Limits(start_s=30, batch_s=10, film_s=5)),
        rules=RulesWatch(Path(rules), installed=()),
        objects=Path(objects),
        beat=lambda: None,
        disk_is_low=lambda: False,
        pace=Pace(
            name=f"w{os.getpid()}",
            batch=4,
            lease=timedelta(seconds=float(lease_s)),
            poll_s=0.02,
            drain_s=5,
            retries=RetryPolicy(base=timedelta(seconds=0.1), cap=timedelta(seconds=0.1), max_attempts=2),
        ),
    )
    worker.run(stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
