"""`/api/reconcile`: who may ask, what is asked of the workers, and how it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hub.events import Source
from hub.reconcile import Progress, Report
from tests.web.conftest import make_settings

if TYPE_CHECKING:
    from hub.settings import Settings
    from tests.web.conftest import Client, Start
    from tests.web.fakes import FakeStore

ADMIN = {"Authorization": "Bearer test-admin-token"}


@pytest.fixture
def settings() -> Settings:
    return make_settings(
        ghost_url="https://ghost.test", ghost_content_key=("key",), wordpress_url="https://wp.test"
    )


async def post(client: Client, said: Any = None) -> Any:
    return await client.post("/api/reconcile", json=said, headers=ADMIN)


async def test_each_configured_cms_is_asked_for_under_one_id(client: Client, fake: FakeStore) -> None:
    answer = await post(client, {"allow_removals": 40})
    said = await answer.json()

    assert (answer.status, said["sources"]) == (202, ["ghost", "wordpress"])
    assert {source: (asked.id, asked.allow_removals) for source, asked in fake.asked.items()} == {
        Source.GHOST: (said["id"], 40),
        Source.WORDPRESS: (said["id"], 40),
    }


async def test_nothing_is_allowed_unless_it_is_said(client: Client, fake: FakeStore) -> None:
    await client.post("/api/reconcile", headers=ADMIN)
    assert fake.asked[Source.GHOST].allow_removals is None


@pytest.mark.parametrize("said", [{"allow_removals": -1}, {"allow_removals": "9"}, {"allow": 1}])
async def test_what_is_not_understood_asks_for_nothing(client: Client, fake: FakeStore, said: Any) -> None:
    assert (await post(client, said)).status == 422
    assert fake.asked == {}


async def test_without_a_configured_cms_it_says_what_to_set(start: Start) -> None:
    answer = await post(await start(make_settings()))

    assert answer.status == 400
    assert "FEEDHUB_GHOST_CONTENT_KEY" in (await answer.json(content_type=None))["detail"]


async def test_strangers_may_neither_ask_nor_look(client: Client, fake: FakeStore) -> None:
    assert (await client.post("/api/reconcile")).status == 401
    assert (await client.get("/api/reconcile")).status == 401
    assert fake.asked == {}


async def test_how_it_went_is_shown(client: Client, fake: FakeStore) -> None:
    fake.progress[Source.GHOST] = Progress(
        done=1_795_460_400_000, report=Report(cause="clock", asked="7", ended=1_795_460_400_000, changed=3)
    )
    fake.running.add(Source.WORDPRESS)
    sources = (await (await client.get("/api/reconcile", headers=ADMIN)).json())["sources"]

    assert sources["wordpress"] == {"running": True, "done": None, "last": None}
    assert (sources["ghost"]["running"], sources["ghost"]["done"]) == (False, "2026-11-23T19:00:00.000Z")
    assert (sources["ghost"]["last"]["asked"], sources["ghost"]["last"]["changed"]) == ("7", 3)
    status = await (await client.get("/api/status", headers=ADMIN)).json()
    assert status["reconciles"]["ghost"]["last"]["changed"] == 3
