"""The demo's events as the hub reads them: every one is valid, and what must survive or go does."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from hub.demo.newsroom import FOLLOW_UPS, SITE_URL, first_edition, follow_up
from hub.demo.ticker import PERIOD, tick_event
from hub.errors import HubError
from hub.events import EntryPublished, PublishEvent
from hub.intake.policy import IntakePolicy
from hub.intake.publish import read_events
from hub.settings import load_settings

if TYPE_CHECKING:
    from hub.model import Entry

HERE = "http://127.0.0.1:8080"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
EMBED_HOSTS = frozenset(load_settings({}).embed_hosts)


def _read(events: list[dict[str, object]], now: datetime = NOW) -> list[PublishEvent | HubError]:
    policy = IntakePolicy(now=now, base_url=HERE, embed_hosts=EMBED_HOSTS)
    return list(read_events(json.dumps(events).encode(), policy).elements)


@pytest.fixture(scope="module")
def edition() -> dict[str, Entry]:
    entries = (event.entry for event in _read(first_edition(NOW, HERE)) if isinstance(event, EntryPublished))
    return {entry.id.removeprefix(f"{SITE_URL}/2026/"): entry for entry in entries}


def test_every_event_of_the_first_edition_and_after_it_is_valid() -> None:
    events = first_edition(NOW, HERE) + [event for name in FOLLOW_UPS for event in follow_up(name, NOW, HERE)]

    assert [answer for answer in _read(events) if isinstance(answer, HubError)] == []


def test_every_line_of_the_ticker_is_valid() -> None:
    events = [tick_event(tick) for tick in range(6 * 11 * 3)]

    answers = _read(events, datetime.fromtimestamp(6 * 11 * 3 * PERIOD, UTC))

    assert [answer for answer in answers if isinstance(answer, HubError)] == []


def test_what_members_pay_for_is_nowhere(edition: dict[str, Entry]) -> None:
    entry = edition["budget-explained"]

    assert entry.visibility == "members"
    assert "line 88" in entry.content_html
    assert "PAID-PART" not in repr(edition)


def test_only_the_frame_of_a_known_host_stays(edition: dict[str, Entry]) -> None:
    html = edition["cinema-on-the-slipway"].content_html

    assert html.count("<iframe") == 1
    assert 'src="https://www.youtube-nocookie.com/embed/aqz-KE-bpKQ"' in html
    assert (
        '<a href="https://maps.gazette.example/embed/slipway">Map: the slipway behind the rope works</a>'
        in html
    )


@pytest.mark.parametrize(
    ("story", "text"),
    [
        ("ferry-returns", "– “quieter than a sleeping gull”"),
        ("tide-clock", "<strong>1234567890123456789012345678901234567</strong>"),
        ("tide-clock", "62&nbsp;%"),
        ("manara-ar", "<bdi>12 V / 40 W</bdi>"),
        ("manara-ar", "المنارة القديمة تضيء من جديد 🌊"),
        ("tea-ship-zh", "茶船抵港：三百箱新茶与一只猫"),
        ("tea-ship-zh", "<ruby>绳巷<rt>shéng xiàng</rt></ruby>"),
        ("weather-in-pictures", "👩‍👩‍👧‍👦"),
        ("weather-in-pictures", "🏴‍☠️"),
        ("bells-in-cpp", "ends in ]]&gt; if you write it badly"),
        ("phare-fr", "« c’est écrit »"),
        ("ferry-returns", 'href="https://gazette.example/2026/council-minutes"'),
        ("tide-clock", '<th scope="col">Wheel</th>'),
        ("captain-biscuit", "<caption>A life in service</caption>"),
        ("treaty-of-three-isles", '<blockquote cite="https://gazette.example/documents/treaty-of-brindle">'),
        ("night-market", "<figcaption>Rope Lane on a Thursday. Credit: Gazette graphics desk</figcaption>"),
    ],
)
def test_what_stories_are_made_of_survives(edition: dict[str, Entry], story: str, text: str) -> None:
    entry = edition[story]

    assert text in entry.title + entry.summary + entry.content_html


def test_the_sub_category_names_its_parent() -> None:
    terms = [
        term
        for event in _read(first_edition(NOW, HERE))
        if isinstance(event, EntryPublished)
        for term in event.terms
    ]

    assert {term.slug: term.parent for term in terms if term.parent} == {"neighbour-isles": "world"}


def test_an_opinion_may_have_several_authors_and_a_report_none(edition: dict[str, Entry]) -> None:
    assert len(edition["leave-the-gulls-alone"].authors) == 3
    assert edition["night-the-lights-went-out"].authors == ()
    assert edition["night-the-lights-went-out"].date_published.year == 1987


def test_the_podcast_can_be_heard(edition: dict[str, Entry]) -> None:
    [audio] = edition["the-sea-at-night"].attachments

    assert (audio.mime_type, audio.duration_in_seconds) == ("audio/mpeg", 721)
