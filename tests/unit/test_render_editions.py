"""Partners' editions: valid in all three formats, without a hub, and with removals as each partner reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from heapq import merge
from typing import TYPE_CHECKING, Any

import feedparser
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from hub.model import EntryId, Fate, Format, Seq, Site, Tombstone
from hub.partner import Deletes
from hub.render import Renderer
from hub.render.masthead import Masthead
from hub.render.renderer import writers
from hub.render.shown import OVER, Ended, Shown
from tests import nasty
from tests.feeds import FIRST_SEQ, HEAD, LABELS, NOON, PICTURE, SITE, SOUND, make_item
from tests.unit.test_render_validator_rules import EDITORS, violations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.model import FeedHead, Item

EDITION_SITE = Site(**{name: getattr(SITE, name) for name in Site.__slots__} | {"for_partner": True})
HUBLESS = {"MissingWebSubHub"}
NS = {
    "atom": "http://www.w3.org/2005/Atom",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
    "at": "http://purl.org/atompub/tombstones/1.0",
}
LEFT = NOON + timedelta(minutes=2, seconds=30)
SECRET = "what only members read"


def over(id_: str = "https://site.test/9", *, deletes: Deletes = Deletes.EXPIRE, **dates: datetime) -> Ended:
    when = dates.get("when", LEFT)
    gone = Tombstone(EntryId(id_), Seq(FIRST_SEQ + 99), when)
    return Ended.of(gone, Fate((), dates.get("modified", NOON), 7), deletes)


def render(
    items: Sequence[Item],
    ended: Sequence[Ended] = (),
    gone: Sequence[Tombstone] = (),
    site: Site = EDITION_SITE,
) -> dict[Format, bytes]:
    draft = Renderer(site).draft(items, labels=0)
    draft.supply(items)
    rendering = draft.render(HEAD, gone, ended)
    assert rendering.skipped == ()
    return {format_: document.raw for format_, document in rendering.documents.items()}


def items() -> list[Item]:
    return [make_item(n, image=PICTURE, attachments=(SOUND,)) for n in (3, 2, 1)]


@pytest.fixture(scope="module")
def atom_grammar(request: pytest.FixtureRequest) -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(request.config.rootpath / "tests" / "schemas" / "atom.rng"))


@pytest.mark.parametrize("deletes", list(Deletes))
def test_every_edition_is_valid_but_for_the_hub_it_does_not_name(
    deletes: Deletes, atom_grammar: etree.RelaxNG
) -> None:
    ended = [over(deletes=deletes), over("an opaque id", deletes=deletes)] if deletes.keeps_items else []

    documents = render(items(), ended)

    assert violations(Format.RSS, documents[Format.RSS]) == HUBLESS
    assert violations(Format.ATOM, documents[Format.ATOM]) == HUBLESS
    atom_grammar.assertValid(etree.fromstring(documents[Format.ATOM]))
    for raw in documents.values():
        assert b"/websub" not in raw
    for format_ in (Format.RSS, Format.ATOM):
        assert not feedparser.parse(documents[format_]).bozo


def test_live_entries_read_as_in_the_public_documents() -> None:
    edition, public = render(items()), render(items(), site=SITE)

    assert edition[Format.RSS].partition(b"<item>")[2] == public[Format.RSS].partition(b"<item>")[2]
    assert edition[Format.ATOM].partition(b"<entry>")[2] == public[Format.ATOM].partition(b"<entry>")[2]
    assert orjson.loads(edition[Format.JSON])["items"] == orjson.loads(public[Format.JSON])["items"]


# ---- what is over


def test_what_expired_keeps_its_id_with_a_newer_date_and_a_validity_that_ended() -> None:
    documents = render(items(), [over()])

    (rss,) = etree.fromstring(documents[Format.RSS]).xpath("//item[guid='https://site.test/9']")
    assert {child.tag.rpartition("}")[2]: child.text for child in rss} == {
        "title": OVER,
        "guid": "https://site.test/9",
        "modified": "2026-11-20T12:02:30Z",
        "valid": "end=2026-11-20T12:02:30Z; scheme=W3C-DTF",
    }
    (atom,) = etree.fromstring(documents[Format.ATOM]).xpath(
        "//atom:entry[atom:id='https://site.test/9']", namespaces=NS
    )
    assert {child.tag.rpartition("}")[2]: child.text for child in atom} == {
        "id": "https://site.test/9",
        "title": OVER,
        "updated": "2026-11-20T12:02:30Z",
        "content": OVER,
        "valid": "end=2026-11-20T12:02:30Z; scheme=W3C-DTF",
    }
    assert (
        len(atom.xpath("dcterms:valid", namespaces=NS)) == len(rss.xpath("dcterms:valid", namespaces=NS)) == 1
    )
    (item,) = [
        one for one in orjson.loads(documents[Format.JSON])["items"] if one["id"] == "https://site.test/9"
    ]
    assert item == {
        "id": "https://site.test/9",
        "title": OVER,
        "content_text": OVER,
        "date_modified": "2026-11-20T12:02:30Z",
        "_feedhub": {"revision": 7, "expired": "2026-11-20T12:02:30Z", "seq": FIRST_SEQ + 99},
    }


def test_status_says_deleted_in_both_dialects_and_nothing_of_validity() -> None:
    documents = render(items(), [over(deletes=Deletes.STATUS)])

    for format_ in (Format.RSS, Format.ATOM):
        root = etree.fromstring(documents[format_])
        (status,) = root.xpath("//media:status", namespaces=NS)
        assert (status.get("state"), status.text) == ("deleted", "deleted")
        assert root.xpath("//dcterms:valid", namespaces=NS) == []


def test_the_new_date_is_later_than_any_that_was_shown() -> None:
    ahead = LEFT + timedelta(minutes=4)

    assert over(modified=ahead).modified == ahead + timedelta(seconds=1)
    assert over(modified=NOON).modified == LEFT
    assert over(modified=ahead).when == LEFT


def test_what_is_over_ages_among_the_others() -> None:
    late = over("late", when=NOON + timedelta(minutes=10))
    between = over("between", when=NOON + timedelta(minutes=1, seconds=30))
    early = over("early", when=NOON)

    order = ["late", *(f"https://site.test/{n}" for n in (3, 2)), "between", "https://site.test/1", "early"]
    documents = render(items(), [late, between, early])
    assert [item["id"] for item in orjson.loads(documents[Format.JSON])["items"]] == order
    assert [guid.text for guid in etree.fromstring(documents[Format.RSS]).iter("guid")] == order


def test_an_edition_of_nothing_but_what_is_over_is_a_feed() -> None:
    documents = render([], [over()])

    assert violations(Format.RSS, documents[Format.RSS]) == HUBLESS
    assert violations(Format.ATOM, documents[Format.ATOM]) == HUBLESS
    assert len(orjson.loads(documents[Format.JSON])["items"]) == 1


def test_the_feeds_own_date_follows_what_is_over() -> None:
    root = etree.fromstring(render([], [over(when=datetime(2026, 11, 22, tzinfo=UTC))])[Format.ATOM])

    assert root.findtext("atom:updated", namespaces=NS) == "2026-11-22T00:00:00Z"


def test_tombstones_are_those_of_the_public_documents() -> None:
    gone = [Tombstone(EntryId("https://site.test/9"), Seq(1), LEFT)]
    documents = render(items(), gone=gone)

    (stone,) = etree.fromstring(documents[Format.ATOM]).xpath("//at:deleted-entry", namespaces=NS)
    assert stone.get("ref") == "https://site.test/9"


@given(
    items=nasty.items(),
    head=nasty.heads,
    gone=nasty.tombstones,
    deletes=st.sampled_from([Deletes.EXPIRE, Deletes.STATUS]),
)
@settings(max_examples=25, deadline=None)
def test_nothing_that_is_over_makes_an_edition_invalid_or_differ_from_a_full_build(
    items: list[Item], head: FeedHead, gone: list[Tombstone], deletes: Deletes, atom_grammar: etree.RelaxNG
) -> None:
    fate = Fate((), NOON, 7)
    named = (one for one in gone if one.id)  # as intake sees to
    ended = [Ended.of(one, fate, deletes) for one in sorted(named, key=lambda one: one.when, reverse=True)]
    items = sorted(items, key=lambda item: item.entry.date_published, reverse=True)

    draft = Renderer(EDITION_SITE).draft(items, labels=0)
    draft.supply(items)
    rendering = draft.render(head, (), ended)

    assert rendering.skipped == ()
    shown = [(item.entry.date_published, Shown.of(item, full_content=True)) for item in items]
    over = [(one.when, Shown.over(one)) for one in ended]
    rows = list(merge(shown, over, key=lambda row: row[0], reverse=True))
    masthead = Masthead.of(EDITION_SITE, head, (), [row.entry.date_modified for _, row in rows])
    for writer in writers(EDITION_SITE):
        raw = rendering.documents[writer.format].raw
        assert raw == writer.document(masthead, [row for _, row in rows])
    for format_ in (Format.RSS, Format.ATOM):
        assert violations(format_, rendering.documents[format_].raw, head) <= HUBLESS | EDITORS
    atom_grammar.assertValid(etree.fromstring(rendering.documents[Format.ATOM].raw))


def test_an_id_that_a_format_can_not_hold_costs_no_other_its_place() -> None:
    draft = Renderer(EDITION_SITE).draft([], labels=0)

    rendering = draft.render(HEAD, (), [over("bad \x00"), over("good")])

    assert [skipped.id for skipped in rendering.skipped] == ["bad \x00"]
    assert b"good" in rendering.documents[Format.RSS].raw


def test_summaries_hold_no_content() -> None:
    fields: dict[str, Any] = {"content_html": f"<p>{SECRET}</p>", "summary": "Short."}
    site = Site(**{name: getattr(EDITION_SITE, name) for name in Site.__slots__} | {"full_content": False})

    documents = render([make_item(1, LABELS, **fields)], site=site)

    for raw in documents.values():
        assert SECRET.encode() not in raw
        assert b"Short." in raw
