"""Reading a URL that may have changed: conditional, bounded, through the guarded client."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from hub.adapters.egress import Answer, FailureKind
from hub.delivery import asked_for
from hub.remote import Trouble, read_answer

if TYPE_CHECKING:
    from hub.adapters.egress import Egress, Failure
    from hub.remote import Reading, Remote

SECONDS = 30.0
"""For one answer, from connecting to its last byte."""
_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, "
    "application/json;q=0.8, */*;q=0.1"
)
_CODED = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


async def fetch(egress: Egress, remote: Remote, *, limit: int, where: str, now: int) -> Reading:
    """Read a URL if it changed. `limit`: bytes of its document; `where`: the setting it stands in; `now` in ms."""
    answer = await egress.get(
        remote.url, {"Accept": _ACCEPT} | remote.conditions, seconds=SECONDS, limit=limit + 1
    )
    if not isinstance(answer, Answer):
        return _unreached(answer, where)
    try:
        body = _decoded(answer, limit)
    except (ValueError, zlib.error):
        return Trouble(
            "its Content-Encoding can't be undone", "Have its server send it as it is.", lasting=True
        )
    wait = asked_for(answer.retry_after, now) // 1000
    return read_answer(answer.status, answer.headers, body, limit=limit, retry_after=wait, where=where)


def _decoded(answer: Answer, limit: int) -> bytes:
    """Undo a compression that nobody asked for, to `limit` and a byte. Raises ValueError, zlib.error."""
    coding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if coding in {"", "identity"}:
        return answer.body
    if coding not in _CODED:
        raise ValueError(coding)
    return zlib.decompressobj(_CODED[coding]).decompress(answer.body, limit + 1)


def _unreached(failure: Failure, where: str) -> Trouble:
    why = f"it can't be reached: {failure.detail or failure.kind}"
    match failure.kind:
        case FailureKind.FORBIDDEN:
            cure = f"If {where} is right, add that network to FEEDHUB_EGRESS_ALLOW."
            return Trouble(why, cure, lasting=True)
        case FailureKind.BAD_URL:
            return Trouble(why, f"Correct {where}.", lasting=True)
        case _:
            return Trouble(why, f"See that its server runs, and that {where} is right. It is tried again.")
