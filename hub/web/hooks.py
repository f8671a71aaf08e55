"""POST /hooks/<cms>: who sends it, how much of it, then ACCEPT and the bell. Meaning is intake's and the store's.

A CMS repeats nothing and shows its answers to nobody. So what is authentic is answered 2xx, understood or not, and what
was not understood is a hint. Never 410: Ghost would delete its webhook.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from hub.errors import HubError, NotFound, StoreUnavailable, TooManyRequests, Unauthorized
from hub.events import Source
from hub.intake.cms import read_hook
from hub.intake.hook import Hint, Hook
from hub.intake.hooksignatures import Check, check_static, is_one_of, read_claim
from hub.intake.policy import MAX_BATCH_BYTES, IntakePolicy
from hub.intake.strapi import Mapped
from hub.web.api import answer
from hub.web.bodies import skim_body
from hub.web.front import PARTS
from hub.web.publish import outcome_of

if TYPE_CHECKING:
    from aiohttp import web

    from hub.events import Receipt
    from hub.intake.hook import Reading
    from hub.web.front import Front, Parts

log = logging.getLogger("hub.web.hooks")

BOUND_BYTES = 4 * MAX_BATCH_BYTES
"""A body larger than is read is still checked up to here; beyond, nobody is believed."""
NOTES_BURST, NOTES_PER_SECOND = 5, 1.0
"""Refusals that are noted, of one source: anybody can cause them, and each is a write."""
NOTE_SECONDS = 0.15
"""How long a note may take: Ghost waits for two seconds, and most of that is for storing the hook itself."""
_INLINE_BYTES = 32 * 1024


async def receive_hook(request: web.Request) -> web.Response:
    """Take a CMS's hook: 202 once it is stored. Raises Unauthorized, NotFound, StoreUnavailable, and as `read_body`."""
    parts = request.app[PARTS]
    source, front = _source(request), parts.front
    try:
        body = await _trusted_body(request, source, front)
    except Unauthorized as error:
        await _note_refused(parts, source, str(error))
        raise
    # Whoever hangs up now has sent all the same.
    try:
        return await asyncio.shield(_take(request, source, body, front))
    except StoreUnavailable:
        parts.missed.add(source)
        raise


def _source(request: web.Request) -> Source:
    try:
        return Source(request.match_info["cms"])
    except ValueError:
        raise NotFound(f"There are hooks for {', '.join(Source)}.") from None


async def _trusted_body(request: web.Request, source: Source, front: Front) -> bytes | None:
    """Read the body of a sender who is known; None if it is too large to keep. Raises Unauthorized."""
    headers = _headers(request)
    check = None
    if (token := request.match_info.get("token")) is not None:
        _check_token(token, front)
    elif not (secrets := _secrets(source, front)):
        setting = f"FEEDHUB_HOOK_SECRET_{source.upper()}"
        raise Unauthorized(f"Hooks of {source} are not taken: {setting} is not set.")
    elif source is Source.STRAPI:
        check_static(headers, secrets)
    else:
        check = Check(read_claim(source, headers), secrets)
    body = await skim_body(
        request,
        limit=MAX_BATCH_BYTES,
        bound=BOUND_BYTES,
        seconds=front.body_seconds,
        each=check.update if check else None,
    )
    if check:
        check.finish(source, front.now())
    return body


def _check_token(token: str, front: Front) -> None:
    if not front.settings.hook_token:
        raise Unauthorized("Addresses with a token are not taken: FEEDHUB_HOOK_TOKEN is not set.")
    if not is_one_of(token, front.settings.hook_token):
        raise Unauthorized("The token in the address is not one of FEEDHUB_HOOK_TOKEN.")


def _secrets(source: Source, front: Front) -> tuple[str, ...]:
    settings = front.settings
    return {
        Source.GHOST: settings.hook_secret_ghost,
        Source.WORDPRESS: settings.hook_secret_wordpress,
        Source.STRAPI: settings.hook_secret_strapi,
        Source.SUPERDESK: settings.hook_secret_superdesk,
    }[source]


async def _take(request: web.Request, source: Source, body: bytes | None, front: Front) -> web.Response:
    reading = await _read(source, body, _headers(request), front)
    receipts: list[Receipt | HubError] = []
    hints = []
    if isinstance(reading, Hint):
        hints.append(reading.why)
    elif reading:
        receipts = await front.store.accept(reading, source=source, ring=front.bell.call())
        hints += [f"what it says can't be done: {each}" for each in receipts if isinstance(each, HubError)]
    for why in hints:
        log.info("hook hints: source=%s why=%s", source, why)
        await (front.hints or front.store).hint(source, front.now(), why)
    await _note_taken(front, source)
    return answer({"outcomes": [outcome_of(each) for each in receipts], "hints": hints}, status=202)


async def _read(source: Source, body: bytes | None, headers: dict[str, str], front: Front) -> Reading:
    if body is None:
        return Hint(f"the body has more than {MAX_BATCH_BYTES} bytes")
    settings, hook = front.settings, Hook(body, headers)
    policy = IntakePolicy(
        now=front.now(),
        base_url=settings.base_url(source),
        embed_hosts=frozenset(host.lower() for host in settings.embed_hosts),
    )
    mapped = Mapped(frozenset(settings.strapi_models), settings.strapi_url, dict(settings.strapi_fields))
    if len(body) <= _INLINE_BYTES:
        return read_hook(source, hook, policy, mapped)
    return await asyncio.to_thread(read_hook, source, hook, policy, mapped)


def _headers(request: web.Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


async def _note_refused(parts: Parts, source: Source, why: str) -> None:
    """Keep why, for the operator: whoever set up the CMS does not see its answers. A lost note is no harm."""
    try:
        parts.hook_notes.take(source)
        async with asyncio.timeout(NOTE_SECONDS):
            await parts.front.store.note_refused(source, parts.front.now(), why)
    except (TooManyRequests, StoreUnavailable, TimeoutError):
        log.info("hook refused, and not noted: source=%s why=%s", source, why)


async def _note_taken(front: Front, source: Source) -> None:
    try:
        async with asyncio.timeout(NOTE_SECONDS):
            await front.store.note_taken(source, front.now())
    except (StoreUnavailable, TimeoutError):  # the hook itself is stored
        log.info("hook taken, and not noted: source=%s", source)
