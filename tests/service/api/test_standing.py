"""Health and metrics: whether the service can work, and how it stands."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from router.errors import OutOfResources
from router.types import Refusal
from service.api.health import disk_probe, models_probe
from service.api.tally import kind_of

Samples = dict[str, float]


def scrape(client: httpx.Client) -> Samples:
    """Every sample by its name and labels."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        sample.name + "".join(f"[{value}]" for _, value in sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def test_ready_when_all_is_well(house) -> None:
    client = house.client()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert set(answer.json()["checks"]) == {"database", "rules", "models", "disk"}
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_database_of_another_version_is_not_ready(house) -> None:
    with house.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    answer = house.client().get("/readyz")
    assert answer.status_code == 503
    assert "radrouter migrate" in answer.json()["checks"]["database"]["reason"]


def test_a_broken_new_rules_file_is_worth_a_word_but_the_old_rules_do_the_work(house) -> None:
    house.rules.problem = 'rule "x" names no view'
    answer = house.client().get("/readyz")
    assert answer.status_code == 200
    assert "older rules are in force" in answer.json()["checks"]["rules"]["reason"]


def test_a_pack_that_a_rule_waits_for_is_worth_a_word(house) -> None:
    house.rules.missing = ('rule "x" asks for the model pack "y"',)
    client = house.client()
    assert client.get("/api/v1/rules").json()["missing"] == [*house.rules.missing]
    check = client.get("/readyz").json()["checks"]["rules"]
    assert (check["ok"], check["reason"]) == (True, house.rules.missing[0])


def test_without_a_view_model_it_is_not_ready() -> None:
    assert models_probe(())().ok is False


def test_watermarks(tmp_path) -> None:
    assert disk_probe(tmp_path, soft=0.0, hard=0.0)().reason is None
    low = disk_probe(tmp_path, soft=1.0, hard=0.0)()
    assert (low.ok, "analysis pauses" in (low.reason or "")) == (True, True)
    full = disk_probe(tmp_path, soft=1.0, hard=1.0)()
    assert (full.ok, "nothing is taken in" in (full.reason or "")) == (False, True)
    assert disk_probe(tmp_path / "gone", soft=0.0, hard=0.0)().ok is False


def test_a_probe_that_fails_is_a_finding(house, raising) -> None:
    answer = house.client(probes={"models": raising(OutOfResources("no memory"))}).get("/readyz")
    assert answer.json()["checks"]["models"] == {"ok": False, "reason": "no memory"}


def test_the_metrics_count_what_happened_since_the_first_look(house) -> None:
    house.receive(1)
    client = house.client()
    first = scrape(client)
    assert first["radrouter_instances[received]"] == 1
    assert first["radrouter_oldest_waiting_seconds"] > 0
    assert first["radrouter_database_up"] == 1
    house.receive(2)
    house.analyse()
    house.receive(3)
    house.fail("/data/ab/1.2.3.dcm: frame 7 of 12 cannot be decoded")
    second = scrape(client)
    assert second["radrouter_instances[done]"] == 2
    assert second["radrouter_instances[failed]"] == 1
    assert second["radrouter_films_analysed_total[chest_pa_ap]"] == 2
    assert second["radrouter_received_to_done_seconds_count"] == 1  # the other arrived before the first look
    assert 0 < second["radrouter_received_to_done_seconds_sum"] < 10
    assert second["radrouter_failures_total[#: frame # of # cannot be decoded]"] == 1


def test_the_metrics_say_how_the_rest_stands(house) -> None:
    house.callers.refuse(
        Refusal(
            calling_ae_title="X", called_ae_title="R", address="10.0.0.1", reason="no", at=datetime.now(UTC)
        )
    )
    samples = scrape(house.client(soft_free_fraction=1.0))
    assert samples["radrouter_refused_callers"] == 1
    assert 0 < samples["radrouter_disk_free_fraction"] < 1
    assert samples["radrouter_disk_below_soft_watermark"] == 1
    assert samples["radrouter_rules_current"] == 1
    assert samples["radrouter_model_info[active][view][1]"] == 1
    assert samples[f"radrouter_rules_info[{house.rules.current.version}]"] == 1
    assert not any(math.isnan(value) for value in samples.values())


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("", "unknown"),
        ("1.2.840.10008.1 is not decodable", "# is not decodable"),
        ("/var/objects/ab/1.2.dcm is gone", "# is gone"),
        ("the analysis did not answer within 30 s", "the analysis did not answer within # s"),
        ("x" * 500, "x" * 80),
    ],
)
def test_kinds_of_reasons_carry_no_uid(reason: str, kind: str) -> None:
    assert kind_of(reason) == kind
