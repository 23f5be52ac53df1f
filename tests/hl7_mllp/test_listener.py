"""The listener over real connections: python-hl7's own client, and one that misbehaves."""

from __future__ import annotations

import logging
import random
import ssl
import subprocess
import threading
import time

import hl7
import pytest
from hl7.client import MLLPClient

from hl7_mllp.framing import block
from hl7_mllp.listener import is_in
from router.errors import OutOfResources


def raw(lines) -> bytes:
    return ("\r".join(lines) + "\r").encode()


def code(answer: str) -> str:
    return str(hl7.parse(answer)["MSA"][0][1])


def test_the_client_of_python_hl7_is_answered_aa_after_the_commit(listener, orm) -> None:
    house = listener()
    with MLLPClient("127.0.0.1", house.port) as client:
        answer = client.send_message(hl7.parse("\r".join(orm)))
    assert code(answer.strip(b"\x0b\x1c\r").decode()) == "AA"
    ((order, text),) = house.recorded
    assert order.order_number == "FI1"
    assert text == "\r".join(orm)
    assert house.counted == ["new"]


def test_no_answer_is_given_before_the_commit(listener, sender, orm) -> None:
    house = listener()
    house.gate.clear()
    peer = sender(house.port)
    peer.send(block(raw(orm)))
    peer.socket.settimeout(0.4)
    with pytest.raises(TimeoutError):
        peer.answer()
    peer.socket.settimeout(10)
    house.gate.set()
    assert code(peer.answer()) == "AA"


def test_many_messages_on_one_connection_are_answered_in_order(listener, sender, orm) -> None:
    house = listener()
    peer = sender(house.port)
    stream = b"".join(block(raw(orm).replace(b"MSG1", b"M%d" % number)) for number in range(20))
    for at in range(0, len(stream), 97):
        peer.send(stream[at : at + 97])
    answers = [hl7.parse(peer.answer()) for _ in range(20)]
    assert [str(answer["MSA"][0][2]) for answer in answers] == [f"M{number}" for number in range(20)]


def test_connections_do_not_wait_for_each_other(listener, sender, orm) -> None:
    house = listener()
    silent = sender(house.port)
    silent.send(b"\x0bMSH|")
    peer = sender(house.port)
    peer.send(block(raw(orm)))
    assert code(peer.answer()) == "AA"


def test_a_bad_message_is_kept_counted_and_refused_with_its_reason(listener, sender, orm, caplog) -> None:
    house = listener()
    peer = sender(house.port)
    bad = raw(orm).replace(b"ORC|NW|", b"ORC|QQ|")
    with caplog.at_level(logging.DEBUG):
        peer.send(block(bad))
        answer = peer.answer()
    assert code(answer) == "AE"
    assert "ORC-1" in answer
    assert [kept for kept, _ in house.kept] == [bad]
    assert house.counted == ["refused"]
    assert "Doe" not in caplog.text and "4711" not in caplog.text
    peer.send(block(raw(orm)))
    assert code(peer.answer()) == "AA"


def test_a_message_of_another_kind_is_rejected(listener, sender, orm) -> None:
    peer = sender(listener().port)
    peer.send(block(raw(orm).replace(b"ORM^O01", b"ADT^A08")))
    assert code(peer.answer()) == "AR"


def test_the_database_away_is_no_fault_of_the_message(listener, sender, orm) -> None:
    house = listener()
    house.fails = OutOfResources("away")
    peer = sender(house.port)
    peer.send(block(raw(orm)))
    assert code(peer.answer()) == "AR"
    assert (house.kept, house.counted) == ([], ["not_now"])
    house.fails = None
    peer.send(block(raw(orm)))
    assert code(peer.answer()) == "AA"


def test_an_error_of_ours_is_answered_and_its_text_stays_out_of_the_log(
    listener, sender, orm, caplog
) -> None:
    house = listener()
    house.fails = KeyError("Doe^Jane")
    peer = sender(house.port)
    peer.send(block(raw(orm)))
    assert code(peer.answer()) == "AR"
    assert "KeyError" in caplog.text
    assert "Doe" not in caplog.text


def test_a_message_beyond_the_limit_is_refused_and_the_connection_ends(listener, sender, orm) -> None:
    house = listener(longest_message=2000)
    peer = sender(house.port)
    peer.send(b"\x0b" + raw(orm) + b"NTE|1||" + b"x" * 3000)
    answer = peer.answer()
    assert code(answer) == "AE"
    assert "MSG1" in answer and "2000" in answer
    assert peer.answer() == ""


def test_a_silent_connection_is_closed(listener, sender) -> None:
    house = listener(idle_s=0.3, stalled_s=0.2)
    idle, stalled = sender(house.port), sender(house.port)
    stalled.send(b"\x0bMSH|^~")
    start = time.monotonic()
    assert stalled.answer() == ""
    assert idle.answer() == ""
    assert time.monotonic() - start < 5


def test_more_connections_than_allowed_are_closed(listener, sender, orm) -> None:
    house = listener(most_connections=2)
    peers = [sender(house.port) for _ in range(2)]
    for peer in peers:
        peer.send(block(raw(orm)))
        assert code(peer.answer()) == "AA"
    assert sender(house.port).answer() == ""


def test_a_foreign_network_is_turned_away(listener, sender, caplog) -> None:
    house = listener(open_to_all=False, networks=("10.0.0.0/8",))
    assert sender(house.port).answer() == ""
    assert "allowed_networks" in caplog.text


@pytest.mark.parametrize(
    ("address", "networks", "inside"),
    [
        ("10.1.2.3", ("10.1.0.0/16",), True),
        ("10.2.2.3", ("10.1.0.0/16", "10.2.2.3"), True),
        ("::ffff:10.1.2.3", ("10.1.0.0/16",), True),
        ("fe80::1%eth0", ("fe80::/10",), True),
        ("10.2.2.3", (), False),
        ("?", ("0.0.0.0/0",), False),
    ],
)
def test_an_address_is_in_a_network_or_not(address, networks, inside) -> None:
    assert is_in(address, networks) is inside


def test_a_message_under_way_is_answered_when_we_stop(listener, sender, orm) -> None:
    house = listener(drain_s=5)
    house.gate.clear()
    peer = sender(house.port)
    peer.send(block(raw(orm)))
    threading.Timer(0.8, house.gate.set).start()
    # the fixture stops the listener when this test ends; the answer must come all the same
    answer = []
    reader = threading.Thread(target=lambda: answer.append(peer.answer()))
    reader.start()
    reader.join(10)
    assert code(answer[0]) == "AA"


def test_tls_is_spoken_where_it_is_set(listener, orm, tmp_path) -> None:
    import socket

    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    ask = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    more = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*ask.split(), *more], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    house = listener(tls=context)
    trust = ssl.create_default_context(cafile=str(certificate))
    with (
        socket.create_connection(("127.0.0.1", house.port), timeout=10) as plain,
        trust.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        secure.sendall(block(raw(orm)))
        assert b"MSA|AA" in secure.recv(4096)


def test_damaged_streams_leave_the_listener_answering(listener, sender, orm) -> None:
    house = listener(longest_message=5000, most_connections=500)
    dice = random.Random(5)
    whole = block(raw(orm))
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 8)):
            at = dice.randrange(len(damaged))
            damaged[at : at + dice.randint(0, 20)] = dice.randbytes(dice.randint(0, 20))
        peer = sender(house.port)
        peer.send(bytes(damaged))
        peer.close()
    peer = sender(house.port)
    peer.send(whole)
    assert code(peer.answer()) == "AA"
