"""What happens, as it happens: server-sent events out of the audit, as it is or as news for viewers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Header, Query
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from db.read import AuditEntry
from router.errors import OutOfResources
from router.news import News, Word
from service.api.out_instances import audit_entry_out
from service.api.ports import Needed, Needs
from service.api.problems import not_understood
from service.api.seats import Seats
from service.api.shape import Out, Shown, Uid
from service.api.tokens import READER

POLL_S = 0.5
RETRY_MS = 2000
BATCH = 200
MOST_RECENT_ID = 2**63 - 1

router = APIRouter(tags=["events"], dependencies=READER)


class About(StrEnum):
    """What a stream tells of."""

    AUDIT = "audit"
    HANGING = "hanging"


class NewsOut(Out):
    """One change of a film's answer; no patient is named."""

    id: int
    word: Word
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    modality: Shown | None
    calling_ae_title: Shown
    at: datetime
    study_pending: int


class EventStream(StreamingResponse):
    """An answer that gives its seat back however it ends, even when its reader left before the first byte."""

    media_type = "text/event-stream"

    def __init__(self, content: AsyncIterator[str], seats: Seats) -> None:
        super().__init__(content, headers={"X-Accel-Buffering": "no"})  # proxies would hold events back
        self._seats = seats

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._seats.give_back()


def as_event(entry: AuditEntry) -> str:
    """One entry in the words of the event stream format (HTML standard, section 9.2)."""
    return f"id: {entry.id}\nevent: {entry.event}\ndata: {audit_entry_out(entry).model_dump_json()}\n\n"


Look = Callable[[int], tuple[str, int]]  # what is to be told behind an entry, and the last entry looked at


def audit_look(needs: Needs) -> Look:
    """Every entry of the audit."""

    def look(after: int) -> tuple[str, int]:
        entries = needs.queries.changes(after, BATCH)
        return "".join(as_event(entry) for entry in entries), entries[-1].id if entries else after

    return look


def hanging_look(needs: Needs, study_instance_uid: str | None) -> Look:
    """What changes a film's or a study's answer, of one study or of all."""

    def look(after: int) -> tuple[str, int]:
        bulletin = needs.newsroom.after(after, BATCH)
        told = (news for news in bulletin.news if study_instance_uid in (None, news.study_instance_uid))
        return "".join(as_news(news) for news in told), bulletin.upto

    return look


def as_news(news: News) -> str:
    """One piece of news in the words of the event stream format."""
    data = NewsOut.model_validate(news)
    return f"id: {news.id}\nevent: hanging\ndata: {data.model_dump_json()}\n\n"


async def stream(needs: Needs, after: int, look: Look) -> AsyncIterator[str]:
    """Events later than ``after`` until the reader leaves, the service stops or the database is away.

    The reader comes back by itself with ``Last-Event-ID`` and misses nothing.
    """
    yield f"retry: {RETRY_MS}\n\n"
    quiet = 0.0
    while not needs.stopping.is_set():
        try:
            told, upto = await anyio.to_thread.run_sync(look, after)
        except OutOfResources:
            return
        if told:
            quiet = 0.0
            yield told
        if upto > after:
            after = upto
            continue
        await anyio.sleep(POLL_S)
        quiet += POLL_S
        if quiet >= needs.heartbeat_s:
            quiet = 0.0
            yield ": still here\n\n"


@router.get(
    "/events",
    status_code=HTTPStatus.OK,
    response_class=EventStream,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
def events(
    needs: Needed,
    after: Annotated[
        int | None, Query(ge=0, le=MOST_RECENT_ID, description="number of the last known entry")
    ] = None,
    about: Annotated[About, Query(description="every audit entry, or what changes a film's answer")] = (
        About.AUDIT
    ),
    study_instance_uid: Annotated[Uid | None, Query(description="one study; with about=hanging")] = None,
    last_event_id: Annotated[
        str | None, Header(description="as `after`; sent by browsers themselves")
    ] = None,
) -> EventStream:
    """What happens to instances, as it happens: one server-sent event per audit entry.

    With `about=hanging` one event per change of a film's answer instead, each named `hanging`: what happened,
    to which film of which study, and how many films of the study still wait. `study_instance_uid` narrows
    them to one study.
    """
    if study_instance_uid is not None and about is not About.HANGING:
        raise not_understood("query", "study_instance_uid", "goes with about=hanging")
    start = _start(last_event_id, after)
    if start is None:
        start = needs.queries.counts().audit_id
    needs.seats.take()
    look = hanging_look(needs, study_instance_uid) if about is About.HANGING else audit_look(needs)
    return EventStream(stream(needs, start, look), needs.seats)


def _start(last_event_id: str | None, after: int | None) -> int | None:
    """Where to begin; a browser that comes back knows better than the address it asked at first."""
    if last_event_id is None:
        return after
    if not last_event_id.isascii() or not last_event_id.isdigit() or int(last_event_id[:20]) > MOST_RECENT_ID:
        raise not_understood("header", "last-event-id", "this is not the number of an audit entry")
    return int(last_event_id)
