"""What tests share: one real Valkey for the session, a store on it, and the way to wait for a condition."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from redis import Redis
from redis.exceptions import RedisError

from hub.adapters.serverbinary import find_binary
from hub.adapters.store import Store, connect
from hub.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

# Nothing here judges by the clock: a busy machine must not fail a property.
hypothesis.settings.register_profile(
    "clockless", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("clockless")


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Valkey of this session's own, with AOF, on a Unix socket."""
    home: Path = tmp_path_factory.mktemp("valkey")
    socket = home / "v.sock"
    options = [
        "--port",
        "0",
        "--unixsocket",
        str(socket),
        "--dir",
        str(home),
        "--appendonly",
        "yes",
        "--save",
        "",
    ]
    server = subprocess.Popen(
        [find_binary(None).path, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        client = Redis(unix_socket_path=str(socket))
        wait_until(lambda: _answers(client))
        client.close()
        yield f"unix://{socket}?db=0"
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def heeded() -> Iterator[None]:
    """Signals reach what a test starts, also where they are ignored: under nohup, or in the background of a shell."""
    ignored = [n for n in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(n) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture
def settings() -> Settings:
    """Settings of a hub with no debounce: tests that are about it choose their own."""
    return Settings(
        public_url="https://hub.test",
        site_url="https://site.test",
        site_title="The Test Gazette",
        publish_token=("test-publish-token",),
        admin_token=("test-admin-token",),
        debounce_ms=0,
    )


@pytest.fixture
async def store(redis_url: str, settings: Settings) -> AsyncIterator[Store]:
    """A store on an empty hub, as the first worker finds it."""
    store = Store(connect(redis_url), settings)
    await store.client.flushall()
    await store.register("test")
    yield store
    await store.close()


def wait_until(condition: Callable[[], bool], *, seconds: float = 10) -> None:
    """Poll a condition; fail if it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.005)


def _answers(client: Any) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False
