"""A real database filled through ``db.Instances``, the real rooms behind the API, and its clients."""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from sqlalchemy import Engine

from classifiers.preview import preview_png
from classifiers.viewing import read_any_values
from db.actions import Actions
from db.callers import Callers
from db.deliveries import Deliveries
from db.drift import Drift
from db.engine import connect, durability, migrate, revision, sessions
from db.hanging import Hanging
from db.instances import Instances
from db.matching import Matching
from db.news import Newsroom
from db.orders import Orders
from db.queries import Queries
from db.reviews import Reviews
from db.rule_versions import RuleVersions
from db.users import Users
from db.verdicts import Verdicts
from dicom_scp import header
from dicom_scp.inbox import Inbox
from router.rules import Facts, RuleSet, decide, parse
from router.types import (
    Analysis,
    Arrival,
    Box,
    Candidate,
    Finding,
    Instance,
    Mode,
    ModelRef,
    State,
    StoredObject,
    ViewPrediction,
)
from service.about import about
from service.api.app import create_app
from service.api.health import database_probe, disk_probe, models_probe, rules_probe
from service.api.out_models import GateOut, HeadOut, ModelOut
from service.api.server import server
from service.explainer import Explained
from service.heating import HeatJob
from service.sections import Api, Storage, Token
from service.settings import Settings
from service.taking_in import Door, Taken, take_one_in

RULES = """
[[rule]]
name = "chest films"
when = { view = ["chest_pa_ap"], min_score = 0.80 }
analyse = ["lung"]

[[rule]]
name = "hands"
when = { view = ["hand_ap"] }
destinations = ["HANDS"]
"""
ROOT = "1.2.826.0.1.3680043.8.498"
VIEW = ModelRef(name="view", version="1", sha256="a" * 64)
SHADOW = ModelRef(name="view", version="2", sha256="b" * 64)
LUNG = ModelRef(name="lung", version="1", sha256="c" * 64)
SECRETS = {"reader": "r-secret", "reviewer": "v-secret", "admin": "a-secret"}


@dataclass
class RulesHolder:
    """The rules, and what a test says of the file."""

    current: RuleSet
    problem: str | None = None
    file: Path = Path("rules.toml")
    missing: tuple[str, ...] = ()

    def publish(self, text: str) -> RuleSet:
        """Take a draft over, without a file."""
        self.current = self.parse(text)
        return self.current

    def parse(self, text: str) -> RuleSet:
        """A draft, as a service with the specialists' slots alone would read it."""
        return parse(text, known_models=("lung", "fracture", "ossicle"))


