"""The line against a real Valkey: the answers of redis-py's client, whatever happens to the connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from redis import exceptions as redis_errors

from hub.adapters.line import Line
from hub.adapters.store import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

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
        (("EVAL", "return redis.error_reply('LOADING the data')", 0), redis_errors.BusyLoadingError),
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


async def test_a_server_that_is_not_there_is_a_connection_error() -> None:
    client = connect("unix:///nonexistent/socket")

    with pytest.raises(redis_errors.ConnectionError):
        await Line(client).ask([("PING",)])
    await client.aclose()


async def test_closing_the_client_closes_its_lines(client: Redis, redis_url: str) -> None:
    line = Line(client)
    mine = await own_id(line)
    await client.aclose()

    other = connect(redis_url)
    assert mine not in {int(each["id"]) for each in await other.client_list()}
    await other.aclose()
