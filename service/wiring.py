"""Where the rooms meet: settings in, working parts out. Heavy rooms are imported only by what needs them."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING
from urllib.request import urlopen

from router.errors import RadrouterError
from router.types import Mode
from service.analyst import Limits
from service.rules_watch import RulesWatch
from service.sections import SHIPPED_RULES
from service.settings import Settings

if TYPE_CHECKING:
    from classifiers.packs import Pack
    from dicom_scp.inbox import Inbox
    from service.explainer import Explainer
    from service.sections_orders import WorklistSource


def make_folders(settings: Settings) -> None:
    """The data folder and the objects below it."""
    settings.objects_folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def open_inbox(settings: Settings) -> Iterator[Inbox]:
    """This process's way into the storage."""
    from dicom_scp.inbox import Inbox

    storage = settings.storage
    inbox = Inbox(settings.objects_folder, soft=storage.soft_free_fraction, hard=storage.hard_free_fraction)
    try:
        yield inbox
    finally:
        inbox.close()


def running_packs(settings: Settings) -> tuple[Pack, ...]:
    """The packs that run, hashes checked, nothing loaded; raises PackError."""
    from classifiers.packs import SHIPPED, choose, find_packs

    packs = find_packs([SHIPPED, *settings.pack_folders])
    models = settings.models
    return choose(packs, active=models.active, shadow=models.shadow, thresholds=models.thresholds)


def installed_names(settings: Settings) -> frozenset[str]:
    """The names of the specialists whose answers count: what rules may ask for."""
    from classifiers.manifest import Task

    return frozenset(
        pack.manifest.name
        for pack in running_packs(settings)
        if pack.manifest.task is not Task.VIEW and pack.manifest.mode is Mode.ACTIVE
    )


def rules_watch(settings: Settings, installed: Collection[str]) -> RulesWatch:
    """The rules in force, reloaded when their file changes; raises RulesError."""
    from service.keywords import known_keywords

    return RulesWatch(
        settings.rules_file,
        installed=installed,
        known_keywords=known_keywords(),
        until_then=None if settings.rules.file else SHIPPED_RULES,
    )


def limits(settings: Settings) -> Limits:
    """How long the analysis process may take."""
    worker = settings.worker
    return Limits(
        start_s=worker.start_timeout_s, batch_s=worker.batch_timeout_s, film_s=worker.film_timeout_s
    )


def explainer_of(settings: Settings, rules_text: Callable[[], str], *, verbose: bool) -> Explainer:
    """What analyses a single file, in a process of its own."""
    from service.engine import build
    from service.explainer import Explainer

    return Explainer(
        partial(build, settings, verbose=verbose), limits=limits(settings), rules_text=rules_text
    )


def worker_name() -> str:
    """Who claims, for the audit."""
    return f"{socket.gethostname()}:{os.getpid()}"


def near(host: str) -> str:
    """Where a service bound to ``host`` is reached from this machine."""
    nearest: Mapping[str, str] = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
    return nearest.get(host, host)


def why_no_listener(settings: Settings) -> str | None:
    """Why nobody answers C-ECHO where our listener would listen; None when somebody does."""
    from dicom_scp.sender import echo
    from dicom_scp.tls import TlsSettings

    door = settings.listener
    tls = TlsSettings(authorities=door.tls_ca) if door.tls_certificate else None
    try:
        echo(
            host=near(door.host),
            port=door.port,
            calling_ae_title=door.ae_title,
            called_ae_title=door.ae_title,
            tls=tls,
        )
    except RadrouterError as error:
        return str(error)
    return None


def why_no_api(settings: Settings) -> str | None:
    """Why no API answers where ours would; None when one does."""
    try:
        with urlopen(f"http://{near(settings.api.host)}:{settings.api.port}/healthz", timeout=3):
            return None
    except OSError as error:
        return str(error)


def why_no_hl7(settings: Settings) -> str | None:
    """Why nobody takes a connection where our HL7 listener would listen; None when somebody does."""
    try:
        socket.create_connection((near(settings.hl7.host), settings.hl7.port), timeout=3).close()
    except OSError as error:
        return str(error)
    return None


def why_no_worklist(settings: Settings, source: WorklistSource) -> str | None:
    """Why a worklist does not answer C-ECHO; None when it does."""
    from dicom_scp.sender import echo
    from service.asking import timeouts
    from service.tls import tls_to

    try:
        echo(
            host=source.host,
            port=source.port,
            calling_ae_title=source.calling_ae_title or settings.listener.ae_title,
            called_ae_title=source.ae_title,
            tls=tls_to(source),
            timeouts=timeouts(source),
        )
    except RadrouterError as error:
        return str(error)
    return None
