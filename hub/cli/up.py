"""`feedhub up`: the whole hub in one command, and nothing left behind when it ends.

This process owns the data directory and the listening socket, and keeps the children alive: the embedded
server, the front and the workers. It imports little, so that the children start at once.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import hub
from hub.adapters.datadir import RunningHub, announce, keep_identity, open_data_dir, owned
from hub.adapters.embedded import EmbeddedServer
from hub.adapters.lifeline import Lifeline
from hub.adapters.processes import REFUSED, Command, Stage, Supervisor
from hub.demo import SITE_DESCRIPTION, SITE_TITLE
from hub.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.adapters.datadir import DataDir
    from hub.settings import Settings

logger = logging.getLogger(__name__)

_NOT_READY = 1
_READY_SECONDS = 30.0
_ANSWER_SECONDS = 1.0
_POLL_SECONDS = 0.02
_BACKLOG = 1024
# A host that means every address, and what to connect to instead.
_WILDCARDS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - the operator's choice
EXAMPLE = {
    "type": "entry.published",
    "entry": {
        "id": "hello",
        "title": "Hello",
        "content_html": "<p>Hello</p>",
        "categories": [{"name": "News"}],
    },
}
_WINDOWS = "feedhub up does not run on Windows itself: use WSL 2, or docker compose up."


@dataclass(frozen=True, slots=True)
class Ground:
    """What `up` holds for as long as it runs, and what its children are told."""

    data: DataDir
    listener: socket.socket
    lifeline: Lifeline
    server: EmbeddedServer | None
    """None where the operator named a Redis."""
    url: str
    """The front's address on this machine."""
    settings: Settings
    """Complete: with PUBLIC_URL, REDIS_URL and every secret."""
    made: Mapping[str, str]
    """The secrets that were made at this start, to be shown this once."""


def run_up(settings: Settings, host: str, port: int, workers: int, demo: bool) -> int:  # noqa: FBT001
    """Run until SIGINT, SIGTERM or SIGHUP (a second one hurries), and return the exit status.

    0 after a clean stop, 1 if the hub did not come to serve, 2 if something has to be changed first.
    """
    if sys.platform == "win32":
        _complain(_WINDOWS)
        return REFUSED
    try:
        with _ground(as_gazette(settings) if demo else settings, host, port) as ground:
            asyncio.run(_run(ground, workers, demo=demo))
    except Misconfigured as error:
        _complain(*error.problems)
        return REFUSED
    except OSError as error:  # TimeoutError is one
        _complain(str(error))
        return _NOT_READY
    return 0


def as_gazette(settings: Settings) -> Settings:
    """Put the demo's publication where the operator named none."""
    named = {"site_title": SITE_TITLE, "site_description": SITE_DESCRIPTION}
    missing = {key: value for key, value in named.items() if key not in settings.model_fields_set}
    return settings.model_copy(update=missing)


@contextmanager
def _ground(settings: Settings, host: str, port: int) -> Iterator[Ground]:
    """Own the data directory and the address. Raises Misconfigured."""
    data = open_data_dir(settings.data_dir)
    with owned(data), _listen(host, port) as listener, closing(Lifeline()) as lifeline:
        kept, made = keep_identity(data, settings)
        url = _local_url(host, listener.getsockname()[1])
        if host in _WILDCARDS and not kept.public_url:
            logger.warning("FEEDHUB_PUBLIC_URL is not set: for every reader, links in feeds will say %s", url)
        server = None if kept.redis_url else EmbeddedServer(data, strict=kept.durability == "strict")
        found = {
            "data_dir": data.root,
            "public_url": kept.public_url or url,
            "redis_url": server.url if server else kept.redis_url,
        }
        try:
            yield Ground(data, listener, lifeline, server, url, kept.model_copy(update=found), made)
        finally:
            if server:
                server.close()


def _listen(host: str, port: int) -> socket.socket:
    """Bind the address. Connections wait here while a front is started again, so none is refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG, dualstack_ipv6=both)
    except (OSError, OverflowError) as error:
        problem = f"can't listen on {host or '*'}, port {port} ({error}): choose another --host or --port"
        raise Misconfigured([problem]) from error


def _local_url(host: str, port: int) -> str:
    reached = _WILDCARDS.get(host, host)
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


async def _run(ground: Ground, workers: int, *, demo: bool) -> None:
    """Serve until asked to stop; whatever happens, no child is left."""
    supervisor, stop = Supervisor(), asyncio.Event()
    _on_signals(supervisor, stop)
    serving = asyncio.create_task(_serve(ground, supervisor, workers, demo=demo))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        serving.cancel()  # no effect on one that failed
        await asyncio.wait({serving, stopping})
        await supervisor.stop()
    if not serving.cancelled():
        serving.result()


async def _serve(ground: Ground, supervisor: Supervisor, workers: int, *, demo: bool) -> None:
    """Start everything, say so, and then never return. Raises HubError, OSError."""
    if ground.server:
        await supervisor.start(ground.server)
    for command in _commands(ground, workers):
        await supervisor.start(command)
    await _until_ready(ground, supervisor)
    announce(ground.data, _running(ground))
    sys.stdout.write(greeting(ground))
    sys.stdout.flush()
    if demo:
        await supervisor.start(_command(ground, "demo", Stage.DEMO, "demo"))
    await asyncio.Event().wait()


def _commands(ground: Ground, workers: int) -> Iterator[Command]:
    """The hub's own processes. The front inherits the listening socket, so it may die without losing it."""
    descriptor = ground.listener.fileno()
    yield _command(ground, "front", Stage.FRONT, "front", "--fd", str(descriptor), pass_fds=(descriptor,))
    for number in range(1, workers + 1):
        yield _command(ground, f"regenerate-{number}", Stage.WORKER, "worker", "--queue", "regenerate")
    yield _command(ground, "distribute", Stage.WORKER, "worker", "--queue", "distribute")


