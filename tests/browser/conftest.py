"""A running service, somebody signed in for each role, and a real Chromium that looks at its pages.

A page that writes an error to the console, breaks its own Content-Security-Policy or asks anybody else for
anything fails its test.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Request, sync_playwright

from db.engine import connect, sessions
from db.users import Users
from dicom_scp import header
from dicom_scp.sender import send
from service.demonstration import STUDY

_SERVICE = Path(__file__).parents[1] / "service" / "conftest.py"
_spec = importlib.util.spec_from_file_location("house_of_the_service", _SERVICE)
assert _spec is not None and _spec.loader is not None
_houses = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = _houses
_spec.loader.exec_module(_houses)

command = _houses.command

CHROMIUM_SAYS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
PASSWORD = "four small green lamps"
ROLES = ("reader", "reviewer", "admin")
SETTINGS = """
[listener]
processes = 1
allowed_calling_ae_titles = ["XRAY1", "DEMO_XRAY", "RADROUTER"]
[orders]
quiet_s = 1
[models]
folders = ["packs"]
active = { fracture = "spots" }
"""
FAULTS_OF_AXE = ("serious", "critical")


@dataclass
class Service:
    """A running service and the films it was sent."""

    house: Any
    films: dict[str, str] = field(default_factory=dict)  # file's stem -> SOP Instance UID

    @property
    def url(self) -> str:
        return str(self.house.api)

    def send(self, *files: Path, calling_ae_title: str = "XRAY1") -> None:
        """Send films by C-STORE; each must be stored."""
        sent = send(
            files,
            host="127.0.0.1",
            port=self.house.port,
            calling_ae_title=calling_ae_title,
            called_ae_title="RADROUTER",
        )
        assert all(each.is_stored for each in sent), [each.reason for each in sent]

    @contextmanager
    def database(self) -> Iterator[Any]:
        """A session maker over the running service's database, for what no page offers."""
        engine = connect(f"sqlite:///{self.house.folder / 'var' / 'radrouter.db'}")
        yield sessions(engine)
        engine.dispose()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, spot_pack: Callable[..., object]) -> Iterator[Service]:
    """``radrouter serve`` with the demonstration's films analysed, and a user for each role.

    Forearm films go to a pack that finds bright spots.
    """
    folder = tmp_path_factory.mktemp("browser")
    spot_pack(folder / "packs", name="fracture", version="spots")
    running = Service(_houses.House(folder, SETTINGS))
    try:
        with running.database() as bound:
            people, kept = Users(bound), PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
            for role in ROLES:
                assert people.add(role, role, kept, by="test")
        files = sorted(STUDY.glob("*.dcm"))
        running.send(*files)
        running.films = {file.stem: header.read(file).sop_instance_uid for file in files}
        for uid in running.films.values():
            assert running.house.answer(uid, 120)["state"] == "done"
        yield running
    finally:
        running.house.stop()


@pytest.fixture(scope="session")
def chromium(peer: Callable[..., str]) -> Iterator[Browser]:
    """Debian's Chromium; absent it skips the test, or fails it where CI promises it."""
    program = peer("chromium")
    with sync_playwright() as playwright:
        yield _launch(playwright, program)


def _launch(playwright: Playwright, program: str) -> Browser:
    return playwright.chromium.launch(executable_path=program, args=CHROMIUM_SAYS.split())


@dataclass
class Watched:
    """One page, and what is wrong with it so far. Everything else is Playwright's own ``Page``: ``.page``."""

    page: Page
    url: str
    wrong: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)  # patterns of console errors that the test provokes

    def go(self, path: str) -> Page:
        """Load a page of ours; it must be there."""
        answer = self.page.goto(self.url + path)
        assert answer is not None and answer.status < 400, (path, answer and answer.status)
        return self.page

    def watch(self) -> None:
        """Take down whatever goes wrong."""
        self.page.on("console", lambda said: self._note(said.type, said.text))
        self.page.on("pageerror", lambda error: self.wrong.append(f"uncaught: {error}"))
        self.page.on("request", self._asked)

    def _note(self, kind: str, text: str) -> None:
        if kind == "error" and not any(re.search(pattern, text) for pattern in self.expected):
            self.wrong.append(text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.wrong.append(f"asked somebody else: {request.url}")

    def accessible(self, where: str = "") -> None:
        """No serious or critical violation by axe, in light and in dark."""
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = _violations(self.page)
            assert not found, f"{where or self.page.url} ({scheme}):\n" + "\n".join(found)
        self.page.emulate_media(color_scheme="light")


def _violations(page: Page) -> list[str]:
    """Axe is put in by the debugger, past the page's own policy, which forbids strangers' scripts."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(Path(AXE_FILE_PATH).read_text(encoding="utf-8") + "; undefined")
    result = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{each['impact']} {each['id']}: {each['help']}: {[node['html'][:160] for node in each['nodes'][:4]]}"
        for each in result
        if each["impact"] in FAULTS_OF_AXE
    ]


@pytest.fixture(scope="session")
def signed_in(service: Service, chromium: Browser) -> dict[str, Any]:
    """What a browser remembers after somebody of each role signed in by the form."""
    found: dict[str, Any] = {}
    for role in ROLES:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(f"{service.url}/sign-in?next=/account")
        page.get_by_label("Name").fill(role)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Your account").wait_for()
        found[role] = context.storage_state()
        context.close()
    return found


@pytest.fixture
def open_page(
    service: Service, chromium: Browser, signed_in: dict[str, Any]
) -> Iterator[Callable[..., Watched]]:
    """Open a browser for somebody: ``open_page("reviewer")``, ``open_page(None)`` for nobody.

    ``more`` are Playwright's options of a context: viewport, color_scheme, ...
    """
    contexts: list[BrowserContext] = []
    opened: list[Watched] = []

    def start(role: str | None = "reader", **more: Any) -> Watched:
        options: dict[str, Any] = {"viewport": {"width": 1400, "height": 900}, "timezone_id": "UTC"} | more
        context = chromium.new_context(storage_state=signed_in[role] if role else None, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        watched = Watched(context.new_page(), service.url)
        watched.watch()
        opened.append(watched)
        return watched

    yield start
    for context in contexts:
        context.close()
    wrong = [sentence for watched in opened for sentence in watched.wrong]
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def reader_page(open_page: Callable[..., Watched]) -> Watched:
    """A browser of somebody who may look."""
    return open_page("reader")


@pytest.fixture
def reviewer_page(open_page: Callable[..., Watched]) -> Watched:
    """A browser of somebody who may review."""
    return open_page("reviewer")


@pytest.fixture
def admin_page(open_page: Callable[..., Watched]) -> Watched:
    """A browser of somebody who may change everything."""
    return open_page("admin")
