"""DICOMweb's search as PS3.18 section 10.6 has it, read back by pydicom and asked by others' client."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from dicomweb_client import DICOMwebClient
from pydicom.dataset import Dataset

ROOT = "1.2.826.0.1.3680043.8.498"
STUDY = f"{ROOT}.1.0"
WEB = "/dicom-web"


@pytest.fixture
def filled(house) -> Any:
    """Two studies: one of three films in one series, one of one; all knees but the last, which waits."""
    for number in (1, 2, 3):
        attributes = {
            "ImageLaterality": ("L",),
            "BodyPartExamined": ("ELBOW",),
            "KVP": ("70",),
            "PatientID": ("4711",),
            "PatientName": ("Doe^Jane",),
            "Modality": ("DX",),
            "StudyDate": ("20260102",),
            "AccessionNumber": ("A100",),
            "InstanceNumber": (str(number),),
            "SOPInstanceUID": (f"{ROOT}.3.{number}",),
            "StudyInstanceUID": (STUDY,),
            "SeriesInstanceUID": (f"{ROOT}.2.0",),
            "Rows": ("64",),
            "ViewPosition": ("RL",),
        }
        house.receive(number, attributes=attributes)
    house.analyse("knee_ap", 0.97)
    other = {
        "PatientID": ("4712",),
        "PatientName": ("Roe^Richard",),
        "StudyDate": ("20260301",),
        "AccessionNumber": ("B200",),
        "SOPInstanceUID": (f"{ROOT}.3.11",),
        "StudyInstanceUID": (f"{ROOT}.1.1",),
        "SeriesInstanceUID": (f"{ROOT}.2.1",),
        "Modality": ("CR",),
    }
    named = {
        "patient_id": "4712",
        "patient_name": "Roe^Richard",
        "study_date": "20260301",
        "accession_number": "B200",
        "modality": "CR",
    }
    house.receive(11, attributes=other, **named)
    return house


def read(answer: httpx.Response) -> list[Dataset]:
    """What pydicom makes of an answer."""
    assert answer.headers["content-type"] == "application/dicom+json"
    return [Dataset.from_json(json.dumps(one)) for one in answer.json()]


def test_instances_of_a_study_say_what_they_are(filled) -> None:
    answer = filled.client().get(f"{WEB}/studies/{STUDY}/instances?includefield=BodyPartExamined,00180060")
    films = read(answer)
    assert {film.InstanceNumber for film in films} == {1, 2, 3}
    film = films[0]
    (region,) = film.AnatomicRegionSequence
    assert (region.CodeValue, region.CodingSchemeDesignator, region.CodeMeaning) == (
        "72696002",
        "SCT",
        "Knee",
    )
    (view,) = film.ViewCodeSequence
    assert view.CodeMeaning == "antero-posterior" and len(view.ViewModifierCodeSequence) == 0
    # Ours, not the header's RL: what the answer says of the view, it says alone.
    assert (film.ViewPosition, film.ImageLaterality) == ("AP", "L")
    assert (film.BodyPartExamined, film.KVP) == ("ELBOW", 70)
    block = film.private_block(0x0071, "RADROUTER")
    assert (block[0x01].value, block[0x02].value, block[0x04].value) == ("knee_ap", 0.97, "AI")
    assert (block[0x05].value, block[0x06].value) == ("view@1", "DONE")


def test_attributes_stand_in_the_order_of_their_tags(filled) -> None:
    for path in ("studies", "series", "instances?includefield=all"):
        for one in filled.client().get(f"{WEB}/{path}").json():
            assert list(one) == sorted(one)


def test_what_is_not_known_has_no_value(filled) -> None:
    (film,) = read(filled.client().get(f"{WEB}/instances?StudyInstanceUID={ROOT}.1.1"))
    assert len(film.AnatomicRegionSequence) == 0 and len(film.ViewCodeSequence) == 0
    assert film.ViewPosition is None or film.ViewPosition == ""
    assert film.private_block(0x0071, "RADROUTER")[0x06].value == "PENDING"


def test_studies_and_series_have_their_attributes(filled) -> None:
    client = filled.client()
    newest, oldest = read(client.get(f"{WEB}/studies"))
    assert (newest.StudyDate, str(newest.PatientName), newest.ModalitiesInStudy) == (
        "20260301",
        "Roe^Richard",
        "CR",
    )
    assert (oldest.NumberOfStudyRelatedSeries, oldest.NumberOfStudyRelatedInstances) == (1, 3)
    assert oldest.SpecificCharacterSet == "ISO_IR 192"
    (series,) = read(client.get(f"{WEB}/studies/{STUDY}/series"))
    assert (series.Modality, series.NumberOfSeriesRelatedInstances) == ("DX", 3)
    assert "PatientName" not in series
    (anywhere,) = read(client.get(f"{WEB}/series?PatientID=4711"))
    assert str(anywhere.PatientName) == "Doe^Jane"
    films = read(client.get(f"{WEB}/studies/{STUDY}/series/{ROOT}.2.0/instances"))
    assert len(films) == 3


# a search | how many instances match
SEARCHES = [
    ("", 4),
    ("PatientID=4711", 3),
    ("00100020=4711", 3),
    ("PatientID=47*", 4),
    ("PatientID=471?", 4),
    ("PatientID=4713", 0),
    ("PatientID=", 4),
    ("PatientID=*", 4),
    ("PatientName=doe*", 3),
    ("PatientName=DOE^JANE", 3),
    ("PatientName=Do%25", 0),
    ("AccessionNumber=B200", 1),
    ("StudyDate=20260102", 3),
    ("StudyDate=20260101-20260131", 3),
    ("StudyDate=20260201-", 1),
    ("StudyDate=-20260201", 3),
    ("Modality=CR", 1),
    ("ModalitiesInStudy=CR%5CDX", 4),
    (f"SOPInstanceUID={ROOT}.3.1,{ROOT}.3.2", 2),
    (f"SOPInstanceUID={ROOT}.3.1%5C{ROOT}.3.11", 2),
    (f"SeriesInstanceUID={ROOT}.2.0&InstanceNumber=2", 1),
    ("SOPClassUID=1.2.840.10008.5.1.4.1.1.1.1", 4),
    ("includefield=all&limit=1", 1),
    ("offset=3", 1),
    ("offset=4", 0),
    ("limit=0", 0),
]


@pytest.mark.parametrize(("search", "count"), SEARCHES)
def test_what_matches(filled, search: str, count: int) -> None:
    answer = filled.client().get(f"{WEB}/instances?{search}")
    assert answer.status_code == (200 if count else 204)
    assert len(read(answer) if count else answer.content) == count


@pytest.mark.parametrize(
    ("search", "named"),
    [
        ("PatientBirthDate=19700101", "PatientBirthDate"),
        ("PatentID=4711", "PatentID"),
        ("includefield=Nonsense", "Nonsense"),
        ("limit=-1", "limit"),
        ("offset=x", "offset"),
        ("StudyDate=2026", "StudyDate"),
        ("StudyDate=-", "StudyDate"),
        ("SOPInstanceUID=x", "SOPInstanceUID"),
        ("InstanceNumber=1.5", "InstanceNumber"),
        ("PatientID=1&PatientID=2", "PatientID"),
        ("fuzzymatching=maybe", "fuzzymatching"),
        ("Modality=D*", "Modality"),
    ],
)
def test_what_cannot_be_searched_for_is_refused_by_name_alone(filled, search: str, named: str) -> None:
    answer = filled.client().get(f"{WEB}/instances?{search}")
    assert answer.status_code == 400 and named in answer.json()["detail"]
    assert "4711" not in answer.text and "1970" not in answer.text


def test_more_than_was_told_is_announced(filled) -> None:
    client = filled.client()
    answer = client.get(f"{WEB}/instances?limit=1&offset=1")
    assert answer.headers["Warning"].startswith(f"299 {client.base_url}/dicom-web: ".replace("//d", "/d"))
    assert answer.headers["Warning"].endswith("There are 2 additional results that can be requested")
    assert "Warning" not in client.get(f"{WEB}/instances").headers
    assert "2 additional" not in client.get(f"{WEB}/studies?limit=1").headers["Warning"]


@pytest.mark.parametrize("name", ["fuzzymatching", "emptyvaluematching", "multiplevaluematching"])
def test_matching_that_is_not_done_is_announced(filled, name: str) -> None:
    answer = filled.client().get(f"{WEB}/studies?{name}=true&PatientID=4711")
    assert f"The {name} parameter is not supported" in answer.headers["Warning"]
    assert len(read(answer)) == 1
    assert "Warning" not in filled.client().get(f"{WEB}/studies?{name}=false").headers


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/dicom+json", 200),
        ("application/json", 200),
        ("*/*", 200),
        ('multipart/related; type="application/dicom+xml", application/dicom+json;q=0.5', 200),
        ('multipart/related; type="application/dicom+xml"', 406),
    ],
)
def test_only_json_is_spoken(filled, accept: str, status: int) -> None:
    assert filled.client().get(f"{WEB}/studies", headers={"Accept": accept}).status_code == status


def test_an_unchanged_answer_is_not_sent_again(filled) -> None:
    client = filled.client()
    first = client.get(f"{WEB}/studies/{STUDY}/instances")
    again = client.get(f"{WEB}/studies/{STUDY}/instances", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_a_token_is_needed_as_everywhere(filled) -> None:
    client = filled.client(settings=filled.settings(tokens=True))
    assert client.get(f"{WEB}/studies").status_code == 401
    assert client.get(f"{WEB}/studies", headers={"Authorization": "Bearer r-secret"}).status_code == 200


ODD = {
    "KVP": ("many",),
    "Rows": ("-1", "x"),
    "PatientName": ("a=b=c=d^^^^^^",),
    "StudyDate": ("yesterday",),
    "InstanceNumber": ("1e999",),
    "PixelSpacing": ("0.1", "0.1"),
    "PatientComments": ("\udc80 and \x00",),
    "SmallestImagePixelValue": ("5",),
    "ExposureTime": ("",),
    "WindowCenter": ("NaN", "inf"),
    "Nonsense": ("1",),
}


def test_a_strangers_odd_header_does_not_break_the_answer(house) -> None:
    house.receive(1, attributes=ODD)
    house.receive(2)
    films = read(house.client().get(f"{WEB}/instances?includefield=all"))
    assert len(films) == 2
    assert [0.1, 0.1] in [film.get("PixelSpacing") for film in films]


def test_a_client_nobody_here_wrote_finds_it_all(filled) -> None:
    client = filled.client()
    peer = DICOMwebClient(url=f"{str(client.base_url).rstrip('/')}{WEB}")
    studies = peer.search_for_studies(search_filters={"PatientID": "4711"}, fields=["StudyDescription"])
    assert [Dataset.from_json(one).StudyInstanceUID for one in studies] == [STUDY]
    assert len(peer.search_for_series(study_instance_uid=STUDY)) == 1
    films = peer.search_for_instances(study_instance_uid=STUDY, fields=["BodyPartExamined", "KVP"])
    found = [Dataset.from_json(film) for film in films]
    assert {film.ViewCodeSequence[0].CodeValue for film in found} == {"399348003"}
    everything = peer.search_for_instances(limit=1, get_remaining=True)
    assert len(everything) == 4
    assert peer.search_for_studies(search_filters={"PatientID": "nobody"}) == []
