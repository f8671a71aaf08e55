"""The receiver's guide: its samples, taken from the page, do what the page says wherever their language is there."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hub.model import EntryId, FeedPath, Kind, Seq
from hub.webhook import changed_entry, delivery_id, headers, probe, probe_id, removed_entry, secret_of

if TYPE_CHECKING:
    from collections.abc import Callable

GUIDE = Path("docs/receive.md")
NEWS, SPECIAL = FeedPath(Kind.CATEGORY, "news"), FeedPath(Kind.CATEGORY, "späte-nachrichten")
SECRET, NEXT = secret_of(b"1" * 24), secret_of(b"2" * 32)
FIRST, SECOND, THIRD = Seq(1795460320084001), Seq(1795460320084002), Seq(1795460320084003)

# Each reads what `tell` writes, and prints what it answered and which entries it has then.
DRIVERS = {
    "python": """
import base64, json, sys
sys.path.insert(0, sys.argv[1])
from receiver import receive
state = {"seen": set(), "entries": {}, "places": {}}
said = json.load(sys.stdin)
statuses = [receive(state, one["headers"], base64.b64decode(one["body"]), said["secret"]) for one in said["sent"]]
print(json.dumps({"statuses": statuses, "entries": state["entries"]}))
""",
    "javascript": """
const { receive } = require(process.argv[2] + "/receiver.js");
const said = JSON.parse(require("fs").readFileSync(0));
const state = { seen: new Set(), entries: new Map(), places: new Map() };
const statuses = said.sent.map((one) => receive(state, one.headers, Buffer.from(one.body, "base64"), said.secret));
console.log(JSON.stringify({ statuses, entries: Object.fromEntries(state.entries) }));
""",
    "php": """<?php
