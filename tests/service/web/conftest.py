"""The pages over the same house as the API's tests, and somebody signed in for each role."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.web.sessions import COOKIE

_API = Path(__file__).parents[1] / "api" / "conftest.py"
_spec = importlib.util.spec_from_file_location("house_of_the_api", _API)
assert _spec is not None and _spec.loader is not None
_rooms = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = _rooms
_spec.loader.exec_module(_rooms)

empty_database, house, serve, raising = _rooms.empty_database, _rooms.house, _rooms.serve, _rooms.raising

HTML = {"Accept": "text/html,application/xhtml+xml"}
PASSWORD = "four small green lamps"


@dataclass
class Person:
    """A browser with somebody's session in it (or nobody's)."""

    name: str
    csrf: str
    client: httpx.Client

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Load a page; redirects are not followed."""
        return self.client.get(path, **more)

    def fragment(self, path: str, **headers: str) -> httpx.Response:
        """Load a part of a page, as htmx does."""
        return self.client.get(path, headers={"HX-Request": "true", **headers})

    def send(self, path: str, **form: Any) -> httpx.Response:
        """Send a form of the page, with its form token."""
        return self.client.post(path, data={"csrf": self.csrf, **form})

    def text(self, path: str) -> str:
        """A page's words, without its tags; it must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return words_of(answer.text)


@dataclass
class Pages:
    """The app's pages, served, and the people who look at them."""

    house: Any
    url: str
    people: dict[str, Person] = field(default_factory=dict)

    def person(self, role: str, name: str | None = None) -> Person:
        """Somebody signed in with this role; the name is the role unless given."""
        name = name or role
        if name not in self.people:
            users, token, csrf = self.house.users, f"token-of-{name}", f"csrf-of-{name}"
            assert users.add(name, role, None, by="test")
            until = datetime.now(UTC) + timedelta(hours=12)
            digest = hashlib.sha256(token.encode()).hexdigest()
            assert users.open_session(name, digest, until, csrf)
            self.people[name] = Person(name, csrf, self._browser({COOKIE: token}))
        return self.people[name]

    def nobody(self) -> Person:
        """A browser without a session."""
        return Person("", "", self._browser({}))

    def _browser(self, cookies: dict[str, str]) -> httpx.Client:
        client = httpx.Client(
            base_url=self.url, headers=HTML, timeout=20, trust_env=False, follow_redirects=False
        )
        for name, value in cookies.items():
            client.cookies.set(name, value, domain="127.0.0.1")
        self.house.clients.append(client)
        return client


def words_of(page: str) -> str:
    """What a reader sees of a page, on one line."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


@pytest.fixture
def open_pages(house: Any) -> Callable[..., Pages]:
    """The pages of an app made with other dependencies."""

    def start(**other: Any) -> Pages:
        return Pages(house, house.serve(house.app(**other)))

    return start


@pytest.fixture
def pages(open_pages: Callable[..., Pages]) -> Iterator[Pages]:
    """The pages over an empty house."""
    yield open_pages()


@pytest.fixture
def nobody(pages: Pages) -> Person:
    """A browser without a session."""
    return pages.nobody()


@pytest.fixture
def reader(pages: Pages) -> Person:
    """Somebody who may look."""
    return pages.person("reader")


@pytest.fixture
def reviewer(pages: Pages) -> Person:
    """Somebody who may review."""
    return pages.person("reviewer")


@pytest.fixture
def admin(pages: Pages) -> Person:
    """Somebody who may change everything."""
    return pages.person("admin")
