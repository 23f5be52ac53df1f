"""The list of studies and a study's films in a real browser: search, keys, and a window that is dragged."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from playwright.sync_api import Page, expect

from dicom_scp import header

# The mean gray of the middle of a film's canvas, as it is shown.
GRAY = """canvas => {
  const { width, height } = canvas;
  const data = canvas.getContext("2d").getImageData(width / 4, height / 4, width / 2, height / 2).data;
  let sum = 0;
  for (let index = 0; index < data.length; index += 4) sum += data[index];
  return sum / (data.length / 4);
}"""


def shown(page: Page, number: int = 0) -> Any:
    """A film's canvas, once its values are there and drawn."""
    viewer = page.locator(".viewer").nth(number)
    viewer.scroll_into_view_if_needed()
    expect(viewer).to_have_attribute("data-state", "shown", timeout=15_000)
    expect(viewer).to_have_attribute("data-drawn", re.compile(r"\d+"))
    page.wait_for_timeout(150)
    return viewer.locator("canvas")


def drag(page: Page, canvas: Any, right: int, down: int) -> None:
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=4)
    page.mouse.up()
    page.wait_for_timeout(250)


@pytest.fixture
def study(service: Any) -> str:
    """The path of the demonstration's study."""
    uid = service.house.get(f"/api/v1/instances/{next(iter(service.films.values()))}")
    return f"/studies/{uid['instance']['study_instance_uid']}"


def test_a_study_is_found_by_typing_and_opened_by_keys(reader_page: Any) -> None:
    page = reader_page.go("/studies")
    rows = page.locator("#lines tr")
    expect(rows.first).to_be_visible()
    total = rows.count()
    page.keyboard.press("/")
    expect(page.get_by_label("Patient ID or name")).to_be_focused()
    page.keyboard.type("no such patient")
    expect(page.get_by_text("No study is like this")).to_be_visible()
    page.get_by_label("Patient ID or name").fill("")
    expect(rows).to_have_count(total)
    assert "?" not in page.url
    reader_page.accessible("studies")
    page.keyboard.press("Escape")
    expect(page.locator("a.study").first).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("a.study").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Verdict")).to_be_visible()
    assert "/studies/" in page.url


def test_a_search_is_there_again_after_going_back(reader_page: Any) -> None:
    page = reader_page.go("/studies?when=any")
    page.get_by_label("Modality").fill("MG")
    expect(page.get_by_text("No study is like this")).to_be_visible()
    page.get_by_label("Modality").fill("cr")
    page.locator("a.study").first.click()
    expect(page.get_by_role("heading", name="Verdict")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Modality")).to_have_value("cr")
    expect(page.locator("a.study").first).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    expect(page.get_by_label("Modality")).to_have_value("")


def test_a_window_is_dragged_without_asking_the_server(reader_page: Any, study: str) -> None:
    page = reader_page.go(study)
    canvas = shown(page)
    source = page.locator(".viewer").first.get_attribute("data-source") or ""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if source in request.url else None)
    before = canvas.evaluate(GRAY)
    drag(page, canvas, 0, 90)
    brighter = canvas.evaluate(GRAY)
    assert brighter > before + 5
    drag(page, canvas, 0, -180)
    assert canvas.evaluate(GRAY) < before - 5
    assert asked == [], "a drag asks the server for nothing"
    expect(page.locator(".viewer .readout").first).to_contain_text("Window: center")
    page.locator(".viewer").first.get_by_role("button", name="Reset").click()
    page.wait_for_timeout(200)
    assert canvas.evaluate(GRAY) == pytest.approx(before, abs=0.5)


