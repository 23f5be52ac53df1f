"""What the analysis process runs: decoders, models and rules, bound together in the child."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from router.errors import RadrouterError
from router.rules import RuleSet, parse
from router.types import Analysis
from service import logs
from service.analysis_process import Request
from service.pipeline import Job, analyse, decode
from service.settings import Settings

if TYPE_CHECKING:
    from classifiers.models import Models
    from classifiers.pixels import Film


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
    """Pixels of a film's long side that the networks can make use of: more is decoded in vain."""
    from classifiers.prepare import WORKING_SIDE

    sides = [max(pack.manifest.input.height, pack.manifest.input.width) for pack in models.packs]
    return max(WORKING_SIDE, *sides, 0)


class FilmEngine:
    """Decoding and analysis with warm models."""

    def __init__(self, models: Models, *, threads: int) -> None:
        from classifiers.pictures import read_picture
        from classifiers.pixels import read_film

        self.threads = threads
        self._models = models
        most = long_side(models)
        self._read = partial(read_film, long_side=most)
        self._read_picture = partial(read_picture, long_side=most)

    def decode(self, job: Job) -> Film | RadrouterError:
        """The job's film, no larger than the networks need; called from several threads."""
        if job.is_picture:
            return decode(job, read=lambda path: self._read_picture(path).film())
        return decode(job, read=self._read)

    def analyse(
        self, request: Request, films: Sequence[Film | RadrouterError]
    ) -> Sequence[Analysis | RadrouterError]:
        """One result per job, routed by the request's rules."""
        return analyse(request.jobs, films, rules=_parsed(request.rules_text), models=self._models)


@lru_cache(maxsize=2)
def _parsed(text: str) -> RuleSet:
    """The worker has checked the text against what is installed: here it only becomes rules again."""
    return parse(text, known_models=None)
