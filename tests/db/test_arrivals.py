from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from db.instances import Instances
from db.queries import Queries

LEASE = timedelta(minutes=1)


def test_the_last_minutes_as_they_were(
    instances: Instances,
    queries: Queries,
    receive: Callable[..., Any],
    analysis: Callable[..., Any],
    clock: Any,
) -> None:
    assert queries.arriving(minutes=30, most=10).per_minute == (0,) * 30
    receive(1)
    clock.forward(timedelta(minutes=40))  # the first is too long ago
    receive(2)
    receive(3)
    clock.forward(timedelta(minutes=2))
    receive(4)
    clock.forward(timedelta(seconds=3))
    for claim in instances.claim(10, lease=LEASE, worker="test"):
        if claim.instance.sop_instance_uid.endswith(".3"):
            instances.fail(claim, "nothing decodes it")
        else:
            instances.finish(claim, analysis())
    now = queries.arriving(minutes=30, most=2)
    assert now.per_minute == (0,) * 27 + (2, 0, 1)
    assert [(film.sop_instance_uid, film.view, film.seconds) for film in now.films] == [
        ("1.2.3.4", "chest_pa_ap", 3.0),
        ("1.2.3.3", None, None),
    ]
    assert now.films[1].reason == "nothing decodes it"
    assert now.waits_s == (3.0, 123.0, 2523.0)
    assert [(sender.films, sender.last_at) for sender in now.senders] == [(3, now.films[0].received_at)]
    assert queries.stored_bytes() > 0


def test_a_film_sent_anew_waits_for_its_answer(
    instances: Instances,
    queries: Queries,
    receive: Callable[..., Any],
    analysis: Callable[..., Any],
    clock: Any,
) -> None:
    receive(1)
    (claim,) = instances.claim(10, lease=LEASE, worker="test")
    instances.finish(claim, analysis())
    clock.forward(timedelta(minutes=1))
    receive(1, content="b")
    (film,) = queries.arriving(minutes=30, most=10).films
    assert film.seconds is None
