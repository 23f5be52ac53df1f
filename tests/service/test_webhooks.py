"""Webhooks against a real server that fails, hangs, redirects and recovers: all arrives, in order."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from db.deliveries import Deliveries
from db.engine import connect, migrate, sessions
from db.instances import Instances
from db.news import Newsroom
from db.read_webhooks import Delivery, DeliveryState
from router.types import (
    Analysis,
    Arrival,
    Candidate,
    Decision,
    Instance,
    ModelRef,
    StoredObject,
    ViewPrediction,
)
from service.posting import NotDelivered, post
from service.sections_webhooks import Webhook, Webhooks
from service.signing import signature
from service.webhooks import Teller, tell_all

SECRET = "a secret of some length"
ROOT = "1.2.826.0.1.3680043.8.498"


@dataclass
class Receiver:
    """A real HTTP server, and what it does with the next messages."""

    url: str = ""
    behaviour: list[str] = field(default_factory=list)  # taken one by one; then everything is well
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    called: list[str] = field(default_factory=list)  # every path that was asked for
    release: threading.Event = field(default_factory=threading.Event)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]


class Handler(BaseHTTPRequestHandler):
    @property
    def receiver(self) -> Receiver:
        return self.server.receiver

    def do_POST(self) -> None:
        receiver = self.receiver
        receiver.called.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        what = receiver.behaviour.pop(0) if receiver.behaviour else "well"
        getattr(self, what)()
        if what == "well":
            receiver.got.append((dict(self.headers), body))

    def well(self) -> None:
        self.send_response(204)
        self.end_headers()

    def fail(self) -> None:
        self.send_response(500)
        self.end_headers()

    def redirect(self) -> None:
        self.send_response(307)
        self.send_header("Location", f"{self.receiver.url}/elsewhere")
        self.end_headers()

    def hang(self) -> None:
        self.receiver.release.wait(20)

    def cut(self) -> None:
        pass

    def nonsense(self) -> None:
        self.wfile.write(b"what?\r\n\r\n")

    def drip(self) -> None:
        """A byte now and then: each one alone is in time, the whole never is."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.receiver.release.wait(0.1):
            try:
                self.wfile.write(b"a")
            except OSError:
                return

    def log_message(self, *_: object) -> None:
        pass


def listening(receiver: Receiver, wrap: Callable[[Any], Any] = lambda socket: socket) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.receiver = receiver
    server.daemon_threads = True
    server.socket = wrap(server.socket)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    server = listening(found)
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield found
    found.release.set()
    server.shutdown()
    server.server_close()


@dataclass
class Room:
    """A database, and films that come into it."""

    instances: Instances
    deliveries: Deliveries
    newsroom: Newsroom

    def receive(self, number: int, *, modality: str = "DX", calling: str = "XRAY1") -> str:
        uid = f"{ROOT}.3.{number}"
        instance = Instance(
            sop_instance_uid=uid,
            sop_class_uid="1.2.840.10008.5.1.4.1.1.1.1",
            study_instance_uid=f"{ROOT}.1.{number // 10}",
            series_instance_uid=f"{ROOT}.2.1",
            transfer_syntax_uid="1.2.840.10008.1.2.1",
            modality=modality,
            patient_id="SENTINEL-ID",
            patient_name="SENTINEL^PATIENT",
            accession_number="SENTINEL-A",
        )
        arrival = Arrival(
            calling_ae_title=calling,
            called_ae_title="RADROUTER",
            address="10.1.2.3",
            via="C-STORE",
            received_at=datetime.now(UTC),
        )
        stored = StoredObject(path=f"{uid}.dcm", size=1, sha256=hashlib.sha256(uid.encode()).hexdigest())
        self.instances.record(instance, arrival, stored, on_conflict="replace")
        return uid

    def analyse(self, view: str = "knee_ap") -> None:
        for claim in self.instances.claim(100, lease=timedelta(minutes=1), worker="test"):
            said = ViewPrediction(
                view=view,
                score=0.9,
                margin=0.8,
                candidates=(Candidate(label=view, score=0.9),),
                model=ModelRef(name="view", version="1", sha256="a" * 64),
            )
            decision = Decision(analyse=(), destinations=(), priority=50, outcomes=(), rules_version="r")
            self.instances.finish(claim, Analysis(view=said, no_view_reason=None, decision=decision))

    def all(self) -> list[Delivery]:
        return list(reversed(self.deliveries.page(limit=1000).items))


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("webhooks") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def room(tmp_path: Path, migrated: Path) -> Iterator[Room]:
    engine = connect(f"sqlite:///{shutil.copy(migrated, tmp_path / 'radrouter.db')}")
    bound = sessions(engine)
    yield Room(Instances(bound), Deliveries(bound), Newsroom(bound))
    engine.dispose()


