"""Heat maps of films that are small text files: what a file says is what becomes of its map.

Run as a program, because a spawned child imports its parent's main module to find the engine.
Prints one JSON line per film.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from router.errors import HeatAbsent, RadrouterError, UndecodablePixels
from service.analysis_process import Request, Result, Wanted
from service.analyst import Limits
from service.explainer import Explainer
from service.heating import HeatJob, HeatPicture


class TextEngine:
    threads = 1

    def decode(self, job: Wanted) -> Any:
        text = job.path.read_text()
        if text == "kills":
            os.kill(os.getpid(), signal.SIGSEGV)
        if text == "hangs":
            time.sleep(3600)
        return UndecodablePixels("no decoder reads this") if text == "undecodable" else text

    def analyse(self, request: Request, films: Sequence[Any]) -> Sequence[Result]:  # noqa: ARG002
        return [self._one(film) for film in films]

    def _one(self, film: Any) -> Result:
        if film == "raises":
            raise ValueError("a mistake of ours")
        if film == "absent":
            return HeatAbsent("the model shows no heat")
        return film if isinstance(film, RadrouterError) else HeatPicture(png=film.encode())


def build() -> TextEngine:
    return TextEngine()


def main() -> None:
    explainer = Explainer(build, limits=Limits(start_s=30, batch_s=2, film_s=2), rules_text=lambda: "")
    for path in sys.argv[1:]:
        job = HeatJob(path=Path(path), model="spots", label="spot", long_side=64)
        try:
            answer = ["png", explainer.heat(job).decode()]
        except RadrouterError as error:
            answer = [type(error).__name__, str(error)]
        print(json.dumps(answer), flush=True)
    explainer.close()


if __name__ == "__main__":
    main()
