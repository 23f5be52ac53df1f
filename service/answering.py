"""The API bound to the other rooms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from classifiers.packs import Pack
from classifiers.preview import preview_png
from db.callers import Callers
from db.engine import revision, sessions
from db.instances import Instances
from db.queries import Queries
from router.types import Box
from service import wiring
from service.api.app import create_app
from service.api.health import database_probe, disk_probe, models_probe, rules_probe
from service.api.out_models import ModelOut, describe
from service.processes import explainer_of
from service.rules_watch import RulesWatch
from service.settings import Settings


@contextmanager
def open_app(settings: Settings, rules: RulesWatch, *, verbose: bool) -> Iterator[FastAPI]:
    """The API's application with everything it needs; what it opened is closed at the end."""
    models = tuple(_described(pack) for pack in wiring.running_packs(settings))
    explainer = explainer_of(settings, lambda: rules.current.sources, verbose=verbose)
    storage = settings.storage
    with wiring.database_engine(settings) as engine:
        bound = sessions(engine)
        try:
            yield create_app(
                queries=Queries(bound),
                instances=Instances(bound),
                callers=Callers(bound),
                settings=settings.api,
                rules=rules,
                models=models,
                storage=settings.objects_folder,
                preview=preview,
                analyse=explainer.facts,
                probes={
                    "database": database_probe(partial(revision, engine)),
                    "rules": rules_probe(rules),
                    "models": models_probe(models),
                    "disk": disk_probe(
                        settings.objects_folder,
                        soft=storage.soft_free_fraction,
                        hard=storage.hard_free_fraction,
                    ),
                },
                known_models=rules.known_models,
                soft_free_fraction=storage.soft_free_fraction,
                allowed_hosts=settings.api.allowed_hosts,
            )
        finally:
            explainer.close()


def _described(pack: Pack) -> ModelOut:
    card = pack.folder / "CARD.md"
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    return describe(pack.manifest, card=text)


def preview(path: Path, *, long_side: int, window: tuple[float, float] | None, boxes: Sequence[Box]) -> bytes:
    """A PNG of a stored film; the boxes carry no text."""
    return preview_png(path, long_side=long_side, window=window, boxes=[("", box) for box in boxes])
