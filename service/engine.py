"""What the analysis process runs: decoders, models and rules, bound together in the child."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from router.errors import RadrouterError
from router.rules import RuleSet, parse
from service import logs
from service.analysis_process import Request, Result, Wanted
from service.heating import HeatFilms, HeatJob, drawn, films_for
from service.pipeline import Job, analyse, decode
from service.settings import Settings

if TYPE_CHECKING:
    from classifiers.models import Models
    from classifiers.pixels import Film, Need


def build(settings: Settings, *, verbose: bool = False) -> FilmEngine:
    """Load and warm the models; runs in the analysis process. Raises PackError."""
    from classifiers.models import Models

    logs.set_up(verbose=verbose)
    warnings.simplefilter("ignore")  # a decoder's warning may quote an element's value
    models = Models.open(
        settings.pack_folders,
        active=settings.models.active,
        shadow=settings.models.shadow,
        thresholds=settings.models.thresholds,
        threads=settings.worker.inference_threads,
        hint="throughput",
        cache=settings.storage.folder / "compiled-models",
    )
    return FilmEngine(models, threads=settings.worker.decode_threads or os.cpu_count() or 1)


def long_side(models: Models) -> int:
    """Pixels of a film's long side that those networks can make use of that look at every film.

    What a specialist needs beyond it is read for its own films alone.
    """
    from classifiers.manifest import Task
    from classifiers.prepare import WORKING_SIDE

    inputs = [pack.manifest.input for pack in models.packs if pack.manifest.task is Task.VIEW]
    return max([WORKING_SIDE, *(side for one in inputs for side in (one.height, one.width))])


class FilmEngine:
    """Decoding and analysis with warm models."""

    def __init__(self, models: Models, *, threads: int) -> None:
        from classifiers.pictures import read_picture
        from classifiers.pixels import read_film

        self.threads = threads
        self._models = models
        self._readers = ThreadPoolExecutor(threads, thread_name_prefix="read")
        most = long_side(models)
        self._read = partial(read_film, long_side=most)
        self._read_picture = partial(read_picture, long_side=most)

    def decode(self, job: Wanted) -> Film | HeatFilms | RadrouterError:
        """The job's film, no larger than the networks need; called from several threads."""
        if isinstance(job, HeatJob):
            return films_for(job, self._models)
        if job.is_picture:
            return decode(job, read=lambda path: self._read_picture(path).film())
        return decode(job, read=self._read)

    def analyse(self, request: Request, films: Sequence[Any]) -> Sequence[Result]:
        """One result per job; what is to be analysed is routed by the request's rules."""
        asked = list(zip(request.jobs, films, strict=True))
        jobs = [job for job in request.jobs if isinstance(job, Job)]
        of_jobs = [film for job, film in asked if isinstance(job, Job)]
        rules = _parsed(request.rules_text)
        analysed = iter(analyse(jobs, of_jobs, rules=rules, models=self._models, read=self._read_again))
        return [
            drawn(job, film, self._models) if isinstance(job, HeatJob) else next(analysed)
            for job, film in asked
        ]

    def _read_again(self, jobs: Sequence[Job], need: Need) -> list[Film | RadrouterError]:
        """The jobs' objects as a specialist needs them."""
        return list(self._readers.map(partial(_read_for, need=need), jobs))


def _read_for(job: Job, need: Need) -> Film | RadrouterError:
    from classifiers.pictures import read_picture_for
    from classifiers.pixels import read_for

    read = read_picture_for if job.is_picture else read_for
    return decode(job, read=lambda path: read(path, need))


@lru_cache(maxsize=2)
def _parsed(text: str) -> RuleSet:
    """The worker has checked the text against what is installed: here it only becomes rules again."""
    return parse(text, known_models=None)
