"""One study's page, the values that its viewer windows, and the audit in words."""

from __future__ import annotations

import html
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from classifiers.values import FilmValues
from classifiers.viewing import read_any_values
from db.read import AuditEntry
from router.orders import Order, OrderControl, OrderSource, Procedure, Side
from router.types import Event, ModelRef
from service.web.telling import told

STUDY = "1.2.826.0.1.3680043.8.498.1.1"


@pytest.fixture
def film(house) -> str:
    """One film with a finding, of a study that was ordered."""
    house.orders.record(
        Order(
            order_number="F1",
            source=OrderSource.HL7,
            origin="RIS|CENTRAL",
            control=OrderControl.NEW,
            accession_number="A100",
            patient_id="4711",
            procedures=(Procedure(code=None, description="Chest two views"),),
            side=Side.LEFT,
        )
    )
    uid = house.receive(10, body_part_examined="CHEST", view_position="PA", study_description="Thorax")
    house.analyse("chest_pa_ap", finding=True)
    return str(uid)


@pytest.mark.usefixtures("film")
def test_a_film_says_what_it_is_how_sure_and_why_it_went_where_it_went(reader) -> None:
    words = reader.text(f"/studies/{STUDY}")
    for said in (
        "Thorax",
        "Doe^Jane · 4711 · accession number A100",
        "Model says chest pa ap, score 97% (view@1)",
        "94% over the next; 30% is needed",
        "Runners-up chest lateral 3%",
        "The answer is said by the model",
        "view@2: hand ap 50%",
        "Header claims CHEST · PA",
        "nodule 90% (lung@1, from 50% on, with a box)",
        "Chest two views",
        "RIS|CENTRAL (hl7)",
        "left",
        "1 rule matched",
        "matches chest films",
        "does not match hands",
        "Sent by XRAY1 (10.1.2.3), stored and acknowledged.",
        "view@1 named the view chest pa ap, score 97%.",
        "Routed by “chest films”; asked for: lung.",
        "KVP 70",
    ):
        assert said in words, said


def test_why_a_model_stated_nothing_stands_on_the_page_and_in_the_story(house, reader) -> None:
    house.receive(10)
    eye = ModelRef(name="eye", version="1", sha256="5" * 64)
    house.analyse(silent={eye: "image quality not good enough to be analysed"}, also_ran=(eye,))
    words = reader.text(f"/studies/{STUDY}")
    assert "Nothing stated Image quality not good enough to be analysed. (eye@1)" in words
    assert "no active pack: lung; eye: image quality not good enough to be analysed." in words


def test_a_shadow_that_saw_nothing_is_nobody_s_answer(house, reader) -> None:
    house.receive(10)
    house.analyse(also_ran=(ModelRef(name="lung", version="shadow", sha256="6" * 64),))
    words = reader.text(f"/studies/{STUDY}")
    assert "no specialist looked at this film" in words
    assert "nothing was found" not in words


def test_a_box_and_the_address_of_the_values_are_the_viewer_s(film: str, reader) -> None:
    page = reader.get(f"/studies/{STUDY}").text
    assert f'data-source="/films/{film}/pixels"' in page
    (boxes,) = re.findall(r'data-boxes="([^"]*)"', page)
    assert json.loads(html.unescape(boxes)) == [
        {"label": "nodule 90%", "x": 8.0, "y": 8.0, "width": 16.0, "height": 8.0}
    ]


def test_the_values_are_real_and_need_not_be_sent_twice(film: str, reader, nobody) -> None:
    answer = reader.get(f"/films/{film}/pixels")
    assert answer.headers["content-type"] == "application/vnd.radrouter.film-values"
    length = int.from_bytes(answer.content[:4], "little")
    said = json.loads(answer.content[4 : 4 + length])
    codes = np.frombuffer(answer.content[4 + length :], "<u2").reshape(said["rows"], said["columns"])
    assert codes.shape == (64, 48)
    expected = np.linspace(0, 4095, 64 * 48).astype("<u2").reshape(64, 48)
    assert np.array_equal(codes * said["slope"] + said["intercept"], expected)
    again = reader.get(f"/films/{film}/pixels", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert reader.get(f"/films/{film}/pixels?long_side=5000").status_code == 422
    assert reader.get("/films/1.2.3/pixels").status_code == 404
    assert nobody.client.get(f"/films/{film}/pixels", headers={"Accept": "*/*"}).status_code == 401


def test_no_more_than_two_films_are_decoded_at_a_time(film: str, open_pages) -> None:
    under_way: list[int] = []
    most: list[int] = []

    def slowly(path: Path, /, *, long_side: int, **more: object) -> FilmValues:
        under_way.append(1)
        most.append(len(under_way))
        time.sleep(0.1)
        under_way.pop()
        return read_any_values(path, long_side=long_side, **more)

    client = open_pages(values=slowly).person("reader").client
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda side: client.get(f"/films/{film}/pixels?long_side={side}"), range(64, 70))
        )
    assert [answer.status_code for answer in answers] == [200] * 6
    assert max(most) == 2


def test_a_film_without_a_picture_says_why_and_asks_for_none(house, reader) -> None:
    house.receive(10)
    house.fail("OpenJPEG: the stream is cut off")
    page = reader.get(f"/studies/{STUDY}").text
    assert "OpenJPEG: the stream is cut off." in page
    assert "data-source" not in page


