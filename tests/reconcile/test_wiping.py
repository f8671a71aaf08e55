"""Nothing that a CMS, or what answers in its place, may say wipes the archive."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from hub.events import Source
from hub.reconcile import PAGE_ROWS
from tests.entries import published, removed
from tests.fakecms import Asked, Reply
from tests.fakeghost import NOON

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakeghost import FakeGhost
    from tests.reconcile.conftest import Side

MANY = PAGE_ROWS + 30
"""Two pages."""


@pytest.fixture
async def ids(side: Side, ghost: FakeGhost) -> list[str]:
    """An archive of two pages, compared once."""
    ids = [ghost.post(number) for number in range(MANY)]
    report = await side.stroke()
    assert report.changed == MANY
    return ids


def is_listing(asked: Asked, page: int) -> bool:
    return asked.query.get("order") == "id asc" and asked.query["page"] == str(page) and "posts" in asked.path


async def refused(side: Side, ids: list[str], *, count: int) -> None:
    """Nothing has gone, and that is a problem."""
    assert await side.live() == set(ids)
    found = (await side.progress()).refused
    assert found is not None
    assert found.count == count


async def test_an_empty_list_removes_nothing(side: Side, ghost: FakeGhost, ids: list[str]) -> None:
    ghost.posts.clear()
    report = await side.ask()

    assert (report.removed, report.refused) == (0, MANY)
    await refused(side, ids, count=MANY)


async def test_an_empty_list_removes_nothing_of_a_small_archive_either(side: Side, ghost: FakeGhost) -> None:
    ids = [ghost.post(number) for number in range(3)]
    await side.stroke()
    ghost.posts.clear()
    report = await side.ask()

    assert (report.removed, report.refused) == (0, 3)
    await refused(side, ids, count=3)


async def test_500_on_page_2_removes_nothing_and_is_tried_again_later(
    side: Side, ghost: FakeGhost, ids: list[str]
) -> None:
    del ghost.posts[ids[0]]
    ghost.wrong = lambda asked: Reply(500, b"oops") if is_listing(asked, 2) else None
    report = await side.ask()
    progress = await side.progress()

    assert report.failure == "ghost answered 500."
    assert progress.failing is not None
    assert (progress.failing.tries, progress.refused) == (1, None)
    assert await side.live() == set(ids)
    ghost.wrong = lambda _: None
    report = await side.stroke()
    assert (report.failure, report.removed) == ("", 1)
    assert (await side.progress()).failing is None


async def test_a_maintenance_page_with_200_removes_nothing(
    side: Side, ghost: FakeGhost, ids: list[str]
) -> None:
    page = Reply(200, b"<!doctype html><title>Back soon</title>", {"Content-Type": "text/html"})
    ghost.wrong = lambda _: page
    report = await side.ask()

    assert report.failure.startswith("What answers 200 (text/html) is not the API of ghost")
    assert "FEEDHUB_GHOST_URL" in report.action
    assert await side.live() == set(ids)


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"posts": []}', b'{"posts": {}, "meta": {"pagination": {"total": 0}}}']
)
async def test_json_that_is_no_list_removes_nothing(
    side: Side, ghost: FakeGhost, ids: list[str], body: bytes
) -> None:
    ghost.wrong = lambda _: Reply(200, body)
    report = await side.ask()

    assert "is not the API of ghost" in report.failure
    assert await side.live() == set(ids)


async def test_another_sites_api_removes_nothing_and_brings_nothing(
    side: Side, ghost: FakeGhost, ids: list[str]
) -> None:
    ghost.become_another()
    for number in range(5000, 5007):
        ghost.post(number)
    report = await side.ask()

    assert "it may be another site" in report.failure
    assert "--allow-removals 130" in report.action
    assert await side.live() == set(ids)


async def test_another_sites_api_is_known_by_a_small_archive_too(side: Side, ghost: FakeGhost) -> None:
    mine = ghost.post(1)
    await side.stroke()
    ghost.become_another()
    ghost.post(5000)
    report = await side.ask()

    assert "it may be another site" in report.failure
    assert await side.live() == {mine}


async def test_a_total_that_changes_between_pages_removes_nothing(
    side: Side, ghost: FakeGhost, ids: list[str]
) -> None:
    del ghost.posts[ids[3]]
    numbers = iter(range(1000, 2000))

    def publish_before_page_2(asked: Asked) -> None:
        if is_listing(asked, 2):
            ghost.post(next(numbers))

    ghost.wrong = publish_before_page_2
    report = await side.ask()

    assert (report.removed, report.refused, report.failure) == (0, 0, "")
    assert ids[3] in await side.live()
    assert (await side.progress()).hold > 0
    ghost.wrong = lambda _: None
    assert (await side.stroke()).removed == 1
    assert ids[3] not in await side.live()


async def test_an_entry_that_a_shift_of_the_pages_skipped_stays(
    side: Side, ghost: FakeGhost, ids: list[str]
) -> None:
    """One goes and one comes while the listing is read: the total agrees, and yet an entry is in no page."""
    gone, skipped = ids[2], ids[PAGE_ROWS]

    def swap_before_page_2(asked: Asked) -> None:
        if is_listing(asked, 2) and gone in ghost.posts:
            del ghost.posts[gone]
            ghost.post(3000)

    ghost.wrong = swap_before_page_2
    report = await side.ask()

    assert report.whole
    assert (report.removed, report.failure) == (0, "")
    assert skipped in await side.live()


async def test_an_entry_that_is_listed_twice_makes_no_listing(
    side: Side, ghost: FakeGhost, ids: list[str]
) -> None:
    """An old draft is published while the listing is read: everything behind it moves on by one."""
    del ghost.posts[ids[5]]
    state = {"number": 0}

    def insert_before_page_2(asked: Asked) -> None:
        if is_listing(asked, 1):
            state["number"] += 1
        if is_listing(asked, 2):
            del ghost.posts[max(ghost.posts)]
            number = state["number"]
            ghost.posts[f"6a{number:022x}"] = {**ghost.posts[ids[0]], "id": f"6a{number:022x}"}

    ghost.wrong = insert_before_page_2
    report = await side.ask()

    assert (report.removed, report.refused) == (0, 0)
    assert ids[5] in await side.live()


async def test_what_a_hook_brought_while_the_listing_was_read_stays(
    side: Side, ghost: FakeGhost, ids: list[str]
) -> None:
    del ghost.posts[ids[7]]
    loop = asyncio.get_running_loop()

    def hook_before_page_2(asked: Asked) -> None:
        if is_listing(asked, 2):
            later = published(ids[7], title="Again", date_modified=NOON + timedelta(days=1))
            again = side.store.accept([later], source=Source.GHOST)
            asyncio.run_coroutine_threadsafe(again, loop).result(10)

    ghost.wrong = hook_before_page_2
    report = await side.ask()

    assert report.removed == 0
    assert ids[7] in await side.live()


async def test_up_to_20_go_at_once_and_one_more_needs_to_be_allowed(
    side: Side, ghost: FakeGhost, ids: list[str]
) -> None:
    for id_ in ids[:21]:
        del ghost.posts[id_]
    report = await side.ask()
    assert (report.removed, report.refused) == (0, 21)
    await refused(side, ids, count=21)
    since = (await side.progress()).refused

    report = await side.ask(allow_removals=20)
    assert (report.removed, report.refused) == (0, 21)
    assert (await side.progress()).refused == since

    report = await side.ask(allow_removals=21)
    assert (report.removed, report.refused) == (21, 0)
    assert await side.live() == set(ids[21:])
    assert (await side.progress()).refused is None

    for id_ in ids[21:41]:
        del ghost.posts[id_]
    report = await side.hint()
    assert (report.removed, report.refused) == (20, 0)


async def test_refused_removals_do_not_have_the_archive_listed_again_and_again(
    side: Side, ghost: FakeGhost, ids: list[str]
) -> None:
    for id_ in ids[:50]:
        del ghost.posts[id_]
    assert (await side.ping()).whole
    again = await side.ping()

    assert not again.whole
    await refused(side, ids, count=50)


async def test_an_archive_may_be_emptied_if_an_operator_says_so(side: Side, ghost: FakeGhost) -> None:
    for number in range(3):
        ghost.post(number)
    await side.stroke()
    ghost.posts.clear()
    report = await side.ask(allow_removals=3)

    assert (report.removed, report.refused) == (3, 0)
    assert await side.live() == set()


async def test_only_what_is_the_sources_own_is_removed(side: Side, ghost: FakeGhost) -> None:
    mine, gone = ghost.post(1), ghost.post(2)
    await side.store.accept([published("by-hand")], source="publish")
    await side.store.accept([published("by-wordpress")], source=Source.WORDPRESS)
    await side.store.accept([published("imported")], source="import")
    await side.stroke()
    del ghost.posts[gone]
    report = await side.hint()

    assert report.removed == 1
    assert await side.live() == {mine, "by-hand", "by-wordpress", "imported"}


async def test_what_two_claim_is_the_cmss_and_leaves_with_it(side: Side, ghost: FakeGhost) -> None:
    """An import brought it first; the CMS lists it, so it is the CMS's; /publish patches it, and it still is."""
    claimed, other = ghost.post(1), ghost.post(2)
    await side.store.accept([published(claimed)], source="import")
    await side.stroke()
    patched = published(claimed, title="Patched", date_modified=NOON + timedelta(days=1))
    await side.store.accept([patched], source="publish")
    assert (await side.entry(claimed)).title == "Patched"
    del ghost.posts[claimed]
    report = await side.hint()

    assert report.removed == 1
    assert await side.live() == {other}


