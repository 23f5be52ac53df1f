"""Looking at a file: what it is, why it cannot be read, and that nothing of it stays."""

from __future__ import annotations

import dataclasses
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from router.errors import OutOfResources
from service.explainer import Explained

PIECE = {"Accept": "*/*"}


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path) -> Iterator[Path]:
    """Where temporary files go, so that a test sees what stays."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    yield folder
    tempfile.tempdir = before
    assert list(folder.rglob("*")) == [], "an upload stays"


@pytest.fixture
def film(house) -> bytes:
    """A DICOM file that is not in the house."""
    house.receive(1)
    file = next(house.storage.rglob("*.dcm"))
    data = file.read_bytes()
    return data.replace(b"498.3.1\0", b"498.3.9\0").replace(b"498.3.1 ", b"498.3.9 ")


def png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.linspace(0, 255, 60 * 40).astype(np.uint8).reshape(60, 40)).save(buffer, "PNG")
    return buffer.getvalue()


def upload(person: Any, path: str, data: bytes, *, page: bool = False, csrf: bool = True) -> Any:
    headers = {} if page else PIECE
    if csrf:
        headers = headers | {"X-CSRF-Token": person.csrf}
    return person.client.post(path, files={"file": ("film.dcm", data)}, headers=headers)


def test_a_dicom_file_says_what_it_is(house, reader, film: bytes) -> None:
    answer = upload(reader, "/look", film)
    assert answer.status_code == 200
    for said in (
        "chest pa ap",
        "95%",
        "chest lateral",
        "chest films",
        "MONOCHROME2",
        "64 × 48",
        "lung",
        "DX",
    ):
        assert said in answer.text, said
    assert 'src="data:image/png;base64,' in answer.text
    assert "<html" not in answer.text
    assert not house.uploads[0].exists()


def test_without_a_script_the_answer_is_a_page(reader, film: bytes) -> None:
    answer = reader.client.post("/look", files={"file": ("film.dcm", film)}, data={"csrf": reader.csrf})
    assert answer.status_code == 200
    assert "<html" in answer.text
    assert "chest pa ap" in answer.text


def test_a_picture_has_no_header_and_cannot_be_kept(house, open_pages) -> None:
    house.receive(1)
    facts = dataclasses.replace(house.facts(next(house.storage.rglob("*.dcm"))), view=None)

    def analyse(_path: Path) -> Explained:
        return Explained(facts=facts, is_picture=True, no_view_reason="no view model is installed")

    admin = open_pages(analyse=analyse).person("admin")
    answer = upload(admin, "/look", png())
    assert "a PNG or JPEG has no header" in answer.text
    assert "cannot be kept" in answer.text
    assert "data-keep" not in answer.text
    refused = upload(admin, "/look/keep", png())
    assert refused.status_code == 422
    assert "only DICOM is kept" in refused.json()["detail"]


def test_what_cannot_be_decoded_says_the_decoder_s_reason(house, open_pages, film: bytes) -> None:
    def analyse(path: Path) -> Explained:
        facts = dataclasses.replace(house.facts(path), view=None)
        return Explained(facts=facts, no_view_reason="CharLS: the stream is damaged", undecodable=True)

    answer = upload(open_pages(analyse=analyse).person("reader"), "/look", film)
    assert answer.status_code == 200
    assert "This file cannot be shown." in answer.text
    assert "CharLS: the stream is damaged." in answer.text
    assert 'class="viewer"' not in answer.text


def test_a_busy_service_says_so_in_its_own_words(open_pages, raising, film: bytes) -> None:
    person = open_pages(analyse=raising(OutOfResources("other explanations are under way"))).person("reader")
    answer = upload(person, "/look", film)
    assert (answer.status_code, answer.json()["detail"]) == (503, "other explanations are under way")
    assert answer.headers["retry-after"]


def test_what_is_neither_is_refused_with_the_reason(reader) -> None:
    answer = upload(reader, "/look", b"Dear colleague, " * 40)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:radrouter:problem:not-dicom")
    page = upload(reader, "/look", b"Dear colleague, " * 40, page=True)
    assert page.status_code == 422
    assert "<html" in page.text


@pytest.mark.parametrize("data", [b"", None])
def test_no_file_is_asked_for(reader, data: bytes | None) -> None:
    files = {"file": ("empty.dcm", data)} if data is not None else None
    headers = PIECE | {"X-CSRF-Token": reader.csrf}
    answer = reader.client.post("/look", files=files, headers=headers)
    assert answer.status_code == 422
    assert "choose a file" in answer.json()["detail"]


def test_its_values_come_for_the_same_file(reader, film: bytes) -> None:
    answer = upload(reader, "/look/pixels", film)
    length = int.from_bytes(answer.content[:4], "little")
    assert json.loads(answer.content[4 : 4 + length])["rows"] == 64
    picture = upload(reader, "/look/pixels", png())
    length = int.from_bytes(picture.content[:4], "little")
    codes = np.frombuffer(picture.content[4 + length :], "<u2").reshape(60, 40)
    assert np.array_equal(codes, np.linspace(0, 255, 60 * 40).astype(np.uint8).reshape(60, 40))


def test_an_admin_may_keep_a_dicom_file_and_the_audit_says_who(
    house, reader, reviewer, admin, film: bytes
) -> None:
    assert upload(reader, "/look/keep", film).status_code == 403
    assert upload(reviewer, "/look/keep", film).status_code == 403
    assert "data-keep" not in upload(reader, "/look", film).text
    assert "data-keep" in upload(admin, "/look", film).text
    kept = upload(admin, "/look/keep", film)
    assert kept.status_code == 200
    assert "will be analysed with what else arrives" in kept.text
    assert "/studies/1.2.826.0.1.3680043.8.498.1.0" in kept.text
    uid = "1.2.826.0.1.3680043.8.498.3.9"
    assert house.state(uid).value == "received"
    (entry,) = house.queries.audit(uid)
    assert entry.detail["address"] == "uploaded by admin"
    assert "It is here already" in upload(admin, "/look/keep", film).text


def test_looking_keeps_nothing(house, reader, film: bytes) -> None:
    files = sorted(house.storage.rglob("*"))
    before = house.queries.counts().audit_id
    upload(reader, "/look", film)
    upload(reader, "/look/pixels", film)
    assert sorted(house.storage.rglob("*")) == files
    assert house.queries.counts().audit_id == before


def test_a_stranger_s_upload_is_not_even_read(house, nobody, reader, film: bytes) -> None:
    assert nobody.client.post("/look", files={"file": ("a", film)}, headers=PIECE).status_code == 401
    assert upload(reader, "/look", film, csrf=False).status_code == 403
    assert house.uploads == []


def test_an_upload_beyond_the_limit_is_cut_off(house, open_pages) -> None:
    answer = upload(open_pages(largest_upload=5000).person("reader"), "/look", b"x" * 6000)
    assert answer.status_code == 413
    assert house.uploads == []


def test_the_page_is_for_those_who_are_signed_in(nobody, reader) -> None:
    assert nobody.get("/look").status_code == 303
    assert "kept nowhere" in reader.text("/look")
