"""The line against a real Valkey: the answers of redis-py's client, whatever happens to the connection."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import pytest
from redis import exceptions as redis_errors

from hub.adapters.line import Line
from hub.adapters.store import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis
    from redis.asyncio.connection import AbstractConnection

PATIENCE_SECONDS = 0.2


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    client = connect(redis_url, timeout=PATIENCE_SECONDS)
    await client.flushall()
    yield client
    await client.aclose()


async def own_id(line: Line) -> int:
    (number,) = await line.ask([("CLIENT", "ID")])
    return int(number)


async def test_answers_come_in_the_order_of_the_commands(client: Redis) -> None:
    answers = await Line(client).ask(
        [
            ("SET", "a", b"\x00\r\n\xff"),
            ("GET", "a"),
            ("GET", "nothing"),
            ("INCRBY", "n", 41),
            ("ZADD", "z", 1.5, "m"),
            ("EVAL", "return {1, {'x', false}, 'y'}", 0),
        ]
    )

    assert answers == [b"OK", b"\x00\r\n\xff", None, 41, 1, [1, [b"x", None], b"y"]]


async def test_whoever_asks_meanwhile_gets_their_own_answers(client: Redis) -> None:
    line = Line(client)

    answers = await asyncio.gather(
        *(line.ask([("ECHO", f"{n}"), ("ECHO", "x" * n * 1000)]) for n in range(100))
    )

    assert answers == [[b"%d" % n, b"x" * n * 1000] for n in range(100)]


async def test_asking_at_once_opens_one_connection(client: Redis) -> None:
    line = Line(client)

    ids = await asyncio.gather(*(own_id(line) for _ in range(20)))

    assert len(set(ids)) == 1


async def test_who_went_away_shifts_nobodys_answers(client: Redis) -> None:
    line = Line(client)
    await line.ask([("PING",)])
    gone = asyncio.create_task(line.ask([("ECHO", "gone"), ("ECHO", "gone")]))
    await asyncio.sleep(0)
    stays = asyncio.create_task(line.ask([("ECHO", "stays")]))
    gone.cancel()

    assert await stays == [b"stays"]
    with pytest.raises(asyncio.CancelledError):
        await gone


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (("EVALSHA", "0" * 40, 0), redis_errors.NoScriptError),
        (("EVAL", "return redis.error_reply('OOM full')", 0), redis_errors.OutOfMemoryError),
        (("EVAL", "return redis.error_reply('READONLY a replica')", 0), redis_errors.ReadOnlyError),
        (("HGET", "a-string", "f"), redis_errors.ResponseError),
        (("NO-SUCH-COMMAND",), redis_errors.ResponseError),
    ],
)
async def test_an_error_is_redis_pys_and_the_others_have_run(
    client: Redis, command: tuple[str | int, ...], error: type[Exception]
) -> None:
    line = Line(client)
    await client.set("a-string", 1)

    with pytest.raises(error):
        await line.ask([command, ("INCR", "runs")])

    assert await line.ask([("GET", "runs")]) == [b"1"]


async def test_a_server_that_is_still_loading_is_asked_again(client: Redis) -> None:
    loading = "if redis.call('INCR', 'tries') < 3 then return redis.error_reply('LOADING the data') end return 'done'"

    assert await Line(client).ask([("EVAL", loading, 0)]) == [b"done"]


async def test_nothing_asked_is_nothing_answered(client: Redis) -> None:
    line = Line(client)

    assert await line.ask([]) == []
    assert await line.ask([("PING",)]) == [b"PONG"]


async def test_a_line_that_redis_closed_is_opened_anew(client: Redis) -> None:
    line = Line(client)
    before = await own_id(line)
    await client.client_kill_filter(_id=str(before))

    assert await own_id(line) != before


async def test_what_was_under_way_when_the_connection_went_is_asked_again(client: Redis) -> None:
    line = Line(client)
    blocked = asyncio.create_task(line.ask([("BLPOP", "late", 5)]))
    while not (waiting := [c for c in await client.client_list() if c["cmd"] == "blpop"]):
        await asyncio.sleep(0.01)
    await client.client_kill_filter(_id=waiting[0]["id"])
    await client.rpush("late", "there")

    assert await blocked == [[b"late", b"there"]]


async def test_a_silent_server_is_given_up_and_asked_no_second_time(client: Redis) -> None:
    line = Line(client)
    await line.ask([("PING",)])

    with pytest.raises(redis_errors.TimeoutError, match=r"0\.2 s"):
        await line.ask([("BLPOP", "never", 2)])
    assert await line.ask([("PING",)]) == [b"PONG"]


async def test_an_answer_that_is_slow_and_not_silent_is_waited_for(redis_url: str) -> None:
    client = connect(redis_url, timeout=0.5)

    assert await Line(client).ask([("BLPOP", "never", 0.2)] * 4) == [None] * 4
    await client.aclose()


async def test_a_server_that_is_not_there_is_a_connection_error_for_all_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = connect("unix:///nonexistent/socket")
    line = Line(client)
    openings = 0
    take = client.connection_pool.get_connection

    async def counted() -> AbstractConnection:
        nonlocal openings
        openings += 1
        return await take()  # type: ignore[no-any-return, no-untyped-call]  # redis-py is typed in part

    monkeypatch.setattr(client.connection_pool, "get_connection", counted)
    outcomes = await asyncio.gather(*(line.ask([("PING",)]) for _ in range(20)), return_exceptions=True)

    assert all(isinstance(outcome, redis_errors.ConnectionError) for outcome in outcomes)
    assert openings == 1
    await client.aclose()


class Babbler(asyncio.Protocol):
    """No Redis: greets as one, then says to the first that asks what nobody asked for."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if b"PING" in data:
            self._transport.write(b"+PONG\r\n+PONG\r\n" if b"twice" in data else b"<html>\r\n")
        else:
            self._transport.write(b"+OK\r\n" * data.count(b"SETINFO"))


@pytest.mark.parametrize("word", ["twice", "never"])
async def test_what_speaks_no_redis_costs_no_connections(word: str, tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)  # asyncio would log that the protocol is broken
    server = await loop.create_unix_server(Babbler, tmp_path / "socket")
    client = connect(f"unix://{tmp_path}/socket")
    line = Line(client)

    for _ in range(2):
        with suppress(redis_errors.ConnectionError):
            assert await line.ask([("PING", word)]) == [b"PONG"]
            await asyncio.sleep(0.01)

    assert client.connection_pool.get_connection_count()[1][0] <= 1
    await client.aclose()
    server.close()


async def test_closing_the_client_closes_its_lines(client: Redis, redis_url: str) -> None:
    line = Line(client)
    mine = await own_id(line)
    await client.aclose()

    other = connect(redis_url)
    assert mine not in {int(each["id"]) for each in await other.client_list()}
    await other.aclose()
