"""WebSub's protocol as pure functions: each test is named after the requirement that it checks."""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadRequest
from hub.model import FeedNumber, Format
from hub.subscription import Intent
from hub.websub import (
    CHALLENGE_BYTES,
    Leases,
    PublishPing,
    SubscriberRequest,
    algorithm_for,
    delivery_headers,
    denied_url,
    is_verified,
    new_challenge,
    read_request,
    signature,
    subscription_id,
    verification_url,
)

TOPIC = "https://hub.test/feeds/category/news.atom"
CALLBACK = "https://reader.test/cb"
LEASES = Leases(least=300, default=864_000, most=2_592_000)


def form(**changes: str | None) -> bytes:
    """A subscribe request; a change to None leaves a parameter out. `verify_token` stands for `hub.verify_token`."""
    fields = {"mode": "subscribe", "topic": TOPIC, "callback": CALLBACK} | changes
    return urlencode({f"hub.{name}": value for name, value in fields.items() if value is not None}).encode()


def read(**changes: str | None) -> SubscriberRequest:
    request = read_request(form(**changes))
    assert isinstance(request, SubscriberRequest)
    return request


def refusal(body: bytes) -> str:
    with pytest.raises(BadRequest) as refused:
        read_request(body)
    return str(refused.value)


def intent(**changes: Any) -> Intent:
    fields: dict[str, Any] = {
        "id": subscription_id(FeedNumber(1), Format.ATOM, CALLBACK),
        "mode": "subscribe",
        "topic": TOPIC,
        "feed": FeedNumber(1),
        "format": Format.ATOM,
        "callback": CALLBACK,
        "secret": b"",
        "algorithm": "sha256",
        "lease_seconds": 864_000,
        "verify_token": None,
    }
    return Intent(**(fields | changes))


# ---- requests -----------------------------------------------------------------------------------------------------


def test_h01_a_form_with_callback_mode_and_topic_is_a_request() -> None:
    assert read() == SubscriberRequest("subscribe", TOPIC, CALLBACK)
    assert read(mode="unsubscribe") == SubscriberRequest("unsubscribe", TOPIC, CALLBACK)


def test_h02_a_secret_is_kept_as_its_bytes() -> None:
    assert read(secret="ключ & +=%").secret == "ключ & +=%".encode()


def test_h02_an_empty_secret_is_none() -> None:
    assert read(secret="").secret == b""


@pytest.mark.parametrize(
    "more",
    [
        b"&foo=bar&hub.foo=hub.bar",
        b"&hub.verify=async&hub.verify=sync",
        b"&%FF=1&x=%FF&=&&hub.%FF",
        b"&hub.mode=unsubscribe&hub.topic=%FF&hub.callback=ftp://x",
    ],
)
def test_h03_unknown_and_repeated_parameters_are_ignored(more: bytes) -> None:
    assert read_request(form() + more) == SubscriberRequest("subscribe", TOPIC, CALLBACK)


def test_h03_the_verify_token_of_older_subscribers_is_kept() -> None:
    assert read(verify_token="t=1 &x").verify_token == "t=1 &x"
    assert read().verify_token is None
    assert read(verify_token="").verify_token is None


@pytest.mark.parametrize("secret", ["x" * 199, "é" * 99])
def test_h04_a_secret_of_less_than_200_bytes_is_taken(secret: str) -> None:
    assert read(secret=secret).secret == secret.encode()


@pytest.mark.parametrize("secret", ["x" * 200, "é" * 100, "x" * 5000])
def test_h04_a_secret_of_200_bytes_is_refused(secret: str) -> None:
    assert refusal(form(secret=secret)) == "hub.secret must be shorter than 200 bytes."


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (None, 864_000),
        ("", 864_000),
        ("86400", 86_400),
        ("0086400", 86_400),
        ("1", 300),
        (str(10**12), 2_592_000),
        ("9" * 5000, 2_592_000),
    ],
)
def test_h05_a_lease_is_granted_within_bounds(asked: str | None, granted: int) -> None:
    assert LEASES.grant(read(lease_seconds=asked).lease_seconds) == granted


@pytest.mark.parametrize("lease", ["abc", "-5", "0", "000", "1.5", "+5", "1e3", " 5", "٣", "0x10", "5\n"])
def test_h05_a_lease_that_is_no_positive_integer_is_refused(lease: str) -> None:
    assert refusal(form(lease_seconds=lease)) == "hub.lease_seconds must be a positive whole number."


def test_h05_lease_and_secret_mean_nothing_when_unsubscribing() -> None:
    request = read(mode="unsubscribe", lease_seconds="abc", secret="x" * 500)

    assert request == SubscriberRequest("unsubscribe", TOPIC, CALLBACK)


