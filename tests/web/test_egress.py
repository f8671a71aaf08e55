"""The guarded client against real sockets on loopback: what it reaches, and what receivers can do to it."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Literal

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from hub.adapters.egress import BODY_BYTES, Answer, Egress, Failure, FailureKind
from tests.receivers import (
    FAR_FUTURE,
    Dead,
    Drip,
    Echo,
    Endless,
    Fast,
    Gone,
    Raw,
    Received,
    Receiver,
    Redirecting,
    Slow,
    Status,
    TooMany,
    answer,
    closed_port,
)

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

LOOPBACK = (ip_network("127.0.0.0/8"),)
HEADERS = {"Content-Type": "text/plain"}


class Names(AbstractResolver):
    """A resolver that gives each look-up its next answer, and the last one from then on."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked.append(host)
        addresses = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in addresses
        ]

    async def close(self) -> None:
        pass


@pytest.fixture
async def guarded() -> AsyncIterator[Egress]:
    """As in production: nothing is allowed beyond what is public."""
    async with Egress(()) as egress:
        yield egress


@pytest.fixture
async def egress() -> AsyncIterator[Egress]:
    async with Egress(LOOPBACK) as egress:
        yield egress


def kind(outcome: Answer | Failure) -> FailureKind | int:
    return outcome.kind if isinstance(outcome, Failure) else outcome.status


# What must not be reached


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("127.0.0.1", FailureKind.FORBIDDEN),
        ("localhost", FailureKind.FORBIDDEN),
        ("LOCALHOST", FailureKind.FORBIDDEN),
        ("[::1]", FailureKind.FORBIDDEN),
        ("[::]", FailureKind.FORBIDDEN),
        ("0.0.0.0", FailureKind.FORBIDDEN),  # noqa: S104
        ("0x7f.1", FailureKind.FORBIDDEN),
        ("0x7f000001", FailureKind.FORBIDDEN),
        ("[::ffff:127.0.0.1]", FailureKind.FORBIDDEN),
        ("[::ffff:7f00:1]", FailureKind.FORBIDDEN),
        ("[0:0:0:0:0:ffff:127.0.0.1]", FailureKind.FORBIDDEN),
        ("[64:ff9b::7f00:1]", FailureKind.FORBIDDEN),
        ("[2002:7f00:1::]", FailureKind.FORBIDDEN),
        ("[1:2]", FailureKind.FORBIDDEN),
        ("127.0.0.1.", FailureKind.BAD_URL),
        ("127.1", FailureKind.BAD_URL),
        ("2130706433", FailureKind.BAD_URL),
        ("017700000001", FailureKind.BAD_URL),
        ("0177.0.0.1", FailureKind.BAD_URL),
        ("１２７.0.0.1", FailureKind.FORBIDDEN),
        ("①②⑦.0.0.1", FailureKind.FORBIDDEN),
        ("127。0。0。1", FailureKind.FORBIDDEN),
        ("ⓛocalhost", FailureKind.FORBIDDEN),
        ("[fe80::1%25lo]", FailureKind.BAD_URL),
        ("127%2e0.0.1", FailureKind.BAD_URL),
        ("user@127.0.0.1", FailureKind.BAD_URL),
        ("user:password@127.0.0.1", FailureKind.BAD_URL),
        ("@127.0.0.1", FailureKind.BAD_URL),
        ("127.0.0.1\\", FailureKind.BAD_URL),
        ("", FailureKind.BAD_URL),
    ],
)
async def test_no_spelling_of_loopback_is_reached(guarded: Egress, host: str, why: FailureKind) -> None:
    async with Fast() as receiver:
        posted = await guarded.post(f"http://{host}:{receiver.port}/", b"x", HEADERS)
        fetched = await guarded.get(f"http://{host}:{receiver.port}/")

    assert (why, why) == (kind(posted), kind(fetched))
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "0.0.0.0", "::1", "::ffff:127.0.0.1", "::", "0x7f.1", "2130706433", "localhost"],  # noqa: S104
)
async def test_a_name_that_leads_to_loopback_is_refused(address: str) -> None:
    async with Fast() as receiver, Egress((), resolver=Names([address])) as guarded:
        outcome = await guarded.post(f"http://name.test:{receiver.port}/", b"x", HEADERS)

    assert kind(outcome) is FailureKind.FORBIDDEN
    assert receiver.connections == 0