async def test_what_was_taken_down_here_on_purpose_stays_down_until_the_cms_changes_it(
    side: Side, ghost: FakeGhost
) -> None:
    down, other = ghost.post(1), ghost.post(2)
    await side.stroke()
    await side.store.accept([removed(down)], source="publish")
    assert (await side.hint()).changed == 0
    assert await side.live() == {other}
    ghost.touch(down, minute=50)
    await side.hint()

    assert await side.live() == {down, other}


@pytest.mark.parametrize("status", ["draft", "scheduled", "sent"])
async def test_what_is_no_longer_published_leaves(side: Side, ghost: FakeGhost, status: str) -> None:
    mine, draft = ghost.post(1), ghost.post(2)
    await side.stroke()
    ghost.posts[draft]["status"] = status
    await side.hint()

    assert await side.live() == {mine}


def failing(status: int, **headers: str) -> Callable[[Asked], Reply]:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Reply(status, json.dumps({"errors": []}).encode(), said)


@pytest.mark.parametrize(
    ("status", "cure"),
    [
        (301, "set FEEDHUB_GHOST_URL to where it leads"),
        (401, "Correct FEEDHUB_GHOST_CONTENT_KEY."),
        (404, "Set FEEDHUB_GHOST_URL"),
        (429, "raise FEEDHUB_RECONCILE_SECONDS"),
        (503, "See the log of ghost"),
    ],
)
async def test_a_failure_says_what_to_do_and_no_secret(
    side: Side, ghost: FakeGhost, status: int, cure: str
) -> None:
    ghost.wrong = failing(status)
    report = await side.ask()

    assert report.failure == f"ghost answered {status}."
    assert cure in report.action
    assert "content-key-of-the-test" not in report.failure + report.action


async def test_retry_after_is_kept_to(side: Side, ghost: FakeGhost) -> None:
    ghost.wrong = failing(503, Retry_After="5000")
    await side.ask()
    progress = await side.progress()

    assert progress.failing is not None
    assert progress.failing.again - progress.failing.since >= 5_000_000


async def test_an_empty_cms_beside_an_empty_hub_is_no_problem(side: Side, ghost: FakeGhost) -> None:
    report = await side.stroke()

    assert (report.total, report.refused, report.failure) == (0, 0, "")
    assert (await side.progress()).refused is None


async def test_a_site_whose_only_post_is_unpublished_is_the_same_site(side: Side, ghost: FakeGhost) -> None:
    """Its tags and authors say so; so the last one may go, and the next one come."""
    first = ghost.post(1)
    await side.stroke()
    ghost.posts[first]["status"] = "draft"
    report = await side.hint()
    assert (report.failure, report.removed) == ("", 1)
    assert await side.live() == set()

    second = ghost.post(2)
    await side.stroke()
    del ghost.posts[second]
    third = ghost.post(3)
    report = await side.hint(2)
    assert (report.failure, report.removed) == ("", 1)
    assert await side.live() == {third}
