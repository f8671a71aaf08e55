"""POST /publish: who sends it, how much of it, then ACCEPT and the bell. Meaning is intake's and the store's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from aiohttp import hdrs, web

from hub.errors import BadRequest, Conflict, HubError, Unauthorized
from hub.events import Source
from hub.intake.policy import MAX_BATCH_BYTES, IntakePolicy
from hub.intake.publish import read_events
from hub.remote import ingest_source
from hub.web.authorization import check_bearer
from hub.web.bodies import read_body, require_json
from hub.web.front import PARTS
from hub.web.problems import problem_of
from hub.web.signatures import Signature, check_age, check_signature

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.events import PublishEvent, Receipt
    from hub.intake.publish import Batch
    from hub.settings import Settings
    from hub.web.front import Front

SOURCE = "publish"
ANYWAY = "anyway"
_QUIET = {"": False, "0": False, "1": True, ANYWAY: True}
_SOURCES = (SOURCE, *Source)
_INLINE_BYTES = 32 * 1024
"""A longer body is parsed and sanitised off the loop: others should not wait for it."""


async def publish(request: web.Request) -> web.Response:
    """Take publish events: 202 once they are stored. Raises the HubError of a bad request or of a single event."""
    front = request.app[PARTS].front
    body = await _trusted_body(request, front)
    manner = _manner(request.query, front.settings)
    if manner.quiet and not manner.anyway:
        await _nobody_is_told(front)
    batch = await _read(body, front)
    # Whoever hangs up now has published all the same: an array is not to be left half stored and never rung for.
    answers = await asyncio.shield(_accept(batch.elements, front, manner))
    outcomes = [outcome_of(answer) for answer in answers]
    if not batch.single:
        return _accepted(outcomes)
    if isinstance(answers[0], HubError):
        raise answers[0]
    return _accepted(outcomes[0])


class _Manner(NamedTuple):
    """How events are published, beside what they say."""

    source: str
    """Whose entries they are: a reconcile with that CMS goes on with them."""
    quiet: bool
    anyway: bool
    """Quiet also where somebody is told by push."""


def _manner(query: Mapping[str, str], settings: Settings) -> _Manner:
    """Read `?quiet=1|anyway` and `?source=<cms>`, or that of an ingest feed. Raises BadRequest."""
    quiet, source = query.get("quiet", ""), query.get("source", SOURCE)
    if quiet not in _QUIET:
        raise BadRequest(f"quiet must be one of {', '.join(filter(None, _QUIET))}, and is {quiet[:20]!r}.")
    if source not in _SOURCES and source not in map(ingest_source, settings.ingest_feeds):
        raise BadRequest(f"source must be one of {', '.join(_SOURCES)}, and is {source[:50]!r}.")
    return _Manner(source, _QUIET[quiet], quiet == ANYWAY)


async def _nobody_is_told(front: Front) -> None:
    """Refuse quiet changes where push would miss them. Raises Conflict."""
    if count := await front.store.count_subscriptions():
        who = "1 subscription is" if count == 1 else f"{count} subscriptions are"
        raise Conflict(
            f"{who} told of changes by push here. A reader that finds by polling what push did not bring stops "
            "trusting push: send without quiet, which tells them all, or with quiet=anyway."
        )


async def _trusted_body(request: web.Request, front: Front) -> bytes:
    """Read the body of a sender who knows a publish token. Raises Unauthorized, as soon as that is known."""
    tokens = front.settings.publish_token
    authorization = request.headers.get(hdrs.AUTHORIZATION)
    signature = Signature.read(request.headers)
    if authorization is not None:
        check_bearer(authorization, tokens)
    elif signature is not None:
        check_age(signature, front.now())
    else:
        raise Unauthorized("Send Authorization: Bearer <publish token>, or sign as Standard Webhooks says.")
    require_json(request)
    body = await read_body(request, limit=MAX_BATCH_BYTES, seconds=front.body_seconds)
    if authorization is None and signature is not None:
        check_signature(signature, body, tokens)
    return body


async def _read(body: bytes, front: Front) -> Batch:
    settings = front.settings
    policy = IntakePolicy(
        now=front.now(),
        base_url=settings.site.url,
        embed_hosts=frozenset(host.lower() for host in settings.embed_hosts),
    )
    if len(body) <= _INLINE_BYTES:
        return read_events(body, policy)
    return await asyncio.to_thread(read_events, body, policy)


async def _accept(
    elements: Sequence[PublishEvent | HubError], front: Front, manner: _Manner
) -> list[Receipt | HubError]:
    """Store the good ones, in order; ring whatever comes of it, because an earlier ring may be lost."""
    events = [element for element in elements if not isinstance(element, HubError)]
    stored: Iterator[Receipt | HubError] = iter(())
    if events:
        accepted = await front.store.accept(
            events, source=manner.source, ring=front.bell.call(), quiet=manner.quiet
        )
        stored = iter(accepted)
    return [element if isinstance(element, HubError) else next(stored) for element in elements]


def outcome_of(answer: Receipt | HubError) -> dict[str, Any]:
    """Say what became of one event."""
    if isinstance(answer, HubError):
        return {"outcome": "invalid", "problem": problem_of(answer)}
    receipt: dict[str, Any] = {"outcome": answer.outcome}
    if answer.entry is not None:
        receipt["entry"] = answer.entry
    return receipt | {"feeds": [{"feed": str(path), "seq": seq} for path, seq in answer.feeds]}


def _accepted(outcome: dict[str, Any] | list[dict[str, Any]]) -> web.Response:
    headers = {hdrs.CONTENT_TYPE: "application/json", hdrs.CACHE_CONTROL: "no-store"}
    return web.Response(status=202, body=orjson.dumps(outcome), headers=headers)