def told(url: str, **more: Any) -> Webhooks:
    target = {"name": "viewer", "url": url, "secret": SECRET} | more.pop("target", {})
    quick = {"first_delay_s": 0.01, "longest_delay_s": 0.05, "timeout_s": 0.5, "poll_s": 0.01}
    return Webhooks(targets=(Webhook(**target),), **quick | more)


def teller(room: Room, webhooks: Webhooks) -> Teller:
    """One that has its place in the audit: what happens from now on is told."""
    made = Teller(webhooks.targets[0], webhooks, room.deliveries, room.newsroom)
    made.step(threading.Event())
    return made


def tell(made: Teller, room: Room, seconds: float = 10.0) -> None:
    """Step until nothing is pending."""
    end = time.monotonic() + seconds
    while made.step(threading.Event()) or any(one.state is DeliveryState.PENDING for one in room.all()):
        assert time.monotonic() < end, room.all()
        time.sleep(0.01)


def test_a_film_and_its_study_are_told(room: Room, receiver: Receiver) -> None:
    room.receive(1)
    made = teller(room, told(receiver.url))
    uid = room.receive(2)
    room.analyse()
    tell(made, room)
    first, second, study = receiver.bodies()
    assert (second["event"], second["href"]) == ("answered", f"/api/v1/hanging/instances/{uid}")
    assert (study["event"], study["study_pending"]) == ("study", 0)
    assert first["study_instance_uid"] == study["study_instance_uid"]
    assert not any(b"SENTINEL" in body for _, body in receiver.got)
    assert not any("SENTINEL" in str(dict(one.body)) for one in room.all())


def test_messages_are_signed_and_have_a_key(room: Room, receiver: Receiver) -> None:
    made = teller(room, told(f"{receiver.url}/hooks?a=1"))
    room.receive(1)
    room.analyse()
    tell(made, room)
    headers, body = receiver.got[0]
    timestamp = headers["Radrouter-Timestamp"]
    assert abs(int(timestamp) - time.time()) < 30
    # As a receiver would do it, without a line of ours.
    expected = hmac.new(SECRET.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(headers["Radrouter-Signature"], f"v1={expected}")
    assert headers["Idempotency-Key"] == json.loads(body)["event_id"]
    assert headers["Radrouter-Event"] == "answered"
    assert set(receiver.called) == {"/hooks?a=1"}


def test_the_signature_is_the_documented_one() -> None:
    assert signature("key", 1, b"{}") == ("v1=" + hmac.new(b"key", b"1.{}", hashlib.sha256).hexdigest())


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("fail", "it answered 500"),
        ("hang", "it did not answer within 0.5 s"),
        ("drip", "it did not answer within 0.5 s"),
        ("redirect", "it answered 307: redirects are not followed"),
        ("nonsense", "it answered nonsense: BadStatusLine"),
        ("cut", "it answered nonsense: RemoteDisconnected"),
    ],
)
def test_a_receiver_that_recovers_gets_everything(
    room: Room, receiver: Receiver, what: str, why: str
) -> None:
    receiver.behaviour = [what]
    made = teller(room, told(receiver.url, target={"events": ["answered"]}))
    room.receive(1)
    room.analyse()
    made.step(threading.Event())
    (waiting,) = room.all()
    assert (waiting.state, waiting.attempts, waiting.last_error) == (DeliveryState.PENDING, 1, why)
    tell(made, room)
    (done,) = room.all()
    assert (done.state, done.attempts, len(receiver.got)) == (DeliveryState.DELIVERED, 2, 1)
    assert "/elsewhere" not in receiver.called


