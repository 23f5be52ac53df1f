"""How the whole stands, in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import version

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

from router.errors import OutOfResources
from service.api.health import free_fraction
from service.api.ports import Needs
from service.api.tally import Tally
from service.api.tokens import READER

REFUSED_WITHIN = timedelta(hours=24)
MOST_REFUSED = 1000


class Standing(Collector):
    """Gauges, looked up when they are asked for: a handful of cheap queries."""

    def __init__(self, needs: Needs, tally: Tally) -> None:
        self._needs = needs
        self._tally = tally

    def collect(self) -> Iterator[Metric]:
        """All gauges; with the database away, those that need none."""
        up = True
        try:
            yield from self._from_the_database()
        except OutOfResources:
            up = False
        yield _gauge("radrouter_database_up", "Whether the database answers.", up)
        yield from self._tally.collect()
        yield from self._from_the_hl7_listener()
        yield from self._from_the_disk()
        yield from self._from_the_process()

    def _from_the_database(self) -> Iterator[Metric]:
        counts = self._needs.queries.counts()
        now = self._needs.clock()
        knocks = self._needs.callers.list(MOST_REFUSED)
        recent = [knock for knock in knocks if knock.last_at > now - REFUSED_WITHIN]
        self._tally.catch_up(self._needs.queries.changes, counts.audit_id)
        states = GaugeMetricFamily("radrouter_instances", "Instances by state.", labels=["state"])
        for state, count in counts.states.items():
            states.add_metric([state], count)
        yield states
        yield _gauge("radrouter_instances_due", "Instances that wait and could be analysed now.", counts.due)
        yield _gauge(
            "radrouter_oldest_waiting_seconds",
            "Age of the oldest instance that is due; 0 when none is.",
            counts.oldest_waiting_seconds or 0.0,
        )
        yield _gauge("radrouter_studies", "Studies.", counts.studies)
        yield from self._from_the_judge()
        yield _gauge("radrouter_refused_callers", "Callers refused within 24 hours.", len(recent))
        yield _gauge(
            "radrouter_refusals", "How often they knocked in vain.", sum(knock.times for knock in recent)
        )

    def _from_the_judge(self) -> Iterator[Metric]:
        named = {
            "radrouter_verdicts": ("Studies by what their current verdict says.", None),
            "radrouter_verdicts_open": ("Those of them that somebody has still to look at.", False),
        }
        for name, (meaning, settled) in named.items():
            verdicts = GaugeMetricFamily(name, meaning, labels=["kind"])
            for kind, count in self._needs.verdicts.counts(settled=settled).items():
                verdicts.add_metric([kind], count)
            yield verdicts
        waiting = self._needs.verdicts.waiting()
        yield _gauge("radrouter_studies_to_judge", "Studies that could be judged now.", waiting.due)
        yield _gauge(
            "radrouter_judging_lag_seconds",
            "How long the study that waits longest to be judged has been due; 0 when none is.",
            waiting.oldest_seconds,
        )

    def _from_the_hl7_listener(self) -> Iterator[Metric]:
        messages = CounterMetricFamily(
            "radrouter_hl7_messages",
            "Orders in HL7 messages by what came of them, and messages that were refused.",
            labels=["outcome"],
        )
        for outcome, count in self._needs.order_messages().items():
            messages.add_metric([outcome], count)
        yield messages

    def _from_the_disk(self) -> Iterator[Metric]:
        try:
            free = free_fraction(self._needs.storage)
        except OSError:
            return
        yield _gauge("radrouter_disk_free_fraction", "Free part of the storage's disk.", free)
        yield _gauge(
            "radrouter_disk_below_soft_watermark",
            "Whether analysis pauses for want of disk.",
            free < self._needs.soft_free_fraction,
        )

    def _from_the_process(self) -> Iterator[Metric]:
        rules = self._needs.rules
        yield _gauge(
            "radrouter_rules_current",
            "Whether the rules file as it is now is in force.",
            rules.problem is None,
        )
        yield _info("radrouter_rules", "The rules in force.", version=rules.current.version)
        yield _info("radrouter_build", "The software.", version=version("radrouter"))
        models = InfoMetricFamily("radrouter_model", "Installed models.", labels=["name", "version", "mode"])
        for model in self._needs.models:
            models.add_metric([model.name, model.version, model.mode], {})
        yield models


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, value=float(value))


def _info(name: str, meaning: str, **labels: str) -> InfoMetricFamily:
    return InfoMetricFamily(name, meaning, value=labels)


def registry_of(needs: Needs) -> CollectorRegistry:
    """A registry of this app's own: two apps in one process count apart."""
    registry = CollectorRegistry()
    registry.register(Standing(needs, Tally()))
    return registry


router = APIRouter(tags=["metrics"], dependencies=READER)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request) -> Response:
    """Instances by state, waiting time, films analysed, latency, failures, refused callers, disk, rules."""
    return Response(generate_latest(request.app.state.registry), media_type=CONTENT_TYPE_LATEST)
