"""Associations over real connections: by DCMTK, by Orthanc, by us, and by hand where a peer must be rude."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dicom_scp import command, pdus
from dicom_scp.access import AccessPolicy, Caller, policy_for
from dicom_scp.header import read_file_meta
from dicom_scp.link import Unreachable
from dicom_scp.listener import open_socket
from dicom_scp.requesting import Accepted, Offer, request
from dicom_scp.sender import echo, send
from dicom_scp.wire import Timeouts, Wire
from router.errors import InvalidObject

CR = "1.2.840.10008.5.1.4.1.1.1"
EXPLICIT = "1.2.840.10008.1.2.1"


class Rude:
    """A peer that sends what a test wants."""

    def __init__(self, port: int, *offers: Offer) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.wire = Wire(self.socket, patience=10)
        self.events = self.wire.events()
        offers = offers or (Offer(abstract_syntax=CR, transfer_syntax=EXPLICIT),)
        self.accepted: Accepted = request(self.wire, self.events, offers, "RUDE", "RADROUTER")

    def command(self, sop_instance_uid: str = "1.2.3", sop_class_uid: str = CR, context: int = 1) -> None:
        encoded = command.encode_store(7, sop_class_uid=sop_class_uid, sop_instance_uid=sop_instance_uid)
        self.data(encoded, is_command=True, context=context)

    def data(self, data: bytes, *, is_command: bool = False, context: int = 1, is_last: bool = True) -> None:
        for pdu in pdus.data_pdus(context, data, is_command=is_command, longest=0, is_last=is_last):
            self.wire.send(pdu)

    def answer(self) -> command.Command:
        event = next(self.events)
        assert isinstance(event, pdus.Chunk) and event.completes
        return command.decode(bytes(event.data))

    def aborted(self) -> tuple[int, int]:
        """Source and reason of the A-ABORT that must come next."""
        event = next(self.events)
        assert isinstance(event, pdus.Pdu) and event.pdu_type == pdus.A_ABORT
        return event.data[8], event.data[9]


@contextmanager
def rude(port: int, *offers: Offer) -> Iterator[Rude]:
    peer = Rude(port, *offers)
    try:
        yield peer
    finally:
        peer.wire.close()


def until(happens: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not happens() and time.monotonic() < deadline:
        time.sleep(0.01)
    return happens()


def test_dcmtk_s_echo_is_answered(listener: Any, peer: Callable[[str], str]) -> None:
    house = listener()
    done = subprocess.run([peer("echoscu"), "127.0.0.1", str(house.port)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("program", ["storescu", "dcmsend"])
def test_what_dcmtk_sends_is_stored_as_it_was_sent(
    listener: Any, peer: Callable[[str], str], films: Any, data_set: Any, program: str
) -> None:
    house = listener()
    sent = [films.write(f"{number}.dcm") for number in range(3)]
    done = subprocess.run(
        [peer(program), "127.0.0.1", str(house.port), *map(str, sent)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {data_set(path) for path in house.stored()} == {data_set(path) for path in sent}
    assert len(house.recorded) == 3 and not house.partial()
    _, arrival, stored = house.recorded[0]
    assert (house.folder / stored.path).stat().st_size == stored.size
    assert (arrival.via, arrival.address, arrival.received_at.tzinfo is not None) == (
        "C-STORE",
        "127.0.0.1",
        True,
    )


# What storescu must be told to propose each transfer syntax.
STORESCU = {
    "1.2.840.10008.1.2": "-xi",
    "1.2.840.10008.1.2.1": "-xe",
    "1.2.840.10008.1.2.2": "-xb",
    "1.2.840.10008.1.2.1.99": "-xd",
    "1.2.840.10008.1.2.4.50": "-xy",
    "1.2.840.10008.1.2.4.51": "-xx",
    "1.2.840.10008.1.2.4.70": "-xs",
    "1.2.840.10008.1.2.4.80": "-xt",
    "1.2.840.10008.1.2.4.81": "-xu",
    "1.2.840.10008.1.2.4.90": "-xv",
    "1.2.840.10008.1.2.4.91": "-xw",
    "1.2.840.10008.1.2.5": "-xr",
}


def test_every_real_file_that_storescu_can_send_arrives_byte_for_byte(
    listener: Any, peer: Callable[[str], str], shared: Path, tmp_path: Path, data_set: Any
) -> None:
    """Held against DCMTK's storescp, which keeps a second copy of the same bytes from the wire."""
    house = listener()
    theirs = tmp_path / "storescp"
    theirs.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    receiver = [peer("storescp"), "+B", "+xa", "-uf", "-od", str(theirs), str(port)]
    with subprocess.Popen(receiver, stderr=subprocess.DEVNULL) as storescp:
        assert until(lambda: _listens(port))
        for syntax, files in _by_syntax(shared).items():
            for to in (port, house.port):
                sender = [peer("storescu"), "-nh", STORESCU[syntax], "127.0.0.1", str(to), *files]
                subprocess.run(sender, capture_output=True, check=False, timeout=100)
        storescp.terminate()
    ours = {data_set(path) for path in house.stored()}
    sent = {path.name: data_set(path) for path in theirs.iterdir()}
    missing = [name for name, data in sent.items() if data not in ours]
    # One has no Study Instance UID, which every object must have (PS3.3 section C.7.2.1): refused.
    assert len(missing) <= 1 and len(sent) >= 130, (missing, len(sent))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _by_syntax(shared: Path) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for path in sorted((shared / "dicom").glob("*/*.dcm")):
        with path.open("rb") as file:
            try:
                syntax = read_file_meta(file).transfer_syntax_uid
            except InvalidObject:
                continue
        if syntax in STORESCU:
            groups.setdefault(syntax, []).append(str(path))
    return groups


