"""WordPress compared through REST: by its `_gmt` dates, under the guids of its feeds, also where it hides its users."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hub.events import Source
from hub.intake.cms import read_hook
from hub.intake.hook import Hint
from hub.intake.strapi import Mapped
from hub.model import FeedPath, Kind, Live
from hub.settings import Settings
from tests.cms import POLICY, recorded
from tests.entries import published
from tests.fakecms import Asked, Reply
from tests.fakewordpress import NOON, FakeWordPress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.reconcile.conftest import Side


@pytest.fixture
def wordpress() -> Iterator[FakeWordPress]:
    with FakeWordPress() as wordpress:
        yield wordpress


@pytest.fixture
def settings(wordpress: FakeWordPress) -> Settings:
    return Settings.model_validate(
        {
            "public_url": "https://hub.test",
            "site_url": "https://site.test",
            "debounce_ms": 0,
            "egress_allow": "127.0.0.0/8",
            "wordpress_url": wordpress.url,
            "wordpress_auth": "editor:abcd efgh ijkl",
        }
    )


@pytest.fixture
def side(sides: dict[Source, Side]) -> Side:
    return sides[Source.WORDPRESS]


async def test_the_first_reconcile_brings_everything_under_the_feeds_guids(
    side: Side, wordpress: FakeWordPress
) -> None:
    guids = {wordpress.post(number) for number in range(1, 131)}
    report = await side.stroke()

    assert (report.total, report.changed, report.invalid, report.failure) == (130, 130, 0, "")
    assert await side.live() == guids
    entry = await side.entry("http://wp.test:8081/?p=2")
    assert (entry.title, entry.content_html) == ("Story 2 & more", "<p>Text of 2.</p>")
    assert entry.url == "http://wp.test:8081/2026/11/story-2/"
    again = await side.stroke()
    assert (again.changed, again.whole) == (0, False)


async def test_cms_11_a_ping_without_a_post_is_answered_by_what_changed_since(
    side: Side, wordpress: FakeWordPress
) -> None:
    first = wordpress.post(1)
    await side.stroke()
    wordpress.touch(1, minute=30, title="Corrected")
    second = wordpress.post(2, minute=31)
    wordpress.asked.clear()
    report = await side.ping()

    assert (report.changed, report.whole) == (2, False)
    assert await side.live() == {first, second}
    assert (await side.entry(first)).title == "Corrected"
    (asked,) = [each for each in wordpress.asked if "modified_after" in each.query]
    assert asked.query["modified_after"] == "2026-11-23T11:59:00Z"  # two minutes before the last change


async def test_any_number_of_pings_causes_one_reconcile_in_ten_seconds(
    side: Side, wordpress: FakeWordPress
) -> None:
    wordpress.post(1)
    await side.ping()
    wordpress.asked.clear()
    for _ in range(5):
        await side.store.ping(Source.WORDPRESS, NOON, "weblogUpdates.ping")
        assert not await side.reconciler.stroke()
    assert wordpress.asked == []
    await side.stroke()

    _, calls = await side.store.called(Source.WORDPRESS)
    assert calls.pinged == ""


async def test_one_who_has_not_the_lease_does_nothing(side: Side, wordpress: FakeWordPress) -> None:
    assert await side.store.lease(Source.WORDPRESS, "another", 60_000)
    await side.store.ping(Source.WORDPRESS, NOON, "weblogUpdates.ping")
    assert not await side.reconciler.stroke()
    assert wordpress.asked == []
    assert not await side.store.reconciled(Source.WORDPRESS, "mine", await side.progress())
    assert not await side.store.lease(Source.WORDPRESS, "mine", 0)
    assert await side.store.lease(Source.WORDPRESS, "another", 0)

    assert await side.reconciler.stroke()


async def test_cms_11_what_is_unpublished_or_trashed_without_any_ping_leaves(
    side: Side, wordpress: FakeWordPress
) -> None:
    guids = [wordpress.post(number) for number in range(1, 7)]
    await side.stroke()
    wordpress.posts[1]["status"] = "draft"
    wordpress.posts[2]["status"] = "private"
    wordpress.posts[3]["status"] = "trash"
    del wordpress.posts[4]
    report = await side.stroke()

    assert (report.removed, report.whole) == (4, True)
    assert await side.live() == set(guids[4:])


async def test_cms_12_the_categories_are_those_that_rest_has_in_the_end(
    side: Side, wordpress: FakeWordPress
) -> None:
    """The WebSub plugin pings before REST has saved the terms: the second look finds them, though no date moved."""
    guid = wordpress.post(1)
    await side.ping()
    assert [ref.id for ref in (await side.entry(guid)).categories] == ["2"]
    wordpress.posts[1]["categories"] = [2, 3]
    await side.ping()

    assert [ref.id for ref in (await side.entry(guid)).categories] == ["2", "3"]
    known = await side.store.known_terms(Kind.CATEGORY, ["3"])
    assert known["3"].name == "Science & Tech"


async def test_a_story_is_in_the_parent_of_its_category_too_under_the_parents_name(
    side: Side, wordpress: FakeWordPress
) -> None:
    wordpress.categories[3]["parent"] = 2
    wordpress.post(1, categories=[3])  # and none in the parent itself
    await side.stroke()

    assert isinstance(await side.store.resolve(FeedPath(Kind.CATEGORY, "world")), Live)
    known = await side.store.known_terms(Kind.CATEGORY, ["2"])
    assert (known["2"].slug, known["2"].name) == ("world", "World")


async def test_a_parent_that_the_first_story_brings_is_called_by_its_name_at_once(
    side: Side, wordpress: FakeWordPress
) -> None:
    wordpress.categories[3]["parent"] = 2
    await side.stroke()
    wordpress.post(1, categories=[3])
    report = await side.ping()

    assert not report.whole
    known = await side.store.known_terms(Kind.CATEGORY, ["2"])
    assert (known["2"].slug, known["2"].name) == ("world", "World")


async def test_cms_14_a_hook_and_a_reconcile_mean_the_same_entry(
    side: Side, wordpress: FakeWordPress
) -> None:
    hook = recorded("wordpress/wp-webhooks-plugin.1-oneshot-publish.post_create")
    reading = read_hook(Source.WORDPRESS, hook.hook, POLICY, Mapped(frozenset(), None, {}))
    assert not isinstance(reading, Hint)
    await side.store.accept(reading, source=Source.WORDPRESS)
    (guid,) = await side.live()
    before = await side.entry(guid)
    wordpress.post(
        51,
        guid=guid,
        modified=before.date_modified,
        date=before.date_published,
        categories=[int(ref.id) for ref in before.categories],
        author=2,
    )
    report = await side.stroke()

    assert (report.changed, await side.live()) == (0, {guid})
    assert {ref.id for ref in (await side.entry(guid)).refs} == {ref.id for ref in before.refs}


async def test_cms_15_every_page_is_read_though_etags_say_nothing(
    side: Side, wordpress: FakeWordPress
) -> None:
    """No request is conditional where the CMS gives no ETag."""
    wordpress.post(1)
    await side.stroke()
    await side.stroke()

    assert not any("if-none-match" in each.headers for each in wordpress.asked)


async def test_cms_16_of_a_password_post_only_its_title_is_kept(side: Side, wordpress: FakeWordPress) -> None:
    guid = wordpress.post(1, content="<p>SECRET</p>")
    await side.stroke()
    wordpress.posts[1]["password"] = "x"  # and the date did not move
    await side.hint()
    entry = await side.entry(guid)

    assert (entry.title, entry.content_html, entry.summary) == ("Story 1 & more", "", "")
    assert entry.visibility == "members"
    again = await side.hint()
    assert again.changed == 0


async def test_cms_16_private_drafts_and_future_posts_never_come(
    side: Side, wordpress: FakeWordPress
) -> None:
    guid = wordpress.post(1)
    for number, status in enumerate(("private", "draft", "future", "pending"), start=2):
        wordpress.post(number, status=status)
    await side.stroke()

    assert await side.live() == {guid}


async def test_a_renamed_category_or_user_keeps_its_feed(side: Side, wordpress: FakeWordPress) -> None:
    wordpress.post(1)
    await side.stroke()
    wordpress.categories[2] |= {"name": "Planet &amp; Co", "slug": "planet"}
    wordpress.users[2]["name"] = "M. Brennan"
    report = await side.stroke()

    assert report.renamed == 2
    known = await side.store.known_terms(Kind.CATEGORY, ["2"])
    assert (known["2"].slug, known["2"].name) == ("planet", "Planet & Co")
    assert (await side.stroke()).renamed == 0


async def test_users_that_are_hidden_are_no_failure(side: Side, wordpress: FakeWordPress) -> None:
    wordpress.hides_users = True
    guid = wordpress.post(1)
    report = await side.stroke()

    assert (report.failure, report.changed) == ("", 1)
    assert [ref.id for ref in (await side.entry(guid)).authors] == ["2"]
    assert (await side.stroke()).changed == 0


async def test_a_closed_api_is_opened_by_an_application_password(
    side: Side, wordpress: FakeWordPress
) -> None:
    wordpress.post(1)
    wordpress.auth = "editor:another"
    refused = await side.stroke()
    assert (refused.failure, refused.action) == (
        "wordpress answered 401.",
        "Correct FEEDHUB_WORDPRESS_AUTH.",
    )
    wordpress.auth = "editor:abcd efgh ijkl"

    assert (await side.stroke()).changed == 1


async def test_an_entry_that_a_shift_of_the_pages_skipped_stays_by_slug_and_by_number(
    side: Side, wordpress: FakeWordPress
) -> None:
    guids = [wordpress.post(number) for number in range(1, 131)]
    await side.stroke()

    def swap_before_page_2(asked: Asked) -> None:
        if asked.query.get("orderby") == "id" and asked.query.get("page") == "2" and 3 in wordpress.posts:
            for number in (3, 4):
                del wordpress.posts[number]
                wordpress.post(1000 + number)

    wordpress.wrong = swap_before_page_2
    report = await side.ask()

    assert (report.whole, report.removed, report.failure) == (True, 0, "")
    assert {guids[100], guids[101]} <= await side.live()


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(200, b"[]"), id="an empty list without a total"),
        pytest.param(Reply(200, b"[]", {"X-WP-Total": "0"}), id="an empty list"),
        pytest.param(
            Reply(200, b"<html>Maintenance</html>", {"Content-Type": "text/html"}), id="maintenance"
        ),
        pytest.param(Reply(500, b"oops"), id="500"),
        pytest.param(Reply(200, b'{"code": "x"}', {"X-WP-Total": "1"}), id="an error with 200"),
    ],
)
async def test_what_a_broken_site_says_removes_nothing(
    side: Side, wordpress: FakeWordPress, reply: Reply
) -> None:
    guids = {wordpress.post(number) for number in range(1, 6)}
    await side.stroke()
    wordpress.wrong = lambda _: reply
    report = await side.ask()

    assert report.failure or report.refused == 5
    assert await side.live() == guids


async def test_another_wordpress_does_not_even_rename_our_categories(
    side: Side, wordpress: FakeWordPress
) -> None:
    """Numbers of categories are the same everywhere."""
    guids = {wordpress.post(number) for number in range(1, 6)}
    await side.stroke()
    wordpress.posts.clear()
    wordpress.post(7, guid="http://other.test/?p=7", link="http://other.test/seven/", slug="seven")
    for terms in (wordpress.categories, wordpress.tags, wordpress.users):
        for number, term in terms.items():
            term["link"] = f"http://other.test/{number}/"
    wordpress.categories[2] |= {"name": "Uncategorized", "slug": "uncategorized"}
    report = await side.stroke()

    assert "it may be another site" in report.failure
    assert (await side.store.known_terms(Kind.CATEGORY, ["2"]))["2"].name == "World"
    assert await side.live() == guids


async def test_fewer_pages_than_the_walk_remembers_are_no_failure(
    side: Side, wordpress: FakeWordPress
) -> None:
    for number in range(1, 131):
        wordpress.post(number)
    await side.stroke()
    await side.put(replace(await side.progress(), walk_page=2))
    for number in range(111, 131):
        del wordpress.posts[number]
    for number in range(91, 111):
        wordpress.posts[number]["status"] = "draft"
    report = await side.ping()

    assert report.failure == ""
    assert report.refused == 40


async def test_an_entry_that_an_import_brought_under_its_guid_is_adopted(
    side: Side, wordpress: FakeWordPress
) -> None:
    guid, other = wordpress.post(1), wordpress.post(3)
    await side.store.accept([published(guid, date_modified=NOON)], source="import")
    await side.stroke()
    del wordpress.posts[1]
    await side.stroke()

    assert await side.live() == {other}
