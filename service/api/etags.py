"""Entity tags: a reader who has the answer already is told so (RFC 9110 section 13.1.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import version

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

# A reader may keep the answer, but asks each time whether it still holds, with its token.
REVALIDATE = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}
TAG_LENGTH = 24
GRAIN = timedelta(seconds=2)  # of HTTP's dates one, and one for a clock that another host keeps
SOFTWARE = version("radrouter")  # another version may say the same in other words


def tag(*parts: object) -> str:
    """A weak tag that is equal as long as every part is; the parts are not to be read back from it."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in (SOFTWARE, *parts)).encode()).hexdigest()
    return f'W/"{digest[:TAG_LENGTH]}"'


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether the reader's ``If-None-Match`` names the tag, by weak comparison (RFC 9110 8.8.3.2)."""
    if if_none_match is None:
        return False
    known = [candidate.strip().removeprefix("W/") for candidate in if_none_match.split(",")]
    return "*" in known or etag.removeprefix("W/") in known


def answer(
    request: Request,
    etag: str,
    make: Callable[[], BaseModel | Response],
    *,
    changed_at: datetime | None = None,
    now: datetime | None = None,
) -> Response:
    """304 to a reader who has this state already, else what ``make`` makes, tagged.

    ``changed_at``: when this state began; told as Last-Modified once that second is over at ``now``, because
    HTTP's dates have no finer grain and a second change within it would go unseen.
    """
    headers = {"ETag": etag, **REVALIDATE}
    if changed_at is not None and now is not None and now - changed_at >= GRAIN:
        headers["Last-Modified"] = format_datetime(changed_at.astimezone(UTC), usegmt=True)
    if _is_known(request, etag, headers.get("Last-Modified")):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    made = make()
    response = made if isinstance(made, Response) else as_json(made)
    response.headers.update(headers)
    return response


def _is_known(request: Request, etag: str, last_modified: str | None) -> bool:
    """Whether the reader names this state; a date counts only where it names no tag (RFC 9110 13.1.3)."""
    if_none_match = request.headers.get("if-none-match")
    if if_none_match is not None or last_modified is None:
        return matches(if_none_match, etag)
    since = _date(request.headers.get("if-modified-since", ""))
    return since is not None and parsedate_to_datetime(last_modified) <= since


def _date(text: str) -> datetime | None:
    """An HTTP date; None for what is none, which is to be ignored."""
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def answer_by_content(request: Request, model: BaseModel) -> Response:
    """Like :func:`answer`, where no number says what state this is: the content itself does."""
    response = as_json(model)
    return answer(request, tag(bytes(response.body)), lambda: response)


def as_json(model: BaseModel, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """A model as it goes over the wire."""
    return Response(model.model_dump_json(), status, media_type="application/json")
