"""Whoever guesses tokens is told to wait; whoever has one is not."""

from __future__ import annotations

from typing import Any

from service.api.attempts import WrongTokens


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_after_too_many_one_waits_until_the_first_is_long_ago() -> None:
    clock = Seconds()
    wrong = WrongTokens(most=2, within_s=60, clock=clock)
    assert wrong.count("10.0.0.1") is None
    clock.now = 10
    assert wrong.count("10.0.0.1") is None
    refused = wrong.count("10.0.0.1")
    assert refused is not None and refused.status_code == 429
    assert refused.headers is not None and refused.headers["Retry-After"] == "50"
    assert wrong.count("10.0.0.2") is None
    clock.now = 60
    assert wrong.count("10.0.0.1") is None


def test_only_so_many_addresses_are_remembered() -> None:
    wrong = WrongTokens(most=1, most_addresses=2, clock=Seconds())
    for address in ("a", "b", "c"):
        wrong.count(address)
    assert wrong.count("c") is not None
    assert wrong.count("a") is None


def test_a_right_token_is_taken_all_the_while(house: Any) -> None:
    client = house.client(settings=house.settings(tokens=True))
    wrong = {"Authorization": "Bearer wrong"}
    answers = [client.get("/api/v1/studies", headers=wrong).status_code for _ in range(21)]
    assert answers == [401] * 20 + [429]
    assert client.get("/api/v1/studies").status_code == 401  # without any token nobody guessed
    assert client.get("/api/v1/studies", headers={"Authorization": "Bearer r-secret"}).status_code == 200