@pytest.mark.parametrize("mode", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"topic": None}, "hub.topic is missing."),
        ({"callback": None}, "hub.callback is missing."),
        ({"topic": ""}, "hub.topic is missing."),
        ({"callback": ""}, "hub.callback is missing."),
        ({"topic": "/feeds/all.rss"}, "hub.topic must be an absolute http or https URL."),
        ({"callback": "/cb"}, "hub.callback must be an absolute http or https URL."),
        ({"callback": "//reader.test/cb"}, "hub.callback must be an absolute http or https URL."),
        ({"callback": "ftp://reader.test/cb"}, "hub.callback must be an absolute http or https URL."),
        ({"callback": "javascript:alert(1)"}, "hub.callback must be an absolute http or https URL."),
        ({"callback": "http:cb"}, "hub.callback must be an absolute http or https URL."),
        ({"callback": "http:///cb"}, "hub.callback must be an absolute http or https URL."),
        ({"callback": "http://:80/cb"}, "hub.callback must be an absolute http or https URL."),
        ({"callback": "http://[::1/cb"}, "hub.callback must be an absolute http or https URL."),
        ({"callback": "http://h:99999/cb"}, "hub.callback must be an absolute http or https URL."),
        ({"callback": "http://h:0/cb"}, "hub.callback must be an absolute http or https URL."),
        ({"callback": "http://me:pw@h/cb"}, "hub.callback must not hold a user name or password."),
        ({"callback": "http://@h/cb"}, "hub.callback must not hold a user name or password."),
        ({"callback": "http://h/" + "x" * 2040}, "hub.callback must not be longer than 2048 characters."),
        (
            {"verify_token": "x" * 501},
            "hub.verify_token must not be longer than 500 characters.",
        ),
    ],
)
def test_h06_what_is_wrong_is_one_sentence(mode: str, changes: dict[str, str | None], sentence: str) -> None:
    assert refusal(form(**{"mode": mode} | changes)) == sentence


@pytest.mark.parametrize(
    "url",
    [
        "http://h/a b",
        "http://h/\r\nX: y",
        "http://h/\x00",
        "http://h/é",
        "http://h\\@x/",
        'http://h/"',
        "http://h/<",
    ],
)
@pytest.mark.parametrize("name", ["topic", "callback"])
def test_h06_what_would_have_to_be_encoded_is_refused(name: str, url: str) -> None:
    sentence = refusal(form(**{name: url}))

    assert sentence == f"hub.{name} must be a valid URL: spaces, controls and non-ASCII percent-encoded."


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "hub.mode is missing."),
        (b"{}", "hub.mode is missing."),
        (form(mode=None), "hub.mode is missing."),
        (form(mode="frobnicate"), "hub.mode must be subscribe, unsubscribe or publish."),
        (form(mode="Subscribe"), "hub.mode must be subscribe, unsubscribe or publish."),
        (b"hub.mode=%FF", "hub.mode must be percent-encoded UTF-8."),
        (form(topic=None) + b"&hub.topic=%C3", "hub.topic must be percent-encoded UTF-8."),
        (form() + b"&hub.secret=%E9", "hub.secret must be percent-encoded UTF-8."),
    ],
)
def test_h06_a_body_that_is_no_request_is_refused(body: bytes, sentence: str) -> None:
    assert refusal(body) == sentence


@given(st.binary(max_size=300))
def test_h06_no_body_is_an_internal_error(body: bytes) -> None:
    for start in (b"", b"hub.mode=subscribe&", b"hub.mode=publish&hub.url=", form() + b"&hub.secret="):
        try:
            read_request(start + body)
        except BadRequest as refused:
            assert str(refused).endswith(".")  # noqa: PT017  (most bodies raise, some are requests)


@pytest.mark.parametrize("topic", ["http", "https"])
@pytest.mark.parametrize("callback", ["http", "https"])
def test_h09_topic_and_callback_may_each_be_http_or_https(topic: str, callback: str) -> None:
    request = read(topic=f"{topic}://hub.test/feeds/all.rss", callback=f"{callback}://reader.test/cb")

    assert (request.topic, request.callback) == (
        f"{topic}://hub.test/feeds/all.rss",
        f"{callback}://reader.test/cb",
    )


ENCODED = "https://hub.test/caf%C3%A9%20x?cat=a%26b&x=1+2"


def test_h10_values_are_decoded_exactly_once() -> None:
    assert read(topic=ENCODED).topic == ENCODED


def test_h10_the_topic_comes_back_identical_in_the_verification() -> None:
    query = urlsplit(verification_url(intent(topic=ENCODED), "c")).query

    assert dict(parse_qsl(query))["hub.topic"] == ENCODED
    assert f"hub.topic={quote(ENCODED, safe='')}" in query


