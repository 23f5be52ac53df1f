"""From an order to a training set: films arrive, are judged and reviewed by two people, whose word wins."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pydicom
import pytest
from playwright.sync_api import Page, expect
from pydicom.uid import generate_uid

from service.demonstration import STUDY

pytestmark = pytest.mark.timeout(400)  # the first test starts the whole service


def film_of(name: str, folder: Path, study: str, accession_number: str) -> Path:
    """A film of the demonstration, as one of another study."""
    film = pydicom.dcmread(STUDY / f"{name}.dcm")
    film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    film.StudyInstanceUID, film.SeriesInstanceUID = study, generate_uid(entropy_srcs=[study])
    film.AccessionNumber, film.PatientID, film.PatientName = accession_number, accession_number, "Doe^Jane"
    film.StudyDescription, film.StudyDate = f"Wrist {accession_number}", "20260102"
    path = folder / f"{film.SOPInstanceUID}.dcm"
    film.save_as(path)
    return path


def order(service: Any, accession_number: str) -> None:
    body = {
        "order_number": accession_number,
        "accession_number": accession_number,
        "procedures": [{"description": "XR wrist 2 views"}],
    }
    asked = Request(
        f"{service.url}/api/v1/orders",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with urlopen(asked, timeout=10) as answer:
        assert answer.status == 201


@pytest.fixture(scope="module")
def studies(service: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, list[str]]]:
    """By accession number: a study with a knee in place of the lateral wrist, and one that lacks it."""
    folder, made = tmp_path_factory.mktemp("films"), {}
    for accession_number, names in (("R1", ("2_wrist_ap", "6_knee_ap")), ("R2", ("2_wrist_ap",))):
        order(service, accession_number)
        study = generate_uid()
        files = [film_of(name, folder, study, accession_number) for name in names]
        service.send(*files)
        made[accession_number] = (study, [file.stem for file in files])
    for study, films in made.values():
        for film in films:
            assert service.house.answer(film, 120)["state"] == "done"
        service.house.wait_for(lambda: verdict(service, study), "the verdict")  # noqa: B023
    return made


def verdict(service: Any, study: str) -> Any:
    """What the comparison says, once it was asked."""
    found = service.house.get(f"/api/v1/studies/{study}/verdict")
    return found if found and found["kinds"] else None


def kinds(service: Any, study: str) -> set[str]:
    return set(verdict(service, study)["kinds"])


def open_frame(page: Page) -> Any:
    return page.locator(".frame:focus")


def test_a_reviewer_works_through_the_list_by_the_keyboard(
    open_page: Callable[..., Any], service: Any, studies: dict[str, tuple[str, list[str]]]
) -> None:
    study, (wrist, knee) = studies["R1"]
    lacking, _ = studies["R2"]
    assert kinds(service, study) >= {"wrong_region"}
    assert kinds(service, lacking) == {"missing_view"}
    watched = open_page("reviewer")
    page = watched.go("/order-check?first=worst")
    expect(page.locator("#worklist a[data-study]")).to_have_count(2)
    expect(page.locator("#study-title")).to_contain_text("Wrist R1")
    expect(page.locator(f'.frame[data-place="{knee}"]')).to_contain_text("another film")
    expect(page.locator(f'.frame[data-place="{knee}"] img')).to_have_js_property("complete", True)
    watched.accessible("order check")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(open_frame(page)).to_have_attribute("data-place", knee)
    page.keyboard.press("e")
    page.keyboard.type("wr lat")
    expect(page.locator("#view-list [aria-selected=true]")).to_have_text("wrist lateral")
    watched.accessible("the picker")
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("Corrected: wrist lateral")
    expect(open_frame(page)).to_have_attribute("data-place", wrist)  # on to what is still open
    page.keyboard.press("c")
    expect(page.locator("#study-title")).to_contain_text("Wrist R2")  # and to the next study
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(open_frame(page)).to_contain_text("no film")
    page.keyboard.press("d")
    watched.accessible("the reasons")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("Dismissed: missing view")
    expect(page.locator(".frame.missing .words")).to_contain_text("the patient could not be positioned")
    page.keyboard.press("u")
    expect(page.locator("#told")).to_contain_text("Taken back")
    expect(page.locator(".frame.missing .words")).to_have_count(0)
    page.keyboard.press("k")
    expect(page.locator("#study-title")).to_contain_text("Wrist R1")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("take your last word back")
    page.keyboard.press("Escape")
    service.house.wait_for(
        lambda: kinds(service, study) <= {"complete", "header_contradicts"}, "the new verdict"
    )


def test_two_who_differ_are_shown_and_people_win_once_they_agree(
    open_page: Callable[..., Any], service: Any, studies: dict[str, tuple[str, list[str]]]
) -> None:
    study, (_, knee) = studies["R1"]
    watched = open_page("admin")
    page = watched.go(f"/order-check/{study}?show=all")
    frame = page.locator(f'.frame[data-place="{knee}"]')
    expect(frame).to_contain_text("reviewer: it is wrist lateral")
    frame.focus()
    correct(page, "hand ap")
    frame = page.locator(f'.frame[data-place="{knee}"]')
    expect(frame).to_contain_text("admin says hand ap; a further reviewer decides")
    watched.accessible("reviewers differ")
    assert human(service, knee) is None
    frame.focus()
    correct(page, "wrist lat")
    expect(frame).to_contain_text("admin: it is wrist lateral")
    expect(frame).not_to_contain_text("further reviewer")
    expect(page.locator("details.past")).to_contain_text("1 earlier word")
    assert human(service, knee) == "wrist_lateral"
    page = watched.go("/order-check/figures")
    expect(page.get_by_role("heading", level=1)).to_have_text("Figures of reviews")
    expect(page.locator(".matrix")).to_contain_text("wrist lateral")
    watched.accessible("figures")


def correct(page: Page, typed: str) -> None:
    page.keyboard.press("e")
    page.keyboard.type(typed)
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("Corrected")


def human(service: Any, sop_instance_uid: str) -> str | None:
    """The view that hanging protocols are told, where people have said it."""
    answer = service.house.get(f"/api/v1/hanging/instances/{sop_instance_uid}")
    return str(answer["view"]) if answer["source"] == "human" else None


def test_without_scripts_the_forms_work_too(
    open_page: Callable[..., Any], studies: dict[str, tuple[str, list[str]]]
) -> None:
    study, (wrist,) = studies["R2"]
    watched = open_page("reviewer", java_script_enabled=False)
    page = watched.go(f"/order-check/{study}?show=all")
    frame = page.locator(f'.frame[data-place="{wrist}"]').first
    frame.get_by_text("Correct", exact=True).click()
    frame.get_by_label("It shows").select_option("wrist_ap")
    frame.get_by_label("Side").select_option("R")
    frame.get_by_role("button", name="Keep").first.click()
    expect(page).to_have_url(re.compile(f"/order-check/{re.escape(study)}"))
    expect(page.locator(f'.frame[data-place="{wrist}"]').first).to_contain_text("it is wrist ap, right")


def test_a_reader_sees_and_may_not_speak(
    open_page: Callable[..., Any], studies: dict[str, tuple[str, list[str]]]
) -> None:
    page = open_page("reader").go(f"/order-check/{studies['R2'][0]}?show=all")
    expect(page.locator(".frame").first).to_contain_text("wrist ap")
    expect(page.get_by_role("button", name="Confirm")).to_have_count(0)


@pytest.mark.usefixtures("studies")
def test_what_was_agreed_is_exported(service: Any, command: Callable[..., Any]) -> None:
    done = command("export", "reviews", "--out", "site", folder=service.house.folder)
    assert done.returncode == 0, done.stderr
    with (service.house.folder / "site/films/manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["view"] for row in rows) == ["wrist_ap", "wrist_ap", "wrist_lateral"]
    assert len({row["group"] for row in rows}) == 2
