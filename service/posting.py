"""One POST to a configured address: certificates are checked, redirects refused, and waiting ends."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from router.errors import RadrouterError

LONGEST_ANSWER = 1 << 12  # bytes of an answer that are read; nobody looks at them
SUCCESS = range(200, 300)
REDIRECTS = range(300, 400)


class NotDelivered(RadrouterError):  # noqa: N818  (as in router.errors)
    """A message did not arrive; the text says why, without what the receiver wrote."""


def post(url: str, headers: Mapping[str, str], body: bytes, *, timeout_s: float, ca: Path | None) -> None:
    """Send ``body``; an answer 2xx says that it arrived.

    No proxy of the environment is asked: the address of the settings is the only one that is ever called.

    Raises:
        NotDelivered: anything else, or nothing within ``timeout_s`` as a whole.
    """
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection = _connection(parts.scheme, parts.hostname or "", parts.port, timeout_s, ca)
        with _ending(connection, timeout_s) as late:
            try:
                connection.request("POST", target, body, dict(headers))
                answer = connection.getresponse()
                answer.read(LONGEST_ANSWER)
            except (OSError, HTTPException) as error:
                raise NotDelivered(_why(error, late, timeout_s)) from error
            if late.is_set():  # what was cut off here looks like an answer that came to its end
                raise NotDelivered(_too_late(timeout_s))
    except (OSError, ValueError) as error:
        raise NotDelivered(f"it cannot be called: {type(error).__name__}") from error
    if answer.status in REDIRECTS:
        raise NotDelivered(f"it answered {answer.status}: redirects are not followed")
    if answer.status not in SUCCESS:
        raise NotDelivered(f"it answered {answer.status}")


def _connection(
    scheme: str, host: str, port: int | None, timeout_s: float, ca: Path | None
) -> HTTPConnection:
    if scheme == "http":
        return HTTPConnection(host, port, timeout=timeout_s)
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return HTTPSConnection(host, port, timeout=timeout_s, context=context)


@contextmanager
def _ending(connection: HTTPConnection, timeout_s: float) -> Iterator[threading.Event]:
    """Close the connection at the end, or when the time is over: a socket's timeout counts each byte anew."""
    late = threading.Event()

    def end() -> None:
        late.set()
        with suppress(OSError, AttributeError):
            connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(timeout_s, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
        connection.close()


def _too_late(timeout_s: float) -> str:
    return f"it did not answer within {timeout_s:g} s"


def _why(error: Exception, late: threading.Event, timeout_s: float) -> str:
    if late.is_set() or isinstance(error, TimeoutError):
        return _too_late(timeout_s)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason}"
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    if isinstance(error, OSError) and error.strerror:
        return f"it cannot be reached: {error.strerror}"
    return f"it answered nonsense: {type(error).__name__}"
