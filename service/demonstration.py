"""The demonstration: wait for the service, send the bundled study, wait for the answers over REST."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.request import urlopen

from dicom_scp import header
from dicom_scp.link import Unreachable
from dicom_scp.sender import echo, send
from router.errors import OutOfResources, RadrouterError, SettingsError
from service.settings import Settings
from service.wiring import near

STUDY = Path(__file__).with_name("demo")
CALLING = "DEMO_XRAY"
START_S = 180.0
ANSWER_S = 120.0
LOOK_EVERY_S = 0.1


class Stopped(RadrouterError):  # noqa: N818  as the whole tree of router.errors is named
    """Somebody pressed Ctrl-C, or the service ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What REST says about one film."""

    film: str
    seconds: float  # from the first look after sending to the answer
    body: dict[str, Any]


class Demonstration:
    """One run of the demonstration against a service on this machine."""

    def __init__(self, settings: Settings, listener_port: int, api_port: int) -> None:
        if settings.api.tokens or settings.listener.tls_certificate:
            raise SettingsError("the demonstration wants settings without api.tokens and without TLS")
        self._settings = settings
        self._listener = (near(settings.listener.host), listener_port)
        self._api = f"http://{near(settings.api.host)}:{api_port}"
        self.log_file = settings.storage.folder / "serve.log"

    def films(self) -> list[Path]:
        """The bundled study, in order."""
        return sorted(STUDY.glob("*.dcm"))

    def urls(self, films: Sequence[Path]) -> list[tuple[str, str]]:
        """Where to look further."""
        host, port = self._listener
        found = [
            ("pages", f"{self._api}/"),
            ("DICOM", f"{self._settings.listener.ae_title} at {host}:{port}"),
            ("REST", f"{self._api}/api/v1/studies"),
            ("OpenAPI", f"{self._api}/api/v1/openapi.json"),
            ("metrics", f"{self._api}/metrics"),
        ]
        if films:
            uid = header.read(films[0]).sop_instance_uid
            found += [("picture", f"{self._api}/api/v1/instances/{uid}/preview.png")]
        return [*found, ("log", str(self.log_file))]

    @contextmanager
    def log(self) -> Iterator[Callable[[str, str], None]]:
        """Where the children's lines go, so that the table is not torn apart."""
        with self.log_file.open("a", encoding="utf-8") as file:

            def say(name: str, line: str) -> None:
                file.write(f"{name:<11}| {line}\n")
                file.flush()

            yield say

    def wait_until_up(self, stop: Event) -> None:
        """Until the listener answers C-ECHO and the API its health; raises Stopped or OutOfResources."""
        _until(lambda: self._hears() and self._get("/healthz") is not None, START_S, stop, "start")

    def send(self) -> None:
        """Send the study; raises OutOfResources when a film is not stored."""
        host, port = self._listener
        sent = send(
            self.films(),
            host=host,
            port=port,
            calling_ae_title=CALLING,
            called_ae_title=self._settings.listener.ae_title,
        )
        refused = [each for each in sent if not each.is_stored]
        if refused:
            raise OutOfResources(f"{refused[0].path.name} was not stored: {refused[0].reason}")

    def answers(self, stop: Event) -> Iterator[Answered]:
        """Each film's answer, in the study's order, as soon as it is there."""
        start = time.monotonic()
        for film in self.films():
            uid = header.read(film).sop_instance_uid
            body: list[dict[str, Any]] = []
            _until(lambda: self._ended(uid, body), ANSWER_S, stop, f"answer about {film.name}")  # noqa: B023
            yield Answered(film=film.stem, seconds=time.monotonic() - start, body=body[0])

    def _ended(self, uid: str, into: list[dict[str, Any]]) -> bool:
        body = self._get(f"/api/v1/instances/{uid}")
        if body is None or body["state"] not in ("done", "failed"):
            return False
        into.append(body)
        return True

    def _hears(self) -> bool:
        host, port = self._listener
        try:
            echo(
                host=host,
                port=port,
                calling_ae_title=CALLING,
                called_ae_title=self._settings.listener.ae_title,
            )
        except Unreachable:
            return False
        return True

    def _get(self, path: str) -> dict[str, Any] | None:
        try:
            with urlopen(self._api + path, timeout=5) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except OSError:
            return None


@contextmanager
def in_background(run: Callable[[], None], stop: Event) -> Iterator[None]:
    """Run the service in a thread meanwhile; its error, if it ends in one, is raised at the end."""
    errors: list[RadrouterError] = []

    def guarded() -> None:
        try:
            run()
        except RadrouterError as error:
            errors.append(error)
            stop.set()

    thread = Thread(target=guarded, name="service")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        if errors:
            raise errors[0]


def _until(condition: Callable[[], bool], seconds: float, stop: Event, what: str) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if stop.wait(LOOK_EVERY_S):
            raise Stopped("stopped")
        if time.monotonic() > end:
            raise OutOfResources(f"no {what} within {seconds:.0f} s; see serve.log in the data folder")