async def test_a_name_with_many_addresses_is_refused_for_each_of_them() -> None:
    addresses = ["127.0.0.1", "::1", "10.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "fd00::1"]
    async with Fast() as receiver, Egress((), resolver=Names(addresses)) as guarded:
        outcome = await guarded.post(f"http://name.test:{receiver.port}/", b"x", HEADERS)

    assert kind(outcome) is FailureKind.FORBIDDEN
    assert receiver.connections == 0


async def test_of_mixed_addresses_only_those_within_bounds_are_tried() -> None:
    names = Names(["127.0.0.1", "127.0.0.2"])
    async with (
        Fast(host="127.0.0.2") as allowed,
        Fast(port=allowed.port) as inside,
        Egress([ip_network("127.0.0.2/32")], resolver=names) as guarded,
    ):
        outcome = await guarded.post(f"http://name.test:{allowed.port}/", b"x", HEADERS)

    assert kind(outcome) == 204
    assert (allowed.connections, inside.connections) == (1, 0)


async def test_a_name_that_changes_between_two_requests_is_judged_anew() -> None:
    """DNS rebinding; 127.0.0.2 stands for the public address, since no test leaves this machine."""
    names = Names(["127.0.0.2"], ["127.0.0.1"])
    async with (
        Fast(host="127.0.0.2") as outside,
        Fast(port=outside.port) as inside,
        Egress([ip_network("127.0.0.2/32")], resolver=names) as guarded,
    ):
        url = f"http://rebinding.test:{outside.port}/"
        outside.reply = answer(204, connection="close")
        first = await guarded.post(url, b"x", HEADERS)
        guarded.forget_names()
        second = await guarded.post(url, b"x", HEADERS)

    assert (kind(first), kind(second)) == (204, FailureKind.FORBIDDEN)
    assert names.asked == ["rebinding.test", "rebinding.test"]
    assert (outside.connections, inside.connections) == (1, 0)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_its_target_is_not_called(egress: Egress, status: int) -> None:
    async with Fast() as inside, Redirecting(inside.url, status) as receiver:
        outcomes = [await egress.post(receiver.url, b"x", HEADERS), await egress.get(receiver.url)]

    assert [status, status] == [kind(outcome) for outcome in outcomes]
    assert inside.connections == 0


@pytest.mark.parametrize("port", [22, 25, 6379, 11211])
async def test_no_socket_is_made_for_a_port_of_another_service(guarded: Egress, port: int) -> None:
    with pytest.raises(PermissionError, match=f"port {port}"):
        guarded._open_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", port)))


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    async with Fast() as proxy, Fast() as receiver, Egress(LOOPBACK) as egress:
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert kind(await egress.post(receiver.url, b"x", HEADERS)) == 204

    assert proxy.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/callback",
        "//127.0.0.1/",
        "127.0.0.1",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_PING",
        "unix:///tmp/socket",
        "http:///callback",
        "http:127.0.0.1",
        "http://[::1",
        "http://h:99999/",
        "http://h:0/",
        "http://h:x/",
        "http://h..test/",
        "http://" + "a" * 64 + ".test/",
        "http://" + "a." * 127 + "test/",
        "http://h/a b",
        "http://h/\r\nX-Injected: 1",
        "http://h/\nX-Injected: 1",
        "http://h/\x00",
        "http://h/\x7f",
        "http://h\r\n/",
        "http://h/\ud800",
        " http://h/",
        "http://h/" + "a" * 5000,
    ],
)
async def test_what_is_no_web_address_is_not_tried(egress: Egress, url: str) -> None:
    assert kind(await egress.post(url, b"x", HEADERS)) is FailureKind.BAD_URL


