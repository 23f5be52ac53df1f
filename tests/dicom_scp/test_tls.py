from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dicom_scp.link import Unreachable
from dicom_scp.sender import echo, send
from dicom_scp.tls import TlsSettings, client_context, server_context
from router.errors import SettingsError


@pytest.fixture
def certificate(tmp_path: Path, peer: Callable[[str], str]) -> Callable[[str], TlsSettings]:
    """Make a key and a certificate that signs itself; settings that trust it alone."""

    def make(name: str) -> TlsSettings:
        key, pem = tmp_path / f"{name}.key", tmp_path / f"{name}.pem"
        command = [peer("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        names = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
        subprocess.run([*command, *names, "-keyout", key, "-out", pem], check=True, capture_output=True)
        return TlsSettings(certificate=pem, key=key, authorities=pem)

    return make


def as_listener(mine: TlsSettings, trusted: TlsSettings) -> TlsSettings:
    return TlsSettings(
        certificate=mine.certificate,
        key=mine.key,
        authorities=trusted.certificate,
        require_peer_certificate=True,
    )


def as_sender(mine: TlsSettings, trusted: TlsSettings) -> TlsSettings:
    return TlsSettings(certificate=mine.certificate, key=mine.key, authorities=trusted.certificate)


def test_a_sender_with_its_certificate_stores_over_tls(
    listener: Any, films: Any, here: dict[str, str], certificate: Callable[[str], TlsSettings], data_set: Any
) -> None:
    us, them = certificate("us"), certificate("them")
    house = listener(tls=as_listener(us, them))
    film = films.write(PixelData=bytes(range(256)) * 8000)
    [sent] = send([film], port=house.port, tls=as_sender(them, us), **here)
    assert sent.is_stored
    assert data_set(house.stored()[0]) == data_set(film)


def test_dcmtk_stores_over_tls(
    listener: Any, films: Any, peer: Callable[[str], str], certificate: Callable[[str], TlsSettings]
) -> None:
    us, them = certificate("us"), certificate("them")
    house = listener(tls=as_listener(us, them))
    tls = ["+tls", str(them.key), str(them.certificate), "+cf", str(us.certificate)]
    command = [peer("storescu"), *tls, "127.0.0.1", str(house.port), str(films.write())]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(house.stored()) == 1


def test_strangers_without_a_trusted_certificate_are_refused_and_told_on(
    listener: Any, here: dict[str, str], certificate: Callable[[str], TlsSettings]
) -> None:
    us, them, stranger = certificate("us"), certificate("them"), certificate("stranger")
    house = listener(tls=as_listener(us, them))
    for tls in (as_sender(stranger, us), TlsSettings(authorities=us.certificate), None):
        with pytest.raises(Unreachable):
            echo(port=house.port, tls=tls, **here)
    assert house.refused and all(refusal.reason.startswith("TLS") for refusal in house.refused)
    assert echo(port=house.port, tls=as_sender(them, us), **here) > 0


def test_only_what_bcp_195_recommends_is_spoken(certificate: Callable[[str], TlsSettings]) -> None:
    context = server_context(certificate("us"))
    assert context.minimum_version.name == "TLSv1_2"
    ciphers = {cipher["name"] for cipher in context.get_ciphers()}
    assert all(name.startswith(("TLS_AES", "TLS_CHACHA20", "ECDHE-")) for name in ciphers), ciphers
    assert all("GCM" in name or "POLY1305" in name for name in ciphers)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (TlsSettings(), "needs a certificate"),
        (TlsSettings(certificate=Path("a"), require_peer_certificate=True), "which authorities"),
        (TlsSettings(certificate=Path("/nowhere.pem")), "/nowhere.pem cannot be used"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_a_port_is_open(
    settings: TlsSettings, says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        server_context(settings)


def test_a_sender_checks_the_listener_s_name() -> None:
    assert client_context(TlsSettings()).check_hostname