def test_every_real_file_that_we_can_send_arrives_byte_for_byte(
    listener: Any, shared: Path, data_set: Any, here: dict[str, str]
) -> None:
    house = listener()
    sent = send(sorted((shared / "dicom").glob("*/*.dcm")), port=house.port, **here)
    stored = {data_set(path) for path in house.stored()}
    assert all(data_set(file.path) in stored for file in sent if file.is_stored)
    assert len([file for file in sent if file.is_stored]) >= 179
    assert all(
        "missing" in file.reason or "not a DICOM file" in file.reason for file in sent if not file.is_stored
    )


def test_a_private_sop_class_in_a_private_transfer_syntax_is_stored(
    listener: Any, films: Any, here: dict[str, str], data_set: Any
) -> None:
    house = listener()
    film = films.write(SOPClassUID="1.3.6.1.4.1.99999.1", transfer_syntax=EXPLICIT)
    raw = film.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.3.6.1.4.1.9999.2\0\0")
    film.write_bytes(raw)
    [sent] = send([film], port=house.port, **here)
    assert sent.is_stored, sent
    [stored] = house.stored()
    assert data_set(stored) == data_set(film)
    assert house.recorded[0][0].transfer_syntax_uid == "1.3.6.1.4.1.9999.2"


def test_orthanc_sends_to_us(listener: Any, peer: Callable[[str], str], films: Any, tmp_path: Path) -> None:
    house = listener()
    folder = tmp_path / "orthanc"
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe, socket.create_server(("127.0.0.1", 0)) as other:
        http, dicom = probe.getsockname()[1], other.getsockname()[1]
    (folder / "orthanc.json").write_text(
        json.dumps(
            {
                "StorageDirectory": str(folder),
                "IndexDirectory": str(folder),
                "HttpPort": http,
                "DicomPort": dicom,
                "AuthenticationEnabled": False,
                "RemoteAccessAllowed": False,
                "DicomModalities": {"us": ["RADROUTER", "127.0.0.1", house.port]},
                "Plugins": [],
            }
        )
    )
    program = [peer("Orthanc"), str(folder / "orthanc.json")]
    with subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as orthanc:
        assert until(lambda: _listens(http), 60)
        films_there = [
            _post(http, "/instances", films.write(f"{n}.dcm").read_bytes())["ID"] for n in range(3)
        ]
        _post(http, "/modalities/us/echo", b"{}")
        _post(http, "/modalities/us/store", json.dumps(films_there).encode())
        orthanc.terminate()
    assert len(house.stored()) == 3 and house.recorded[0][1].calling_ae_title == "ORTHANC"


def _post(port: int, path: str, body: bytes) -> Any:
    with urllib.request.urlopen(
        urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body)
    ) as answer:
        return json.loads(answer.read() or b"null")


def test_other_bytes_than_announced_are_a_mismatch(listener: Any, films: Any, data_set: Any) -> None:
    house = listener()
    film = data_set(films.write(SOPInstanceUID="1.2.3"))
    with rude(house.port) as peer:
        peer.command("1.2.4")
        peer.data(film)
        assert (answer := peer.answer()).status == 0xA900 and "SOPInstanceUID" in answer.error_comment
        peer.command("1.2.3")
        peer.data(film)
        assert peer.answer().status == 0x0000
    assert len(house.recorded) == 1 and not house.partial()