async def test_a_user_name_is_refused_in_words(egress: Egress) -> None:
    outcome = await egress.post("http://user:password@127.0.0.1/", b"x", HEADERS)

    assert isinstance(outcome, Failure)
    assert outcome.detail == "the URL must not hold a user name or password"


# What goes out


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("/callback", "/callback"),
        ("", "/"),
        ("?", "/?"),
        ("/?", "/?"),
        ("?a=1", "/?a=1"),
        ("/a?b=2&a=1&b=2", "/a?b=2&a=1&b=2"),
        ("/a%2Fb%2fc?d=%2F%2f", "/a%2Fb%2fc?d=%2F%2f"),
        ("/?a=&&b&=&", "/?a=&&b&=&"),
        ("/a/../b/./c//d", "/a/../b/./c//d"),
        ("/~%7E%41?q=a+b%20c", "/~%7E%41?q=a+b%20c"),
        ("/100%?x=%zz", "/100%?x=%zz"),
        ("/a;b=c,d?e=[1]|{2}", "/a;b=c,d?e=[1]|{2}"),
        ("/a#fragment", "/a"),
        ("/a?b#c?d", "/a?b"),
        ("//evil.test/a", "//evil.test/a"),
        ("/a?http://x/@y", "/a?http://x/@y"),
        ("/ü?q=ü", "/%C3%BC?q=%C3%BC"),
    ],
)
async def test_a_url_goes_out_byte_for_byte(egress: Egress, given: str, sent: str) -> None:
    async with Fast() as receiver:
        outcome = await egress.post(f"HTTP://127.0.0.1:{receiver.port}{given}", b"x", HEADERS)

    assert kind(outcome) == 204
    assert [sent] == [request.path for request in receiver.received]


async def test_a_request_says_who_asks_and_nothing_more() -> None:
    names = Names(["127.0.0.1"])  # aiohttp's own jar takes cookies of names alone
    async with Status(200, set_cookie="a=b") as receiver, Egress(LOOPBACK, resolver=names) as egress:
        url = f"http://Name.test:{receiver.port}/"
        for _ in range(2):
            await egress.post(url, b"body", {"Content-Type": "text/plain", "webhook-id": "1"})

    first, second = receiver.received
    assert first.headers == {
        "host": f"name.test:{receiver.port}",
        "user-agent": "Feedhub",
        "accept": "*/*",
        "accept-encoding": "identity",
        "content-type": "text/plain",
        "content-length": "4",
        "webhook-id": "1",
    }
    assert (second.headers, second.body) == (first.headers, b"body")


async def test_answers_read_to_their_end_share_a_connection(egress: Egress) -> None:
    async with Status(200, b"x" * (BODY_BYTES - 1)) as receiver:
        for _ in range(5):
            assert kind(await egress.post(receiver.url, b"x", HEADERS)) == 200

    assert (len(receiver.received), receiver.connections) == (5, 1)


class Counted(Fast):
    """Says when somebody has hung up."""

    def __init__(self) -> None:
        super().__init__()
        self.hung_up = asyncio.Event()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        await super()._serve(reader, writer)
        self.hung_up.set()


async def test_a_connection_that_rests_is_closed_before_its_receiver_closes_it() -> None:
    async with Counted() as receiver, Egress(LOOPBACK, idle_seconds=0.2) as egress:
        for _ in range(3):
            assert kind(await egress.post(receiver.url, b"x", HEADERS)) == 204
        async with asyncio.timeout(5):
            await receiver.hung_up.wait()
        assert receiver.connections == 1
        assert kind(await egress.post(receiver.url, b"x", HEADERS)) == 204

    assert (len(receiver.received), receiver.connections) == (4, 2)


