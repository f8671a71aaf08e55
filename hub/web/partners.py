"""`/api/partners…`, for operators: who has keys, what these open, and whether they are used.

A key is shown once, when it is made; the store gets its digest alone.
"""

from __future__ import annotations

import logging
import re
from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import hdrs, web

from hub.adapters.partnerbook import PartnerBook
from hub.errors import Conflict, NotFound
from hub.partner import (
    ID_BYTES,
    KEY_BYTES,
    MOST_KEYS,
    Deletes,
    Edition,
    Partner,
    id_of,
    kept_of,
    key_of,
    rotated,
)
from hub.web.api import answer, cursor_of, front_of, limit_of, milliseconds, moment, operator, read
from hub.web.feedlists import live_feeds
from hub.web.front import PARTS
from hub.web.partner_bodies import KeyRotation, NewPartner, PartnerChange

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from hub.model import FeedNumber, Standing
    from hub.partner import Counts, LastUse, PartnerKey
    from hub.web.front import Front

log = logging.getLogger("hub.partners")

USAGE_DAYS = 31
_ID = re.compile(r"pt_[A-Za-z0-9_-]{16}")


async def list_partners(request: web.Request) -> web.Response:
    """Answer a page of partners. Raises Unauthorized, Forbidden, BadRequest."""
    await operator(request)
    front, after, limit = front_of(request), cursor_of(request) or "", limit_of(request)
    found = [partner for id_, partner in sorted((await _all(front)).items()) if id_ > after]
    page = found[:limit]
    standings = await _standings(front, *page)
    uses = await front.store.last_uses([partner.id for partner in page])
    shown = [_shown(partner, standings, uses[partner.id]) for partner in page]
    return answer({"partners": shown, "cursor": page[-1].id if len(found) > limit else None})


async def create_partner(request: web.Request) -> web.Response:
    """Make a partner and show its key, this once. Raises Unauthorized, Forbidden, Invalid, and what `read` raises."""
    await operator(request)
    front, body = front_of(request), await read(request, NewPartner)
    settings, now = front.settings, milliseconds(front.now())
    said = {"size": settings.feed_size, "content": settings.feed_content} | _said(body)
    key = key_of(front.random(KEY_BYTES))
    partner = Partner(
        id=id_of(front.random(ID_BYTES)),
        name=body.name,
        feeds=tuple((await live_feeds(front, body.feeds)).values()),
        edition=_edition(said),
        keys=(kept_of(key, now),),
        created=now,
        changed=now,
    )
    await _put(request, partner)
    location = f"{settings.site.public_url}/api/partners/{partner.id}"
    shown = await _shown_whole(front, partner) | {"key": key}
    return answer(shown, status=201, headers={hdrs.LOCATION: location})


async def show_partner(request: web.Request) -> web.Response:
    """Answer a partner and what its keys were used for. Raises Unauthorized, Forbidden, NotFound."""
    partner, front = await _asked_for(request), front_of(request)
    await request.app[PARTS].usage.flush()  # other fronts' counts are some seconds old
    today = front.now().date()
    counts = await front.store.uses(partner.id, [today - timedelta(days=n) for n in range(USAGE_DAYS)])
    usage = [_shown_use(day, hint, counts[day, hint]) for day, hint in sorted(counts, reverse=True)]
    return answer(await _shown_whole(front, partner) | {"usage": usage})


async def change_partner(request: web.Request) -> web.Response:
    """Change what is said of it. Webhooks on feeds that it may open no more end. Raises as `create_partner`."""
    was, front = await _asked_for(request), front_of(request)
    said = _said(await read(request, PartnerChange))
    feeds = tuple((await live_feeds(front, said["feeds"])).values()) if "feeds" in said else was.feeds
    partner = replace(
        was,
        name=said.get("name", was.name),
        feeds=feeds,
        edition=_edition(_as_said(was.edition) | said),
        changed=milliseconds(front.now()),
    )
    await _put(request, partner, was=was)
    return answer(await _shown_whole(front, partner))