@given(
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"<>\\#'), max_size=60)
)
def test_h15_the_callback_is_used_exactly_as_given(tail: str) -> None:
    callback = f"http://reader.test:8081/{tail}"

    assert read(callback=callback).callback == callback
    assert verification_url(intent(callback=callback), "c").startswith(callback)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_h15_https_stays_https(scheme: str) -> None:
    url = urlsplit(verification_url(intent(callback=f"{scheme}://READER.test:8443/a/../b"), "c"))

    assert (url.scheme, url.netloc, url.path) == (scheme, "READER.test:8443", "/a/../b")


def test_a_subscription_is_named_by_feed_format_and_callback() -> None:
    named = {
        subscription_id(FeedNumber(feed), format_, callback)
        for feed in (1, 11)
        for format_ in Format
        for callback in (CALLBACK, CALLBACK + "?", "http://reader.test/cb")
    }

    assert len(named) == 18
    assert {len(id_) for id_ in named} == {16}
    assert subscription_id(FeedNumber(1), Format.ATOM, CALLBACK) == "iVXyGnfxCsjdCg3Q"


# ---- verification of intent ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["subscribe", "unsubscribe"])
def test_h17_a_verification_names_mode_topic_challenge_and_lease(mode: str) -> None:
    url = verification_url(intent(mode=mode), "challenge-1")

    said = {"hub.mode": mode, "hub.topic": TOPIC, "hub.challenge": "challenge-1"}
    lease = {"hub.lease_seconds": "864000"} if mode == "subscribe" else {}
    assert parse_qsl(urlsplit(url).query) == list((said | lease).items())


def test_h17_the_verify_token_is_echoed() -> None:
    """Feedbin and NewsBlur answer 404 without it."""
    url = verification_url(intent(verify_token="t=1 &é"), "c")

    assert dict(parse_qsl(urlsplit(url).query))["hub.verify_token"] == "t=1 &é"


@pytest.mark.parametrize("query", ["b=2&a=1&a=%2Fx%20y&e=", "k=", "a&b", "q=é%zz+", "a?b", "x=1&"])
def test_h18_the_callbacks_query_is_kept_byte_for_byte(query: str) -> None:
    url = verification_url(intent(callback=f"https://reader.test/cb?{query}"), "c")

    assert url.startswith(f"https://reader.test/cb?{query}&hub.mode=subscribe&hub.topic=")


def test_h18_parameters_of_the_same_name_are_not_overwritten() -> None:
    url = verification_url(intent(callback="https://reader.test/cb?hub.topic=mine"), "c")

    topics = [value for name, value in parse_qsl(urlsplit(url).query) if name == "hub.topic"]
    assert topics == ["mine", TOPIC]


@pytest.mark.parametrize(
    ("callback", "prefix"),
    [
        ("http://h/cb", "http://h/cb?hub.mode="),
        ("http://h/cb?", "http://h/cb?hub.mode="),
        ("http://h", "http://h?hub.mode="),
        ("http://h/cb#x", "http://h/cb?hub.mode="),
        ("http://h/cb?a=1#x?y", "http://h/cb?a=1&hub.mode="),
        ("http://h/cb#a?b=1", "http://h/cb?hub.mode="),
    ],
)
def test_h19_the_query_stands_before_a_fragment_which_is_never_sent(callback: str, prefix: str) -> None:
    url = verification_url(intent(callback=callback), "c")

    assert url.startswith(prefix)
    assert "#" not in url


def test_h20_a_challenge_is_made_of_256_random_bits() -> None:
    ones, twos = new_challenge(b"\x01" * CHALLENGE_BYTES), new_challenge(b"\x02" * CHALLENGE_BYTES)

    assert CHALLENGE_BYTES * 8 >= 128
    assert ones != twos
    assert ones.isascii()
    assert quote(ones, safe="") == ones


def test_h20_fewer_random_bytes_are_no_challenge() -> None:
    with pytest.raises(ValueError, match="32 random bytes"):
        new_challenge(b"short")


def test_h20_the_answer_to_an_earlier_challenge_does_not_verify() -> None:
    earlier, later = new_challenge(b"\x01" * CHALLENGE_BYTES), new_challenge(b"\x02" * CHALLENGE_BYTES)

    assert not is_verified(200, earlier.encode(), later)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_h21_any_2xx_with_the_challenge_verifies(status: int) -> None:
    assert is_verified(status, b"challenge", "challenge")


@pytest.mark.parametrize(
    "body", [b"", b"challenge\n", b" challenge", b"Challenge", b"challeng", b"challengechallenge", b"\xff"]
)
def test_h21_any_other_body_does_not(body: bytes) -> None:
    assert not is_verified(200, body, "challenge")


@pytest.mark.parametrize("status", [100, 199, 300, 301, 302, 307, 308, 400, 404, 410, 500, 503])
def test_h22_no_other_status_verifies(status: int) -> None:
    assert not is_verified(status, b"challenge", "challenge")


