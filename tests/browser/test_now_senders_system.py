"""What an admin looks at all day, in a real browser: Now, Senders, System and its users."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from service.demonstration import STUDY

pytestmark = pytest.mark.timeout(300)  # the first test starts the whole service


def test_a_film_appears_on_now_by_itself_and_a_pause_holds_it(service: Any, reader_page: Any) -> None:
    page = reader_page.go("/")
    table = page.get_by_role("region", name="Latest films")
    expect(table.get_by_role("row")).to_have_count(len(service.films) + 1)
    expect(table).to_contain_text("wrist lateral")
    reader_page.accessible()
    page.keyboard.press("p")
    paused = page.get_by_role("button", name="Go on")
    expect(paused).to_have_attribute("aria-pressed", "true")
    moment = page.get_by_text("As of").inner_text()
    file = sorted(STUDY.glob("*.dcm"))[0]
    service.send(file)  # the same film again: the audit grows, so the page would change
    page.wait_for_timeout(3000)
    assert page.get_by_text("As of").inner_text() == moment
    paused.click()
    page.locator("h1").click()  # the pointer and the keyboard are elsewhere
    expect(page.get_by_text("As of")).not_to_have_text(moment)


def test_an_idle_page_is_told_that_nothing_changed(reader_page: Any) -> None:
    page = reader_page.go("/")
    with page.expect_response(
        lambda answer: "/now/live" in answer.url and answer.status == 304, timeout=90_000
    ):
        pass
    expect(page.get_by_role("heading", name="Latest films")).to_be_visible()


def test_the_keyboard_leads_everywhere(reader_page: Any) -> None:
    page = reader_page.go("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page.get_by_role("heading", level=1)).to_have_text("Senders")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    reader_page.accessible("the keys")


def test_who_knocks_is_allowed_with_a_click_and_revoked_with_another(
    service: Any, admin_page: Any, peer: Callable[..., str]
) -> None:
    def echo() -> int:
        words = [peer("echoscu"), "-aet", "BUCKY2", "-aec", "RADROUTER", "127.0.0.1", str(service.house.port)]
        return subprocess.run(words, capture_output=True, check=False, timeout=30).returncode

    assert echo() != 0
    page = admin_page.go("/senders")
    admin_page.accessible()
    row = page.get_by_role("row", name="BUCKY2")
    row.get_by_role("button", name="Allow BUCKY2").click()
    expect(page.get_by_text("allowed by now")).to_be_visible()
    page.wait_for_timeout(1200)  # the listener asks the database once a second
    assert echo() == 0
    page.get_by_text("Revoke BUCKY2 from 127.0.0.1/32").click()
    admin_page.accessible("before revoking")
    page.get_by_role("button", name="Revoke BUCKY2").click()
    expect(page.get_by_role("heading", name="Revoked")).to_be_visible()
    page.wait_for_timeout(1200)
    assert echo() != 0
    expect(admin_page.go("/system/actions").get_by_role("row", name="sender revoked")).to_be_visible()


def test_a_new_user_is_made_and_signs_in(admin_page: Any, open_page: Callable[..., Any]) -> None:
    page = admin_page.go("/system")
    expect(page.get_by_role("row", name="worker-1")).to_contain_text("runs")
    admin_page.accessible()
    page.get_by_role("link", name="Users").click()
    page.get_by_label("Name").fill("Nina")
    page.get_by_label("First password").fill("six quick yellow birds")
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("row", name="nina reader")).to_be_visible()
    page.get_by_role("row", name="nina reader").get_by_text("Change nina").click()
    admin_page.accessible()
    guest = open_page(None)
    guest.go("/sign-in")
    guest.page.get_by_label("Name").fill("nina")
    guest.page.get_by_label("Password").fill("six quick yellow birds")
    guest.page.get_by_role("button", name="Sign in").click()
    expect(guest.page.get_by_role("link", name="nina (reader)")).to_be_visible()
    expect(guest.go("/system").get_by_role("link", name="Users")).to_have_count(0)
    page.get_by_role("button", name="Let nina in no more").click()
    expect(page.get_by_role("row", name="nina")).to_contain_text("disabled")
    guest.page.goto(f"{guest.url}/")
    expect(guest.page.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.mark.parametrize("width", [360, 2560])
def test_no_page_is_wider_than_its_window(open_page: Callable[..., Any], width: int) -> None:
    watched = open_page("admin", viewport={"width": width, "height": 800})
    for path in ("/", "/senders", "/system", "/system/users", "/system/actions", "/account"):
        page = watched.go(path)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, (path, wide)
