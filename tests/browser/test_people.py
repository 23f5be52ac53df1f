"""People at the door, in a real browser: signing in and out, one's account, the words of an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.timeout(300)  # the first test starts the whole service

PASSWORD = "four small green lamps"


def test_somebody_signs_in_by_the_keyboard_and_out_again(open_page: Callable[..., Any]) -> None:
    watched = open_page(None)
    page = watched.go("/account")
    expect(page).to_have_url(f"{watched.url}/sign-in?next=/account")
    watched.accessible()
    watched.expected.append("403")
    page.keyboard.type("reader")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    watched.accessible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page).to_have_url(f"{watched.url}/sign-in")
    page.goto(f"{watched.url}/account")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_what_is_not_there_is_told_in_words(open_page: Callable[..., Any]) -> None:
    watched = open_page("reader")
    watched.expected.append("404")
    watched.page.goto(f"{watched.url}/nowhere")
    expect(watched.page.get_by_role("alert")).to_have_text("No such path.")
    watched.accessible()