async def test_each_request_on_an_open_connection_has_a_deadline_of_its_own(egress: Egress) -> None:
    async with SecondTime(b"", "hang") as receiver:
        assert kind(await egress.post(receiver.url, b"x", HEADERS, seconds=60)) == 204
        assert kind(await egress.post(receiver.url, b"x", HEADERS, seconds=0.2)) is FailureKind.TIMEOUT
    async with ThirdTime(b"", "hang") as receiver:
        for seconds, outcome in ((60, 204), (60, 204), (0.2, FailureKind.TIMEOUT)):
            assert kind(await egress.post(receiver.url, b"x", HEADERS, seconds=seconds)) == outcome
    async with Slow(0.3) as receiver:  # an earlier request's alarm, which rings in the midst of a later one
        for _ in range(4):
            assert kind(await egress.post(receiver.url, b"x", HEADERS, seconds=0.5)) == 204


class SecondTime(Raw):
    """Answers its first request as it should and any later one like `Raw`."""

    good = 1

    async def respond(self, request: Received, writer: StreamWriter) -> bool:
        if len(self.received) > self.good:
            return await super().respond(request, writer)
        writer.write(answer(204))
        return True


class ThirdTime(SecondTime):
    """Likewise after two."""

    good = 2


@pytest.mark.parametrize(
    ("reply", "then", "outcome"),
    [
        (answer(200, b"said"), "hang", 200),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3 + answer(201), "hang", 201),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "hang", 200),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "reset", 200),
        (b"", "hang", FailureKind.TIMEOUT),
        (b"", "close", FailureKind.BROKEN),
        (b"", "reset", FailureKind.BROKEN),
        (b"no HTTP\r\n\r\n", "hang", FailureKind.BROKEN),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100_000, "hang", FailureKind.BROKEN),
    ],
)
async def test_an_open_connection_is_trusted_no_more_than_a_new_one(
    egress: Egress, reply: bytes, then: Literal["close", "hang", "reset"], outcome: int | FailureKind
) -> None:
    async with SecondTime(reply, then) as receiver:
        assert kind(await egress.post(receiver.url, b"x", HEADERS)) == 204
        seconds = (
            10 if outcome is FailureKind.BROKEN else 0.3
        )  # what is broken is known before the time is over
        started = time.monotonic()
        assert kind(await egress.post(receiver.url, b"x", HEADERS, seconds=seconds)) == outcome
        assert time.monotonic() - started < 5
        assert receiver.connections < 2


async def test_a_header_can_not_smuggle_another(egress: Egress) -> None:
    async with Fast() as receiver:
        for _ in range(2):
            assert kind(await egress.post(receiver.url, b"x", HEADERS)) == 204
            with pytest.raises(ValueError, match=r"line break|carriage return"):
                await egress.post(receiver.url, b"x", {"Link": "a\r\nHost: b"})


async def test_the_pool_is_bounded_per_host() -> None:
    async with Slow(0.05) as receiver, Egress(LOOPBACK, per_host=2) as egress:
        outcomes = await asyncio.gather(*(egress.post(receiver.url, b"x", HEADERS) for _ in range(8)))

    assert [kind(outcome) for outcome in outcomes] == [204] * 8
    assert receiver.connections == 2


async def test_waiting_for_a_turn_is_not_the_receivers_fault() -> None:
    async with Dead() as receiver, Fast() as other, Egress(LOOPBACK, per_host=1) as egress:
        first = asyncio.create_task(egress.post(receiver.url, b"x", HEADERS, seconds=5))
        await asyncio.sleep(0.05)
        second = await egress.post(receiver.url, b"x", HEADERS, seconds=0.1)
        assert kind(await egress.post(other.url, b"x", HEADERS)) == 204
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        third = await egress.post(receiver.url, b"x", HEADERS, seconds=0.1)

    assert (kind(second), kind(third)) == (FailureKind.BUSY, FailureKind.TIMEOUT)