@dataclass
class House:
    """The rooms behind the API, and how a film gets into them."""

    folder: Path
    engine: Engine
    instances: Instances
    queries: Queries
    callers: Callers
    orders: Orders
    verdicts: Verdicts
    reviews: Reviews
    users: Users
    actions: Actions
    rule_versions: RuleVersions
    deliveries: Deliveries
    hanging: Hanging
    matching: Matching
    newsroom: Newsroom
    drift: Drift
    rules: RulesHolder
    serve: Callable[[FastAPI], str]
    stopping: threading.Event = field(default_factory=threading.Event)
    clients: list[httpx.Client] = field(default_factory=list)
    uploads: list[Path] = field(default_factory=list)
    heat_jobs: list[HeatJob] = field(default_factory=list)

    @property
    def storage(self) -> Path:
        return self.folder / "objects"

    def settings(self, *, tokens: bool = False, **more: Any) -> Api:
        named = tuple(
            Token(name=role, role=role, sha256=hashlib.sha256(secret.encode()).hexdigest())
            for role, secret in SECRETS.items()
        )
        return Api(tokens=named if tokens else (), **more)

    def app(self, **other: Any) -> FastAPI:
        """The API over the real rooms; a test may exchange single dependencies."""
        models = (a_model(),)
        needed: dict[str, Any] = {
            "queries": self.queries,
            "instances": self.instances,
            "callers": self.callers,
            "orders": self.orders,
            "verdicts": self.verdicts,
            "reviews": self.reviews,
            "users": self.users,
            "actions": self.actions,
            "rule_versions": self.rule_versions,
            "deliveries": self.deliveries,
            "hanging": self.hanging,
            "matching": self.matching,
            "newsroom": self.newsroom,
            "drift": self.drift,
            "settings": self.settings(),
            "rules": self.rules,
            "models": models,
            "storage": self.storage,
            "preview": preview_png,
            "values": read_any_values,
            "analyse": self.explained,
            "heat": self.heated,
            "take_in": self.take_in,
            "stopping": self.stopping,
            "about": about(
                Settings(storage=Storage(folder=self.folder)),
                revision=partial(revision, self.engine),
                doubt=partial(durability, self.engine),
            ),
            "probes": {
                "database": database_probe(lambda: revision(self.engine)),
                "rules": rules_probe(self.rules),
                "models": models_probe(models),
                "disk": disk_probe(self.storage, soft=0.0, hard=0.0),
            },
        }
        return create_app(**needed | other)

    def client(self, **other: Any) -> httpx.Client:
        """A client of a server with an app as :meth:`app` makes it."""
        client = httpx.Client(base_url=self.serve(self.app(**other)), timeout=20, trust_env=False)
        self.clients.append(client)
        return client

    def facts(self, path: Path) -> Facts:
        """The facts of an uploaded file: its header is read, and its view is what this test says."""
        self.uploads.append(path)
        instance = header.read(path)
        return Facts(instance=instance, arrival=an_arrival(), view=a_view("chest_pa_ap", 0.95))

    def explained(self, path: Path) -> Explained:
        return Explained(facts=self.facts(path), models_absent=("lung",))

    def heated(self, job: HeatJob) -> bytes:
        """A picture that says what was asked for."""
        self.heat_jobs.append(job)
        return b"\x89PNG " + job.label.encode()

    def take_in(self, path: Path, by: str) -> Taken:
        """An uploaded file goes in through the door of imports."""
        inbox = Inbox(self.storage, soft=0.0, hard=0.0)
        record = partial(self.instances.record, on_conflict="replace")
        try:
            return take_one_in(path, Door(inbox=inbox, record=record, source=f"uploaded by {by}"))
        finally:
            inbox.close()

    def receive(self, number: int, **facts: Any) -> str:
        """One film arrives, with its file; gives its SOP Instance UID."""
        uid = f"{ROOT}.3.{number}"
        instance = Instance(**{
            "sop_instance_uid": uid,
            "sop_class_uid": "1.2.840.10008.5.1.4.1.1.1.1",
            "study_instance_uid": f"{ROOT}.1.{number // 10}",
            "series_instance_uid": f"{ROOT}.2.{number // 10}",
            "transfer_syntax_uid": ExplicitVRLittleEndian,
            "modality": "DX",
            "patient_id": "4711",
            "patient_name": "Doe^Jane",
            "accession_number": "A100",
            "study_date": "20260102",
            "instance_number": number,
            "attributes": {"KVP": ("70",)},
        } | facts)  # fmt: skip
        path = f"ab/{uid}.dcm"
        write_film(self.storage / path, uid, instance.study_instance_uid)
        digest = hashlib.sha256(f"{number}".encode()).hexdigest()
        stored = StoredObject(path=path, size=1, sha256=digest)
        self.instances.record(instance, an_arrival(), stored, on_conflict="replace")
        return uid

    def analyse(
        self,
        view: str = "chest_pa_ap",
        score: float = 0.97,
        *,
        finding: bool = False,
        beside: tuple[Finding, ...] = (),
        also_ran: tuple[ModelRef, ...] = (),
        silent: Mapping[ModelRef, str] | None = None,
    ) -> None:
        """All films that wait are analysed and done; ``beside`` a finding, what is not the answer."""
        for claim in self.instances.claim(1000, lease=timedelta(minutes=1), worker="test"):
            seen = a_view(view, score)
            found = (
                Finding(
                    label="nodule",
                    score=0.8,
                    probability=0.9,
                    threshold=0.5,
                    model=LUNG,
                    box=Box(x=8, y=8, width=16, height=8),
                ),
            )
            facts = Facts(
                instance=claim.instance,
                arrival=claim.arrival,
                view=seen,
                findings=(*(found if finding else ()), *beside),
            )
            self.instances.finish(
                claim,
                Analysis(
                    view=seen,
                    no_view_reason=None,
                    decision=decide(self.rules.current, facts),
                    findings=facts.findings,
                    models_run=(VIEW, *((LUNG,) if finding else ()), *also_ran),
                    models_absent=() if finding else ("lung",),
                    models_silent=silent or {},
                    shadow_views=(a_view("hand_ap", 0.5, model=SHADOW, mode=Mode.SHADOW),),
                    duration_ms=12.5,
                ),
            )

    def fail(self, reason: str) -> None:
        """All films that wait fail."""
        for claim in self.instances.claim(1000, lease=timedelta(minutes=1), worker="test"):
            self.instances.fail(claim, reason)

    def state(self, uid: str) -> State:
        detail = self.queries.instance(uid)
        assert detail is not None
        return detail.state


