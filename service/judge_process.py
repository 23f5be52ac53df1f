"""The judge bound to the other rooms, as a process that runs until an event is set."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event

from db.queries import Queries
from db.verdicts import Verdicts
from router.comparison import Thresholds
from router.types import Mode
from router.verdicts import Kind
from router.views import VIEWS
from service import wiring
from service.asking import REST_S, Worklists
from service.asking_again import Agenda
from service.database import open_database
from service.heartbeat import Heartbeat
from service.judging import NO_ANSWER, Judge, Pace, compared
from service.notes import Notes
from service.procedures_watch import procedures_watch
from service.sections_orders import Worklist
from service.settings import Settings

log = logging.getLogger(__name__)

MOST_RECALLED = 500


def run_judge(settings: Settings, stop: Event) -> None:
    """Judge until ``stop``; raises ProceduresError or SettingsError before the first study."""
    wiring.make_folders(settings)
    procedures = procedures_watch(settings.orders.procedures)
    with (
        open_database(settings) as database,
        Heartbeat(settings.judges_folder) as heartbeat,
        Notes(settings.judges_folder) as notes,
    ):
        judge = Judge(
            verdicts=database.verdicts,
            orders=database.orders,
            procedures=procedures,
            worklists=_worklists(settings, database.queries, heartbeat, notes),
            compare=partial(compared, thresholds=_thresholds(settings)),
            beat=heartbeat.beat,
            pace=_pace(settings),
            agenda=agenda_of(settings.worklist, database.verdicts),
        )
        log.info("judge up procedures=%s", procedures.current.digest[:12])
        judge.run(stop)
    log.info("judge down")


def _thresholds(settings: Settings) -> Thresholds:
    """What the comparison may call a fault: a view that the classifier has no name for never is."""
    views = [pack for pack in wiring.running_packs(settings) if pack.manifest.task == "view"]
    active = [pack for pack in views if pack.manifest.mode is Mode.ACTIVE]
    labels = {label for pack in active for label in pack.manifest.outputs["view"].labels}
    return Thresholds(model_views=frozenset(labels) & frozenset(VIEWS)) if labels else Thresholds()


def _pace(settings: Settings) -> Pace:
    orders = settings.orders
    return Pace(
        batch=orders.batch,
        lease=timedelta(seconds=orders.lease_s),
        poll_s=orders.poll_s,
        quiet=timedelta(seconds=max(orders.quiet_s, orders.poll_s)),
    )


def agenda_of(worklist: Worklist, verdicts: Verdicts) -> Agenda:
    """What an earlier judge was told that nobody answered about, is asked for again."""
    lasting = timedelta(seconds=worklist.again_for_s)
    agenda = Agenda(
        first=timedelta(seconds=worklist.again_first_s),
        longest=timedelta(seconds=worklist.again_longest_s),
        lasting=lasting,
    )
    if not worklist.sources:
        return agenda
    found = verdicts.page(limit=MOST_RECALLED, kinds=frozenset((Kind.NO_ORDER,)), faults_only=False)
    since = datetime.now(UTC) - lasting
    for item in found.items:
        remarks = item.verdict.remarks
        if item.judged_at >= since and any(NO_ANSWER in remark.sentence for remark in remarks):
            agenda.put(item.study_instance_uid, time.monotonic())
    return agenda


def _worklists(settings: Settings, queries: Queries, heartbeat: Heartbeat, notes: Notes) -> Worklists | None:
    if not settings.worklist.sources:
        return None
    from dicom_scp.worklist import ask  # and with it pydicom, which a judge without a worklist does without

    return Worklists(
        sources=settings.worklist.sources,
        our_ae_title=settings.listener.ae_title,
        ask=ask,
        instance=queries.instance,
        tell=notes.tell,
        beat=heartbeat.beat,
        rest_s=min(REST_S, settings.worklist.again_first_s),
    )