def _command(
    ground: Ground, name: str, stage: Stage, *arguments: str, pass_fds: tuple[int, ...] = ()
) -> Command:
    # `python -m` looks for modules in the working directory first, where another `hub` or `workers` may be:
    # let it look only if this one runs from there, as in a checkout.
    from_checkout = Path(hub.__file__).parents[1] == Path.cwd()
    python = [sys.executable] if from_checkout else [sys.executable, "-P"]
    return Command(
        name=name,
        stage=stage,
        argv=(*python, "-m", "hub", *arguments),
        environ=_environ(ground),
        pass_fds=ground.lifeline.fds + pass_fds,
    )


def _environ(ground: Ground) -> dict[str, str]:
    """What the children read: our own environment, completed."""
    settings = ground.settings
    told = {
        "URL": ground.url,
        "DATA_DIR": str(settings.data_dir),
        "PUBLIC_URL": str(settings.public_url),
        "SITE_TITLE": settings.site_title,
        "SITE_DESCRIPTION": settings.site_description,
        "REDIS_URL": str(settings.redis_url),
        "ADMIN_TOKEN": ",".join(settings.admin_token),
        "PUBLISH_TOKEN": ",".join(settings.publish_token),
        "SECRET_KEY": ",".join(settings.secret_key),
    }
    prefixed = {f"FEEDHUB_{key}": value for key, value in told.items()}
    return dict(os.environ) | prefixed | ground.lifeline.environ


def _running(ground: Ground) -> RunningHub:
    settings = ground.settings
    return RunningHub(
        url=ground.url,
        public_url=str(settings.public_url),
        admin_token=settings.admin_token[0],
        publish_token=settings.publish_token[0],
        pid=os.getpid(),
    )


async def _until_ready(ground: Ground, supervisor: Supervisor) -> None:
    """Return when the front can store. Raises Misconfigured if a child refuses its settings, TimeoutError."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + _READY_SECONDS
    while not await _is_ready(*ground.listener.getsockname()[:2]):
        if refused := supervisor.refused:
            raise Misconfigured([f"{' and '.join(refused)} refused to start; the reason is above"])
        if clock() > deadline:
            raise TimeoutError(f"{ground.url}/readyz did not answer 200 within {_READY_SECONDS:.0f} s")
        await asyncio.sleep(_POLL_SECONDS)


async def _is_ready(host: str, port: int) -> bool:
    """Ask once. One bare request, since an HTTP client takes longer to import than the hub to start."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(_WILDCARDS.get(host, host), port)
            try:
                writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return (await reader.readline()).split()[1:2] == [b"200"]
            finally:
                writer.close()
    except OSError:  # TimeoutError is one
        return False


def _on_signals(supervisor: Supervisor, stop: asyncio.Event) -> None:
    def asked() -> None:
        if stop.is_set():
            supervisor.force()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            loop.add_signal_handler(number, asked)


def greeting(ground: Ground) -> str:
    """What to open, and how to publish; the tokens, if they were made just now."""
    lines = [f"Feedhub is ready: open {ground.url}/"]
    if ground.settings.public_url != ground.url:
        lines.append(f"Feeds call themselves {ground.settings.public_url}/feeds/…")
    tokens = {key: value for key, value in ground.made.items() if key.endswith("_token")}
    lines += [f"  {key.replace('_', ' '):13}  {value}" for key, value in tokens.items()]
    if tokens:
        lines.append(f"  (shown this once, kept in {ground.data.identity})")
    lines += [
        "Publish something:",
        f"  curl {ground.url}/publish -H 'Content-Type: application/json' \\",
        f"    -H 'Authorization: Bearer {tokens.get('publish_token', '<publish token>')}' \\",
        f"    -d '{json.dumps(EXAMPLE)}'",
        f"Ctrl-C stops everything; the data stays in {ground.data.root}",
    ]
    return "\n".join(lines) + "\n"


def _complain(*problems: str) -> None:
    for problem in problems:
        sys.stderr.write(f"feedhub: {problem}\n")