def an_arrival() -> Arrival:
    return Arrival(
        calling_ae_title="XRAY1",
        called_ae_title="RADROUTER",
        address="10.1.2.3",
        via="C-STORE",
        received_at=datetime.now(UTC),
    )


def a_view(view: str, score: float, *, model: ModelRef = VIEW, mode: Mode = Mode.ACTIVE) -> ViewPrediction:
    second = Candidate(label="chest_lateral", score=round(1 - score, 6))
    return ViewPrediction(
        view=view,
        score=score,
        margin=round(2 * score - 1, 6),
        candidates=(Candidate(label=view, score=score), second),
        model=model,
        mode=mode,
    )


def a_model() -> ModelOut:
    return ModelOut(
        name="view",
        version="1",
        sha256="a" * 64,
        task="view",
        mode="active",
        runtime="openvino",
        licence="Apache-2.0",
        training_data="none",
        heads={"view": HeadOut(labels=("chest_pa_ap", "other"), classes="exclusive", thresholds={})},
        gate=GateOut(margin=0.3, min_score=0.0),
        metrics={"accuracy": 0.9},
        card="# view 1",
    )


def write_film(path: Path, uid: str, study_uid: str) -> None:
    """A DX film of 64 x 48 pixels, a ramp."""
    ds = Dataset()
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    ds.SOPInstanceUID, ds.StudyInstanceUID, ds.SeriesInstanceUID = uid, study_uid, f"{study_uid}.2"
    ds.Modality, ds.PatientID, ds.PatientName = "DX", "4711", "Doe^Jane"
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = 64, 48, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = np.linspace(0, 4095, 64 * 48).astype("<u2").tobytes()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = uid
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database without rows, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "radrouter.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def house(tmp_path: Path, serve: Callable[[FastAPI], str], empty_database: Path) -> Iterator[House]:
    """An empty database with the rooms around it."""
    url = f"sqlite:///{shutil.copy(empty_database, tmp_path / 'radrouter.db')}"
    engine = connect(url)
    bound = sessions(engine)
    rooms = House(
        folder=tmp_path,
        engine=engine,
        instances=Instances(bound),
        queries=Queries(bound),
        callers=Callers(bound),
        orders=Orders(bound),
        verdicts=Verdicts(bound),
        reviews=Reviews(bound),
        users=Users(bound),
        actions=Actions(bound),
        rule_versions=RuleVersions(bound),
        deliveries=Deliveries(bound),
        hanging=Hanging(bound),
        matching=Matching(bound),
        newsroom=Newsroom(bound),
        drift=Drift(bound),
        rules=RulesHolder(parse(RULES, known_models=None)),
        serve=serve,
    )
    rooms.storage.mkdir()
    yield rooms
    for client in rooms.clients:
        client.close()
    rooms.stopping.set()
    engine.dispose()


@pytest.fixture
def serve() -> Iterator[Callable[[FastAPI], str]]:
    """Serve an app by uvicorn on a free port of loopback; gives its URL."""
    running = []

    def start(app: FastAPI) -> str:
        api = server(app, host="127.0.0.1", port=0)
        thread = threading.Thread(target=api.run)
        thread.start()
        running.append((api, thread))
        end = time.monotonic() + 10
        while not api.started and time.monotonic() < end:
            time.sleep(0.01)
        port = api.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    yield start
    for api, thread in running:
        api.should_exit = True
        thread.join(15)
        assert not thread.is_alive(), "the server did not stop"


@pytest.fixture
def raising() -> Callable[[Exception], Callable[..., None]]:
    """A function that only raises."""

    def of(error: Exception) -> Callable[..., None]:
        def do(*_: object, **__: object) -> None:
            raise error

        return do

    return of
