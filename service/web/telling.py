"""What happened to a film, entry by entry of its audit, in sentences for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.read import AuditEntry
from router.types import Event
from service.web.rendering import percent, words

Detail = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One entry of the audit as a sentence."""

    id: int
    at: datetime
    event: Event
    sentence: str


def told(entry: AuditEntry) -> Told:
    """The entry in words; one of an event that has none of its own is told by its name."""
    say = SENTENCES.get(entry.event)
    sentence = say(entry.detail) if say else f"{words(entry.event).capitalize()}."
    return Told(id=entry.id, at=entry.at, event=entry.event, sentence=sentence)


def _arrival(detail: Detail) -> str:
    sender, address = detail.get("calling_ae_title", ""), detail.get("address", "")
    if detail.get("via") == "import":
        return address if address.startswith("uploaded by") else "by an import"
    return f"by {sender} ({address})"


def _received(detail: Detail) -> str:
    if detail.get("via") == "import":
        return f"Taken in, {_arrival(detail)}."
    return f"Sent {_arrival(detail)}, stored and acknowledged."


def _predicted(detail: Detail) -> str:
    view = detail.get("view")
    if not view:
        return "Only models in shadow named a view; none was stated."
    model = f"{view['model']['name']}@{view['model']['version']}"
    return f"{model} named the view {words(view['view'])}, score {percent(view['score'])}."


def _routed(detail: Detail) -> str:
    matched = ", ".join(f"“{name}”" for name in detail.get("matched", ())) or "no rule"
    wanted = [*detail.get("analyse", ()), *(f"to {name}" for name in detail.get("destinations", ()))]
    asked = f"; asked for: {', '.join(wanted)}" if wanted else "; nothing further was asked for"
    return f"Routed by {matched}{asked}."


def _analysed(detail: Detail) -> str:
    ran = ", ".join(f"{model['name']}@{model['version']}" for model in detail.get("models_run", ()))
    found = [
        f"{words(each['label'])} {percent(each.get('probability', each['score']))}"
        for each in detail.get("findings", ())
        if each.get("mode") == "active"
    ]
    parts = [f"Models that ran: {ran or 'none'}"]
    parts += [f"found: {', '.join(found)}"] if found else []
    parts += [f"no active pack: {', '.join(detail['models_absent'])}"] if detail.get("models_absent") else []
    silent = [f"{each['model']['name']}: {each['reason']}" for each in detail.get("models_silent", ())]
    return "; ".join(parts + silent) + "."


def _done(detail: Detail) -> str:
    duration = detail.get("duration_ms")
    took = f" in {duration:.0f} ms" if duration is not None else ""
    reason = f" without a view: {detail['reason']}" if detail.get("reason") else ""
    return f"Done{took}{reason}."


def _requeued(detail: Detail) -> str:
    by = detail.get("by", "somebody")
    if by == "worker":
        return f"Back to the queue: {detail.get('reason', 'the worker stopped')}."
    return f"Asked to be analysed again by {by}."


def _reviewed(detail: Detail) -> str:
    said = {"confirm": "confirmed", "correct": "corrected to", "dismiss": "dismissed a remark on"}
    action = said.get(str(detail.get("action")), "spoke about")
    what = words(detail.get("view")) if detail.get("view") else "this film"
    side = f", side {detail['side']}" if detail.get("side") else ""
    return f"{detail.get('reviewer', 'A reviewer')} {action} {what}{side}."


def _undone(detail: Detail) -> str:
    reviewer, by = detail.get("reviewer", "A reviewer"), detail.get("by")
    return (
        f"{reviewer} took a word back." if by in (None, reviewer) else f"{by} took back a word of {reviewer}."
    )


SENTENCES: Mapping[Event, Callable[[Detail], str]] = {
    Event.RECEIVED: _received,
    Event.DUPLICATE: lambda detail: f"The same bytes came again {_arrival(detail)}; nothing to do.",
    Event.REPLACED: lambda detail: f"Other bytes came {_arrival(detail)} and took the place of the first.",
    Event.KEPT_FIRST: lambda detail: f"Other bytes came {_arrival(detail)}; they were kept aside.",
    Event.CLAIMED: lambda detail: f"Taken by a worker, attempt {detail.get('attempt', 1)}.",
    Event.PREDICTED: _predicted,
    Event.ROUTED: _routed,
    Event.ANALYSED: _analysed,
    Event.DONE: _done,
    Event.RETRY: lambda detail: (
        f"Put off after attempt {detail.get('attempt', 1)}: {detail.get('reason', '')}."
    ),
    Event.FAILED: lambda detail: (
        f"Failed after attempt {detail.get('attempt', 1)}: {detail.get('reason', '')}."
    ),
    Event.REQUEUED: _requeued,
    Event.REVIEWED: _reviewed,
    Event.REVIEW_UNDONE: _undone,
}
