"""Ghost compared through its Content API: what was lost is found, what is gone leaves, members' text stays there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hub.events import Source
from hub.intake.cms import read_hook
from hub.intake.hook import Hint
from hub.intake.policy import IntakePolicy
from hub.intake.strapi import Mapped
from hub.model import Kind
from tests.cms import POLICY, recorded

if TYPE_CHECKING:
    from tests.fakeghost import FakeGhost
    from tests.reconcile.conftest import Side


async def test_the_first_reconcile_brings_everything(side: Side, ghost: FakeGhost) -> None:
    ids = {ghost.post(number) for number in range(7)}
    report = await side.stroke()

    assert (report.total, report.changed, report.removed, report.failure) == (7, 7, 0, "")
    assert await side.live() == ids
    entry = await side.entry(min(ids))
    assert (entry.title, entry.url, entry.content_html) == (
        "Story 0",
        "https://ghost.test/story-0/",
        "<p>Text of 0.</p>",
    )
    assert [ref.kind for ref in entry.refs] == [Kind.AUTHOR, Kind.TAG]


async def test_a_reconcile_that_finds_nothing_new_changes_nothing_and_fetches_nothing_whole(
    side: Side, ghost: FakeGhost
) -> None:
    for number in range(7):
        ghost.post(number)
    await side.stroke()
    ghost.asked.clear()
    report = await side.stroke()

    assert (report.changed, report.renamed, report.whole) == (0, 0, False)
    assert [each for each in ghost.asked if "id:[" in each.query.get("filter", "")] == []
    assert all(each.headers.get("if-none-match") for each in ghost.asked_for("tags"))


async def test_a_lost_hook_is_made_good_by_what_changed_since(side: Side, ghost: FakeGhost) -> None:
    first = ghost.post(1)
    await side.stroke()
    ghost.touch(first, minute=30, title="Corrected")
    second = ghost.post(2, minute=31)
    report = await side.hint(2)

    assert (report.changed, report.whole) == (2, False)
    assert await side.live() == {first, second}
    assert (await side.entry(first)).title == "Corrected"


async def test_a_change_in_the_second_of_the_last_one_is_seen(side: Side, ghost: FakeGhost) -> None:
    ghost.post(1, minute=5)
    await side.stroke()
    late = ghost.post(2, minute=5)
    report = await side.ping()

    assert report.changed == 1
    assert late in await side.live()


async def test_a_hook_and_a_reconcile_agree_on_a_post(side: Side, ghost: FakeGhost) -> None:
    """What a hook brought is not changed by a reconcile that finds the same, and the other way round."""
    hook = recorded("ghost/2-publish.post.published")
    current = hook.json["post"]["current"]
    ghost.post(1)
    id_ = current["id"]
    ghost.posts[id_] = {
        **current,
        "tag_ids": [tag["id"] for tag in current["tags"]],
        "author_ids": [author["id"] for author in current["authors"]],
    }
    policy = IntakePolicy(now=POLICY.now, base_url=ghost.url, embed_hosts=POLICY.embed_hosts)
    reading = read_hook(Source.GHOST, hook.hook, policy, Mapped(frozenset(), None, {}))
    assert not isinstance(reading, Hint)
    await side.store.accept(reading, source=Source.GHOST)
    before = await side.entry(id_)
    report = await side.stroke()

    assert report.changed == 1  # the other post
    assert await side.entry(id_) == before
    # And whole, because it was asked for: the same bytes again.
    await side.store.accept(reading, source=Source.GHOST)
    assert await side.entry(id_) == before


async def test_cms_02_a_bulk_unpublish_tells_nothing_but_a_hint_and_is_removed(
    side: Side, ghost: FakeGhost
) -> None:
    ids = [ghost.post(number) for number in range(6)]
    await side.stroke()
    for id_ in ids[:3]:
        ghost.posts[id_]["status"] = "draft"
    report = await side.hint()

    assert (report.removed, report.refused, report.whole) == (3, 0, True)
    assert await side.live() == set(ids[3:])


async def test_cms_02_a_bulk_change_of_access_moves_no_date_and_leaves_the_public_feeds(
    side: Side, ghost: FakeGhost
) -> None:
    ids = [
        ghost.post(number, html=f"<p>Open {number}.</p><!--members-only--><p>SECRET</p>")
        for number in range(3)
    ]
    await side.stroke()
    assert "SECRET" in (await side.entry(ids[0])).content_html
    for id_ in ids:
        ghost.posts[id_]["visibility"] = "paid"
    report = await side.hint()

    assert (report.changed, report.whole) == (3, True)
    for number, id_ in enumerate(ids):
        entry = await side.entry(id_)
        assert (entry.visibility, entry.content_html) == ("paid", f"<p>Open {number}.</p>")


async def test_cms_02_a_bulk_change_beside_an_explained_one_is_found_too(
    side: Side, ghost: FakeGhost
) -> None:
    ids = [ghost.post(number) for number in range(3)]
    await side.stroke()
    ghost.posts[ids[0]]["visibility"] = "members"
    ghost.post(9, minute=60)
    report = await side.hint(2)

    assert (report.changed, report.whole) == (2, True)
    assert (await side.entry(ids[0])).content_html == ""


async def test_cms_02_a_bulk_change_of_tags_moves_the_stories(side: Side, ghost: FakeGhost) -> None:
    ids = [ghost.post(number) for number in range(2)]
    await side.stroke()
    world, tech = list(ghost.tags)[:2]
    for id_ in ids:
        ghost.posts[id_]["tag_ids"] = [tech]
    await side.hint()

    assert [ref.id for ref in (await side.entry(ids[0])).tags] == [tech]
    assert world != tech


async def test_a_hint_that_is_explained_reads_no_more_than_it_must(side: Side, ghost: FakeGhost) -> None:
    for number in range(3):
        ghost.post(number)
    await side.stroke()
    ghost.post(4, minute=40)
    report = await side.hint()

    assert (report.changed, report.whole) == (1, False)


async def test_cms_07_what_nobody_told_is_counted_as_hooks_that_were_lost(
    side: Side, ghost: FakeGhost
) -> None:
    ghost.post(1)
    await side.stroke()
    assert (await side.progress()).untold is None
    lost = ghost.post(2, minute=-600)
    await side.stroke()

    untold = (await side.progress()).untold
    assert untold is not None
    assert (untold.count, untold.examples) == (1, (lost,))


async def test_cms_09_a_renamed_tag_or_author_keeps_its_feed(side: Side, ghost: FakeGhost) -> None:
    ghost.post(1)
    await side.stroke()
    tag, author = next(iter(ghost.tags)), next(iter(ghost.authors))
    ghost.tags[tag] |= {"name": "Planet", "slug": "planet"}
    ghost.authors[author] |= {"name": "M. Brennan", "bio": "Reporter."}
    report = await side.hint(2)

    assert (report.renamed, report.changed, report.whole) == (2, 0, False)
    known = await side.store.known_terms(Kind.TAG, [tag])
    assert (known[tag].slug, known[tag].name) == ("planet", "Planet")
    writer = (await side.store.known_terms(Kind.AUTHOR, [author]))[author]
    assert (writer.name, writer.description) == ("M. Brennan", "Reporter.")
    again = await side.hint(0)
    assert again.renamed == 0


async def test_nothing_of_an_author_or_behind_the_paywall_is_kept(side: Side, ghost: FakeGhost) -> None:
    ghost.post(1, visibility="paid", html="<p>Open.</p><!--members-only--><p>SECRET</p>", excerpt="SECRET")
    await side.stroke()

    for key in await side.store.client.keys("*"):
        dumped = await side.store.client.dump(key)
        assert b"@example.test" not in dumped
    assert "SECRET" not in json.dumps(repr(await side.entry(min(await side.live()))))