def test_everything_the_viewer_does_is_on_keys_and_buttons(reader_page: Any, study: str) -> None:
    page = reader_page.go(study)
    canvas = shown(page)
    viewer = page.locator(".viewer").first
    before = canvas.evaluate(GRAY)
    canvas.focus()
    for key in ("i", "r", "h", "+", "-", "0", "ArrowUp", "ArrowRight", "Shift+ArrowLeft"):
        page.keyboard.press(key)
        page.wait_for_timeout(60)
    expect(viewer.get_by_role("button", name="Invert")).to_have_attribute("aria-pressed", "true")
    assert canvas.evaluate(GRAY) != pytest.approx(before, abs=0.5)
    page.keyboard.press("x")
    page.wait_for_timeout(200)
    assert canvas.evaluate(GRAY) == pytest.approx(before, abs=0.5)
    viewer.get_by_role("combobox").select_option(label="All values")
    page.wait_for_timeout(200)
    expect(viewer.locator(".readout")).to_contain_text("width")
    reader_page.accessible("study")
    page.keyboard.press("Tab")


LANDS = """async ([height, width, photometric, turns, mirrored, samples]) => {
  const { viewerOf } = await import("/assets/viewer.js");
  const host = document.createElement("div");
  host.className = "viewer";
  host.dataset.boxes = JSON.stringify([{ label: "spot", x: 600, y: 150, width: 150, height: 75 }]);
  host.innerHTML = document.querySelector(".viewer").innerHTML;
  host.querySelector("svg").replaceChildren();
  document.querySelector("main").prepend(host);
  // A film of 1050 x 750 stored pixels, shown at `width` x `height`, bright only where the box says.
  const [across, along] = [1050 / width, 750 / height];
  const most = samples === 3 ? 250 : 4000;
  const dark = photometric === "MONOCHROME1" ? most : 0, bright = most - dark;
  const Codes = samples === 3 ? Uint8Array : Uint16Array;
  const codes = new Codes(height * width * samples).fill(dark);
  for (let row = Math.round(150 / along); row < Math.round(225 / along); row += 1)
    codes.fill(bright, samples * (row * width + Math.round(600 / across)),
      samples * (row * width + Math.round(750 / across)));
  const told = JSON.stringify({ rows: height, columns: width, samples, slope: 1, intercept: 0,
    inverted: photometric === "MONOCHROME1",
    curves: [{ name: "a", center: most / 2, width: most, function: "LINEAR" }],
    photometric_interpretation: photometric, stored_rows: 750, stored_columns: 1050,
    scale: [across, along], offset: [0, 0], notes: [] });
  const text = new TextEncoder().encode(told + " ".repeat(told.length % 2));
  const buffer = new ArrayBuffer(4 + text.length + codes.byteLength);
  new DataView(buffer).setUint32(0, text.length, true);
  new Uint8Array(buffer, 4, text.length).set(text);
  new codes.constructor(buffer, 4 + text.length).set(codes);
  const viewer = viewerOf(host);
  viewer.show(buffer);
  for (let turn = 0; turn < turns; turn += 1) viewer.act("turn");
  if (mirrored) viewer.act("flip");
  viewer.drawNow();
  const canvas = host.querySelector("canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const ratio = canvas.width / canvas.clientWidth;
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  for (let index = 0; index < data.length / 4; index += 1) {
    if (data[4 * index] < 128) continue;
    const x = index % canvas.width, y = Math.floor(index / canvas.width);
    [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
  }
  const points = host.querySelector("polygon").getAttribute("points").split(" ");
  const corners = points.map((pair) => pair.split(",").map(Number));
  const [xs, ys] = [corners.map((corner) => corner[0]), corners.map((corner) => corner[1])];
  host.remove();
  return { bright: [left, top, right, bottom].map((each) => each / ratio),
    box: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)] };
}"""


def test_a_box_lands_on_the_same_anatomy_however_the_film_lies(reader_page: Any, study: str) -> None:
    page = reader_page.go(study)
    shown(page)
    sizes = ((750, 1050), (375, 525), (250, 350))
    kept = [(size, photometric, 1) for size in sizes for photometric in ("MONOCHROME1", "MONOCHROME2")]
    for size, photometric, samples in [*kept, ((375, 525), "RGB", 3)]:
        for turns in range(4):
            for mirrored in (False, True):
                found = page.evaluate(LANDS, [*size, photometric, turns, mirrored, samples])
                far = [abs(one - other) for one, other in zip(found["bright"], found["box"], strict=True)]
                assert max(far) <= 2, (size, photometric, turns, mirrored, found)


