"""WebSub's rows about verification, leases and distribution (H12 to H41), with real callbacks on a real store."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import feedparser
import pytest

from hub.events import EntryRemoved, FeedRemoved, FeedUpdated
from hub.model import EntryId, Format, Kind
from tests.receivers import Dead, Drip, Echo, Endless, Received, Redirecting, Status, answer, closed_port
from tests.subscribers import until

if TYPE_CHECKING:
    from asyncio import StreamWriter

    from tests.distribute.conftest import Hub


class Moody(Echo):
    """A callback that echoes challenges, and answers deliveries with these statuses, the last one for good."""

    def __init__(self, *statuses: int) -> None:
        super().__init__()
        self.statuses = list(statuses)

    async def respond(self, request: Received, writer: StreamWriter) -> bool:
        if request.method != "POST":
            return await super().respond(request, writer)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        writer.write(answer(status))
        await writer.drain()
        return True


def titles(delivery: Received) -> list[str]:
    return sorted(entry.id for entry in feedparser.parse(delivery.body).entries)


async def test_h12_a_resubscription_overrides_the_secret_and_there_is_one_delivery(hub: Hub) -> None:
    async with Echo() as reader:
        await hub.subscribe(reader.url, secret=b"one")
        again = await hub.ask(reader.url, secret=b"two")
        await until(lambda: len(reader.received) == 2)
        await until(lambda: _attempts(hub, again, 2))

        await hub.publish(2)

        await until(lambda: reader.deliveries)
        await asyncio.sleep(0.1)
        (delivery,) = reader.deliveries
        assert delivery.headers["x-hub-signature"] == _signature(b"two", delivery.body)


async def _attempts(hub: Hub, id_: str, count: int) -> bool:
    return len(await hub.store.attempts(id_)) == count  # type: ignore[arg-type]


def _signature(secret: bytes, body: bytes) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


async def test_h12_a_resubscription_without_a_secret_ends_signing(hub: Hub) -> None:
    async with Echo() as reader:
        again = await hub.subscribe(reader.url, secret=b"one")
        await hub.ask(reader.url)
        await until(lambda: _attempts(hub, again.id, 2))

        await hub.publish(2)

        await until(lambda: reader.deliveries)
        assert "x-hub-signature" not in reader.deliveries[0].headers


@pytest.mark.parametrize("refusal", [{"status": 404}, {"body": b"no"}, {"status": 302}, {"body": b""}])
async def test_h13_a_failed_renewal_leaves_secret_and_lease(hub: Hub, refusal: dict[str, object]) -> None:
    async with Echo() as reader:
        active = await hub.subscribe(reader.url, secret=b"one")
        reader._status, reader._body = refusal.get("status", 200), refusal.get("body")  # type: ignore[assignment]
        await hub.ask(reader.url, secret=b"two")
        await until(lambda: _attempts(hub, active.id, 2))

        await hub.publish(2)

        await until(lambda: reader.deliveries)
        assert reader.deliveries[0].headers["x-hub-signature"] == _signature(
            b"one", reader.deliveries[0].body
        )
        assert (await hub.the(active)).lease_end == active.lease_end


async def test_h13_a_failed_unsubscription_leaves_the_subscription(hub: Hub) -> None:
    async with Echo() as reader:
        active = await hub.subscribe(reader.url)
        reader._body = b"no"
        await hub.ask(reader.url, mode="unsubscribe")
        await until(lambda: _attempts(hub, active.id, 2))

        await hub.publish(2)

        await until(lambda: reader.deliveries)


async def test_h14_two_topics_of_a_callback_are_independent(hub: Hub) -> None:
    async with Echo() as reader:
        await hub.subscribe(reader.url, format_=Format.ATOM, secret=b"one")
        await hub.subscribe(reader.url, format_=Format.RSS)

        await hub.publish(2)

        await until(lambda: len(reader.deliveries) == 2)
        signed = {
            d.headers["content-type"].split(";")[0]: "x-hub-signature" in d.headers for d in reader.deliveries
        }
        assert signed == {"application/atom+xml": True, "application/rss+xml": False}


async def test_h16_a_topic_that_ends_is_denied_once_and_delivered_no_more(hub: Hub) -> None:
    async with Echo() as reader:
        active = await hub.subscribe(reader.url + "?k=1")

        await hub.accept(FeedRemoved(Kind.CATEGORY, "world"))

        await until(lambda: len(reader.received) == 2)
        query = parse_qs(urlsplit(reader.received[1].path).query)
        assert query["hub.mode"] == ["denied"]
        assert query["hub.topic"] == ["https://hub.test/feeds/category/world.atom"]
        assert "hub.challenge" not in query
        await until(lambda: _is_gone(hub, active.id))


async def _is_gone(hub: Hub, id_: str) -> bool:
    return await hub.store.subscription(id_) is None  # type: ignore[arg-type]


async def test_h17_h20_verifications_carry_fresh_challenges_and_the_granted_lease(hub: Hub) -> None:
    async with Echo() as reader:
        active = await hub.subscribe(reader.url, lease=777)
        await hub.ask(reader.url, lease=777)
        await until(lambda: _attempts(hub, active.id, 2))

        queries = [parse_qs(urlsplit(request.path).query) for request in reader.received]
        assert [query["hub.lease_seconds"] for query in queries] == [["777"], ["777"]]
        assert queries[0]["hub.challenge"] != queries[1]["hub.challenge"]
        assert min(len(query["hub.challenge"][0]) for query in queries) >= 22  # 128 bits


@pytest.mark.parametrize("status", [200, 201, 202])
async def test_h21_any_2xx_with_the_challenge_verifies(hub: Hub, status: int) -> None:
    async with Echo(status=status) as reader:
        await hub.subscribe(reader.url)


async def test_h22_a_redirected_verification_fails_and_is_not_followed(hub: Hub) -> None:
    async with Echo() as target, Redirecting(target.url) as reader:
        id_ = await hub.ask(reader.url)
        await until(lambda: reader.received)
        await asyncio.sleep(0.1)

        assert await _is_gone(hub, id_)
        assert target.received == []


async def test_h24_the_lease_counts_from_the_verification_request(hub: Hub) -> None:
    async with Echo(delay=0.3) as reader:
        active = await hub.subscribe(reader.url, lease=600)

        assert active.lease_end
        assert abs(active.lease_end / 1000 - (reader.received[0].at + 600)) < 0.2


async def test_h25_after_the_lease_nothing_is_sent_and_nothing_is_left(hub: Hub) -> None:
    async with Echo() as reader:
        active = await hub.subscribe(reader.url, lease=1)
        await until(lambda: _is_gone(hub, active.id))

        await hub.publish(2)
        await asyncio.sleep(0.1)

        assert reader.deliveries == []


async def test_h27_after_unsubscribing_nothing_is_sent(hub: Hub) -> None:
    async with Echo() as reader:
        active = await hub.subscribe(reader.url)
        await hub.ask(reader.url, mode="unsubscribe")
        await until(lambda: _is_gone(hub, active.id))

        await hub.publish(2)
        await asyncio.sleep(0.1)

        assert reader.deliveries == []


async def test_h27_unsubscribing_while_a_retry_waits_ends_it(hub: Hub) -> None:
    async with Moody(500) as reader:
        active = await hub.subscribe(reader.url)
        await hub.publish(2)
        await until(lambda: reader.deliveries)
        await hub.ask(reader.url, mode="unsubscribe")
        await until(lambda: _is_gone(hub, active.id))
        before = len(reader.deliveries)

        await asyncio.sleep(1.5)

        assert len(reader.deliveries) == before


async def test_h29_the_callbacks_query_stays_in_the_url(hub: Hub) -> None:
    async with Echo() as reader:
        await hub.subscribe(reader.url + "?b=2&a=%2Fx%20y&e=")
        await hub.publish(2)

        await until(lambda: reader.deliveries)
        assert reader.deliveries[0].path == "/callback?b=2&a=%2Fx%20y&e="


@pytest.mark.parametrize("format_", [Format.ATOM, Format.RSS])
async def test_h30_a_delivery_holds_each_new_entry_once(hub: Hub, format_: Format) -> None:
    async with Echo() as reader:
        await hub.subscribe(reader.url, format_=format_)
        await hub.publish(2, 3)

        await until(lambda: reader.deliveries)
        assert titles(reader.deliveries[0]) == ["https://site.test/2", "https://site.test/3"]


async def test_h30_a_json_topic_is_delivered_whole_and_to_the_byte(hub: Hub) -> None:
    async with Echo() as reader:
        await hub.subscribe(reader.url, format_=Format.JSON)
        await hub.publish(2)

        await until(lambda: reader.deliveries)
        document = await hub.store.document(await hub.number(), Format.JSON)
        assert document
        assert reader.deliveries[0].body == gzip.decompress(document.gzip)


async def test_h30_diffs_can_be_switched_off(hub: Hub) -> None:
    hub.store.settings = hub.store.settings.model_copy(update={"websub_content": "full"})
    async with Echo() as reader:
        await hub.subscribe(reader.url)
        await hub.publish(2)

        await until(lambda: reader.deliveries)
        document = await hub.store.document(await hub.number(), Format.ATOM)
        assert document
        assert reader.deliveries[0].body == gzip.decompress(document.gzip)


async def test_a_removal_is_a_tombstone_in_atom_and_the_whole_document_in_rss(hub: Hub) -> None:
    await hub.publish(2)
    async with Echo() as atom, Echo() as rss:
        await hub.subscribe(atom.url, format_=Format.ATOM)
        await hub.subscribe(rss.url, format_=Format.RSS)
        await hub.accept(EntryRemoved(EntryId("https://site.test/2")))

        await until(lambda: atom.deliveries and rss.deliveries)
        assert b'deleted-entry ref="https://site.test/2"' in atom.deliveries[0].body
        assert titles(atom.deliveries[0]) == []
        assert titles(rss.deliveries[0]) == ["https://site.test/1"]


async def test_a_feeds_own_change_is_delivered_as_the_whole_document(hub: Hub) -> None:
    async with Echo() as reader:
        await hub.subscribe(reader.url)
        await hub.accept(FeedUpdated(Kind.CATEGORY, "world", changes={"description": "All of it."}))

        await until(lambda: reader.deliveries)
        assert b"All of it." in reader.deliveries[0].body
        assert titles(reader.deliveries[0]) == ["https://site.test/1"]


@pytest.mark.parametrize(
    ("format_", "content_type"),
    [
        (Format.ATOM, "application/atom+xml; charset=utf-8"),
        (Format.RSS, "application/rss+xml; charset=utf-8"),
        (Format.JSON, "application/feed+json"),
    ],
)
async def test_h31_h32_h33_type_and_links_are_the_topics(
    hub: Hub, format_: Format, content_type: str
) -> None:
    async with Echo() as reader:
        await hub.subscribe(reader.url, format_=format_)
        await hub.publish(2)

        await until(lambda: reader.deliveries)
        headers = reader.deliveries[0].headers
        assert headers["content-type"] == content_type
        assert headers["link"] == (
            f'<https://hub.test/websub>; rel="hub", <https://hub.test/feeds/category/world.{format_}>; rel="self"'
        )


async def test_a_renamed_feed_keeps_its_subscriptions_and_their_topic(hub: Hub) -> None:
    async with Echo() as reader:
        await hub.subscribe(reader.url)
        await hub.accept(FeedUpdated(Kind.CATEGORY, "world", new_slug="planet"))
        await hub.publish(2)

        await until(lambda: any("https://site.test/2" in titles(each) for each in reader.deliveries))
        assert 'category/world.atom>; rel="self"' in reader.deliveries[-1].headers["link"]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_h34_any_2xx_is_success(hub: Hub, status: int) -> None:
    async with Moody(status) as reader:
        active = await hub.subscribe(reader.url)
        await hub.publish(2)

        await until(lambda: _has_all(hub, active.id))
        assert (await hub.the(active)).failures == 0


async def _has_all(hub: Hub, id_: str) -> bool:
    found = await hub.store.subscription(id_)  # type: ignore[arg-type]
    seq = int(await hub.store.client.hget(hub.store.keys.of("feed", await hub.number()), "seq"))
    return found is not None and found.cursor >= seq


async def test_h34_an_endless_answer_is_cut_off_and_counts_as_success(hub: Hub) -> None:
    async with Endless() as receiver:
        await hub.hook(receiver.url)
        await hub.publish(2)

        (subscription,) = (await hub.store.list_subscriptions())[0]
        await until(lambda: _has_all(hub, subscription.id))
        assert receiver.sent < 50_000_000


async def test_h35_410_ends_the_subscription(hub: Hub) -> None:
    async with Moody(410) as reader:
        active = await hub.subscribe(reader.url)
        await hub.publish(2)

        await until(lambda: _is_gone(hub, active.id))


async def test_h36_a_redirect_is_a_failure_and_its_target_is_not_called(hub: Hub) -> None:
    async with Echo() as target, Moody(302) as reader:
        active = await hub.subscribe(reader.url)
        await hub.publish(2)

        await until(lambda: _failed(hub, active.id, 1))
        assert target.received == []


async def _failed(hub: Hub, id_: str, times: int) -> bool:
    found = await hub.store.subscription(id_)  # type: ignore[arg-type]
    return found is not None and found.failures >= times


async def test_h37_h41_a_retry_succeeds_with_the_newest_range_and_a_valid_signature(hub: Hub) -> None:
    async with Moody(500, 204) as reader:
        active = await hub.subscribe(reader.url, secret=b"one")
        await hub.publish(2)
        await until(lambda: _failed(hub, active.id, 1))
        await hub.publish(3)

        await until(lambda: len(reader.deliveries) == 2)
        second = reader.deliveries[1]
        assert titles(second) == ["https://site.test/2", "https://site.test/3"]
        assert second.headers["x-hub-signature"] == _signature(b"one", second.body)
        await until(lambda: _has_all(hub, active.id))
        assert len(reader.deliveries) == 2


async def test_h37_a_refused_connection_is_a_failure_and_tried_again(hub: Hub) -> None:
    async with Echo() as reader:
        active = await hub.subscribe(reader.url)
        port = reader.port
    await hub.publish(2)
    await until(lambda: _failed(hub, active.id, 1))

    async with Echo(port=port) as again:
        await until(lambda: again.deliveries, seconds=20)


async def test_h38_failures_never_end_a_subscription(hub: Hub) -> None:
    async with Moody(500, 500, 500, 204) as reader:
        active = await hub.subscribe(reader.url)
        for number in range(2, 6):
            await hub.publish(number)
            await asyncio.sleep(0.05)

        await until(lambda: _has_all(hub, active.id), seconds=30)
        assert titles(reader.deliveries[-1]) == [f"https://site.test/{n}" for n in range(2, 6)]


async def test_a_burst_is_one_delivery_of_the_last_state(hub: Hub) -> None:
    async with Echo() as reader:
        active = await hub.subscribe(reader.url)
        await hub.store.accept([], source="test")
        await hub.publish(*range(2, 40))

        await until(lambda: _has_all(hub, active.id))
        assert len(reader.deliveries) == 1


async def test_a_reader_that_was_down_for_a_thousand_changes_gets_the_window_in_one_delivery(
    hub: Hub,
) -> None:
    async with Moody(500) as reader:
        active = await hub.subscribe(reader.url)
        await hub.publish(2)
        await until(lambda: reader.deliveries)
        for start in range(3, 1003, 250):
            await hub.publish(*range(start, start + 250))
        reader.received.clear()
        reader.statuses = [204]

        await until(lambda: _has_all(hub, active.id), seconds=20)
        assert len(reader.deliveries) == 1
        assert len(titles(reader.deliveries[0])) == hub.store.settings.feed_size


async def test_a_cursor_that_the_log_can_not_serve_is_answered_with_the_whole_document(hub: Hub) -> None:
    await hub.publish(2)
    async with Echo() as reader:
        active = await hub.subscribe(reader.url)
        await hub.store.client.hset(hub.store.keys.of("feed", await hub.number()), "floor", 5000)

        await hub.store.replay(active.id, 4000)

        await until(lambda: reader.deliveries)
        document = await hub.store.document(await hub.number(), Format.ATOM)
        assert document
        assert reader.deliveries[0].body == gzip.decompress(document.gzip)
        await until(lambda: _has_all(hub, active.id))


async def test_one_bad_receiver_of_each_kind_holds_up_nobody(hub: Hub) -> None:
    async with Echo() as good, Dead() as dead, Drip() as drip, Endless() as endless, Status(500) as failing:
        active = await hub.subscribe(good.url)
        for bad in (dead.url, drip.url, endless.url, failing.url, f"http://127.0.0.1:{closed_port()}/"):
            await hub.hook(bad)

        for number in range(2, 6):
            await hub.publish(number)
            await until(lambda: _has_all(hub, active.id), seconds=3)