require $argv[1] . '/receiver.php';
$said = json_decode(file_get_contents('php://stdin'), true);
$state = ['seen' => [], 'entries' => [], 'places' => []];
$statuses = [];
foreach ($said['sent'] as $one) {
    $statuses[] = receive($state, $one['headers'], base64_decode($one['body']), $said['secret']);
}
echo json_encode(['statuses' => $statuses, 'entries' => (object) $state['entries']]);
""",
}
PROGRAMS = {"python": sys.executable, "javascript": "node", "php": "php"}
SUFFIXES = {"python": "py", "javascript": "js", "php": "php"}


@dataclass(frozen=True)
class Delivery:
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Outcome:
    statuses: list[int]
    entries: dict[str, Any]


@pytest.fixture(params=list(DRIVERS))
def tell(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Outcome]:
    """Give deliveries, in their order, to the page's sample in each language."""
    language: str = request.param
    program = shutil.which(PROGRAMS[language])
    if program is None:
        pytest.skip(f"{PROGRAMS[language]} is not installed here")
    suffix = SUFFIXES[language]
    (tmp_path / f"receiver.{suffix}").write_text(sample(language), encoding="utf-8")
    driver = tmp_path / f"driver.{suffix}"
    driver.write_text(DRIVERS[language], encoding="utf-8")

    def told(*deliveries: Delivery, secret: str = SECRET) -> Outcome:
        sent = [{"headers": one.headers, "body": base64.b64encode(one.body).decode()} for one in deliveries]
        ran = subprocess.run(
            [program, driver, tmp_path],
            input=json.dumps({"secret": secret, "sent": sent}).encode(),
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr.decode()
        return Outcome(**json.loads(ran.stdout))

    return told


def sample(language: str) -> str:
    (found,) = re.findall(
        rf"^```{language}\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return str(found)


def delivery(feed: FeedPath, seq: Seq, body: bytes, *secrets: str, age: int = 0) -> Delivery:
    stamp = int(time.time()) - age
    return Delivery(headers(secrets or (SECRET,), delivery_id(feed, seq), stamp, body), body)


def published(
    feed: FeedPath, seq: Seq, *secrets: str, revision: int = 1, title: str = "Größe 漢字", age: int = 0
) -> Delivery:
    item = {"id": "1", "title": title, "_feedhub": {"revision": revision, "seq": seq}}
    # Headers as a web server gives them, names in lower case.
    return lowered(delivery(feed, seq, changed_entry(feed, seq, item, new=True), *secrets, age=age))


def removed(feed: FeedPath, seq: Seq) -> Delivery:
    return lowered(delivery(feed, seq, removed_entry(feed, seq, EntryId("1"))))


def lowered(sent: Delivery) -> Delivery:
    return Delivery({name.lower(): value for name, value in sent.headers.items()}, sent.body)


def titles(outcome: Outcome) -> list[str | None]:
    return [known["item"] and known["item"]["title"] for known in outcome.entries.values()]


def test_a_signed_delivery_is_applied(tell: Callable[..., Outcome]) -> None:
    outcome = tell(published(SPECIAL, FIRST))

    assert (outcome.statuses, titles(outcome)) == ([204], ["Größe 漢字"])


def test_a_delivery_that_was_tampered_with_is_refused(tell: Callable[..., Outcome]) -> None:
    good = published(NEWS, FIRST)
    changed_body = Delivery(good.headers, good.body.replace(b'"1"', b'"2"'))
    changed_id = Delivery(good.headers | {"webhook-id": "category/news:1"}, good.body)
    foreign = published(NEWS, FIRST, NEXT)
    cut = Delivery(good.headers | {"webhook-signature": good.headers["webhook-signature"][:-1]}, good.body)
    unsigned = Delivery({"content-type": "application/json"}, good.body)
    odd = Delivery(good.headers | {"webhook-timestamp": "now"}, good.body)

    outcome = tell(changed_body, changed_id, foreign, cut, unsigned, odd)

    assert (outcome.statuses, titles(outcome)) == ([401] * 6, [])


def test_a_refused_delivery_does_not_keep_the_genuine_one_out(tell: Callable[..., Outcome]) -> None:
    good = published(NEWS, FIRST)

    assert tell(Delivery(good.headers, good.body + b" "), good).statuses == [401, 204]


@pytest.mark.parametrize("age", [400, -400])
def test_a_timestamp_far_from_the_clock_is_refused(tell: Callable[..., Outcome], age: int) -> None:
    outcome = tell(published(NEWS, FIRST, age=age))

    assert (outcome.statuses, titles(outcome)) == ([401], [])


def test_a_duplicate_is_answered_and_not_applied_again(tell: Callable[..., Outcome]) -> None:
    first, again = published(NEWS, FIRST), published(NEWS, FIRST, title="twice", age=10)

    outcome = tell(first, again)

    assert (outcome.statuses, titles(outcome)) == ([204, 204], ["Größe 漢字"])


def test_an_id_that_was_seen_is_enough_to_know_a_duplicate(tell: Callable[..., Outcome]) -> None:
    later = changed_entry(
        NEWS, SECOND, {"id": "1", "title": "later", "_feedhub": {"revision": 2, "seq": SECOND}}, new=False
    )
    same_id = lowered(delivery(NEWS, FIRST, later))

    assert titles(tell(same_id)) == ["later"]
    assert titles(tell(published(NEWS, FIRST), same_id)) == ["Größe 漢字"]


def test_an_older_revision_from_another_feed_is_not_applied(tell: Callable[..., Outcome]) -> None:
    outcome = tell(
        published(NEWS, SECOND, revision=2, title="new"), published(SPECIAL, FIRST, revision=1, title="old")
    )

    assert (outcome.statuses, titles(outcome)) == ([204, 204], ["new"])


def test_a_late_delivery_does_not_bring_back_what_was_removed(tell: Callable[..., Outcome]) -> None:
    outcome = tell(removed(NEWS, SECOND), published(NEWS, FIRST))

    assert outcome.statuses == [204, 204]
    assert titles(outcome) == [None]


def test_content_is_erased_when_the_last_feed_lost_it(tell: Callable[..., Outcome]) -> None:
    both = [published(NEWS, FIRST), published(SPECIAL, SECOND)]

    assert titles(tell(*both, removed(NEWS, THIRD))) == ["Größe 漢字"]
    assert titles(tell(*both, removed(NEWS, THIRD), removed(SPECIAL, THIRD))) == [None]


def test_two_signatures_during_a_rotation_suit_either_secret(tell: Callable[..., Outcome]) -> None:
    twice = published(NEWS, FIRST, NEXT, SECRET)

    assert tell(twice, secret=SECRET).statuses == [204]
    assert tell(twice, secret=NEXT).statuses == [204]


def test_a_test_is_answered_and_changes_nothing(tell: Callable[..., Outcome]) -> None:
    body = probe(NEWS, FIRST)
    sent = Delivery(headers((SECRET,), probe_id(FIRST), int(time.time()), body), body)

    outcome = tell(lowered(sent))

    assert (outcome.statuses, titles(outcome)) == ([204], [])


def test_the_hub_serves_the_page_that_docs_hold() -> None:
    assert Path("hub/web/static/receive.md").read_bytes() == GUIDE.read_bytes()
