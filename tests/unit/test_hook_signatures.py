"""Every recorded signature is right; none that is wrong, missing, old or of another secret is taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from hub.errors import Unauthorized
from hub.events import Source
from hub.intake.hooksignatures import Check, check_static, read_claim
from tests.cms import ALL_SAMPLES, SECRET, recorded

if TYPE_CHECKING:
    from tests.cms import Recorded

SIGNED = [name for name in ALL_SAMPLES if not name.startswith("strapi/")]
SENT = datetime(2026, 11, 23, 18, 58, 30, tzinfo=UTC)
"""Within five minutes of every hook that was recorded of Ghost."""


def check(hook: Recorded, *secrets: str, now: datetime = SENT) -> None:
    source = Source(hook.source)
    checked = Check(read_claim(source, hook.headers), secrets or (SECRET,))
    for start in range(0, len(hook.body), 1000):
        checked.update(hook.body[start : start + 1000])
    checked.finish(source, now)


@pytest.mark.parametrize("name", SIGNED)
def test_a_recorded_signature_is_right(name: str) -> None:
    check(recorded(name))


@pytest.mark.parametrize("name", SIGNED)
def test_secrets_rotate(name: str) -> None:
    check(recorded(name), "next", SECRET)


@pytest.mark.parametrize("name", SIGNED)
def test_another_secret_or_no_secret_is_refused(name: str) -> None:
    for secrets in (("other",), ("",), (SECRET + "x", "eco")):
        with pytest.raises(Unauthorized, match="matches no secret"):
            check(recorded(name), *secrets)


@pytest.mark.parametrize("name", SIGNED)
def test_the_raw_bytes_are_signed(name: str) -> None:
    hook = recorded(name)
    changed = type(hook)(hook.source, hook.headers, hook.body + b" ")

    with pytest.raises(Unauthorized, match="matches no secret"):
        check(changed)


@pytest.mark.parametrize("source", [Source.GHOST, Source.WORDPRESS, Source.SUPERDESK])
@pytest.mark.parametrize("text", ["", "x", "sha256=00, t=1", "sha256=" + "0" * 64, "sha1=zz", "é", "=" * 44])
def test_a_header_that_is_no_signature_is_refused(source: Source, text: str) -> None:
    header = {
        "ghost": "x-ghost-signature",
        "wordpress": "x-wp-webhook-signature",
        "superdesk": "x-superdesk-signature",
    }
    with pytest.raises(Unauthorized):
        Check(read_claim(source, {header[source]: text}), [SECRET]).finish(source, SENT)
    with pytest.raises(Unauthorized, match="is not signed"):
        read_claim(source, {})


@pytest.mark.parametrize("seconds", [301, 7200, -301])
def test_a_refusal_for_age_says_by_how_many_seconds_the_clocks_differ(seconds: int) -> None:
    hook = recorded("ghost/2-publish.post.published").signed(milliseconds=round(SENT.timestamp() * 1000))

    with pytest.raises(Unauthorized, match=f"differ by {abs(seconds)} seconds"):
        check(hook, now=SENT + timedelta(seconds=seconds))
    check(hook, now=SENT + timedelta(seconds=299))


def test_the_signed_time_cant_be_changed() -> None:
    hook = recorded("ghost/2-publish.post.published")
    text = hook.headers["x-ghost-signature"]
    later = {"x-ghost-signature": text[:-1] + str((int(text[-1]) + 1) % 10)}

    with pytest.raises(Unauthorized, match="matches no secret"):
        check(type(hook)(hook.source, later, hook.body))


def test_strapis_header_is_a_secret_with_or_without_bearer() -> None:
    headers = recorded("strapi/3-publish.entry.publish.article").headers

    check_static(headers, ["next", "eco-shared-token"])
    check_static(headers, ["Bearer eco-shared-token"])
    for secrets in (["other"], [""], []):
        with pytest.raises(Unauthorized, match="HOOK_SECRET_STRAPI"):
            check_static(headers, secrets)
    with pytest.raises(Unauthorized, match="no Authorization header"):
        check_static({}, ["eco-shared-token"])
