"""The API as a server: uvicorn, told to let event streams end before it waits for them."""

from __future__ import annotations

import socket
import threading

import uvicorn
from fastapi import FastAPI

DRAIN_S = 10


class ApiServer(uvicorn.Server):
    """A server whose event streams end when it is asked to stop; ``should_exit = True`` ends ``run()``."""

    def __init__(self, config: uvicorn.Config, stopping: threading.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell the streams, then wait for what is under way."""
        self._stopping.set()
        await super().shutdown(sockets)


def server(app: FastAPI, *, host: str, port: int) -> ApiServer:
    """A server for an app of ``create_app``; ``port`` 0 takes a free one.

    The proxies whose X-Forwarded-For and X-Forwarded-Proto are believed are those of the app's settings.

    uvicorn's own access log would write query strings, which name patients; the app logs each request itself.
    """
    stopping = app.state.needs.stopping
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        forwarded_allow_ips=list(app.state.desk.web.trusted_proxies),
        timeout_graceful_shutdown=DRAIN_S,
    )
    return ApiServer(config, stopping)
