"""Server-sent events: told as it happens, nobody who comes back misses anything, and all ends."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import islice

import httpx
import pytest

from router.verdicts import Review, ReviewAction
from service.api.seats import Seats

API = "/api/v1"
STUDY = "1.2.826.0.1.3680043.8.498.1.0"


def told(response: httpx.Response, count: int) -> list[dict[str, str]]:
    """The next ``count`` events of a stream."""
    found: list[dict[str, str]] = []
    for event in each_event(response):
        found.append(event)
        if len(found) == count:
            break
    return found


def each_event(response: httpx.Response) -> Iterator[dict[str, str]]:
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if line == "" and "id" in fields:
            yield fields
            fields = {}
        elif name:
            fields[name] = value


def test_a_film_is_told_of_while_it_is_worked_on(house) -> None:
    old = house.receive(1)
    client = house.client()
    with client.stream("GET", f"{API}/events") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        uid = house.receive(2)
        (event,) = told(response, 1)
    assert event["event"] == "received"
    body = json.loads(event["data"])
    assert (body["sop_instance_uid"], str(body["id"])) == (uid, event["id"])
    assert old not in event["data"]


def test_viewers_are_told_what_changes_an_answer_and_no_more(house) -> None:
    client = house.client()
    other = house.receive(20)
    with client.stream("GET", f"{API}/events?about=hanging&study_instance_uid={STUDY}&after=0") as response:
        stream = each_event(response)
        first, second = house.receive(1), house.receive(2)
        waiting = list(islice(stream, 2))
        house.analyse()
        answered = list(islice(stream, 2))
        number = house.reviews.add(
            Review(sop_instance_uid=first, reviewer="ann", action=ReviewAction.CORRECT, view="knee_ap")
        )
        house.reviews.undo(number, by="ann")
        reviewed = list(islice(stream, 2))
    assert {event["event"] for event in waiting + answered + reviewed} == {"hanging"}
    news = [json.loads(event["data"]) for event in waiting + answered + reviewed]
    assert [one["word"] for one in news] == ["pending"] * 2 + ["answered"] * 2 + ["reviewed"] * 2
    assert {one["sop_instance_uid"] for one in news} == {first, second}
    assert news[3]["study_pending"] == 0
    assert not any(word in str(news) for word in (other, "4711", "Doe"))


def test_one_study_goes_with_news_alone(house) -> None:
    assert house.client().get(f"{API}/events?study_instance_uid={STUDY}").status_code == 422


def test_whoever_comes_back_gets_what_was_missed_and_nothing_twice(house) -> None:
    house.receive(1)
    house.analyse()
    client = house.client()
    with client.stream("GET", f"{API}/events?after=0") as response:
        first = told(response, 3)
    headers = {"Last-Event-ID": first[-1]["id"]}
    house.receive(2)
    # A browser repeats the address it asked at first; what it remembers counts more.
    with client.stream("GET", f"{API}/events?after=0", headers=headers) as response:
        rest = told(response, 4)
    assert [event["event"] for event in first + rest] == [
        "received", "claimed", "predicted", "routed", "analysed", "done", "received",
    ]  # fmt: skip
    assert [int(event["id"]) for event in first + rest] == list(range(1, 8))


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 30, "²", ""])
def test_a_last_event_id_that_is_none_is_refused(house, last: str) -> None:
    headers = {"Last-Event-ID": last.encode()}
    assert house.client().get(f"{API}/events", headers=headers).status_code == 422


def test_a_quiet_stream_lets_its_reader_know_that_it_lives(house) -> None:
    with house.client(heartbeat_s=0.5).stream("GET", f"{API}/events") as response:
        assert any(line.startswith(":") for line in response.iter_lines())


def test_streams_end_when_the_service_stops(house) -> None:
    with house.client().stream("GET", f"{API}/events") as response:
        start = time.monotonic()
        house.stopping.set()
        assert list(each_event(response)) == []
    assert time.monotonic() - start < 3


def test_a_stopping_server_does_not_wait_for_its_streams(house) -> None:
    # The fixture's teardown stops the server while this stream is open, and fails if that takes too long.
    client = house.client()
    request = client.build_request("GET", f"{API}/events")
    response = client.send(request, stream=True)
    assert response.status_code == 200


def test_a_database_that_goes_away_ends_the_stream_and_refuses_the_next(house) -> None:
    client = house.client()
    with client.stream("GET", f"{API}/events") as response:
        lose_the_database(house)
        assert list(each_event(response)) == []
    assert client.get(f"{API}/events").status_code == 503


def test_there_are_seats_for_so_many_and_they_are_given_back(house) -> None:
    app = house.app()
    seats: Seats = app.state.needs.seats
    client = httpx.Client(base_url=house.serve(app), trust_env=False)
    house.clients.append(client)
    for _ in range(63):
        seats.take()
    with client.stream("GET", f"{API}/events") as response:
        assert response.status_code == 200
        assert client.get(f"{API}/events").status_code == 503
    for _ in range(20):
        time.sleep(0.05)
        with client.stream("GET", f"{API}/events") as response:
            if response.status_code == 200:
                return
    pytest.fail("the seat was not given back")


def lose_the_database(house) -> None:
    """Another file in its place is what a lost volume looks like."""
    house.engine.dispose()
    for _ in range(100):  # who asks just between the two makes an empty file again
        for file in house.folder.glob("radrouter.db*"):
            file.unlink(missing_ok=True)
        try:
            (house.folder / "radrouter.db").mkdir()
        except FileExistsError:
            continue
        return
    pytest.fail("the file came back again and again")
