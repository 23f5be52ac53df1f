"""Findings of a film in a real browser: boxes, where the model looked, and where to look a name up."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

# The mean of red, green and blue at a place of a film's canvas, given as parts of its width and height.
COLOUR = """(canvas, [across, along]) => {
  const x = Math.round(across * canvas.width), y = Math.round(along * canvas.height);
  const data = canvas.getContext("2d").getImageData(x - 3, y - 3, 7, 7).data;
  const sum = [0, 0, 0];
  for (let at = 0; at < data.length; at += 4) for (const each of [0, 1, 2]) sum[each] += data[at + each];
  return sum.map((each) => each / (data.length / 4));
}"""
BRIGHT, DARK = (0.48, 0.4), (0.7, 0.9)  # of the canvas: on the carpus, and beside the arm


@pytest.fixture
def study(service: Any) -> str:
    """The path of the demonstration's study."""
    uid = service.house.get(f"/api/v1/instances/{service.films['2_wrist_ap']}")
    return f"/studies/{uid['instance']['study_instance_uid']}"


def wrist(page: Page, service: Any) -> Any:
    """The card of the wrist, once its film is drawn."""
    card = page.locator(f"[id='film-{service.films['2_wrist_ap']}']")
    viewer = card.locator(".viewer")
    viewer.scroll_into_view_if_needed()
    expect(viewer).to_have_attribute("data-state", "shown", timeout=30_000)
    expect(viewer).to_have_attribute("data-drawn", re.compile(r"\d+"))
    page.wait_for_timeout(200)
    return card


def spread(card: Any, place: tuple[float, float]) -> float:
    """How far from grey the canvas is at a place."""
    colour = card.locator("canvas").evaluate(COLOUR, list(place))
    return float(max(colour) - min(colour))


def test_a_heat_map_is_laid_over_the_film_and_taken_away(reader_page: Any, service: Any, study: str) -> None:
    page = reader_page.go(study)
    card = wrist(page, service)
    assert card.locator("polygon").count() == 5
    button = card.get_by_role("button", name="Heat map of spot")
    expect(button).to_have_count(1)
    assert spread(card, BRIGHT) < 2
    button.click()
    expect(card.locator(".heat .said")).to_contain_text("where the network looked", timeout=60_000)
    expect(button).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(300)
    assert spread(card, BRIGHT) > 40
    assert spread(card, DARK) < spread(card, BRIGHT) / 3
    reader_page.accessible("study with a heat map")
    strength = card.get_by_label("Heat map over the film")
    strength.fill("0")
    page.wait_for_timeout(300)
    assert spread(card, BRIGHT) < 2
    strength.fill("100")
    page.wait_for_timeout(300)
    assert spread(card, BRIGHT) > 60
    card.locator("canvas").focus()
    page.keyboard.press("m")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(card.locator(".heat")).to_be_hidden()
    page.wait_for_timeout(300)
    assert spread(card, BRIGHT) < 2


def test_a_heat_map_turns_with_its_film(reader_page: Any, service: Any, study: str) -> None:
    page = reader_page.go(study)
    card = wrist(page, service)
    card.locator("canvas").focus()
    page.keyboard.press("m")
    expect(card.locator(".heat .said")).to_contain_text("where the network looked", timeout=60_000)
    page.keyboard.press("r")
    page.keyboard.press("r")
    page.wait_for_timeout(300)
    upside_down = (1 - BRIGHT[0], 1 - BRIGHT[1])
    assert spread(card, upside_down) > 40


def test_a_heat_map_that_cannot_be_drawn_says_why(reader_page: Any, service: Any, study: str) -> None:
    reader_page.expected.append("404")
    page = reader_page.go(study)
    card = wrist(page, service)
    problem = '{"detail": "the model fracture@spots makes no heat map of such a label"}'
    page.route(
        "**/heatmap/**",
        lambda route: route.fulfill(status=404, content_type="application/problem+json", body=problem),
    )
    card.get_by_role("button", name="Heat map of spot").click()
    expect(card.locator(".heat .said")).to_contain_text("makes no heat map of such a label")


def test_a_name_opens_elsewhere_in_a_tab_that_knows_nothing_of_us(
    reader_page: Any, service: Any, study: str
) -> None:
    card = wrist(reader_page.go(study), service)
    links = card.locator("ul.findings a")
    assert links.count() == 2, "once for all boxes of a label"
    for link in links.all():
        assert link.get_attribute("target") == "_blank"
        assert link.get_attribute("rel") == "noopener noreferrer"
    assert links.nth(1).get_attribute("href") == "https://radiopaedia.org/search?q=spot&scope=articles"


def test_findings_on_a_narrow_window_in_the_dark(
    open_page: Callable[..., Any], service: Any, study: str
) -> None:
    watched = open_page("reader", viewport={"width": 400, "height": 800}, color_scheme="dark")
    page = watched.go(study)
    card = wrist(page, service)
    card.get_by_role("button", name="Heat map of spot").click()
    expect(card.locator(".heat .said")).to_contain_text("where the network looked", timeout=60_000)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 400
    watched.accessible("findings, narrow")