async def test_the_total_is_bounded_and_given_back() -> None:
    async with Slow(0.02) as one, Slow(0.02) as two, Egress(LOOPBACK, total_limit=1) as egress:
        urls = [one.url, two.url] * 3
        outcomes = await asyncio.gather(*(egress.post(url, b"x", HEADERS, seconds=1) for url in urls))

    assert [kind(outcome) for outcome in outcomes] == [204] * 6


# What receivers do


async def test_a_turn_is_given_back_by_who_waited_in_vain() -> None:
    async with Dead() as dead, Fast() as fast, Egress(LOOPBACK, total_limit=1, per_host=1) as egress:
        blocking = asyncio.create_task(egress.post(dead.url, b"x", HEADERS, seconds=0.3))
        await asyncio.sleep(0.05)
        in_vain, outcome = await asyncio.gather(
            *(egress.post(fast.url, b"x", HEADERS, seconds=seconds) for seconds in (0.1, 5))
        )
        await blocking

    assert (kind(in_vain), kind(outcome)) == (FailureKind.BUSY, 204)


async def test_answers_come_as_they_are(egress: Egress) -> None:
    async with Gone() as gone, TooMany() as many, Echo() as echo, Status(500, b"oh") as failing:
        told = [await egress.post(each.url, b"x", HEADERS) for each in (gone, many, failing)]
        echoed = await egress.get(echo.url + "?hub.challenge=abc%2F1&x")

    assert [(each.status, each.body, each.retry_after) for each in told if isinstance(each, Answer)] == [
        (410, b"", None),
        (429, b"", FAR_FUTURE),
        (500, b"oh", None),
    ]
    assert isinstance(echoed, Answer)
    assert (echoed.status, echoed.body) == (200, b"abc/1")
    assert echoed.ms > 0


async def test_an_endless_body_costs_16_kb_and_its_connection(egress: Egress) -> None:
    async with Endless() as receiver:
        posted, fetched = await egress.post(receiver.url, b"x", HEADERS), await egress.get(receiver.url)
        short = await egress.get(receiver.url, limit=7)

    assert isinstance(posted, Answer)
    assert isinstance(fetched, Answer)
    assert isinstance(short, Answer)
    assert [len(each.body) for each in (posted, fetched, short)] == [BODY_BYTES, BODY_BYTES, 7]
    assert receiver.connections == 3
    assert receiver.sent < 16 * 1024 * 1024  # what the sockets' own buffers take


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"", b"HTTP/1.1 103 Early\r\n\r\n" * 3000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;" + b"e" * 60_000 + b"\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"X" * 65536),
    ],
    ids=["interim answers", "chunk extensions", "a header"],
)
async def test_an_endless_stream_around_the_body_is_cut_off_at_once(
    egress: Egress, start: bytes, piece: bytes
) -> None:
    async with Endless(start, piece) as receiver:
        outcome = await egress.get(receiver.url, seconds=5)

    assert kind(outcome) is FailureKind.BROKEN
    assert outcome.ms < 4000
    assert receiver.sent < 16 * 1024 * 1024


async def test_dead_name_servers_delay_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()
    look_up = socket.getaddrinfo

    def dead(host: Any, *rest: Any) -> Any:
        return let_go.wait(20) if str(host).startswith("dead") else look_up(host, *rest)

    monkeypatch.setattr("socket.getaddrinfo", dead)
    async with Fast() as receiver, Egress(LOOPBACK) as egress:
        hanging = [egress.get(f"http://dead{n}.test/", seconds=1) for n in range(20)]
        waiting = asyncio.gather(*hanging)
        await asyncio.sleep(0.05)
        try:
            outcome = await egress.post(f"http://localhost:{receiver.port}/", b"x", HEADERS, seconds=1)
            failures = await waiting
        finally:
            let_go.set()

    assert kind(outcome) == 204
    assert {kind(failure) for failure in failures} == {FailureKind.TIMEOUT}