def test_a_sop_class_outside_its_context_is_not_supported(listener: Any, films: Any, data_set: Any) -> None:
    house = listener()
    with rude(house.port) as peer:
        peer.command("1.2.3", sop_class_uid="1.2.840.10008.5.1.4.1.1.2")
        peer.data(data_set(films.write(SOPInstanceUID="1.2.3")))
        assert peer.answer().status == 0x0122


@pytest.mark.parametrize("uid", ["..", "../../etc/passwd", "", "1.2.3/", "x"])
def test_a_uid_that_is_none_comes_near_no_path(listener: Any, films: Any, data_set: Any, uid: str) -> None:
    house = listener()
    with rude(house.port) as peer:
        peer.command(uid)
        peer.data(data_set(films.write()))
        assert (answer := peer.answer()).status == 0xC001 and "AffectedSOPInstanceUID" in answer.error_comment
    assert not house.stored() and not house.partial()


def test_fragments_may_be_cut_as_the_sender_likes(listener: Any, films: Any, data_set: Any) -> None:
    house = listener()
    film = data_set(films.write(SOPInstanceUID="1.2.3"))
    with rude(house.port) as peer:
        encoded = command.encode_store(7, sop_class_uid=CR, sop_instance_uid="1.2.3")
        for at in range(0, len(encoded), 5):
            peer.data(encoded[at : at + 5], is_command=True, is_last=False)
        peer.data(b"", is_command=True)
        items = b"".join(struct.pack(">IBBc", 3, 1, 0, bytes([byte])) for byte in film)
        pdu = struct.pack(">BxI", pdus.P_DATA_TF, len(items)) + items
        for at in range(0, len(pdu), 1000):
            peer.wire.send(pdu[at : at + 1000])
        peer.data(b"")
        assert peer.answer().status == 0
    assert data_set(house.stored()[0]) == film


def test_an_association_aborted_inside_an_object_leaves_nothing(listener: Any) -> None:
    house = listener()
    with rude(house.port) as peer:
        peer.command()
        peer.data(bytes(300_000), is_last=False)
        assert until(lambda: bool(house.partial()))
        peer.wire.send(pdus.abort(source=0, reason=0))
        assert until(lambda: not house.partial())
    assert not house.recorded and not house.stored()


def test_a_connection_cut_inside_an_object_leaves_nothing(listener: Any) -> None:
    house = listener()
    with rude(house.port) as peer:
        peer.command()
        peer.data(bytes(300_000), is_last=False)
        assert until(lambda: bool(house.partial()))
    assert until(lambda: not house.partial())
    assert not house.recorded and not house.stored()


@pytest.mark.parametrize("before", ["association", "object", "message"])
def test_a_silent_peer_is_hung_up_on(listener: Any, before: str) -> None:
    house = listener(timeouts=Timeouts(negotiation=0.3, stalled=0.3, idle=0.6))
    if before == "association":
        with socket.create_connection(("127.0.0.1", house.port), timeout=10) as connection:
            assert connection.recv(100)[:1] == bytes([pdus.A_ABORT])
        return
    with rude(house.port) as peer:
        if before == "object":
            peer.command()
            peer.data(b"half", is_last=False)
        assert peer.aborted() == (2, 0)
    assert until(lambda: not house.partial())


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        (bytes([99, 0, 0, 0, 0, 0]), 1),
        (struct.pack(">BxI", pdus.A_ASSOCIATE_AC, 0), 2),
        (struct.pack(">BxIIBB", pdus.P_DATA_TF, 6, 2, 1, 2), 5),  # a data set without a command
        (struct.pack(">BxIIBB", pdus.P_DATA_TF, 6, 2, 99, 3), 5),  # a command in no accepted context
    ],
)
def test_a_peer_that_breaks_the_protocol_is_aborted_with_the_reason(
    listener: Any, what: bytes, reason: int
) -> None:
    house = listener()
    with rude(house.port) as peer:
        peer.wire.send(what)
        assert peer.aborted() == (2, reason)


def test_an_operation_nobody_knows_is_answered_and_the_association_lives(listener: Any) -> None:
    house = listener()
    with rude(house.port) as peer:
        encoded = command.encode_store(7, sop_class_uid=CR, sop_instance_uid="1.2.3")
        peer.data(
            encoded.replace(b"\x00\x01\x02\x00\x00\x00\x01\x00", b"\x00\x01\x02\x00\x00\x00\x20\x00"),
            is_command=True,
        )
        peer.data(b"an identifier")
        assert peer.answer().status == 0x0211
        peer.command("..")
        peer.data(b"x")
        assert peer.answer().status == 0xC001


