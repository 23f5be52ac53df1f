"""Files dropped on a page in a real browser: a DICOM film, a picture of one, and what is neither."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from classifiers.viewing import read_values
from service.demonstration import STUDY

# A drop as the browser makes it: files with their bytes, on the page.
DROP = """([files]) => {
  const transfer = new DataTransfer();
  for (const { name, data } of files) {
    const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
    transfer.items.add(new File([bytes], name));
  }
  for (const type of ["dragenter", "dragover", "drop"]) {
    document.getElementById("drop").dispatchEvent(
      new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
}"""


def drop(page: Page, **files: bytes) -> None:
    named = [{"name": name, "data": base64.b64encode(data).decode()} for name, data in files.items()]
    page.evaluate(DROP, [named])


@pytest.fixture(scope="module")
def film() -> bytes:
    return Path(STUDY / "2_wrist_ap.dcm").read_bytes()


@pytest.fixture(scope="module")
def picture(film: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(read_values(film, long_side=1024).png())).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def test_files_are_dropped_and_looked_at_and_nothing_is_kept(
    admin_page: Any, service: Any, film: bytes, picture: bytes
) -> None:
    page = admin_page.go("/look")
    before = service.house.get("/api/v1/instances")
    admin_page.expected.append("422")  # the letter is refused
    drop(page, film=film, picture=picture, letter=b"Dear colleague, " * 50)
    cards = page.locator(".looked")
    expect(cards).to_have_count(3)
    first, second, third = cards.nth(0), cards.nth(1), cards.nth(2)
    expect(first.locator(".answer")).to_have_text("wrist ap", timeout=90_000)
    expect(first.locator(".viewer")).to_have_attribute("data-state", "shown")
    expect(second.locator(".answer")).to_have_text("wrist ap", timeout=60_000)
    expect(second).to_contain_text("a PNG or JPEG has no header")
    expect(second.locator("[data-keep]")).to_have_count(0)
    expect(third.get_by_role("alert")).to_be_visible(timeout=60_000)
    admin_page.accessible("look")
    after = service.house.get("/api/v1/instances")
    assert len(after["instances"]) == len(before["instances"])
    page.keyboard.press("?")
    expect(page.get_by_text("quarter turn").first).to_be_visible()
    page.keyboard.press("Escape")
    first.get_by_role("button", name="Keep it").click()
    expect(first.get_by_text("here already, with the same bytes")).to_be_visible()


def test_a_file_may_be_chosen_and_stopped(reader_page: Any, film: bytes) -> None:
    page = reader_page.go("/look")
    page.route(
        "**/look",
        lambda route: page.wait_for_timeout(10) if route.request.method == "POST" else route.continue_(),
    )
    page.get_by_label("Files to look at").set_input_files(
        [{"name": "wrist.dcm", "mimeType": "application/dicom", "buffer": film}]
    )
    card = page.locator(".looked").first
    expect(card.get_by_role("heading", name="wrist.dcm")).to_be_visible()
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_contain_text("Stopped; nothing was kept.")