def test_nobody_there_is_said(room: Room) -> None:
    made = teller(room, told("http://127.0.0.1:9", attempts=1))
    room.receive(1)
    room.analyse()
    made.step(threading.Event())
    assert {one.last_error for one in room.all()} == {"it cannot be reached: Connection refused"}


def test_after_so_many_attempts_it_is_given_up_and_can_be_resent(room: Room, receiver: Receiver) -> None:
    receiver.behaviour = ["fail"] * 3
    made = teller(room, told(receiver.url, attempts=3, target={"events": ["answered"]}))
    room.receive(1)
    room.analyse()
    tell(made, room)
    (given_up,) = room.all()
    assert (given_up.state, given_up.attempts) == (DeliveryState.GIVEN_UP, 3)
    assert room.deliveries.resend(given_up.id)
    tell(made, room)
    assert [one.state for one in room.all()] == [DeliveryState.DELIVERED]
    assert receiver.got[0][0]["Idempotency-Key"] == given_up.event_id


def test_a_films_story_is_told_in_order_whatever_fails(room: Room, receiver: Receiver) -> None:
    receiver.behaviour = ["fail", "well", "fail", "fail", "well", "fail"] * 3
    events = ["pending", "answered"]
    made = teller(room, told(receiver.url, target={"events": events}))
    uids = [room.receive(number) for number in range(3)]
    room.analyse()
    for uid in uids:
        room.instances.requeue(uid, "test")
    room.analyse("elbow_ap")
    tell(made, room)
    for uid in uids:
        told_of = [body for body in receiver.bodies() if body["sop_instance_uid"] == uid]
        assert [body["event"] for body in told_of] == ["pending", "answered", "pending", "answered"]
        ids = [int(body["event_id"].split(".")[0]) for body in told_of]
        assert ids == sorted(ids)


@pytest.mark.parametrize(
    ("target", "heard"),
    [
        ({"events": ["answered"]}, {"1", "2"}),
        ({"events": ["answered"], "modalities": ["CR"]}, {"2"}),
        ({"events": ["answered"], "calling_ae_titles": ["XRAY1"]}, {"1"}),
        ({"events": ["failed"]}, set()),
    ],
)
def test_a_target_hears_what_it_wants(
    room: Room, receiver: Receiver, target: dict[str, Any], heard: set[str]
) -> None:
    made = teller(room, told(receiver.url, target=target))
    room.receive(1)
    room.receive(2, modality="CR", calling="XRAY2")
    room.analyse()
    tell(made, room)
    assert {body["sop_instance_uid"].split(".")[-1] for body in receiver.bodies()} == heard


def test_two_tellers_tell_once(room: Room, receiver: Receiver) -> None:
    webhooks = told(receiver.url, target={"events": ["answered"]})
    both = [teller(room, webhooks), teller(room, webhooks)]
    for number in range(10):
        room.receive(number)
    room.analyse()
    stop = threading.Event()
    threads = [threading.Thread(target=one.run, args=(stop,)) for one in both]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 20
    while len(receiver.got) < 10 and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(0.2)
    stop.set()
    for thread in threads:
        thread.join(5)
    keys = [headers["Idempotency-Key"] for headers, _ in receiver.got]
    assert len(keys) == len(set(keys)) == 10