def test_a_small_window_and_the_dark(open_page: Callable[..., Any], study: str) -> None:
    watched = open_page("admin", viewport={"width": 400, "height": 800}, color_scheme="dark")
    page = watched.go(study)
    shown(page)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 400
    watched.accessible("study, narrow")
    page.get_by_text("Analyse this film again …").first.click()
    page.get_by_role("button", name="Yes, analyse this film again").first.click()
    expect(page.get_by_text("Asked to be analysed again by admin.").first).to_be_attached()


# The mean red, green and blue of the middle of a film's canvas: of a square half as long as its long side.
COLOURS = """canvas => {
  const { width, height } = canvas;
  const data = canvas.getContext("2d").getImageData(width / 4, height / 4, width / 2, height / 2).data;
  const sums = [0, 0, 0];
  for (let at = 0; at < data.length; at += 1) if (at % 4 < 3) sums[at % 4] += data[at];
  return sums.map((sum) => sum / (data.length / 4));
}"""


def looked_at(service: Any, watched: Any, file: Path) -> Page:
    """The page of a study that was just sent, once its film was looked at."""
    told = header.read(file)
    service.send(file)
    assert service.house.answer(told.sop_instance_uid, 120)["state"] == "done"
    return watched.go(f"/studies/{told.study_instance_uid}")  # type: ignore[no-any-return]


def middle(picture: Any) -> list[float]:
    """What ``COLOURS`` says of a picture of 0 to 255."""
    rows, columns = picture.shape[:2]
    reach = max(rows, columns) // 4
    square = picture[rows // 2 - reach : rows // 2 + reach, columns // 2 - reach : columns // 2 + reach]
    return [float(each) for each in np.broadcast_to(square.mean(axis=(0, 1)), 3)]


def test_a_photograph_is_shown_in_its_colours(service: Any, reader_page: Any, shared: Path) -> None:
    file = shared / "dicom" / "codec/07bb6acf_nema-us1_j2ki.dcm"
    page = looked_at(service, reader_page, file)
    canvas = shown(page)
    expected = middle(pydicom.dcmread(file).pixel_array)
    assert max(expected) - min(expected) > 3, "it has colours"
    assert canvas.evaluate(COLOURS) == pytest.approx(expected, abs=1.5)
    expect(page.get_by_text("No view is predicted").first).to_be_visible()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(canvas).to_have_attribute("title", re.compile(r"^red \d+, green \d+, blue \d+ at column \d+"))
    before = canvas.evaluate(GRAY)
    drag(page, canvas, 0, 60)
    assert canvas.evaluate(GRAY) > before + 2, "its colours are windowed too"


def test_a_slice_is_shown_under_its_own_window(service: Any, reader_page: Any, shared: Path) -> None:
    file = shared / "dicom" / "codec/a062e538_CTImage.dcm_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm"
    page = looked_at(service, reader_page, file)
    canvas = shown(page)
    told = pydicom.dcmread(file)
    units = told.pixel_array * float(told.RescaleSlope) + float(told.RescaleIntercept)
    window = (units - float(told.WindowCenter) + 0.5) / (float(told.WindowWidth) - 1) + 0.5
    assert canvas.evaluate(COLOURS) == pytest.approx(middle(np.clip(window, 0, 1) * 255), abs=1.5)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("codec/522fd198_CT0012.not_fragmented_bot_rle.dcm", "it has 2 frames"),
        ("codec/244c2364_report_dfl.dcm", "there are no pixels in it"),
    ],
)
def test_what_has_no_picture_says_so_in_its_place(
    service: Any, reader_page: Any, shared: Path, name: str, reason: str
) -> None:
    page = looked_at(service, reader_page, shared / "dicom" / name)
    expect(page.get_by_text(f"The picture cannot be shown: {reason}")).to_be_visible()
    expect(page.locator(".viewer")).to_have_count(0)