def test_past_the_hard_watermark_senders_are_turned_away_for_now_and_taken_again_by_itself(
    listener: Any, films: Any, here: dict[str, str]
) -> None:
    house = listener()
    film = films.write()
    with rude(house.port) as peer:
        house.inbox.hard = 1.0
        peer.command()
        peer.data(b"anything")
        assert peer.answer().status == 0xA700
    with pytest.raises(Unreachable, match="for now: temporary congestion"):
        send([film], port=house.port, **here)
    assert echo(port=house.port, **here) > 0
    house.inbox.hard = 0.0
    assert send([film], port=house.port, **here)[0].is_stored


def test_one_association_too_many_is_turned_away_for_now(listener: Any, here: dict[str, str]) -> None:
    house = listener(most_associations=2)
    with rude(house.port), rude(house.port), pytest.raises(Unreachable, match="for now: local limit"):
        echo(port=house.port, **here)
    assert until(lambda: _echoes(house.port, here))


def _echoes(port: int, here: dict[str, str]) -> bool:
    try:
        return echo(port=port, **here) > 0
    except Unreachable:
        return False


def test_many_associations_at_once_all_arrive(listener: Any, films: Any, here: dict[str, str]) -> None:
    house = listener(most_associations=40)
    paths = [films.write(f"{number}.dcm") for number in range(32)]
    with ThreadPoolExecutor(32) as pool:
        sent = list(pool.map(lambda path: send([path], port=house.port, **here)[0], paths))
    assert all(file.is_stored for file in sent), sent
    assert len(house.stored()) == len(house.recorded) == 32


def test_a_refused_caller_is_told_at_once_and_may_be_let_in_without_a_restart(
    listener: Any, films: Any, here: dict[str, str]
) -> None:
    house = listener(policy=policy_for("0.0.0.0", ()))
    with pytest.raises(Unreachable, match="for good: calling AE title not recognised"):
        echo(port=house.port, **here)
    [refusal] = house.refused
    assert (refusal.calling_ae_title, refusal.called_ae_title, refusal.address) == (
        "SENDER",
        "RADROUTER",
        "127.0.0.1",
    )
    assert "nobody is allowed yet" in refusal.reason
    house.policy = AccessPolicy(callers=(Caller(calling_ae_title="SENDER", network="127.0.0.0/8"),))
    assert send([films.write()], port=house.port, **here)[0].is_stored


def test_stopping_lets_an_object_on_its_way_in_arrive(listener: Any, films: Any, data_set: Any) -> None:
    house = listener()
    film = data_set(films.write(SOPInstanceUID="1.2.3"))
    with rude(house.port) as peer, rude(house.port) as idle:
        peer.command("1.2.3")
        peer.data(film[:100], is_last=False)
        assert until(lambda: bool(house.partial()))
        house.stop.set()
        assert idle.aborted() == (0, 0)
        peer.data(film[100:])
        assert peer.answer().status == 0
        assert peer.aborted() == (0, 0)
    house.halt()
    assert len(house.recorded) == 1


def test_two_processes_share_a_port_and_their_senders(tmp_path: Path) -> None:
    with open_socket("127.0.0.1", 0) as listening:
        command_line = [sys.executable, "-c", SIBLING, str(listening.fileno()), str(tmp_path)]
        with contextlib.ExitStack() as stack:
            siblings = [
                stack.enter_context(
                    subprocess.Popen(command_line, pass_fds=[listening.fileno()], stdout=-1, stdin=-1)
                )
                for _ in range(2)
            ]
            for sibling in siblings:
                assert sibling.stdout is not None and sibling.stdout.readline() == b"ready\n"
            peers = [stack.enter_context(rude(listening.getsockname()[1])) for _ in range(24)]
            counts = [_count(sibling) for sibling in siblings]
            assert sum(counts) == len(peers) and min(counts) >= 2
            for sibling in siblings:
                sibling.kill()


def _count(sibling: Any) -> int:
    sibling.stdin.write(b"how many\n")
    sibling.stdin.flush()
    return int(sibling.stdout.readline())


SIBLING = """
import pathlib, socket, sys, threading
from dicom_scp.access import policy_for
from dicom_scp.inbox import Inbox
from dicom_scp.listener import ListenerSettings, serve
threading.Thread(target=serve, daemon=True, args=(ListenerSettings(),), kwargs=dict(
    record=None, refuse=print, policy=lambda: policy_for("127.0.0.1", ()),
    inbox=Inbox(pathlib.Path(sys.argv[2])), stop=threading.Event(),
    listening=socket.socket(fileno=int(sys.argv[1])))).start()
import time; time.sleep(0.5)
print("ready", flush=True)
for line in sys.stdin:
    print(sum(thread.name == "association" for thread in threading.enumerate()), flush=True)
"""