async def rotate_key(request: web.Request) -> web.Response:
    """Make a new key and show it, this once; earlier ones open beside it while the overlap lasts.

    Raises Unauthorized, Forbidden, NotFound, Invalid, Conflict when too many would open at once.
    """
    was, front = await _asked_for(request), front_of(request)
    body = await read(request, KeyRotation)
    key = key_of(front.random(KEY_BYTES))
    kept = kept_of(key, milliseconds(front.now()))
    partner = replace(was, keys=rotated(was.keys, kept, overlap_seconds=body.overlap_seconds))
    if len(partner.keys) > MOST_KEYS:
        raise Conflict(
            f"{MOST_KEYS} keys open already: wait for one to end, or end all with overlap_seconds 0."
        )
    await _put(request, partner, was=was)
    return answer(await _shown_whole(front, partner) | {"key": key})


async def revoke_partner(request: web.Request) -> web.Response:
    """End a partner: its keys open nothing from now on, and its webhooks are deleted. Raises as `show_partner`."""
    partner = await _asked_for(request)
    if not await front_of(request).store.remove_partner(partner.id):
        raise _unknown()
    request.app[PARTS].keyring.forget()
    log.info("partner revoked: partner=%s", partner.id)
    return web.Response(status=204, headers={hdrs.CACHE_CONTROL: "no-store"})


# ---- which one ------------------------------------------------------------------------------------------------------


async def _all(front: Front) -> Mapping[str, Partner]:
    """Read all partners as they are now; what the keyring has may be a second old."""
    return await PartnerBook(front.store).read()


async def _asked_for(request: web.Request) -> Partner:
    """Find the partner that the address names. Raises Unauthorized, Forbidden, NotFound."""
    await operator(request)
    id_ = request.match_info["id"]
    found = (await _all(front_of(request))).get(id_) if _ID.fullmatch(id_) else None
    if found is None:
        raise _unknown()
    return found


def _unknown() -> NotFound:
    return NotFound("There is no such partner.")


async def _put(request: web.Request, partner: Partner, was: Partner | None = None) -> None:
    await front_of(request).store.put_partner(partner, was=was)
    request.app[PARTS].keyring.forget()


# ---- what is said and answered --------------------------------------------------------------------------------------


def _said(body: PartnerChange) -> dict[str, Any]:
    return {name: getattr(body, name) for name in body.model_fields_set}


def _edition(said: Mapping[str, Any]) -> Edition:
    return Edition(said["size"], said["content"] == "full", Deletes(said.get("deletes", Deletes.TOMBSTONE)))


def _as_said(edition: Edition) -> dict[str, Any]:
    content = "full" if edition.full_content else "summary"
    return {"size": edition.size, "content": content, "deletes": edition.deletes}


async def _shown_whole(front: Front, partner: Partner) -> dict[str, Any]:
    uses = await front.store.last_uses([partner.id])
    return _shown(partner, await _standings(front, partner), uses[partner.id])


async def _standings(front: Front, *partners: Partner) -> Mapping[FeedNumber, Standing]:
    return await front.store.standings(list({feed for partner in partners for feed in partner.feeds}))


def _shown(
    partner: Partner, standings: Mapping[FeedNumber, Standing], uses: Mapping[str, LastUse]
) -> dict[str, Any]:
    return {
        "id": partner.id,
        "name": partner.name,
        "feeds": [str(standings[feed].path) for feed in partner.feeds if feed in standings],
        **_as_said(partner.edition),
        "created": moment(partner.created),
        "keys": [_shown_key(key, uses.get(key.hint)) for key in partner.keys],
    }


def _shown_key(key: PartnerKey, last: LastUse | None) -> dict[str, Any]:
    used = {"at": moment(last.at), "status": last.status, "path": last.path} if last else None
    return {
        "hint": key.hint,
        "created": moment(key.created),
        "until": moment(key.until),
        "last_used": used,
    }


def _shown_use(day: date, hint: str, counts: Counts) -> dict[str, Any]:
    return {"date": day.isoformat(), "key": hint, "requests": counts.requests, **asdict(counts)}
