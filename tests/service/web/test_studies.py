"""The list of studies: found as in a PACS, and nobody's name in an address."""

from __future__ import annotations

import logging
import re
from datetime import date

import pytest

from service.web.last_searches import LastSearches
from service.web.studies import SearchForm, days, from_beginning, study_filter

TODAY = date(2026, 3, 1)


@pytest.fixture
def hospital(house) -> None:
    house.receive(10, patient_id="4711", patient_name="Doe^Jane", study_description="Thorax")
    house.analyse("chest_pa_ap")
    house.receive(
        20,
        patient_id="4712",
        patient_name="Roe^John",
        study_description="Hand",
        study_date="20260105",
        modality="CR",
    )
    house.analyse("hand_ap")
    house.receive(30, patient_id="99", patient_name=None, accession_number="B7", study_date="20251231")
    house.fail("no pixels")


def shown(page: str) -> list[str]:
    """The last numbers of the studies that are listed, in order."""
    return re.findall(r'href="/studies/[\d.]+\.(\d)"', page)


SEARCHES = [
    ({}, "213"),
    ({"patient": "471"}, "21"),
    ({"patient": "doe jane"}, "1"),
    ({"patient": "Doe, J"}, "1"),
    ({"patient": "*ne"}, "1"),
    ({"patient": "nobody"}, ""),
    ({"accession_number": "b"}, "3"),
    ({"modality": "cr"}, "2"),
    ({"view": "chest_pa_ap"}, "1"),
    ({"state": "failed"}, "3"),
    ({"calling_ae_title": "XRAY1"}, "213"),
    ({"calling_ae_title": "XRAY9"}, ""),
    ({"study_date_from": "2026-01-01", "study_date_to": "2026-01-04"}, "1"),
    ({"patient": "471", "view": "hand_ap"}, "2"),
    ({"verdict": "missing_view"}, ""),
    ({"patient": "", "view": "", "state": "", "study_date_from": "", "when": "any"}, "213"),
]


@pytest.mark.usefixtures("hospital")
def test_studies_are_found(reader) -> None:
    for asked, studies in SEARCHES:
        page = reader.send("/studies", **asked)
        assert page.status_code == 200, asked
        assert "".join(shown(page.text)) == studies, asked
        assert ("No study is like this" in page.text) is (studies == ""), asked


@pytest.mark.usefixtures("hospital")
def test_a_line_says_who_when_what_and_how_it_stands(reader) -> None:
    words = reader.text("/studies")
    assert "Hand 2026-01-05 Roe^John 4712 A100 CR hand ap 1 done not judged yet" in words
    assert "no name 99 B7 DX 1 failed" in words


@pytest.mark.usefixtures("hospital")
def test_a_search_that_names_somebody_never_stands_in_an_address(reader, caplog) -> None:
    with caplog.at_level(logging.INFO):
        assert reader.get("/studies?patient=4711").status_code == 422
        assert reader.get("/studies?accession_number=B7").status_code == 422
        page = reader.send("/studies", patient="4711", accession_number="A100")
    assert page.status_code == 200
    assert "4711" not in page.headers.get("location", "") + page.headers.get("hx-push-url", "")
    ours = [record.getMessage() for record in caplog.records if record.name == "service.api"]
    assert len(ours) == 3
    assert not [line for line in ours if "4711" in line or "A100" in line]
    links = re.findall(r'(?:href|hx-get)="([^"]*)"', page.text)
    assert not [link for link in links if "4711" in link or "A100" in link]


@pytest.mark.usefixtures("hospital")
def test_what_names_nobody_may_stand_in_a_link(reader) -> None:
    assert shown(reader.get("/studies?state=failed").text) == ["3"]
    page = reader.get("/studies?view=hand_ap&when=any")
    assert shown(page.text) == ["2"]
    assert '<option value="hand_ap" selected>' in page.text
    assert reader.get("/studies?veiw=hand_ap").status_code == 422
    assert reader.get("/studies?state=lost").status_code == 422


def test_more_lines_come_without_losing_ones_place(house, reader) -> None:
    for number in range(60):
        house.receive(100 + 10 * number, patient_id="77")
    first = reader.send("/studies", patient="77")
    uids = re.findall(r'href="/studies/([\d.]+)"', first.text)
    (cursor,) = re.findall(r'name="cursor" value="([^"]+)"', first.text)
    more = reader.client.post(
        "/studies",
        data={"csrf": reader.csrf, "patient": "77", "cursor": cursor},
        headers={"HX-Request": "true"},
    )
    assert "<html" not in more.text
    assert "<table" not in more.text
    uids += re.findall(r'href="/studies/([\d.]+)"', more.text)
    assert (len(uids), len(set(uids))) == (60, 60)
    assert "More studies" not in more.text
    assert reader.send("/studies", cursor="nonsense").status_code == 422


@pytest.mark.usefixtures("hospital")
def test_the_page_s_script_gets_the_results_alone(reader) -> None:
    part = reader.client.post(
        "/studies", data={"csrf": reader.csrf, "patient": "4711"}, headers={"HX-Request": "true"}
    )
    assert shown(part.text) == ["1"]
    assert "<form" not in part.text
    assert part.headers["hx-replace-url"] == "/studies"


@pytest.mark.usefixtures("hospital")
def test_going_back_finds_what_was_searched_for_last(reader, reviewer) -> None:
    reader.send("/studies", patient="4711")
    again = reader.get("/studies")
    assert shown(again.text) == ["1"]
    assert 'name="patient" value="4711"' in again.text
    assert shown(reviewer.get("/studies").text) == ["2", "1", "3"], "another's search"
    assert shown(reader.get("/studies?when=any").text) == ["2", "1", "3"]
    assert shown(reader.get("/studies").text) == ["2", "1", "3"], "cleared"


def test_only_so_many_searches_are_remembered() -> None:
    kept: LastSearches[str] = LastSearches(most=2)
    for session in ("a", "b", "a", "c"):
        kept.keep(session, f"of {session}")
    assert [kept.of(session) for session in "abc"] == ["of a", None, "of c"]


def test_an_empty_house_says_what_to_do(reader) -> None:
    assert "as soon as a modality sends one" in reader.text("/studies")


def test_it_is_for_those_who_are_signed_in(nobody, reader) -> None:
    assert nobody.get("/studies").status_code == 303
    assert nobody.client.post("/studies", data={"patient": "1"}).status_code in (303, 401)
    assert reader.client.post("/studies", data={"patient": "1"}).status_code == 403


DAYS = [
    ("any", (None, None)),
    ("today", (TODAY, TODAY)),
    ("yesterday", (date(2026, 2, 28), date(2026, 2, 28))),
    ("week", (date(2026, 2, 23), TODAY)),
]


@pytest.mark.parametrize(("when", "expected"), DAYS)
def test_a_quick_choice_is_days(when: str, expected: object) -> None:
    assert days(when, TODAY) == expected


def test_named_days_go_before_a_quick_choice() -> None:
    asked = SearchForm(when="today", study_date_from="2026-01-05")
    found = study_filter(asked, TODAY)
    assert (found.study_date_from, found.study_date_to) == ("20260105", None)


TYPED = [
    (None, None),
    ("  ", None),
    ("doe", "doe*"),
    ("Doe, Jane", "Doe*Jane*"),
    ("Doe^Jane", "Doe*Jane*"),
    ("*47", "*47*"),
]


@pytest.mark.parametrize(("typed", "pattern"), TYPED)
def test_what_is_typed_is_compared_from_its_beginning(typed: str | None, pattern: str | None) -> None:
    assert from_beginning(typed) == pattern