def test_a_dead_target_does_not_hold_up_another(room: Room, receiver: Receiver) -> None:
    quick = told(receiver.url, target={"events": ["answered"]})
    dead = Webhook(name="dead", url="http://127.0.0.1:9", secret=SECRET, events=("answered",))
    both = quick.model_copy(update={"targets": (dead, *quick.targets)})
    for target in both.targets:
        room.deliveries.place(target.name)
    stop = threading.Event()
    thread = threading.Thread(target=tell_all, args=(both, room.deliveries, room.newsroom, stop))
    thread.start()
    room.receive(1)
    room.analyse()
    end = time.monotonic() + 10
    while not receiver.got and time.monotonic() < end:
        time.sleep(0.02)
    stop.set()
    thread.join(10)
    assert not thread.is_alive() and len(receiver.got) == 1


def certificate(folder: Path) -> tuple[Path, Path]:
    paths = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-out", str(paths[0]), "-keyout", str(paths[1])),
        ],
        check=True,
        capture_output=True,
    )
    return paths


def test_a_certificate_must_be_trusted_and_name_the_host(tmp_path: Path, peer: Callable[[str], str]) -> None:
    peer("openssl")
    cert, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    found = Receiver()
    server = listening(found, lambda socket: context.wrap_socket(socket, server_side=True))
    port = server.server_address[1]
    try:
        post(f"https://localhost:{port}/", {}, b"{}", timeout_s=5, ca=cert)
        with pytest.raises(NotDelivered, match="certificate is not trusted"):
            post(f"https://localhost:{port}/", {}, b"{}", timeout_s=5, ca=None)
        with pytest.raises(NotDelivered, match="certificate is not trusted"):
            post(f"https://127.0.0.1:{port}/", {}, b"{}", timeout_s=5, ca=cert)
    finally:
        server.shutdown()
        server.server_close()
    assert len(found.got) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://viewer.example.org/"},
        {"url": "ftp://127.0.0.1/"},
        {"url": "https://user:word@example.org/"},
        {"url": "viewer"},
        {"secret": "short"},
        {"name": ""},
        {"name": "a\nb"},
        {"events": ["everything"]},
        {"events": []},
    ],
)
def test_what_cannot_be_told_stops_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Webhook(**{"name": "viewer", "url": "https://example.org/", "secret": SECRET} | wrong)
    assert SECRET not in str(refused.value)


def test_two_targets_of_one_name_stop_the_start() -> None:
    target = Webhook(name="viewer", url="https://example.org/", secret=SECRET)
    with pytest.raises(ValidationError, match="same name"):
        Webhooks(targets=(target, target))


def test_a_ping_arrives_or_says_why_not(
    command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, receiver: Receiver
) -> None:
    settings = f'[[webhooks.targets]]\nname = "viewer"\nurl = "{receiver.url}"\nsecret = "{SECRET}"\n'
    (tmp_path / "radrouter.toml").write_text(settings)
    assert "it got the ping" in command("webhooks", "test", "viewer", folder=tmp_path).stdout
    assert receiver.bodies()[0]["event"] == "ping"
    receiver.behaviour = ["redirect"]
    failed = command("webhooks", "test", "viewer", folder=tmp_path)
    assert failed.returncode == 1 and "redirects are not followed" in failed.stderr
    unknown = command("webhooks", "test", "nobody", folder=tmp_path)
    assert unknown.returncode == 1 and "viewer" in unknown.stderr
    assert not any(SECRET in one.stdout + one.stderr for one in (failed, unknown))


def test_serve_tells_what_happens_to_films(
    house: Callable[..., Any],
    film: Callable[..., str],
    command: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
    receiver: Receiver,
) -> None:
    receiver.behaviour = ["fail"]
    settings = f'[[webhooks.targets]]\nname = "viewer"\nurl = "{receiver.url}"\nsecret = "{SECRET}"\n'
    running = house(settings)
    assert running.pids("notify")
    folder = tmp_path / "films"
    folder.mkdir()
    uid = film(folder / "a.dcm")
    imported = command("import", str(folder), folder=running.folder)
    assert imported.returncode == 0, imported.stderr
    running.answer(uid)
    running.wait_for(lambda: len(receiver.got) >= 2, "the webhook's messages")
    assert {body["event"] for body in receiver.bodies()} == {"answered", "study"}
    assert "SENTINEL" not in running.text() and SECRET not in running.text()