async def test_a_name_with_thousands_of_addresses_is_tried_a_few_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.{n // 250}.{n % 250}", 80)) for n in range(4000)
    ]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: many)
    async with Egress(()) as guarded:
        outcome = await guarded.get("http://many.test/", seconds=5)

    assert kind(outcome) is FailureKind.FORBIDDEN
    assert outcome.ms < 1000


async def test_a_certificate_that_nobody_vouches_for_is_refused(egress: Egress, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(tmp_path / "server.pem"))
    requests = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        requests += 1
        writer.close()

    async with await asyncio.start_server(count, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        outcome = await egress.post(f"https://127.0.0.1:{port}/", b"x", HEADERS, seconds=2)

    assert isinstance(outcome, Failure)
    assert (outcome.kind, requests) == (FailureKind.TLS, 0)
    assert "self-signed" in outcome.detail


def make_certificate(path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
    )
    certificate = builder.sign(key, SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return path


@pytest.mark.parametrize("size", [BODY_BYTES, BODY_BYTES + 1, 200_000, 2_000_000])
async def test_a_long_answer_is_an_answer_cut_short(egress: Egress, size: int) -> None:
    async with Status(200, b"x" * size) as receiver:
        posted, fetched = await egress.post(receiver.url, b"x", HEADERS), await egress.get(receiver.url)
        whole = await egress.get(receiver.url, limit=2_000_001)

    assert [len(each.body) for each in (posted, fetched, whole) if isinstance(each, Answer)] == [
        BODY_BYTES,
        BODY_BYTES,
        size,
    ]


async def test_a_body_in_one_byte_chunks_is_taken(egress: Egress) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with Raw(head + b"1\r\nx\r\n" * 16_000 + b"0\r\n\r\n") as receiver:
        outcome = await egress.get(receiver.url)

    assert isinstance(outcome, Answer)
    assert len(outcome.body) == 16_000


async def test_a_compressed_bomb_is_not_inflated(egress: Egress) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    async with Status(200, bomb, content_encoding="gzip") as receiver:
        outcome = await egress.get(receiver.url)

    assert isinstance(outcome, Answer)
    assert bomb[:BODY_BYTES] == outcome.body


OK = b"HTTP/1.1 200 OK\r\n"
BEHAVIOURS: list[tuple[str, Callable[[], Receiver], int | str, int | str]] = [
    ("never answers", Dead, "timeout", "timeout"),
    ("drips headers", lambda: Drip("headers"), "timeout", "timeout"),
    ("drips a body", lambda: Drip("body"), 200, "timeout"),
    ("too slow", lambda: Slow(5), "timeout", "timeout"),
    ("100 and silence", lambda: Raw(b"HTTP/1.1 100 Continue\r\n\r\n", "hang"), "timeout", "timeout"),
    ("103 fifty times", lambda: Raw(b"HTTP/1.1 103 Early\r\n\r\n" * 50 + answer(200)), 200, 200),
    ("101", lambda: Raw(b"HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), 101, 101),
    ("length too great, hangs", lambda: Raw(OK + b"Content-Length: 9\r\n\r\nx", "hang"), 200, "timeout"),
    ("length too great, closes", lambda: Raw(OK + b"Content-Length: 9\r\n\r\nx"), 200, "broken"),
    ("length too great, resets", lambda: Raw(OK + b"Content-Length: 9\r\n\r\nx", "reset"), 200, "broken"),
    ("length too small", lambda: Raw(OK + b"Content-Length: 1\r\n\r\nxyz"), "broken", "broken"),
    ("length negative", lambda: Raw(OK + b"Content-Length: -1\r\n\r\n"), "broken", "broken"),
    ("no length", lambda: Raw(OK + b"\r\nuntil the end"), 200, 200),
    ("bad chunk", lambda: Raw(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "broken", "broken"),
    ("long header", lambda: Raw(OK + b"X: " + b"x" * 100_000), "broken", "broken"),
    ("many headers", lambda: Raw(OK + b"X: y\r\n" * 5000 + b"\r\n"), "broken", "broken"),
    ("another protocol", lambda: Raw(b"SSH-2.0-OpenSSH_9.6\r\n"), "broken", "broken"),
    ("TLS", lambda: Raw(b"\x15\x03\x01\x00\x02\x02\x46"), "broken", "broken"),
    ("closes", lambda: Raw(b""), "broken", "broken"),
    ("resets", lambda: Raw(b"", "reset"), "broken", "broken"),
    ("resets within headers", lambda: Raw(b"HTTP/1.1 2", "reset"), "broken", "broken"),
    ("odd cookies", lambda: Status(200, set_cookie="a=" + ";" * 8000), 200, 200),
    ("odd headers", lambda: Status(200, content_encoding="gzip", content_type="\x80"), 200, 200),
]


@pytest.mark.parametrize(
    ("_what", "make", "posted", "fetched"), BEHAVIOURS, ids=[row[0] for row in BEHAVIOURS]
)
async def test_whatever_a_receiver_does_is_a_value_in_time(
    egress: Egress, _what: str, make: Callable[[], Receiver], posted: int | str, fetched: int | str
) -> None:
    async with make() as receiver:
        started = time.monotonic()
        post = await egress.post(receiver.url, b"x", HEADERS, seconds=0.3)
        get = await egress.get(receiver.url, seconds=0.3)
        took = time.monotonic() - started

    assert (kind(post), kind(get)) == (posted, fetched)
    assert took < 5


async def test_a_retry_after_is_cut_to_what_can_be_stored(egress: Egress) -> None:
    async with TooMany("9" * 5000) as receiver:
        outcome = await egress.post(receiver.url, b"x", HEADERS)

    assert isinstance(outcome, Answer)
    assert len(outcome.retry_after or "") == 100
    assert len(outcome.headers["RETRY-AFTER"]) == 5000


async def test_a_receiver_that_does_not_read_is_a_time_out(egress: Egress) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        outcome = await egress.post(url, bytes(20_000_000), HEADERS, seconds=0.3)

    assert kind(outcome) is FailureKind.TIMEOUT


async def test_what_can_not_be_connected_says_so(egress: Egress) -> None:
    refused = await egress.post(f"http://127.0.0.1:{closed_port()}/?token=secret", b"x", HEADERS)
    async with Dead() as dead:
        hanging = await egress.post(f"https://127.0.0.1:{dead.port}/", b"x", HEADERS, seconds=0.2)
    assert (kind(refused), kind(hanging)) == (FailureKind.REFUSED, FailureKind.TIMEOUT)
    assert isinstance(refused, Failure)
    assert "secret" not in refused.detail


async def test_a_name_that_does_not_resolve_is_unreachable(
    egress: Egress, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)

    assert kind(await egress.post("http://name.test/", b"x", HEADERS)) is FailureKind.UNREACHABLE


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"220 mail.test ESMTP\r\n"])
async def test_tls_with_a_port_that_speaks_none_fails_as_tls(egress: Egress, greeting: bytes) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        outcome = await egress.post(f"https://127.0.0.1:{port}/", b"x", HEADERS, seconds=2)

    assert kind(outcome) is FailureKind.TLS


async def test_a_machine_without_sockets_blames_nobody(
    egress: Egress, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: Any) -> socket.socket:
        raise OSError(24, "Too many open files")

    async with Fast() as receiver:
        monkeypatch.setattr("socket.socket", exhausted)
        outcome = await egress.post(receiver.url, b"x", HEADERS)
        monkeypatch.undo()

    assert kind(outcome) is FailureKind.BUSY
