"""Standard Webhooks signatures and bearer tokens: which are taken, and what is said of those that are not."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime

import pytest

from hub.errors import Unauthorized
from hub.web.authorization import check_bearer
from hub.web.signatures import Signature, check_age, check_signature

# The example of the Standard Webhooks specification's own library tests.
SPEC_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SPEC = Signature(
    "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)
SPEC_BODY = b'{"test": 2432232314}'

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
STAMP = int(NOW.timestamp())


def sign(key: bytes, body: bytes, *, id_: str = "msg_1", timestamp: int = STAMP) -> str:
    digest = hmac.digest(key, f"{id_}.{timestamp}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(digest).decode()


def signed(signatures: str, *, timestamp: str = str(STAMP)) -> Signature:
    return Signature("msg_1", timestamp, signatures)


def test_the_specifications_example_is_taken() -> None:
    check_signature(SPEC, SPEC_BODY, [SPEC_SECRET])


@pytest.mark.parametrize(
    ("token", "key"),
    [
        ("plain-token-of-an-operator", b"plain-token-of-an-operator"),
        (SPEC_SECRET, SPEC_SECRET.encode()),
        (SPEC_SECRET, base64.b64decode(SPEC_SECRET.removeprefix("whsec_"))),
        (SPEC_SECRET.removeprefix("whsec_"), base64.b64decode(SPEC_SECRET.removeprefix("whsec_"))),
    ],
)
def test_a_token_signs_as_its_own_bytes_and_as_what_the_libraries_decode(token: str, key: bytes) -> None:
    check_signature(signed(sign(key, b"{}")), b"{}", ["another", token])


@pytest.mark.parametrize(
    ("token", "key"),
    [
        ("whsec_", b""),
        ("YWJj", b"abc"),
        ("whsec_YWJj", b"abc"),
        ("token", b"other"),
    ],
)
def test_a_key_that_could_be_guessed_signs_nothing(token: str, key: bytes) -> None:
    with pytest.raises(Unauthorized, match="matches no publish token"):
        check_signature(signed(sign(key, b"{}")), b"{}", [token])


@pytest.mark.parametrize(
    ("signatures", "body"),
    [
        ("", b"{}"),
        ("v1,", b"{}"),
        ("v2," + sign(b"token", b"{}").removeprefix("v1,"), b"{}"),
        (sign(b"token", b"{}"), b"{ }"),
        (sign(b"token", b"{}", id_="msg_2"), b"{}"),
        (sign(b"token", b"{}", timestamp=STAMP + 1), b"{}"),
        ("v1,ümlaut \udcff", b"{}"),
    ],
)
def test_anything_else_is_refused(signatures: str, body: bytes) -> None:
    with pytest.raises(Unauthorized, match="matches no publish token"):
        check_signature(signed(signatures), body, ["token"])


def test_one_good_signature_among_several_is_enough() -> None:
    check_signature(signed(f"v1,AAAA v1a,BBBB {sign(b'token', b'{}')}"), b"{}", ["old", "token"])


def test_without_a_secret_nothing_is_taken() -> None:
    with pytest.raises(Unauthorized):
        check_signature(signed(sign(b"", b"{}")), b"{}", [])


@pytest.mark.parametrize("apart", [-300, -1, 0, 299, 300])
def test_clocks_may_differ_by_five_minutes(apart: int) -> None:
    check_age(signed("", timestamp=str(STAMP - apart)), NOW)


@pytest.mark.parametrize("apart", [301, -412, 86_400])
def test_a_refusal_for_age_says_by_how_many_seconds_the_clocks_differ(apart: int) -> None:
    with pytest.raises(Unauthorized, match=rf"differ by {abs(apart)} seconds"):
        check_age(signed("", timestamp=str(STAMP - apart)), NOW)


@pytest.mark.parametrize("timestamp", ["", "now", "1795460320.5", "0x10", "9" * 5000])
def test_a_timestamp_is_whole_seconds(timestamp: str) -> None:
    with pytest.raises(Unauthorized, match="whole seconds"):
        check_age(signed("", timestamp=timestamp), NOW)


def test_a_request_is_signed_only_with_all_three_headers() -> None:
    headers = {"webhook-id": "1", "webhook-timestamp": "2", "webhook-signature": "v1,x"}

    assert Signature.read(headers) == Signature("1", "2", "v1,x")
    for missing in headers:
        assert Signature.read({name: value for name, value in headers.items() if name != missing}) is None


@pytest.mark.parametrize("authorization", ["Bearer two", "bearer two", "BEARER  two", "Bearer one"])
def test_any_of_several_tokens_is_taken(authorization: str) -> None:
    check_bearer(authorization, ["one", "two"])


@pytest.mark.parametrize(
    "authorization", ["", "two", "Basic two", "Bearer", "Bearer ", "Bearer three", "Bearer tw\udcff"]
)
def test_another_token_is_refused(authorization: str) -> None:
    with pytest.raises(Unauthorized):
        check_bearer(authorization, ["one", "two"])


def test_no_token_set_means_nobody() -> None:
    with pytest.raises(Unauthorized):
        check_bearer("Bearer ", [])
