"""A database that a former version filled is brought up to date with all that is in it."""

from __future__ import annotations

from datetime import UTC, datetime

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, MetaData, insert

from db.engine import MIGRATIONS, connect, migrate, revision, sessions
from db.queries import Queries
from db.verdicts import Verdicts
from router.types import Box

FORMER = "0002"
BEFORE_PROBABILITIES = "0005"
BEFORE_SILENCE = "0006"
NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def fill(engine: Engine, former: str, uid: str) -> MetaData:
    """Bring the database to a former revision and record one film in it."""
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, former)
    tables = MetaData()
    tables.reflect(engine)
    with engine.begin() as connection:
        named = {"study_instance_uid": uid, "listed_date": "20260102", "accession_number": "A1"}
        connection.execute(insert(tables.tables["study"]).values(id=1, **named))
        connection.execute(insert(tables.tables["instance"]).values(
            id=1, sop_instance_uid=f"{uid}.1", study_id=1, series_instance_uid=uid, sop_class_uid="1.2",
            listed_date="20260102", calling_ae_title="CR", called_ae_title="R", address="192.0.2.1",
            via="C-STORE", received_at=NOW, path="a", size=1, sha256="0" * 64, state="done", lane=1,
            attempt=1,
        ))  # fmt: skip
        fields = {"sop_instance_uid": f"{uid}.1", "sop_class_uid": "1.2", "study_instance_uid": uid}
        fields |= {"series_instance_uid": uid, "transfer_syntax_uid": "1.2"}
        connection.execute(
            insert(tables.tables["header"]).values(instance_id=1, fields=fields, attributes={})
        )
        received = {"instance_id": 1, "event": "received", "at": NOW, "detail": {}}
        connection.execute(insert(tables.tables["audit"]).values(**received))
    return tables


def test_a_filled_database_of_the_former_version_keeps_everything(empty_url: str) -> None:
    engine = connect(empty_url)
    uid = "1.2.826.0.1.3680043.8.498.1"
    fill(engine, FORMER, uid)
    assert revision(engine)[0] == FORMER
    migrate(empty_url)
    current, head = revision(engine)
    assert current == head
    detail = Queries(sessions(engine)).study(uid)
    assert detail is not None and detail.instances[0].instance.sop_instance_uid == f"{uid}.1"
    verdicts = Verdicts(sessions(engine))
    assert verdicts.again(uid) and [film.sop_instance_uid for film in verdicts.film_facts(uid)] == [
        f"{uid}.1"
    ]
    engine.dispose()


def test_a_finding_s_probability_is_what_its_score_was(empty_url: str) -> None:
    engine = connect(empty_url)
    uid = "1.2.826.0.1.3680043.8.498.1"
    tables = fill(engine, BEFORE_PROBABILITIES, uid)
    model = {"name": "lung", "version": "1", "sha256": "0" * 64}
    box = {"x": 1.0, "y": 2.0, "width": 3.0, "height": 4.0}
    with engine.begin() as connection:
        connection.execute(insert(tables.tables["finding"]).values(
            id=1, instance_id=1, label="mass", score=0.7, threshold=0.5, model=model, box=box, mode="active",
        ))  # fmt: skip
    migrate(empty_url)
    detail = Queries(sessions(engine)).instance(f"{uid}.1")
    assert detail is not None
    (finding,) = detail.findings
    assert (finding.score, finding.probability, finding.threshold) == (0.7, 0.7, 0.5)
    assert finding.box == Box(**box)
    engine.dispose()


def test_no_decision_of_a_former_version_says_that_a_model_was_silent(empty_url: str) -> None:
    engine = connect(empty_url)
    uid = "1.2.826.0.1.3680043.8.498.1"
    tables = fill(engine, BEFORE_SILENCE, uid)
    with engine.begin() as connection:
        connection.execute(insert(tables.tables["decision"]).values(
            instance_id=1, decided_at=NOW, rules_version="r", priority=0, analyse=["lung"], destinations=[],
            outcomes=[], models_run=[], models_absent=["lung"], duration_ms=3.0,
        ))  # fmt: skip
    migrate(empty_url)
    detail = Queries(sessions(engine)).instance(f"{uid}.1")
    assert detail is not None and detail.models_absent == ("lung",) and detail.models_silent == {}
    engine.dispose()
