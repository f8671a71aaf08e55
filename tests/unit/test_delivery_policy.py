"""The retry policy, row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery import FIRST_DELAY, JITTER, LONGEST_DELAY, LONGEST_RETRY_AFTER, Act, Reply, judge
from hub.model import FeedNumber, Seq
from hub.subscription import Channel, Lane, Refusal, Subscription, SubscriptionId

NOW = 1_800_000_000_000
DAY = 86_400_000
HOOK = Subscription(SubscriptionId("s"), Channel.WEBHOOK, FeedNumber(1), "wh_1", Seq(10))
READER = HOOK._replace(channel=Channel.WEBSUB)


@pytest.mark.parametrize(
    ("subscription", "status", "error", "act", "outcome"),
    [
        (READER, 200, "", Act.ADVANCE, "delivered"),
        (READER, 204, "", Act.ADVANCE, "delivered"),
        (READER, 299, "", Act.ADVANCE, "delivered"),
        (READER, 301, "", Act.RETRY, "301"),
        (READER, 307, "", Act.RETRY, "307"),
        (READER, 400, "", Act.RETRY, "400"),
        (READER, 404, "", Act.RETRY, "404"),
        (READER, 410, "", Act.DROP, "gone"),
        (HOOK, 410, "", Act.PAUSE, "gone"),
        (HOOK, 400, "", Act.RETRY, "400"),
        (HOOK, 408, "", Act.RETRY, "408"),
        (HOOK, 425, "", Act.RETRY, "425"),
        (HOOK, 429, "", Act.RETRY, "429"),
        (HOOK, 500, "", Act.RETRY, "500"),
        (HOOK, 503, "", Act.RETRY, "503"),
        (HOOK, None, "timeout", Act.RETRY, "timeout"),
        (HOOK, None, "refused", Act.RETRY, "refused"),
        (HOOK, None, "unreachable", Act.RETRY, "unreachable"),
        (HOOK, None, "tls", Act.RETRY, "tls"),
        (HOOK, None, "forbidden", Act.RETRY, "forbidden"),
        (HOOK, None, "bad_url", Act.RETRY, "bad_url"),
        (HOOK, None, "broken", Act.RETRY, "broken"),
        (HOOK, None, "busy", Act.RETRY, "busy"),
        (HOOK, None, "Sealed", Act.RETRY, "Sealed"),
    ],
)
def test_each_answer_has_its_consequence(
    subscription: Subscription, status: int | None, error: str, act: Act, outcome: str
) -> None:
    verdict = judge(subscription, Reply(status, 5.0, error=error), seq=11, now=NOW, dice=0.5)

    assert (verdict.act, verdict.outcome) == (act, outcome)


@pytest.mark.parametrize(
    ("status", "skipped"), [(400, True), (404, True), (422, True), (429, False), (500, False)]
)
def test_a_change_refused_for_a_day_is_skipped(status: int, skipped: bool) -> None:  # noqa: FBT001
    refused = HOOK._replace(failures=30, refused=Refusal(Seq(11), NOW - DAY))

    verdict = judge(refused, Reply(status, 5.0), seq=11, now=NOW, dice=0.5)

    assert (verdict.outcome == "skipped") is skipped
    assert (verdict.act is Act.ADVANCE) is skipped


def test_an_attempt_for_which_there_was_no_turn_counts_against_nobody() -> None:
    verdict = judge(HOOK._replace(failures=2), Reply(None, 5.0, error="busy"), seq=11, now=NOW, dice=0.5)

    assert (verdict.act, verdict.failures, verdict.lane) == (Act.RETRY, 2, Lane.FAST)


def test_another_change_begins_its_day_anew() -> None:
    refused = HOOK._replace(refused=Refusal(Seq(11), NOW - DAY))

    verdict = judge(refused, Reply(404, 5.0), seq=12, now=NOW, dice=0.5)

    assert verdict.act is Act.RETRY
    assert verdict.refused == Refusal(Seq(12), NOW)


def test_an_unreachable_receiver_is_never_skipped() -> None:
    down = HOOK._replace(failures=99, failing_since=NOW - 30 * DAY, refused=Refusal(Seq(11), NOW - 30 * DAY))

    verdict = judge(down, Reply(None, 5.0, error="timeout"), seq=11, now=NOW, dice=0.5)

    assert verdict.act is Act.RETRY
    assert verdict.since == NOW - 30 * DAY


@pytest.mark.parametrize(
    ("failures", "ms", "status", "lane"),
    [
        (0, 10.0, 204, Lane.FAST),
        (9, 10.0, 204, Lane.FAST),
        (0, 2500.0, 204, Lane.SLOW),
        (0, 10.0, 500, Lane.SLOW),
        (3, 10.0, 500, Lane.SLOW),
        (4, 10.0, 500, Lane.PROBATION),
        (40, 10.0, 500, Lane.PROBATION),
    ],
)
def test_the_lane_follows_the_answers(failures: int, ms: float, status: int, lane: Lane) -> None:
    verdict = judge(HOOK._replace(failures=failures), Reply(status, ms), seq=11, now=NOW, dice=0.5)

    assert verdict.lane is lane


@given(failures=st.integers(0, 10**6), dice=st.floats(0, 1, exclude_max=True))
def test_delays_grow_from_a_second_to_six_hours_with_jitter(failures: int, dice: float) -> None:
    verdict = judge(HOOK._replace(failures=failures), Reply(500, 5.0), seq=11, now=NOW, dice=dice)

    expected = min(FIRST_DELAY * 2.0 ** min(failures, 60), LONGEST_DELAY)
    assert expected * (1 - JITTER) - 1 <= verdict.delay <= expected * (1 + JITTER) + 1


@pytest.mark.parametrize(
    ("retry_after", "delay"),
    [
        ("30", 30_000),
        ("0", 1_000),
        ("1000000000", LONGEST_RETRY_AFTER),
        ("9" * 400, LONGEST_RETRY_AFTER),
        (format_datetime(datetime.fromtimestamp(NOW / 1000 + 60, UTC), usegmt=True), 60_000),
        ("Wed, 01 Jan 1800 00:00:00 GMT", 1_000),
        ("soon", 1_000),
        ("-5", 1_000),
        ("", 1_000),
        ("²", 1_000),
    ],
)
def test_retry_after_lengthens_a_delay_within_bounds(retry_after: str, delay: int) -> None:
    verdict = judge(HOOK, Reply(429, 5.0, retry_after), seq=11, now=NOW, dice=0.5)

    assert verdict.delay == delay
