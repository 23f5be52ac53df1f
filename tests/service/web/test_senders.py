"""Senders: allowed with a click, revoked with another, and everything noted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from router.types import Refusal
from service.web.senders import networks_of


@pytest.fixture
def knock(pages: Any) -> Any:
    def refuse(title: str = "XRAY7", address: str = "10.1.2.3") -> None:
        pages.house.callers.refuse(
            Refusal(
                calling_ae_title=title,
                called_ae_title="ROUTER",
                address=address,
                reason="the calling AE title is not on the list",
                at=datetime.now(UTC),
            )
        )

    return refuse


def actions(pages: Any) -> list[tuple[str, str, Any]]:
    return [(each.actor, each.action, dict(each.detail)) for each in pages.house.actions.page(50).items]


def test_an_empty_list_says_how_to_begin(reader: Any) -> None:
    words = reader.text("/senders")
    assert "Nobody was turned away." in words
    assert "echoscu -aet ITS_TITLE -aec RADROUTER 127.0.0.1 11112" in words
    assert "from anybody on this machine" in words


def test_who_knocked_is_let_in_with_a_click(pages: Any, reader: Any, admin: Any, knock: Any) -> None:
    knock()
    knock()
    words = reader.text("/senders")
    assert "XRAY7 called ROUTER, not RADROUTER 10.1.2.3 the calling AE title is not on the list 2" in words
    assert "Let in" not in words
    page = admin.get("/senders").text
    assert '<option value="10.1.2.0/24">' in page
    answer = admin.send("/senders/allow", calling_ae_title="XRAY7", network="10.1.2.3/32")
    assert answer.headers["location"] == "/senders"
    assert "allowed by now" in reader.text("/senders") and "10.1.2.3/32 admin," in reader.text("/senders")
    network = {"calling_ae_title": "XRAY7", "network": "10.1.2.3/32"}
    assert actions(pages) == [("admin", "sender allowed", network)]
    assert admin.send("/senders/revoke", **network).status_code == 303
    assert "Revoked by" in reader.text("/senders")
    assert actions(pages)[0] == ("admin", "sender revoked", network)
    assert admin.send("/senders/revoke", **network).status_code == 404


def test_rest_and_the_page_note_the_same(pages: Any) -> None:
    with pages.house.client() as rest:
        body = {"calling_ae_title": "XRAY7", "network": "10.1.2.3"}
        assert rest.post("/api/v1/callers/allowed", json=body).status_code == 201
    assert actions(pages)[0][:2] == ("local", "sender allowed")


@pytest.mark.parametrize(
    ("title", "network"), [("", "10.1.2.3"), ("X" * 17, "10.1.2.3"), ("XRAY7", "everywhere")]
)
def test_what_is_no_sender_is_told(pages: Any, admin: Any, title: str, network: str) -> None:
    answer = admin.send("/senders/allow", calling_ae_title=title, network=network)
    assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert not pages.house.callers.allowed()


def test_only_an_admin_changes_who_may_send(pages: Any, reviewer: Any, nobody: Any) -> None:
    network = {"calling_ae_title": "XRAY7", "network": "10.1.2.3"}
    assert reviewer.send("/senders/allow", **network).status_code == 403
    assert nobody.send("/senders/allow", **network).status_code == 303  # to the sign-in page
    assert not pages.house.callers.allowed()


@pytest.mark.parametrize(
    ("address", "networks"),
    [
        ("10.1.2.3", ["10.1.2.3/32", "10.1.2.0/24", "10.1.0.0/16"]),
        ("fd00::1", ["fd00::1/128", "fd00::/64", "fd00::/48"]),
        ("somewhere", []),
    ],
)
def test_from_where_a_caller_can_be_let_in(address: str, networks: list[str]) -> None:
    assert [network for network, _ in networks_of(address)] == networks
