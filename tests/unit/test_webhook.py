"""Webhooks on the wire: secrets, signatures, ids and bodies, and the official library's word on them."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as Official
from standardwebhooks import WebhookVerificationError

from hub.intake.slugs import slugify
from hub.model import ALL, EntryId, FeedNumber, FeedPath, Kind, Seq
from hub.subscription import SealedSecret
from hub.webhook import (
    Type,
    body,
    changed_entry,
    changed_feed,
    delivery_id,
    headers,
    id_of,
    moment,
    probe,
    probe_id,
    removed_entry,
    removed_feed,
    reset_feed,
    reset_id,
    rotated,
    secret_of,
    sign,
    signing,
    subscription_id,
)

# The example of the Standard Webhooks specification's own library tests.
SPEC_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SPEC_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
SPEC_BODY = b'{"test": 2432232314}'

NEWS = FeedPath(Kind.CATEGORY, "europe-news")
SPECIAL = FeedPath(Kind.CATEGORY, "späte-nachrichten")
SEQ = Seq(1795460320084001)
HUB = "https://hub.test"
OLD, NEW = secret_of(bytes(range(24))), secret_of(bytes(range(64)))


def now() -> int:
    return int(time.time())


# ---- secrets


def test_the_specifications_example_is_signed_as_it_says() -> None:
    assert sign([SPEC_SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, SPEC_BODY) == SPEC_SIGNATURE


@pytest.mark.parametrize("size", [24, 32, 64])
def test_a_secret_is_its_bytes_in_base64(size: int) -> None:
    secret = secret_of(bytes(size))

    assert secret.startswith("whsec_")
    assert base64.b64decode(secret.removeprefix("whsec_")) == bytes(size)


@pytest.mark.parametrize("size", [0, 23, 65])
def test_a_secret_of_another_size_is_none(size: int) -> None:
    with pytest.raises(ValueError, match="24 to 64 bytes"):
        secret_of(bytes(size))


def test_what_is_no_secret_signs_nothing_and_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="whsec_ and base64") as caught:
        sign(["whsec_ümlaut!"], "a", 1, b"")

    assert "mlaut" not in str(caught.value)


def test_a_replaced_secret_signs_until_its_overlap_ends() -> None:
    secrets = rotated([SealedSecret(b"old")], b"new", now=1000, overlap_seconds=60)

    assert signing(secrets, 1000) == (b"new", b"old")
    assert signing(secrets, 60_999) == (b"new", b"old")
    assert signing(secrets, 61_000) == (b"new",)


def test_a_rotation_without_overlap_ends_every_earlier_secret() -> None:
    secrets = rotated([SealedSecret(b"old")], b"new", now=1000, overlap_seconds=60)

    assert rotated(secrets, b"newest", now=2000, overlap_seconds=0) == (SealedSecret(b"newest"),)


def test_a_second_rotation_does_not_prolong_the_first() -> None:
    once = rotated([SealedSecret(b"old")], b"new", now=1000, overlap_seconds=60)
    twice = rotated(once, b"newest", now=2000, overlap_seconds=600)

    assert [(secret.sealed, secret.until) for secret in twice] == [
        (b"newest", None),
        (b"new", 602_000),
        (b"old", 61_000),
    ]


# ---- signatures, as the official library sees them


@pytest.mark.parametrize("secret", [OLD, NEW])
@pytest.mark.parametrize("feed", [NEWS, SPECIAL, ALL])
def test_the_official_library_verifies_a_delivery(secret: str, feed: FeedPath) -> None:
    sent = changed_entry(feed, SEQ, {"id": "1", "title": "Größe 漢字 🎉"}, new=True)
    given_headers = headers([secret], delivery_id(feed, SEQ), now(), sent)

    assert Official(secret).verify(sent, given_headers) == orjson.loads(sent)


def test_during_a_rotation_both_secrets_verify() -> None:
    sent = removed_entry(NEWS, SEQ, EntryId("1"))
    given_headers = headers([NEW, OLD], delivery_id(NEWS, SEQ), now(), sent)

    assert given_headers["webhook-signature"].count("v1,") == 2
    Official(OLD).verify(sent, given_headers)
    Official(NEW).verify(sent, given_headers)


@pytest.mark.parametrize("what", ["body", "webhook-id", "webhook-timestamp", "secret"])
def test_the_official_library_refuses_what_was_changed(what: str) -> None:
    sent, at = removed_entry(NEWS, SEQ, EntryId("1")), now()
    changed = headers([OLD], delivery_id(NEWS, SEQ), at, sent)
    if what in changed:
        changed[what] = {"webhook-id": "other:1", "webhook-timestamp": str(at - 1)}[what]

    with pytest.raises(WebhookVerificationError):
        Official(NEW if what == "secret" else OLD).verify(sent + b" " * (what == "body"), changed)


@given(random=st.binary(min_size=24, max_size=64), text=st.text())
def test_our_signature_is_the_official_librarys(random: bytes, text: str) -> None:
    secret = secret_of(random)
    sent = text.encode(errors="replace")
    when = datetime(2026, 11, 23, 9, tzinfo=UTC)

    assert sign([secret], "id", int(when.timestamp()), sent) == Official(secret).sign(
        "id", when, sent.decode()
    )


def test_a_retry_has_another_timestamp_and_the_same_id() -> None:
    first = headers([OLD], delivery_id(NEWS, SEQ), 1, b"{}")
    second = headers([OLD], delivery_id(NEWS, SEQ), 2, b"{}")

    assert {name for name in first if first[name] != second[name]} == {
        "webhook-timestamp",
        "webhook-signature",
    }


# ---- ids


@pytest.mark.parametrize(
    ("feed", "id_"),
    [
        (ALL, "all:1795460320084001"),
        (NEWS, "category/europe-news:1795460320084001"),
        (SPECIAL, "category/sp%C3%A4te-nachrichten:1795460320084001"),
    ],
)
def test_a_deliverys_id_is_its_feed_and_seq(feed: FeedPath, id_: str) -> None:
    assert delivery_id(feed, SEQ) == id_


@given(name=st.text(min_size=1, max_size=200), seq=st.integers(0, 2**53))
def test_an_id_of_any_feed_fits_into_a_header(name: str, seq: int) -> None:
    id_ = delivery_id(FeedPath(Kind.TAG, slugify(name)), Seq(seq))

    assert id_.isascii()
    assert id_.isprintable()
    assert not {" ", ".", ","} & set(id_)
    assert len(id_) < 1024


def test_a_resets_id_is_not_that_of_the_change_at_its_seq() -> None:
    assert reset_id(NEWS, SEQ) == "category/europe-news:1795460320084001:reset"


def test_a_webhooks_id_and_what_it_is_owed_of_a_feed_are_named_in_plain_characters() -> None:
    id_ = id_of(bytes(range(244, 256)))

    assert id_ == "wh_9PX29_j5-vv8_f7_"
    assert subscription_id(id_, FeedNumber(7)) == "wh_9PX29_j5-vv8_f7_.7"


def test_a_tests_id_is_no_deliverys() -> None:
    assert probe_id(SEQ) == "test:1795460320084001"


# ---- bodies


def test_an_entry_new_to_a_feed_is_published_and_a_known_one_updated() -> None:
    item = {"id": "1", "_feedhub": {"revision": 3, "seq": SEQ}}

    published = orjson.loads(changed_entry(NEWS, SEQ, item, new=True))
    updated = orjson.loads(changed_entry(NEWS, SEQ, item, new=False))

    assert published == {
        "type": "entry.published",
        "feed": "category/europe-news",
        "seq": 1795460320084001,
        "timestamp": "2026-11-23T18:58:40.084001Z",
        "entry": item,
    }
    assert updated == published | {"type": "entry.updated"}


def test_a_removal_says_no_more_than_the_id() -> None:
    assert orjson.loads(removed_entry(NEWS, SEQ, EntryId("https://x.test/1")))["entry"] == {
        "id": "https://x.test/1"
    }


@given(id_=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=1024))
def test_an_entrys_id_of_any_script_and_length_comes_as_it_is(id_: str) -> None:
    sent = removed_entry(SPECIAL, SEQ, EntryId(id_))

    assert orjson.loads(sent)["entry"] == {"id": id_}
    Official(OLD).verify(sent, headers([OLD], delivery_id(SPECIAL, SEQ), now(), sent))


def test_a_feeds_slug_is_decoded_in_bodies() -> None:
    assert orjson.loads(removed_feed(SPECIAL, SEQ))["feed"] == "category/späte-nachrichten"


def test_a_changed_feed_brings_its_own_data() -> None:
    said = orjson.loads(changed_feed(SPECIAL, SEQ, HUB, name="Späte Nachrichten", description=""))

    assert said["type"] == "feed.updated"
    assert said["name"] == "Späte Nachrichten"
    assert said["url"] == "https://hub.test/feeds/category/sp%C3%A4te-nachrichten.json"


def test_a_removed_feed_says_where_it_went() -> None:
    assert "moved_to" not in orjson.loads(removed_feed(NEWS, SEQ))
    assert orjson.loads(removed_feed(NEWS, SEQ, SPECIAL))["moved_to"] == "category/späte-nachrichten"


def test_a_reset_links_what_to_fetch() -> None:
    said = orjson.loads(reset_feed(NEWS, SEQ, HUB))

    assert said["type"] == "feed.reset"
    assert said["url"] == "https://hub.test/feeds/category/europe-news.json?since=0"
    assert "drop what does not come back" in said["message"]


def test_a_test_moves_no_receivers_cursor() -> None:
    said = orjson.loads(probe(NEWS, SEQ))

    assert (said["type"], said["feed"], said["seq"]) == ("webhook.test", "category/europe-news", 0)
    assert said["timestamp"] == moment(SEQ)


@given(seq=st.integers(0, 2**53))
def test_a_body_is_the_same_for_every_attempt(seq: int) -> None:
    said = {"entry": {"id": "ä"}}

    assert body(Type.ENTRY_UPDATED, SPECIAL, Seq(seq), said) == body(
        Type.ENTRY_UPDATED, SPECIAL, Seq(seq), said
    )
    assert datetime.fromisoformat(moment(Seq(seq))) >= datetime(1970, 1, 1, tzinfo=UTC)


def test_a_moment_is_exact_to_the_microsecond() -> None:
    assert [moment(Seq(seq)) for seq in (0, 1, 1_000_000, SEQ)] == [
        "1970-01-01T00:00:00.000000Z",
        "1970-01-01T00:00:00.000001Z",
        "1970-01-01T00:00:01.000000Z",
        "2026-11-23T18:58:40.084001Z",
    ]
