"""Every test of this room runs on SQLite and on PostgreSQL, each time on an empty, migrated database."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from db.callers import Callers
from db.engine import connect, migrate, sessions
from db.instances import Instances
from db.orders import Orders
from db.queries import Queries
from db.recording import OnConflict, Sent
from db.reviews import Reviews
from db.tables import TABLES
from db.verdicts import Verdicts
from router.types import (
    Analysis,
    Arrival,
    Box,
    Candidate,
    Condition,
    Decision,
    Finding,
    Instance,
    Mode,
    ModelRef,
    Outcome,
    RuleOutcome,
    StoredObject,
    ViewPrediction,
)

NewPostgresql = Callable[[], AbstractContextManager[str]]
APPEND_ONLY = ("audit", "order_message", "verdict", "action", "rule_version")


class Clock:
    """A clock that goes forward when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 4, 10, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "template.sqlite"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_database(new_postgresql: NewPostgresql) -> Iterator[str]:
    with new_postgresql() as url:
        migrate(url)
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def empty_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.sqlite"
        return
    with request.getfixturevalue("new_postgresql")() as url:
        yield url


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of the current revision."""
    if kind == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "radrouter.sqlite")
        yield f"sqlite:///{tmp_path}/radrouter.sqlite"
        return
    yield request.getfixturevalue("postgresql_url")


@pytest.fixture
def postgresql_url(postgresql_database: str) -> str:
    """An empty PostgreSQL database of the current revision."""
    _empty(postgresql_database)  # one for each test would cost the server a checkpoint each time
    return postgresql_database


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = connect(url)
    yield engine
    engine.dispose()


@pytest.fixture
def maker(engine: Engine) -> sessionmaker[Session]:
    return sessions(engine)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def instances(maker: sessionmaker[Session], clock: Callable[[], datetime]) -> Instances:
    return Instances(maker, clock=clock)


@pytest.fixture
def queries(maker: sessionmaker[Session], clock: Callable[[], datetime]) -> Queries:
    return Queries(maker, clock=clock)


@pytest.fixture
def orders(maker: sessionmaker[Session], clock: Callable[[], datetime]) -> Orders:
    return Orders(maker, clock=clock)


@pytest.fixture
def verdicts(maker: sessionmaker[Session], clock: Callable[[], datetime]) -> Verdicts:
    return Verdicts(maker, clock=clock)


@pytest.fixture
def reviews(maker: sessionmaker[Session], clock: Callable[[], datetime]) -> Reviews:
    return Reviews(maker, clock=clock)


@pytest.fixture
def callers(maker: sessionmaker[Session], clock: Callable[[], datetime]) -> Callers:
    return Callers(maker, clock=clock)


def _empty(url: str) -> None:
    """Take away the last test's rows, and number anew.

    TRUNCATE makes new files for every table and index, which takes ten times as long.
    """
    tables = [table.name for table in reversed(TABLES)]
    filled = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables)
    with psycopg.connect(url) as owner:
        found = {name for (name,) in owner.execute(filled)}  # type: ignore[call-overload]
        for table in found.intersection(APPEND_ONLY):
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")  # type: ignore[call-overload]
        for table in (name for name in tables if name in found):  # what refers to others goes first
            owner.execute(f"DELETE FROM {table}")  # type: ignore[call-overload]
        for table in found.intersection(APPEND_ONLY):
            owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")  # type: ignore[call-overload]
        used = "FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
        owner.execute(f"SELECT setval(sequencename::regclass, start_value, false) {used}")  # type: ignore[call-overload]


Make = Callable[..., Sent]


@pytest.fixture
def film(clock: Clock) -> Make:
    """Make an object: ``film(1)`` is always the same one, ``film(1, content="b")`` has other bytes."""

    def make(
        number: int, *, study: int = 1, content: str = "a", via: str = "C-STORE", **fields: object
    ) -> Sent:
        uid = f"1.2.3.{number}"
        given: dict[str, object] = {
            "sop_instance_uid": uid,
            "sop_class_uid": "1.2.840.10008.5.1.4.1.1.1.1",
            "study_instance_uid": f"1.2.4.{study}",
            "series_instance_uid": f"1.2.5.{study}",
            "transfer_syntax_uid": "1.2.840.10008.1.2.1",
            "modality": "DX",
            "patient_id": f"P{study}",
            "patient_name": "Doe^Jane",
            "accession_number": f"A{study}",
            "study_date": "20260102",
            "attributes": {"ImageType": ("ORIGINAL", "PRIMARY"), "KVP": ("70",)},
        }
        sha256 = hashlib.sha256(f"{number}{content}".encode()).hexdigest()
        return Sent(
            instance=Instance(**given | fields),  # type: ignore[arg-type]
            arrival=Arrival(
                calling_ae_title="MODALITY",
                called_ae_title="RADROUTER",
                address="192.0.2.1",
                via=via,
                received_at=clock(),
            ),
            stored=StoredObject(path=f"aa/{study}/{uid}.{sha256[:16]}.dcm", size=1000, sha256=sha256),
        )

    return make


@pytest.fixture
def receive(instances: Instances, film: Make) -> Callable[..., Outcome]:
    """Record ``film(...)``; under the policy ``replace`` unless told otherwise."""

    def record(number: int, *, on_conflict: OnConflict = "replace", **more: object) -> Outcome:
        sent = film(number, **more)
        return instances.record(sent.instance, sent.arrival, sent.stored, on_conflict=on_conflict)

    return record


@pytest.fixture
def analysis() -> Callable[..., Analysis]:
    """Make an answer: a view, a shadow's view, one rule and one finding."""
    view_model = ModelRef(name="view", version="2", sha256="1" * 64)
    lung = ModelRef(name="lung", version="1", sha256="3" * 64)
    condition = Condition(
        word="view", wanted=("chest_pa_ap",), found=("chest_pa_ap",), holds=True, reason="it is a chest"
    )
    outcome = RuleOutcome(rule="chests", matched=True, conditions=(condition,), reason="all conditions hold")

    def make(view: str | None = "chest_pa_ap", **fields: object) -> Analysis:
        stated = view and ViewPrediction(
            view=view,
            score=0.9,
            margin=0.8,
            model=view_model,
            candidates=(Candidate(label=view, score=0.9), Candidate(label="other", score=0.1)),
            further={"rotation": (Candidate(label="0", score=0.9), Candidate(label="90", score=0.1))},
        )
        shadow = ViewPrediction(
            view="unsure",
            score=0.4,
            margin=0.1,
            candidates=(Candidate(label="knee_ap", score=0.4),),
            model=ModelRef(name="view", version="3", sha256="2" * 64),
            mode=Mode.SHADOW,
        )
        box = Box(x=1.5, y=2.5, width=30.0, height=40.0)
        opacity = Finding(label="opacity", score=0.4, probability=0.7, threshold=0.5, model=lung, box=box)
        given: dict[str, object] = {
            "view": stated,
            "no_view_reason": None if view else "CT is not a radiograph",
            "decision": Decision(
                analyse=("lung", "fracture"),
                destinations=("PACS",),
                priority=5,
                outcomes=(outcome,),
                rules_version="r1",
            ),
            "findings": (opacity,) if view else (),
            "models_run": (view_model, lung),
            "models_absent": ("fracture",),
            "models_silent": {
                ModelRef(
                    name="lung", version="2", sha256="4" * 64
                ): "image quality not good enough to be analysed"
            },
            "shadow_views": (shadow,) if view else (),
            "duration_ms": 12.5,
        }
        return Analysis(**given | fields)  # type: ignore[arg-type]

    return make
