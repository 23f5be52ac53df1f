"""What users of receivers complain about, each as a sentence that must stay true."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dicom_scp.sender import echo, send
from router.errors import OutOfResources
from router.types import Outcome


def test_no_success_when_storing_failed(listener: Any, films: Any, here: dict[str, str]) -> None:
    def away(*_: Any) -> Outcome:
        raise OutOfResources("the database is away")

    house = listener(record=away)
    [sent] = send([films.write()], port=house.port, **here)
    assert sent.status == 0xA700 and "the database is away" in sent.reason and not sent.is_stored


def test_success_only_after_the_bytes_have_their_name_and_the_commit_returned(
    listener: Any, films: Any, here: dict[str, str]
) -> None:
    committing = threading.Event()

    def slowly(house: Any, _instance: Any, _arrival: Any, stored: Any) -> Outcome:
        assert (house.folder / stored.path).stat().st_size == stored.size
        committing.set()
        time.sleep(0.3)
        return Outcome.NEW

    house = listener(record=slowly)
    [sent] = send([films.write()], port=house.port, **here)
    assert sent.is_stored and committing.is_set() and sent.response_seconds >= 0.3


def test_an_unhandled_error_in_the_house_is_a_failure_status_and_the_association_lives(
    listener: Any, films: Any, here: dict[str, str]
) -> None:
    def broken(house: Any, *_: Any) -> Outcome:
        if not house.stop.wait(0) and not failed:
            failed.append(True)
            raise KeyError("Doe^Jane")
        return Outcome.NEW

    failed: list[bool] = []
    house = listener(record=broken)
    first, second = send([films.write("1.dcm"), films.write("2.dcm")], port=house.port, **here)
    assert first.status == 0x0110 and "Doe" not in first.reason
    assert second.is_stored and not house.partial()


def test_corrupt_dicom_is_not_accepted(listener: Any, films: Any, here: dict[str, str]) -> None:
    house = listener()
    film = films.write()
    film.write_bytes(film.read_bytes()[:-7])
    [sent] = send([film], port=house.port, **here)
    assert sent.status == 0xC000 and "ends inside (7FE0,0010)" in sent.reason
    assert not house.stored() and not house.partial() and not house.recorded


def test_no_pixel_byte_is_altered(listener: Any, films: Any, here: dict[str, str], data_set: Any) -> None:
    house = listener()
    film = films.write(PixelData=bytes(range(256)) * 1000)
    assert send([film], port=house.port, **here)[0].is_stored
    assert data_set(house.stored()[0]) == data_set(film)


def test_as_many_arrive_as_were_sent(listener: Any, films: Any, here: dict[str, str]) -> None:
    house = listener()
    paths = [films.write(f"{number}.dcm") for number in range(180)]
    sent = send(paths, port=house.port, **here)
    assert len(sent) == 180 and all(file.is_stored for file in sent)
    assert len(house.stored()) == len(house.recorded) == 180


def test_the_same_object_again_is_success_and_one_file(
    listener: Any, films: Any, here: dict[str, str]
) -> None:
    house = listener()
    film = films.write()
    assert all(send([film], port=house.port, **here)[0].is_stored for _ in range(2))
    assert len(house.stored()) == 1 and len(house.recorded) == 2
    assert house.recorded[0][2] == house.recorded[1][2]


@pytest.mark.parametrize("same", [True, False])
def test_two_simultaneous_sends_of_one_uid_both_end_well(
    listener: Any, films: Any, here: dict[str, str], same: bool
) -> None:
    together = threading.Barrier(2)

    def meeting(*_: Any) -> Outcome:
        together.wait(20)
        return Outcome.NEW

    house = listener(record=meeting)
    uids = {"SOPInstanceUID": "1.2", "StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.3"}
    paths = [films.write("1.dcm", **uids), films.write("2.dcm", **uids, ViewPosition="PA" if same else "LL")]
    with ThreadPoolExecutor(2) as pool:
        sent = list(pool.map(lambda path: send([path], port=house.port, **here)[0], paths))
    assert all(file.is_stored for file in sent)
    assert len(house.stored()) == (1 if same else 2)


def test_a_database_that_was_away_does_not_cost_an_object_that_had_success(
    listener: Any, films: Any, here: dict[str, str]
) -> None:
    away: list[bool] = []

    def sometimes(*_: Any) -> Outcome:
        if away:
            raise OutOfResources("the database is away")
        return Outcome.NEW

    house = listener(record=sometimes)
    film = films.write()
    assert send([film], port=house.port, **here)[0].is_stored
    away.append(True)
    assert send([film], port=house.port, **here)[0].status == 0xA700
    assert len(house.stored()) == 1


def test_a_busy_sender_does_not_slow_an_echo_down(listener: Any, films: Any, here: dict[str, str]) -> None:
    def slowly(*_: Any) -> Outcome:
        time.sleep(2)
        return Outcome.NEW

    house = listener(record=slowly)
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(send, [films.write()], port=house.port, **here)
        start = time.monotonic()
        for _ in range(20):
            echo(port=house.port, **here)
        assert time.monotonic() - start < 2
        assert busy.result()[0].is_stored


def test_four_hundred_images_in_one_association_and_many_associations_do_not_slow_down(
    listener: Any, films: Any, here: dict[str, str]
) -> None:
    house = listener()
    film = films.write()
    sent = send([film] * 400, port=house.port, **here)
    assert all(file.is_stored for file in sent)
    early, late = (sum(file.seconds for file in part) for part in (sent[:100], sent[300:]))
    assert late < 5 * early + 0.5
    times = [echo(port=house.port, **here) for _ in range(60)]
    assert max(times[40:]) < 1


def test_multi_frame_objects_are_stored_like_any_other(
    listener: Any, films: Any, here: dict[str, str]
) -> None:
    house = listener()
    film = films.write(SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1", NumberOfFrames=3, PixelData=bytes(96))
    assert send([film], port=house.port, **here)[0].is_stored
    assert house.recorded[0][0].number_of_frames == 3


@pytest.mark.parametrize(
    "sop_class",
    [
        "1.2.840.10008.5.1.4.1.1.2",  # CT
        "1.2.840.10008.5.1.4.1.1.88.33",  # Comprehensive SR
        "1.2.840.10008.5.1.4.1.1.104.1",  # Encapsulated PDF
        "1.2.840.10008.5.1.4.1.1.3",  # retired
        "1.2.840.10008.5.1.4.1.1.999.7",  # of a standard to come
        "1.3.46.670589.2.5.1.1",  # private
    ],
)
def test_there_is_an_acceptable_presentation_context_for_every_object(
    listener: Any, films: Any, here: dict[str, str], sop_class: str
) -> None:
    house = listener()
    [sent] = send([films.write(SOPClassUID=sop_class)], port=house.port, **here)
    assert sent.is_stored, sent


def test_an_object_of_more_than_a_gigabyte_would_need_no_more_memory_than_a_small_one(
    listener: Any, films: Any, here: dict[str, str]
) -> None:
    """40 MB through a listener whose association may hold 3 MiB, seen by the allocator."""
    import tracemalloc

    house = listener(longest_pdu=0)
    film = films.write(PixelData=bytes(40 << 20))
    tracemalloc.start()
    assert send([film], port=house.port, **here)[0].is_stored
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20  # the sender's pieces included
