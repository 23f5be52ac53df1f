"""The API bound to the other rooms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from fastapi import FastAPI

from classifiers.packs import Pack
from classifiers.preview import preview_png
from classifiers.viewing import read_any_values
from dicom_scp.inbox import Inbox
from router.known_films import Trust
from router.procedures import ProcedureMap
from service import wiring
from service.about import about
from service.api.app import create_app
from service.api.health import (
    database_probe,
    disk_probe,
    judge_probe,
    models_probe,
    rules_probe,
    workers_probe,
)
from service.api.out_models import ModelOut, describe
from service.api.ports import Probe, Rooms, TakeIn
from service.database import Database, open_database
from service.heartbeat import alive
from service.notes import noted
from service.procedures_watch import procedures_watch
from service.rules_watch import RulesWatch
from service.settings import Settings
from service.taking_in import Door, take_one_in


@contextmanager
def open_app(settings: Settings, rules: RulesWatch, *, verbose: bool) -> Iterator[FastAPI]:
    """The API's application with everything it needs; what it opened is closed at the end."""
    packs = wiring.running_packs(settings)
    models = tuple(_described(pack) for pack in packs)
    explainer = wiring.explainer_of(settings, lambda: rules.current.sources, verbose=verbose)
    with open_database(settings) as database, wiring.open_inbox(settings) as inbox:
        try:
            yield create_app(
                settings=settings.api,
                web=settings.web,
                oidc=settings.oidc,
                allowed_hosts=settings.api.allowed_hosts,
                card_folders={(pack.ref.name, pack.ref.version): pack.folder for pack in packs},
                trust=trust(settings),
                procedures=_procedures(settings),
                order_messages=lambda: noted(settings.hl7_folder).counts,
                rules=rules,
                models=models,
                storage=settings.objects_folder,
                preview=preview_png,
                values=read_any_values,
                analyse=explainer.explained,
                heat=explainer.heat,
                take_in=_door(settings, database, inbox),
                probes=_probes(settings, database, rules, models),
                about=about(settings, revision=database.revision, doubt=database.doubt),
                soft_free_fraction=settings.storage.soft_free_fraction,
                **_rooms(database),
            )
        finally:
            explainer.close()


def _rooms(database: Database) -> Rooms:
    return Rooms(
        queries=database.queries,
        instances=database.instances,
        callers=database.callers,
        orders=database.orders,
        verdicts=database.verdicts,
        reviews=database.reviews,
        users=database.users,
        actions=database.actions,
        rule_versions=database.rule_versions,
        deliveries=database.deliveries,
        hanging=database.hanging,
        matching=database.matching,
        newsroom=database.newsroom,
        drift=database.drift,
    )


def _door(settings: Settings, database: Database, inbox: Inbox) -> TakeIn:
    record = partial(database.instances.record, on_conflict=settings.storage.on_conflict)
    return lambda path, by: take_one_in(path, Door(inbox=inbox, record=record, source=f"uploaded by {by}"))


def _procedures(settings: Settings) -> Callable[[], ProcedureMap]:
    """The procedure map in force; its file is looked at whenever it is asked for."""
    watched = procedures_watch(settings.orders.procedures)

    def current() -> ProcedureMap:
        watched.refresh()
        return watched.current

    return current


def trust(settings: Settings) -> Trust:
    """Whom hanging protocols should believe."""
    told = settings.hanging
    return Trust(sources=told.sources, rotation=told.min_rotation_score, projection=told.min_projection_score)


def _probes(
    settings: Settings, database: Database, rules: RulesWatch, models: Sequence[ModelOut]
) -> dict[str, Probe]:
    soft, hard = settings.storage.soft_free_fraction, settings.storage.hard_free_fraction
    return {
        "database": database_probe(database.revision),
        "rules": rules_probe(rules),
        "models": models_probe(models),
        "workers": workers_probe(partial(alive, settings.heartbeats_folder)),
        "judge": judge_probe(
            partial(alive, settings.judges_folder), lambda: noted(settings.judges_folder).problems
        ),
        "disk": disk_probe(settings.objects_folder, soft=soft, hard=hard),
    }


def _described(pack: Pack) -> ModelOut:
    card = pack.folder / "CARD.md"
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    return describe(pack.manifest, card=text)