def test_a_broken_file_s_values_say_the_decoder_s_reason(film: str, house, reader) -> None:
    file = next(Path(house.storage).rglob("*.dcm"))
    file.write_bytes(file.read_bytes()[:-1000])
    answer = reader.get(f"/films/{film}/pixels", headers={"Accept": "*/*"})
    assert answer.status_code == 422
    assert "bytes, 6144 are needed" in answer.json()["detail"]


def test_only_an_admin_may_ask_again_and_the_audit_says_who(
    film: str, house, reader, reviewer, admin
) -> None:
    path = f"/studies/{STUDY}/films/{film}/again"
    assert "Analyse this film again" not in reader.text(f"/studies/{STUDY}")
    assert "Analyse this film again" in admin.text(f"/studies/{STUDY}")
    assert reader.send(path).status_code == 403
    assert reviewer.send(path).status_code == 403
    assert admin.client.post(path).status_code == 403, "without the form's token"
    assert admin.send(path).headers["location"] == f"/studies/{STUDY}#film-{film}"
    assert house.state(film).value == "received"
    assert admin.send(path).status_code == 409
    assert "Asked to be analysed again by admin." in reader.text(f"/studies/{STUDY}")
    assert admin.send(f"/studies/{STUDY}/films/1.2.3/again").status_code == 404


def test_the_whole_study_may_be_asked_for_again(film: str, house, admin, reader) -> None:
    assert reader.send(f"/studies/{STUDY}/again").status_code == 403
    assert admin.send(f"/studies/{STUDY}/again").status_code == 303
    assert house.state(film).value == "received"
    assert admin.send(f"/studies/{STUDY}/again").status_code == 409


def test_the_page_loads_itself_again_once_all_is_done(house, reader) -> None:
    house.receive(10)
    assert "Some films are still being looked at" in reader.text(f"/studies/{STUDY}")
    assert reader.fragment(f"/studies/{STUDY}/waiting").status_code == 204
    house.analyse()
    assert reader.fragment(f"/studies/{STUDY}/waiting").headers["hx-refresh"] == "true"


def test_a_study_nobody_knows_is_not_found(reader, nobody) -> None:
    assert reader.get("/studies/1.2.3").status_code == 404
    assert reader.get("/studies/not-a-uid").status_code == 422
    assert nobody.get(f"/studies/{STUDY}").status_code == 303


def test_strangers_words_are_never_markup(house, reader) -> None:
    house.receive(10, study_description="<script>alert(1)</script>", series_description='"><img src=x>')
    house.analyse()
    page = reader.get(f"/studies/{STUDY}").text
    assert "<script>alert" not in page
    assert "<img src=x>" not in page


TOLD = [
    (Event.RECEIVED, {"via": "C-STORE", "calling_ae_title": "CR1", "address": "10.0.0.1"},
     "Sent by CR1 (10.0.0.1), stored and acknowledged."),
    (Event.RECEIVED, {"via": "import", "calling_ae_title": "IMPORT", "address": "uploaded by ada"},
     "Taken in, uploaded by ada."),
    (Event.RECEIVED, {"via": "import", "calling_ae_title": "IMPORT", "address": "/mnt/archive"},
     "Taken in, by an import."),
    (Event.CLAIMED, {"attempt": 2}, "Taken by a worker, attempt 2."),
    (Event.ROUTED, {"matched": [], "analyse": [], "destinations": []},
     "Routed by no rule; nothing further was asked for."),
    (Event.ROUTED, {"matched": ["a"], "analyse": ["lung"], "destinations": ["PACS"]},
     "Routed by “a”; asked for: lung, to PACS."),
    (Event.DONE, {"view": None, "duration_ms": 12.4, "reason": "it has 7 frames"},
     "Done in 12 ms without a view: it has 7 frames."),
    (Event.RETRY, {"attempt": 1, "reason": "out of memory"}, "Put off after attempt 1: out of memory."),
    (Event.REVIEWED, {"reviewer": "ada", "action": "correct", "view": "wrist_ap", "side": "L"},
     "ada corrected to wrist ap, side L."),
    (Event.REVIEWED, {"reviewer": "ada", "action": "dismiss", "view": None},
     "ada dismissed a remark on this film."),
    (Event.REVIEW_UNDONE, {"reviewer": "ada", "by": "ada"}, "ada took a word back."),
    (Event.REVIEW_UNDONE, {"reviewer": "ada", "by": "ben"}, "ben took back a word of ada."),
    (Event.REQUEUED, {"by": "ada"}, "Asked to be analysed again by ada."),
    (Event.REQUEUED, {"by": "worker", "reason": "the worker ended"},
     "Back to the queue: the worker ended."),
]  # fmt: skip


@pytest.mark.parametrize(("event", "detail", "sentence"), TOLD, ids=lambda value: str(value)[:20])
def test_the_audit_is_told_in_sentences(event: Event, detail: dict[str, object], sentence: str) -> None:
    entry = AuditEntry(id=1, sop_instance_uid="1.2", event=event, at=datetime.now(UTC), detail=detail)
    assert told(entry).sentence == sentence


@pytest.mark.parametrize("event", Event)
def test_every_event_has_a_sentence_even_without_its_detail(event: Event) -> None:
    if event in (Event.PREDICTED, Event.ANALYSED):
        return
    entry = AuditEntry(id=1, sop_instance_uid="1.2", event=event, at=datetime.now(UTC), detail={})
    assert told(entry).sentence.endswith(".")
