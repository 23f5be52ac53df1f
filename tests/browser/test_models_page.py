"""Models in a real browser: the shipped card with its pictures, and drift over two months of films."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

pytestmark = [
    pytest.mark.timeout(300),  # the first test starts the whole service
    pytest.mark.usefixtures("two_months"),
]

FILMS = 1000
FIRST = 1_000_000  # ids of what is written here, to be taken away again
COPIED = ("instance", "header", "prediction", "decision")


@pytest.fixture(scope="module")
def two_months(service: Any) -> Iterator[None]:
    """Copies of a demonstration's film as if two rooms had sent them; ROOM2 has changed since last week."""
    with service.database() as database:
        with database.begin() as session:
            _write(session)
        yield
        with database.begin() as session:
            for table in reversed(COPIED):
                key = "id" if table == "instance" else "instance_id"
                session.execute(text(f"DELETE FROM {table} WHERE {key} >= {FIRST}"))
            session.execute(text(f"DELETE FROM study WHERE id >= {FIRST}"))


def _write(session: Any) -> None:
    source = session.scalar(text("SELECT min(instance_id) FROM prediction"))
    dice, now = random.Random(5), datetime.now(UTC)
    for number in range(FILMS):
        key, days = FIRST + number, 60 * (1 - number / FILMS)
        room, has_changed = f"ROOM{number % 2 + 1}", number % 2 == 1 and days < 20
        score = round(dice.uniform(0.3, 0.8) if has_changed else 1 - dice.expovariate(60) % 0.4, 4)
        view = "unsure" if score < 0.5 else dice.choice(["wrist_ap", "wrist_lateral", "knee_ap"])
        at = (now - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S.%f")
        scanner = json.dumps({"ManufacturerModelName": ["SIMULATED DR"], "StationName": [room]})
        new = {"study_id": key, "sop_instance_uid": f"1.2.3.{key}", "received_at": at, "decided_at": at}
        new |= {"attributes": scanner, "view": view, "score": score, "instance_id": key}
        _copy(
            session,
            "study",
            "id = (SELECT min(id) FROM study)",
            {"id": key, "study_instance_uid": f"1.2.{key}"},
        )
        _copy(session, "instance", f"id = {source}", new | {"id": key})
        for table in COPIED[1:]:
            _copy(session, table, f"instance_id = {source}", new | {"id": key})


def _copy(session: Any, table: str, where: str, new: dict[str, Any]) -> None:
    columns = [row[1] for row in session.execute(text(f"PRAGMA table_info({table})"))]
    values = [f":{name}" if name in new else f'"{name}"' for name in columns]
    bound = {name: new[name] for name in columns if name in new}
    names = ", ".join(f'"{name}"' for name in columns)
    session.execute(
        text(f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM {table} WHERE {where}"), bound
    )


def _active(service: Any) -> list[dict[str, Any]]:
    with urlopen(f"{service.url}/api/v1/models", timeout=10) as answer:
        models = json.load(answer)["models"]
    return [model for model in models if (model["name"], model["mode"]) == ("view", "active")]


def test_a_model_is_looked_at(service: Any, open_page: Callable[..., Any]) -> None:
    watched = open_page("reader")
    page = watched.go("/models")
    row = page.get_by_role("row").filter(has_text="names the view").filter(has_text="active").first
    expect(row).to_contain_text("names the view")
    watched.accessible()
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=2, name="The model card")).to_be_visible()
    pictures = page.get_by_role("region", name="Text of the card").locator("img")
    (active,) = _active(service)
    expect(pictures).to_have_count(active["card"].count("!["))
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("image => image.naturalWidth") > 0
    steady = page.get_by_role("region", name="SIMULATED DR, ROOM1", exact=True)
    changed = page.get_by_role("region", name="SIMULATED DR, ROOM2", exact=True)
    expect(steady.get_by_role("definition").first).to_contain_text("steady")
    expect(changed.get_by_role("definition").first).to_contain_text("changed")
    expect(changed.get_by_role("img")).to_have_count(2)
    watched.accessible()
    for numbers in page.locator("section.scanner summary").all():
        numbers.click()
    expect(changed.get_by_role("table").first).to_contain_text("from 0.995")
    watched.accessible("with the numbers open")


def test_another_reference_is_asked_for(open_page: Callable[..., Any]) -> None:
    watched = open_page("reader", viewport={"width": 400, "height": 800})
    page = watched.go("/models")
    page.get_by_role("row").filter(has_text="names the view").filter(has_text="active").first.get_by_role(
        "link"
    ).click()
    page.get_by_label("The last days").fill("7")
    page.get_by_label("against so many days").fill("365")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#drift ~ p.empty")).to_contain_text("The reference is being gathered")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    watched.accessible()
