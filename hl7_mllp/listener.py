"""The MLLP listener: many connections, on each one message at a time, answered before the next one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Protocol

from hl7_mllp.complaints import Complaint, Condition
from hl7_mllp.framing import Blocks, BlockTooLong, block
from hl7_mllp.receiving import Desk

log = logging.getLogger(__name__)

BACKLOG = 128
STOP_S = 0.2  # how soon a stop is noticed
PIECE = 1 << 16  # bytes


class Stop(Protocol):
    """A ``threading.Event``."""

    def is_set(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    """How we listen. Sizes in bytes, times in seconds."""

    longest_message: int = 1 << 20
    most_connections: int = 32
    idle_s: float = 3600.0  # between messages
    stalled_s: float = 60.0  # inside a message, and for a peer that does not take its answer
    drain_s: float = 10.0  # what a message on its way in gets when we stop
    networks: tuple[str, ...] = ()  # that may send
    open_to_all: bool = True  # on loopback, without a list


def open_socket(host: str, port: int) -> socket.socket:
    """A listening socket for ``serve``. Raises OSError when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def serve(
    settings: ListenerSettings,
    desk: Desk,
    *,
    stop: Stop,
    listening: socket.socket,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Take messages in until ``stop`` is set; those on their way in then are answered first."""
    asyncio.run(_House(settings, desk).run(listening, tls, stop))


class _House:
    """The connections of this process."""

    def __init__(self, settings: ListenerSettings, desk: Desk) -> None:
        self._settings = settings
        self._desk = desk
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: set[asyncio.Task[None]] = set()  # those that are inside no message

    async def run(self, listening: socket.socket, tls: ssl.SSLContext | None, stop: Stop) -> None:
        server = await asyncio.start_server(
            self._welcome, sock=listening, ssl=tls, limit=PIECE, backlog=BACKLOG
        )
        while not stop.is_set():
            await asyncio.sleep(STOP_S)
        server.close()
        await self._drain()

    async def _drain(self) -> None:
        end = asyncio.get_running_loop().time() + self._settings.drain_s
        while self._tasks and asyncio.get_running_loop().time() < end:
            for task in list(self._waiting):
                task.cancel()
            await asyncio.sleep(STOP_S / 4)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        address = str((writer.get_extra_info("peername") or ("?",))[0])
        try:
            if self._is_welcome(address):
                _keep_alive(writer)
                await self._converse(reader, writer, task)
        except TimeoutError:
            log.info("the connection of %s is closed: it is silent", address)
        except asyncio.CancelledError:
            log.info("the connection of %s is closed: we stop", address)
        except OSError as error:
            log.info("the connection of %s broke: %s", address, error)
        except Exception as error:  # the task's outermost frame; its message may quote a patient's values
            log.error("a connection ended in an error of ours: %s", type(error).__qualname__)
        finally:
            self._tasks.discard(task)
            self._waiting.discard(task)
            writer.close()

    def _is_welcome(self, address: str) -> bool:
        if not self._settings.open_to_all and not is_in(address, self._settings.networks):
            log.warning("refused %s: it is in no network of hl7.allowed_networks", address)
            return False
        if len(self._tasks) > self._settings.most_connections:
            log.warning("refused %s: there are %d connections", address, len(self._tasks) - 1)
            return False
        return True

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: asyncio.Task[None]
    ) -> None:
        settings = self._settings
        blocks = Blocks(settings.longest_message)
        while True:
            if not blocks.is_inside:
                self._waiting.add(task)
            patience = settings.stalled_s if blocks.is_inside else settings.idle_s
            async with asyncio.timeout(patience):
                data = await reader.read(PIECE)
            self._waiting.discard(task)
            if not data:
                return
            try:
                for message in blocks.feed(data):
                    await self._answer(writer, await asyncio.to_thread(self._desk.take, message))
            except BlockTooLong as error:
                sentence = f"a message has at most {settings.longest_message} bytes here"
                refusal = Complaint(Condition.DATA_TYPE, "", sentence)
                await self._answer(writer, await asyncio.to_thread(self._desk.refuse, error.head, refusal))
                return

    async def _answer(self, writer: asyncio.StreamWriter, messages: Iterable[bytes]) -> None:
        for message in messages:
            writer.write(block(message))
        async with asyncio.timeout(self._settings.stalled_s):
            await writer.drain()


def is_in(address: str, networks: Iterable[str]) -> bool:
    """Whether an IP address is in one of these networks."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None) or ip  # an IPv4 peer on a dual-stack socket
    return any(mapped in ip_network(network, strict=False) for network in networks)


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """A peer that vanished without a word is noticed within the system's time."""
    connection = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
