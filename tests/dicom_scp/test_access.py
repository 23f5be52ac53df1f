from __future__ import annotations

import pytest

from dicom_scp.access import AccessPolicy, Caller, admit, is_loopback, policy_for

ALLOWED = (Caller(calling_ae_title="CR?", network="10.1.0.0/16"), Caller(calling_ae_title="PACS"))
LIST = AccessPolicy(callers=ALLOWED)


@pytest.mark.parametrize(
    ("calling", "address", "comes_in"),
    [
        ("CR1", "10.1.2.3", True),
        ("CR1", "::ffff:10.1.2.3", True),  # an IPv4 caller on a dual-stack socket
        ("CR1", "10.2.2.3", False),
        ("CR12", "10.1.2.3", False),
        ("cr1", "10.1.2.3", False),
        ("PACS", "192.168.7.7", True),
        ("PACS", "fd00::1", True),
        ("OTHER", "10.1.2.3", False),
        ("", "10.1.2.3", False),
        ("CR1", "not an address", False),
    ],
)
def test_the_list_decides_by_title_and_network(calling: str, address: str, comes_in: bool) -> None:
    assert (admit(calling, "ANY", address, policy=LIST) is None) == comes_in


@pytest.mark.parametrize(
    ("host", "callers", "comes_in"),
    [
        ("127.0.0.1", (), True),
        ("::1", (), True),
        ("localhost", (), True),
        ("0.0.0.0", (), False),
        ("10.1.2.3", (), False),
        ("radrouter.example", (), False),
        ("127.0.0.1", ALLOWED, False),
    ],
)
def test_without_a_list_only_loopback_is_open(host: str, callers: tuple[Caller, ...], comes_in: bool) -> None:
    assert (admit("ANYBODY", "US", "127.0.0.1", policy=policy_for(host, callers)) is None) == comes_in


def test_a_stranger_for_somebody_else_is_told_so() -> None:
    policy = policy_for("127.0.0.1", (), called_ae_titles=("RADROUTER", "RR2"))
    assert admit("A", "RR2", "127.0.0.1", policy=policy) is None
    denial = admit("A", "PACS", "127.0.0.1", policy=policy)
    assert denial is not None and denial.is_called and "PACS" in denial.reason


def test_a_network_that_is_none_is_refused_when_it_is_written() -> None:
    with pytest.raises(ValueError, match="999"):
        Caller(network="10.1.999.0/24")


def test_every_address_of_loopback_is_loopback() -> None:
    assert is_loopback("127.9.9.9") and not is_loopback("0.0.0.0")
