"""Pictures of the pages for the documentation: ``python -m bench.screenshots [NAME ...]``.

A service of its own is started in a temporary folder, told four orders and sent the demonstration's films,
which are simulated, as four studies of nobody. Needs Playwright and Debian's chromium.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from pydicom import dcmread

from bench.house import House
from dicom_scp.sender import send
from service.demonstration import STUDY
from service.sections import SHIPPED_RULES

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "images" / "pages"
CHROMIUM = "/usr/bin/chromium"
SAYS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
PASSWORD = "four small green lamps"
NAME = "ann"
ROOT = "1.2.826.0.1.3680043.8.498.77"
# accession number, patient, files of the demonstration, what was ordered
STUDIES = (
    ("A1001", "P-101", "1_chest*", "XR chest PA and lateral"),
    ("A1002", "P-102", "[23]_wrist*", "XR wrist 2 views"),
    ("A1003", "P-103", "[45]_foot*", "XR foot 3 views"),
    ("A1004", "P-104", "6_knee*", "XR knee AP"),
)
SETTINGS: dict[str, dict[str, object]] = {
    "listener": {"processes": 1, "allowed_calling_ae_titles": ["XRAY1", "RADROUTER"]},
    "orders": {"quiet_s": 1},
}
ANSWERED_S = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One page; ``prepare`` gets it loaded and brings it to what is worth a picture."""

    name: str
    path: str
    prepare: Callable[[Page], object] | None = None
    height: int = 800


def _open_first_study(page: Page) -> None:
    page.goto(page.url.split("/studies")[0] + f"/studies/{study_uid(1)}")
    page.wait_for_load_state("networkidle")


def _look_at_a_film(page: Page) -> None:
    page.locator("input[type=file]").set_input_files(sorted(STUDY.glob("2_*"))[0])
    page.wait_for_timeout(500)
    page.wait_for_load_state("networkidle")
    page.locator("canvas, img, .film").first.wait_for()


PICTURE_LIST = (
    Picture(name="now", path="/"),
    Picture(name="studies", path="/studies"),
    Picture(name="study", path="/studies", prepare=_open_first_study, height=1000),
    Picture(name="order-check", path="/order-check"),
    Picture(name="look", path="/look", prepare=_look_at_a_film, height=900),
    Picture(name="rules", path="/rules"),
    Picture(name="models", path="/models"),
    Picture(name="senders", path="/senders"),
    Picture(name="system", path="/system", height=440),
    Picture(name="users", path="/system/users"),
)


def study_uid(number: int) -> str:
    """The Study Instance UID that the films of one of ``STUDIES`` get."""
    return f"{ROOT}.{number}"


def films(folder: Path) -> Iterator[Path]:
    """The demonstration's films as the studies of ``STUDIES``."""
    for number, (accession, patient, pattern, _) in enumerate(STUDIES):
        for source in sorted(STUDY.glob(f"{pattern}.dcm")):
            film = dcmread(source)
            film.StudyInstanceUID, film.SeriesInstanceUID = study_uid(number), f"{study_uid(number)}.1"
            film.AccessionNumber, film.PatientID = accession, patient
            film.PatientName = f"SIMULATED^{patient[-1]}"
            target = folder / source.name
            film.save_as(target)
            yield target


def order(house: House, number: int) -> None:
    """Tell the service what was ordered."""
    accession, patient, _, procedure = STUDIES[number]
    body = {
        "order_number": f"O-{accession}",
        "accession_number": accession,
        "patient_id": patient,
        "procedures": [{"description": procedure}],
    }
    request = Request(
        f"{house.api}/api/v1/orders",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with urlopen(request, timeout=30):
        pass


def fill(house: House, folder: Path) -> None:
    """Orders, films and their answers, a user, and somebody who knocks in vain."""
    for number in range(len(STUDIES)):
        order(house, number)
    sent = send(
        list(films(folder)),
        host="127.0.0.1",
        port=house.listener_port,
        calling_ae_title="XRAY1",
        called_ae_title="RADROUTER",
    )
    assert all(each.is_stored for each in sent)
    subprocess.run(
        house.command("user", "add", NAME, "--role", "admin", "--password-stdin"),
        input=PASSWORD + "\n",
        text=True,
        cwd=house.folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    subprocess.run(
        ["echoscu", "-aet", "BUCKY2", "-aec", "RADROUTER", "127.0.0.1", str(house.listener_port)],
        capture_output=True,
        check=False,
    )
    house.wait_for(lambda: _is_answered(house), "the answers", ANSWERED_S)
    time.sleep(4)  # the studies are judged once they are quiet


def _is_answered(house: House) -> bool:
    found = house.get("/api/v1/instances?state=done&limit=100")
    return bool(found) and len(found["instances"]) >= len(list(STUDY.glob("*.dcm")))


@contextmanager
def signed_in(browser: Browser, api: str, picture: Picture, scheme: str, width: int) -> Iterator[Page]:
    """A page of somebody signed in."""
    context = browser.new_context(
        viewport={"width": width, "height": picture.height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(f"{api}/sign-in")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{api}/")
    yield page
    context.close()


def take(browser: Browser, api: str, picture: Picture, file: Path, scheme: str, width: int) -> None:
    """One picture of one page."""
    with signed_in(browser, api, picture, scheme, width) as page:
        answer = page.goto(api + picture.path)
        if answer is None or answer.status != 200:
            print(f"{picture.name}: no such page")
            return
        page.wait_for_load_state("networkidle")
        if picture.prepare:
            picture.prepare(page)
        file.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=file)
        # A page has few colours: 256 of them are enough, and a third of the bytes.
        Image.open(file).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)
        print(f"{file}: {file.stat().st_size / 1000:.0f} kB")


def main(words: Sequence[str] | None = None) -> None:
    """Take the pictures named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which pages; default: all")
    parser.add_argument("--folder", type=Path, default=PICTURES, help="where the pictures go")
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--url", help="a service that runs already, with the user of this script")
    asked = parser.parse_args(words)
    pictures = [each for each in PICTURE_LIST if not asked.names or each.name in asked.names]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SAYS.split())
        with tempfile.TemporaryDirectory() as temporary, _service(asked.url, Path(temporary)) as api:
            for picture in pictures:
                file = asked.folder / f"{picture.name}.png"
                take(browser, api, picture, file, asked.scheme, asked.width)


@contextmanager
def _service(url: str | None, folder: Path) -> Iterator[str]:
    if url:
        yield url
        return
    rules = shutil.copy(SHIPPED_RULES, folder / "rules.toml")
    with House(folder / "house", SETTINGS | {"rules": {"file": str(rules)}}) as house:
        fill(house, folder)
        yield house.api


if __name__ == "__main__":
    main(sys.argv[1:])
