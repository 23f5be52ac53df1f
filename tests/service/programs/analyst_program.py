"""An analyst over films that are small text files: what a file says is what its analysis does.

Run as a program, because a spawned child imports its parent's main module to find the engine.
Prints one JSON line per answer.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from router.errors import PackError, RadrouterError, UndecodablePixels
from router.types import Analysis, Arrival, Decision, Instance
from service.analysis_process import Request
from service.analyst import Analyst, Limits, Ticket
from service.pipeline import Job

ARRIVAL = Arrival(
    calling_ae_title="T",
    called_ae_title="T",
    address="127.0.0.1",
    via="import",
    received_at=datetime.now(UTC),
)
NOTHING = Decision(analyse=(), destinations=(), priority=0, outcomes=(), rules_version="0")


class TextEngine:
    threads = 2

    def decode(self, job: Job) -> Any:
        text = job.path.read_text()
        if text == "undecodable":
            return UndecodablePixels("no decoder reads this")
        return text

    def analyse(self, request: Request, films: Sequence[Any]) -> Sequence[Analysis | RadrouterError]:
        return [self._one(job, film) for job, film in zip(request.jobs, films, strict=True)]

    def _one(self, job: Job, film: Any) -> Analysis | RadrouterError:
        match film:
            case "kills":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "hangs":
                time.sleep(3600)
            case "raises":
                raise ValueError("a mistake of ours")
            case RadrouterError():
                return film
        assert job.instance.attributes == {"PatientID": ("1",)}
        return Analysis(view=None, no_view_reason=film, decision=NOTHING)


def build() -> TextEngine:
    return TextEngine()


def refuse_to_build() -> TextEngine:
    raise PackError("pack view/1: the weights were changed")


def die_building() -> TextEngine:
    os._exit(3)


def job(path: Path) -> Job:
    instance = Instance(
        sop_instance_uid=f"1.2.{path.name}",
        sop_class_uid="1.2",
        study_instance_uid="1.2",
        series_instance_uid="1.2",
        transfer_syntax_uid="1.2",
        attributes=MappingProxyType({"PatientID": ("1",)}),
    )
    return Job(instance=instance, arrival=ARRIVAL, path=path)


def run(batches: list[list[Path]]) -> None:
    analyst = Analyst(build, limits=Limits(start_s=30, batch_s=2, film_s=1))
    waiting = [list(batch) for batch in batches]
    left = sum(len(batch) for batch in waiting)
    while left:
        if waiting and analyst.has_room:
            tickets = [Ticket(key=path.name, job=job(path)) for path in waiting.pop(0)]
            analyst.submit(tickets, rules_text="")
        for answer in analyst.poll(0.1):
            left -= 1
            said = answer.result.no_view_reason if isinstance(answer.result, Analysis) else str(answer.result)
            kind = type(answer.result).__name__
            print(json.dumps({"key": answer.key, "kind": kind, "said": said}), flush=True)
    analyst.close()


def start_with(builder: Any) -> None:
    analyst = Analyst(builder, limits=Limits(start_s=30, batch_s=2, film_s=1))
    try:
        while True:
            analyst.poll(0.1)
    except RadrouterError as error:
        print(json.dumps({"kind": type(error).__name__, "said": str(error)}))
    finally:
        analyst.close()


if __name__ == "__main__":
    if sys.argv[1] == "refuse":
        start_with(refuse_to_build)
    elif sys.argv[1] == "die":
        start_with(die_building)
    else:
        run([[Path(name) for name in batch] for batch in json.loads(sys.argv[1])])
