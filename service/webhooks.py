"""Telling webhooks: news go from the audit into the outbox, from there to an address, until they arrive.

One thread per target, so that a dead one holds nobody up. At least once, in order for each film; the receiver
knows a repeat by its ``Idempotency-Key``.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

from db.deliveries import Deliveries
from db.news import Newsroom
from db.read_webhooks import Delivery, NewDelivery
from router.errors import OutOfResources
from router.news import Interest, News, Word
from router.retry import RetryPolicy, retry_delay
from service.posting import NotDelivered, post
from service.sections_webhooks import Webhook, Webhooks
from service.signing import EVENT, KEY, SIGNATURE, TIMESTAMP, signature

log = logging.getLogger(__name__)

ENTRIES_AT_ONCE = 500
AT_ONCE = 8  # deliveries taken together
AWAY_S = 2.0  # until the database is asked again
TIDY_EVERY_S = 3600.0
LOOK_EVERY_S = 1.0
PING = "ping"
HANGING = "/api/v1/hanging"
Send = Callable[..., None]


def body_of(news: News, word: Word) -> Mapping[str, Any]:
    """What a message says: where to look, never what a patient is called."""
    body: dict[str, Any] = {
        "event_id": event_id(news, word),
        "event": word,
        "at": news.at.isoformat(),
        "study_instance_uid": news.study_instance_uid,
        "study_pending": news.study_pending,
    }
    if word is Word.STUDY:
        return body | {"href": f"{HANGING}/studies/{news.study_instance_uid}"}
    return body | {
        "sop_instance_uid": news.sop_instance_uid,
        "series_instance_uid": news.series_instance_uid,
        "modality": news.modality,
        "calling_ae_title": news.calling_ae_title,
        "href": f"{HANGING}/instances/{news.sop_instance_uid}",
    }


def event_id(news: News, word: Word) -> str:
    """The same for every attempt, and for every webhook that hears of it."""
    return f"{news.id}.{word}"


def told_of(news: Sequence[News], interest: Interest) -> list[NewDelivery]:
    """The messages that news read together make; a study is told once, with its latest film."""
    latest = {one.study_instance_uid: one.id for one in news}
    return [
        _new(one, word)
        for one in news
        for word in interest.words_for(one)
        if word is not Word.STUDY or latest[one.study_instance_uid] == one.id
    ]


def interest_of(target: Webhook) -> Interest:
    """What a target wants to hear."""
    return Interest(
        words=frozenset(target.events),
        calling_ae_titles=frozenset(target.calling_ae_titles),
        modalities=frozenset(target.modalities),
    )


def send(target: Webhook, key: str, event: str, body: Mapping[str, Any], *, timeout_s: float) -> None:
    """Sign a message and post it. Raises NotDelivered."""
    written = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    now = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "radrouter",
        EVENT: event,
        KEY: key,
        TIMESTAMP: str(now),
        SIGNATURE: signature(target.secret.get_secret_value(), now, written),
    }
    post(target.url, headers, written, timeout_s=timeout_s, ca=target.ca)


class Teller:
    """Tells one target, step by step."""

    def __init__(
        self,
        target: Webhook,
        told: Webhooks,
        deliveries: Deliveries,
        newsroom: Newsroom,
        *,
        send: Send = send,
    ) -> None:
        self._target = target
        self._told = told
        self._deliveries = deliveries
        self._newsroom = newsroom
        self._send = send
        self._interest = interest_of(target)
        self._policy = RetryPolicy(
            base=timedelta(seconds=told.first_delay_s),
            cap=timedelta(seconds=told.longest_delay_s),
            max_attempts=told.attempts,
        )

    def run(self, stop: Event) -> None:
        """Tell until ``stop``."""
        while not stop.is_set():
            try:
                wait = 0.0 if self.step(stop) else self._told.poll_s
            except OutOfResources as error:
                log.warning("webhook %s waits: %s", self._target.name, error)
                wait = AWAY_S
            stop.wait(wait)

    def step(self, stop: Event) -> bool:
        """Take up what is new and deliver what is due; False when there was neither."""
        place = self._deliveries.place(self._target.name)
        bulletin = self._newsroom.after(place, ENTRIES_AT_ONCE)
        if bulletin.upto > place:
            due = told_of(bulletin.news, self._interest)
            self._deliveries.fill(self._target.name, due, after=place, upto=bulletin.upto)
        # All that are taken together may fail slowly, one after the other.
        lease = timedelta(seconds=AT_ONCE * self._told.timeout_s + 60)
        taken = self._deliveries.take(self._target.name, AT_ONCE, lease=lease)
        for delivery in taken:
            if stop.is_set():
                self._deliveries.again(delivery.id, "the service stopped", datetime.now(UTC))
            else:
                self._deliver(delivery)
        return bool(taken) or bulletin.upto > place

    def _deliver(self, delivery: Delivery) -> None:
        try:
            self._send(
                self._target,
                delivery.event_id,
                delivery.event,
                delivery.body,
                timeout_s=self._told.timeout_s,
            )
        except NotDelivered as error:
            self._fail(delivery, error)
        else:
            self._deliveries.delivered(delivery.id)

    def _fail(self, delivery: Delivery, error: NotDelivered) -> None:
        delay = retry_delay(error, delivery.attempts, policy=self._policy, jitter=random.random())
        name, key = self._target.name, delivery.event_id
        if delay is None:
            log.error("webhook %s gives up %s after %d attempts: %s", name, key, delivery.attempts, error)
            self._deliveries.give_up(delivery.id, str(error))
        else:
            log.warning("webhook %s did not get %s: %s", name, key, error)
            self._deliveries.again(delivery.id, str(error), datetime.now(UTC) + delay)


def _new(news: News, word: Word) -> NewDelivery:
    return NewDelivery(
        event_id=event_id(news, word),
        event=word,
        sop_instance_uid=None if word is Word.STUDY else news.sop_instance_uid,
        study_instance_uid=news.study_instance_uid,
        body=body_of(news, word),
    )


def tell_all(told: Webhooks, deliveries: Deliveries, newsroom: Newsroom, stop: Event) -> None:
    """Tell every target until ``stop``; forget what ended long ago.

    Raises:
        RuntimeError: one thread ended by itself; the process should not pretend that all is well.
    """
    tellers = [Teller(target, told, deliveries, newsroom) for target in told.targets]
    threads = [Thread(target=teller.run, args=(stop,), daemon=True) for teller in tellers]
    for thread in threads:
        thread.start()
    tidy_at = 0.0
    while not stop.wait(LOOK_EVERY_S):
        if not all(thread.is_alive() for thread in threads):
            raise RuntimeError("a webhook's thread ended by itself")
        if time.monotonic() >= tidy_at:
            tidy_at = time.monotonic() + TIDY_EVERY_S
            _forget(deliveries, timedelta(days=told.keep_days))
    for thread in threads:
        thread.join(told.timeout_s + 1)


def _forget(deliveries: Deliveries, age: timedelta) -> None:
    try:
        deliveries.forget(datetime.now(UTC) - age)
    except OutOfResources as error:
        log.warning("old messages are not forgotten yet: %s", error)
