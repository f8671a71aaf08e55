"""The demo's stories and its ticker: complete, consistent, and the same events whenever they are made."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.cli.up import as_gazette
from hub.demo import SITE_TITLE
from hub.demo.newsroom import FOLLOW_UPS, SITE_URL, Event, first_edition, follow_up
from hub.demo.ticker import PERIOD, tick_event
from hub.settings import load_settings

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HERE = "http://127.0.0.1:8080"
TICKS = st.integers(min_value=0, max_value=200_000_000)


def _all() -> list[Event]:
    return first_edition(NOW, HERE) + [event for name in FOLLOW_UPS for event in follow_up(name, NOW, HERE)]


def _stories() -> dict[str, dict[str, Any]]:
    return {e["entry"]["id"]: e["entry"] for e in first_edition(NOW, HERE) if "entry" in e}


def _named(event: Event, kind: str) -> set[str]:
    return {term["name"] for term in event.get("entry", {}).get(kind, ())}


def _described(kind: str, about: str) -> set[str]:
    return {event[kind]["name"] for event in first_edition(NOW, HERE) if event.get(kind, {}).get(about)}


def test_a_later_start_sends_the_same_events() -> None:
    later = first_edition(NOW + timedelta(days=3), HERE)

    assert [event["id"] for event in first_edition(NOW, HERE)] == [event["id"] for event in later]


def test_a_start_under_another_address_sends_its_pictures_anew() -> None:
    other = {event["id"] for event in first_edition(NOW, "http://127.0.0.1:9090")}

    with_pictures = {event["id"] for event in first_edition(NOW, HERE) if HERE in str(event)}

    assert with_pictures
    assert not with_pictures & other


def test_a_start_after_a_week_renews_every_date_but_that_of_the_archive() -> None:
    later = {
        e["entry"]["id"]: e["entry"] for e in first_edition(NOW + timedelta(days=8), HERE) if "entry" in e
    }

    unmoved = {
        id_ for id_, story in _stories().items() if story["date_published"] == later[id_]["date_published"]
    }

    assert unmoved == {f"{SITE_URL}/2026/night-the-lights-went-out"}
    assert all(later[id_]["date_modified"] > story["date_modified"] for id_, story in _stories().items())


def test_no_two_events_share_an_id() -> None:
    ids = [event["id"] for event in _all()]

    assert len(ids) == len(set(ids))


def test_there_are_two_dozen_stories() -> None:
    assert len(_stories()) == 24


def test_every_category_and_author_of_a_story_has_a_description() -> None:
    for kind, kinds, about in [("category", "categories", "description"), ("author", "authors", "bio")]:
        named = set().union(*(_named(event, kinds) for event in _all()))

        assert named <= _described(kind, about)


def test_every_category_of_the_ticker_has_a_description() -> None:
    ticked = (tick_event(tick) for tick in range(100))

    assert set().union(*(_named(event, "categories") for event in ticked)) <= _described(
        "category", "description"
    )


def test_entries_come_before_what_categories_say_of_themselves() -> None:
    entries = ["entry" in event for event in first_edition(NOW, HERE)]

    assert entries == sorted(entries, reverse=True)


def test_every_picture_is_there() -> None:
    pictures = files("hub.web") / "static" / "demo"
    named = {name for event in _all() for name in re.findall(rf"{HERE}/static/demo/([\w.-]+)", str(event))}

    assert len(named) == 13
    assert all((pictures / name).is_file() for name in named)
    assert "{pictures}" not in str(_all())


def test_the_follow_ups_are_all_told_and_newer_than_their_stories() -> None:
    events = [event for name in FOLLOW_UPS for event in follow_up(name, NOW, HERE)]

    assert [event["type"] for event in events] == ["entry.published", "entry.removed"]
    for event in events:
        story = _stories()[event["entry"]["id"]]
        assert event["entry"]["date_modified"] > story["date_modified"]
    assert set(FOLLOW_UPS) == {file.name for file in (files("hub.demo") / "later").iterdir()}


def test_one_story_waits_for_its_hour_and_one_takes_itself_down() -> None:
    now = NOW.isoformat()

    waiting = [story["date_published"] for story in _stories().values() if story["date_published"] > now]
    leaving = [story["date_expires"] for story in _stories().values() if "date_expires" in story]

    assert waiting == [(NOW + timedelta(minutes=1)).isoformat()]
    assert leaving == [(NOW + timedelta(minutes=10)).isoformat()]


@given(TICKS, TICKS)
def test_no_two_ticks_share_an_event_id(one: int, other: int) -> None:
    assert (tick_event(one)["id"] == tick_event(other)["id"]) == (one == other)


@given(TICKS)
def test_a_tick_is_dated_by_its_time(tick: int) -> None:
    time = datetime.fromtimestamp(tick * PERIOD, UTC)

    assert tick_event(tick)["entry"]["date_modified"] == time.isoformat()


@given(TICKS)
def test_a_correction_and_a_removal_are_of_the_line_before(tick: int) -> None:
    before, event = tick_event(tick), tick_event(tick + 1)

    if event["type"] != "entry.published":
        assert event["entry"]["id"] == before["entry"]["id"]
    if event["type"] == "entry.updated":
        assert event["entry"]["title"] == before["entry"]["title"]
        assert event["entry"]["date_published"] == before["entry"]["date_published"]
        assert event["entry"]["content_html"].startswith(before["entry"]["content_html"])


def test_the_ticker_never_holds_more_than_its_beats() -> None:
    ids = {tick_event(tick)["entry"]["id"] for tick in range(10_000)}

    assert len(ids) == 11


@pytest.mark.parametrize("kind", ["entry.published", "entry.updated", "entry.removed"])
def test_every_beat_is_told_corrected_and_withdrawn_in_its_turn(kind: str) -> None:
    events = (tick_event(tick) for tick in range(6 * 11))

    assert len({event["entry"]["id"] for event in events if event["type"] == kind}) == 11


def test_the_demo_has_the_gazettes_name() -> None:
    assert as_gazette(load_settings({})).site_title == SITE_TITLE


def test_the_operators_own_name_stays() -> None:
    settings = as_gazette(load_settings({"FEEDHUB_SITE_TITLE": "Quill Courier"}))

    assert settings.site_title == "Quill Courier"
