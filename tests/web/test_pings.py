"""POST /hooks/ping and what else makes the hub look: strangers' pings, hooks that could not be stored, a new front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.events import Source
from hub.web.missed import WHY
from tests.cms import SECRET, recorded
from tests.web.conftest import make_settings
from tests.web.fakes import eventually

if TYPE_CHECKING:
    from hub.settings import Settings
    from tests.cms import Recorded
    from tests.web.conftest import Client, Start
    from tests.web.fakes import Clock, FakeStore

EXTENDED = recorded("pings/xmlrpc-extendedPing-on-publish")
PLAIN = recorded("pings/xmlrpc-ping-fallback")
WEBSUB = recorded("pings/websub-plugin-ping-from-draft")


@pytest.fixture
def settings() -> Settings:
    return make_settings(
        wordpress_url="http://wp.test:8081", hook_secret_ghost=(SECRET,), ghost_url="http://g.test"
    )


@pytest.mark.parametrize("ping", [EXTENDED, PLAIN])
async def test_cms_11_a_ping_of_the_configured_site_has_it_looked_at(
    client: Client, fake: FakeStore, ping: Recorded
) -> None:
    await eventually(lambda: bool(fake.pings))
    fake.pings.clear()
    answer = await client.post("/hooks/ping", data=ping.body, headers=ping.to_send())

    assert answer.status == 200
    assert b"<name>flerror</name><value><boolean>0</boolean>" in await answer.read()
    assert fake.pings == ["wordpress"]
    assert fake.hooks.get(Source.WORDPRESS) is None  # no note, and no problem: anybody can send one


async def test_cms_12_a_ping_that_names_the_wrong_feeds_has_the_site_looked_at_all_the_same(
    client: Client, fake: FakeStore
) -> None:
    await eventually(lambda: bool(fake.pings))
    fake.pings.clear()
    answer = await client.post("/websub", data=WEBSUB.body, headers=WEBSUB.to_send())

    assert answer.status == 204
    assert fake.pings == ["wordpress"]


async def test_cms_13_a_ping_without_the_sites_port_means_the_site(start: Start, fake: FakeStore) -> None:
    client = await start(make_settings(wordpress_url="http://wp.test"))
    await eventually(lambda: bool(fake.pings))
    fake.pings.clear()
    await client.post("/hooks/ping", data=EXTENDED.body)

    assert fake.pings == ["wordpress"]


async def test_a_site_behind_another_address_is_known_by_its_public_one(
    start: Start, fake: FakeStore
) -> None:
    client = await start(make_settings(wordpress_url="http://127.0.0.1:8081", site_url="http://wp.test:8081"))
    await eventually(lambda: bool(fake.pings))
    fake.pings.clear()
    await client.post("/hooks/ping", data=EXTENDED.body)

    assert fake.pings == ["wordpress"]


async def test_a_ping_of_another_site_is_thanked_for_and_forgotten(client: Client, fake: FakeStore) -> None:
    await eventually(lambda: bool(fake.pings))
    fake.pings.clear()
    answer = await client.post("/hooks/ping", data=EXTENDED.body.replace(b"wp.test", b"other.test"))

    assert answer.status == 200
    assert fake.pings == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not XML", id="no XML"),
        pytest.param(EXTENDED.body.replace(b"weblogUpdates", b"system"), id="another method"),
        pytest.param(
            b'<!DOCTYPE methodCall [<!ENTITY x SYSTEM "file:///etc/passwd">]><methodCall><methodName>'
            b"weblogUpdates.ping</methodName><params><param><value>&x;</value></param></params></methodCall>",
            id="an entity",
        ),
    ],
)
async def test_what_is_no_ping_is_refused(client: Client, body: bytes) -> None:
    assert (await client.post("/hooks/ping", data=body)).status == 400


async def test_a_hook_that_could_not_be_stored_is_a_hint_as_soon_as_it_can(
    client: Client, fake: FakeStore, clock: Clock
) -> None:
    hook = recorded("ghost/2-publish.post.published").signed(
        milliseconds=round(clock.time.timestamp() * 1000)
    )
    fake.go_away()
    answer = await client.post("/hooks/ghost", data=hook.body, headers=hook.to_send())
    assert answer.status == 503
    assert Source.GHOST not in fake.hooks
    fake.come_back()

    await eventually(lambda: Source.GHOST in fake.hooks)
    noted = fake.hooks[Source.GHOST].hinted
    assert noted is not None
    assert noted.why == WHY
    assert fake.hooks[Source.GHOST].hints == 1


async def test_a_front_that_starts_has_the_configured_cms_looked_at(client: Client, fake: FakeStore) -> None:
    await eventually(lambda: bool(fake.pings))

    assert fake.pings == ["wordpress"]
