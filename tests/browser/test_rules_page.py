"""Rules in a real browser: a draft checked as it is typed, tried, replayed, published, taken back."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

RULE = (
    '[[rule]]\nname = "wrists to the fracture model"\nwhen = { view = ["wrist_*"] }\nanalyse = ["fracture"]\n'
)


def names_in_force(service: Any) -> list[str]:
    with urllib.request.urlopen(f"{service.url}/api/v1/rules") as answer:
        return list(json.load(answer)["names"])


def test_a_draft_becomes_the_rules_and_goes_back(
    service: Any, open_page: Callable[..., Any], admin_page: Any
) -> None:
    before = names_in_force(service)
    page = admin_page.go("/rules")
    admin_page.accessible()
    draft, result = page.get_by_label("Draft", exact=True), page.locator("#result")
    expect(result).to_contain_text("It is what is in force.")

    draft.fill(RULE.replace("wrist_*", "wirst_*"))
    expect(result.locator(".bad")).to_contain_text("wirst_*")
    draft.fill(RULE)
    expect(result).to_contain_text("Valid: 1 rule.")
    expect(result.locator(".added").first).to_be_visible()
    admin_page.accessible("the difference")

    film = next(uid for name, uid in service.films.items() if "wrist" in name)
    page.get_by_label("Film").fill(film)
    page.get_by_role("button", name="Try on this film").click()
    expect(result).to_contain_text("Asked for: fracture")
    page.get_by_role("button", name="Replay the last days").click()
    expect(result).to_contain_text(re.compile(r"\d+ films decided on"))
    admin_page.accessible("the replay")

    page.get_by_label("What changes").fill("wrists alone")
    page.get_by_role("button", name="Publish this draft").click()
    expect(page.get_by_role("row", name=re.compile("wrists alone"))).to_contain_text("in force")
    assert names_in_force(service) == ["wrists to the fracture model"]

    page.get_by_role("link", name=re.compile("Take as draft")).first.click()
    expect(result).to_contain_text("What it changes")
    page.get_by_role("button", name="Publish this draft").click()
    expect(page.get_by_role("row", name=re.compile("as it was|in force")).first).to_be_visible()
    assert names_in_force(service) == before

    reader = open_page("reader").go("/rules")
    expect(reader.get_by_role("button", name="Publish this draft")).to_have_count(0)
    expect(reader.get_by_label("Rules in force")).to_have_attribute("readonly", "")
