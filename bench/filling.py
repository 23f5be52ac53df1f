"""A million made-up instances, written by the database itself: what ``bench/queries.py`` asks about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine, text

PER_STUDY = 10 / 3  # instances
VIEWS = (
    "chest_pa_ap",
    "chest_lateral",
    "knee_ap",
    "knee_lateral",
    "hand_ap",
    "other",
    "unsure",
    "clavicle_ap",
)
SHARES = (300, 150, 200, 150, 100, 50, 49, 1)  # of a thousand
EVENTS = ("received", "claimed", "predicted", "done")

_STUDY = "(n.i * 3 / 10 + 1)"
_MIXED = "((n.i * 7919) % 1000)"  # spreads over the thousand
# Ten years, later studies mostly later; a third of them out of order, as archives are imported.
_DAY = "((s.i + (s.i % 3) * 99991) % :studies * 3360 / :studies)"
_DATE = f"CAST((2016 + {_DAY} / 336) * 10000 + ({_DAY} / 28 % 12 + 1) * 100 + {_DAY} % 28 + 1 AS TEXT)"
_STATE = "CASE WHEN n.i % 60 = 0 THEN 'received' WHEN n.i % 199 = 0 THEN 'failed' ELSE 'done' END"


def fill(engine: Engine, instances: int) -> None:
    """Fill an empty, migrated database; statistics as the database itself keeps them."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA synchronous=OFF")
        for statement in _statements(engine.dialect.name):
            connection.execute(text(statement), _bound(statement, instances))
            connection.commit()
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))  # what autovacuum does within a minute
            _go_on_counting(connection)


def _bound(statement: str, instances: int) -> dict[str, int]:
    values = {"instances": instances, "studies": int(instances / PER_STUDY) + 1}
    return {name: value for name, value in values.items() if f":{name}" in statement}


def _statements(dialect: str) -> Iterator[str]:
    sqlite = dialect == "sqlite"
    moment = (
        "strftime('%Y-%m-%d %H:%M:%S.000000', 1600000000 + n.i * 150, 'unixepoch')"
        if sqlite
        else "to_timestamp(1600000000 + n.i * 150)"
    )
    yield "CREATE TABLE bench_view (bucket BIGINT PRIMARY KEY, view TEXT)"
    shown = [view for view, share in zip(VIEWS, SHARES, strict=True) for _ in range(share)]
    yield f"INSERT INTO bench_view VALUES {', '.join(f'({i}, {v!r})' for i, v in enumerate(shown))}"
    yield f"""
        INSERT INTO study (id, study_instance_uid, listed_date, patient_id, patient_name, accession_number)
        {_numbers("s", "studies")} SELECT s.i, '1.2.826.0.1.3680043.8.498.' || s.i, {_DATE},
        'P' || (s.i / 3), 'Doe^Jane', 'A' || s.i FROM s"""
    yield f"""
        INSERT INTO instance (id, sop_instance_uid, study_id, listed_date, series_instance_uid, sop_class_uid,
            modality, patient_id, accession_number, instance_number, calling_ae_title, called_ae_title,
            address, via, received_at, path, size, sha256, state, lane, due_at, attempt, view, score,
            margin, model)
        {_numbers("n", "instances")} SELECT n.i, '1.2.826.0.1.3680043.8.498.9.' || n.i, study.id,
        study.listed_date, study.study_instance_uid || '.1', '1.2.840.10008.5.1.4.1.1.1.1',
        CASE WHEN n.i % 50 = 0 THEN 'CT' WHEN n.i % 3 = 0 THEN 'CR' ELSE 'DX' END, study.patient_id,
        study.accession_number, n.i % 4, 'MODALITY' || n.i % 9, 'RADROUTER', '192.0.2.1', 'C-STORE', {moment},
        'ab/' || study.study_instance_uid || '/' || n.i || '.dcm', 9000000, {_sha256("n.i")}, {_STATE}, 1,
        CASE WHEN n.i % 60 = 0 THEN {moment} END, 1,
        CASE WHEN {_STATE} = 'done' THEN bench_view.view END, 0.9, 0.8, 'view@1'
        FROM n JOIN study ON study.id = {_STUDY} JOIN bench_view ON bench_view.bucket = {_MIXED}"""
    yield from _answers("({})" if sqlite else "CAST({} AS JSON)")


def _answers(json: str) -> Iterator[str]:
    """Headers, predictions, decisions and the audit; ``json`` makes a JSON value of a text."""
    fields = """'{"sop_instance_uid": "' || sop_instance_uid || '", "series_instance_uid": "1.2", '
        || '"sop_class_uid": "1.2", "study_instance_uid": "1.2", "transfer_syntax_uid": "1.2.3"}'"""
    yield f"""INSERT INTO header (instance_id, fields, attributes)
        SELECT id, {json.format(fields)}, {json.format("'{}'")} FROM instance"""
    yield f"""INSERT INTO prediction (instance_id, view, score, margin, candidates, further, model, mode)
        SELECT id, view, 0.9, 0.8, {json.format("'[]'")}, {json.format("'{}'")},
        {json.format(''' '{"name": "view", "version": "1", "sha256": ""}' ''')}, 'active'
        FROM instance WHERE view IS NOT NULL"""
    empty = json.format("'[]'")
    yield f"""INSERT INTO decision (instance_id, decided_at, rules_version, priority, "analyse", destinations,
        outcomes, models_run, models_absent, models_silent, duration_ms)
        SELECT id, received_at, 'r', 0, {", ".join([empty] * 6)}, 9.5 FROM instance WHERE state = 'done'"""
    events = " UNION ALL ".join(f"SELECT {i} AS o, '{event}' AS event" for i, event in enumerate(EVENTS))
    yield f"""INSERT INTO audit (instance_id, event, at, detail)
        SELECT id, e.event, received_at, {json.format("'{}'")} FROM instance CROSS JOIN ({events}) e"""


def _numbers(name: str, until: str) -> str:
    more = f"SELECT i + 1 FROM {name} WHERE i < CAST(:{until} AS BIGINT)"
    return f"WITH RECURSIVE {name}(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL {more})"


def _sha256(of: str) -> str:
    return f"'{'0' * 56}' || {of}"


def _go_on_counting(connection: Connection) -> None:
    for table in ("study", "instance"):
        latest = f"(SELECT max(id) FROM {table})"
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {latest})"))
