"""Serving: one listening socket (its own or inherited), sane time-outs, and a clean end on SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from typing import TYPE_CHECKING

from aiohttp import web

from hub.errors import Misconfigured
from hub.web.logs import NoTracebacks

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("hub.web")
_connections = logging.getLogger("hub.web.connections")
_connections.addFilter(NoTracebacks())

KEEPALIVE_SECONDS = 75.0
"""Idle connections, and heads that drip, end after this; above the 60 s of usual proxies, which then close first."""
DRAIN_SECONDS = 10.0
LINGERING_SECONDS = 2.0
"""How long a refused body is read on, so that the sender sees the refusal instead of a reset."""
_BACKLOG = 1024


async def serve(
    app: web.Application,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    fd: int | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; then take no more and finish what is under way, within ten seconds.

    `fd` is an inherited listening socket. Raises Misconfigured where nobody can listen.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(
        app,
        access_log=None,  # hub.web.logs writes the one line
        logger=_connections,
        keepalive_timeout=KEEPALIVE_SECONDS,
        lingering_time=LINGERING_SECONDS,
        shutdown_timeout=DRAIN_SECONDS,
        # A client that hangs up must not stop a publish hook between ACCEPT and the bell.
        handler_cancellation=False,
    )
    listener = _inherit(fd) if fd is not None else _listen(host, port)
    await runner.setup()
    try:
        await web.SockSite(runner, listener, backlog=_BACKLOG).start()
        address = f"http://{_address(listener)}"
        log.info("listening on %s", address)
        if ready:
            ready(address)
        await stop.wait()
        log.info("stopping: finishing what is under way")
    finally:
        await runner.cleanup()


def _inherit(fd: int) -> socket.socket:
    try:
        listener = socket.socket(fileno=fd)
    except OSError as error:
        raise Misconfigured([f"descriptor {fd} is no socket to listen on: {error.strerror}"]) from None
    listener.setblocking(False)
    return listener


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise Misconfigured([f"can't listen on {host} port {port}: {error.strerror or error}"]) from None


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