def test_h16_a_denial_names_topic_and_reason_and_has_no_challenge() -> None:
    url = denied_url("https://reader.test/cb?k=%2F", TOPIC, "The feed has ended.")

    assert url.startswith("https://reader.test/cb?k=%2F&")
    assert parse_qsl(urlsplit(url).query)[1:] == [
        ("hub.mode", "denied"),
        ("hub.topic", TOPIC),
        ("hub.reason", "The feed has ended."),
    ]
    assert "hub.reason" not in denied_url(CALLBACK, TOPIC)


# ---- deliveries ---------------------------------------------------------------------------------------------------


def test_h32_h33_one_link_header_names_hub_and_self() -> None:
    headers = delivery_headers(Format.RSS.content_type, TOPIC, "https://hub.test/websub", None)

    assert headers == {
        "Content-Type": "application/rss+xml; charset=utf-8",
        "Link": f'<https://hub.test/websub>; rel="hub", <{TOPIC}>; rel="self"',
    }


@pytest.mark.parametrize(
    "content_type", [*(f.content_type for f in Format), 'application/x-odd; v="1"; charset=x']
)
def test_h31_the_content_type_is_the_topics_own(content_type: str) -> None:
    assert delivery_headers(content_type, TOPIC, "h", None)["Content-Type"] == content_type


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_h39_a_signature_is_the_hmac_of_the_raw_body(algorithm: str) -> None:
    secret, body = "ключ".encode(), b"\xff\x00<feed/>\r\n"

    expected = hmac.new(secret, body, algorithm).hexdigest()
    assert signature(algorithm, secret, body) == f"{algorithm}={expected}"


def test_h39_a_known_signature() -> None:
    """RFC 4231, test case 2."""
    assert signature("sha256", b"Jefe", b"what do ya want for nothing?") == (
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


def test_h39_a_delivery_carries_its_signature_and_without_a_secret_none() -> None:
    assert delivery_headers("t", TOPIC, "h", "sha256=00")["X-Hub-Signature"] == "sha256=00"
    assert "X-Hub-Signature" not in delivery_headers("t", TOPIC, "h", None)


@pytest.mark.parametrize("algorithm", ["md5", "SHA256", "", "sha224"])
def test_h39_no_other_method_signs(algorithm: str) -> None:
    with pytest.raises(ValueError, match="no algorithm of WebSub"):
        signature(algorithm, b"secret", b"body")


@pytest.mark.parametrize(
    ("callback", "algorithm"),
    [
        ("https://reader.test/cb", "sha256"),
        ("https://feedbin.com/feeds/1/push", "sha1"),
        ("https://FEEDBIN.com./feeds/1/push", "sha1"),
        ("https://push.feedbin.com:8443/1", "sha1"),
        ("https://notfeedbin.com/", "sha256"),
        ("https://feedbin.com.evil.test/", "sha256"),
        ("https://reader.test/feedbin.com", "sha256"),
        ("http://[2001:db8::1]/", "sha256"),
    ],
)
def test_h40_sha256_signs_except_where_only_sha1_is_known(callback: str, algorithm: str) -> None:
    assert algorithm_for(callback) == algorithm


def test_h40_the_table_is_the_operators_to_change() -> None:
    assert algorithm_for("https://a.old.test/", {"old.test"}) == "sha1"
    assert algorithm_for("https://feedbin.com/", ()) == "sha256"


# ---- publish pings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "topics"),
    [
        ([("hub.url", "u")], ("u",)),
        ([("hub.topic", "t")], ("t",)),
        ([("hub.url", "u"), ("hub.topic", "t")], ("u", "t")),
        ([("hub.topic", "u"), ("hub.url", "u"), ("hub.url", "")], ("u",)),
    ],
)
def test_h42_a_ping_names_topics_by_either_parameter(
    fields: list[tuple[str, str]], topics: tuple[str, ...]
) -> None:
    assert read_request(urlencode([("hub.mode", "publish"), *fields]).encode()) == PublishPing(topics)


def test_h43_a_ping_may_name_several_topics_each_counts_once() -> None:
    body = urlencode([("hub.mode", "publish"), *(("hub.url", url) for url in "abcabc")]).encode()

    assert read_request(body) == PublishPing(("a", "b", "c"))


def test_h43_there_is_a_limit() -> None:
    fields = [("hub.url", f"https://hub.test/{n}") for n in range(1001)]

    assert refusal(urlencode([("hub.mode", "publish"), *fields]).encode()).startswith("More than 1000 topics")


@pytest.mark.parametrize("body", [b"hub.mode=publish", b"hub.mode=publish&hub.url=&hub.topic="])
def test_h42_a_ping_without_topics_says_nothing(body: bytes) -> None:
    assert refusal(body) == "hub.url is missing: name the topics that changed."
