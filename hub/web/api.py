"""What all of `/api/…` shares: who asks, pages, and JSON in and out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from aiohttp import hdrs, web
from pydantic import ValidationError

from hub.errors import BadRequest, Forbidden
from hub.intake.faults import invalid
from hub.intake.fields import Body
from hub.intake.publish import parse_body
from hub.partner import is_key
from hub.web.authorization import key_given, require_bearer
from hub.web.bodies import read_body, require_json
from hub.web.front import PARTS
from hub.web.keyring import HOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.partner import Partner
    from hub.web.front import Front

B = TypeVar("B", bound=Body)

MOST_ROWS = 1000
ROWS = 100
MAX_BODY = 64 * 1024

_CURSOR = re.compile(r"[\x21-\x7e]{1,200}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def asker(request: web.Request) -> Partner | None:
    """Say who asks: a partner, or (None) the operator, who sees everything. Raises Unauthorized, StoreUnavailable.

    An admin token counts in the header alone: it must not stand in an address.
    """
    key = key_given(request)
    if key is not None and is_key(key):
        request[HOLDER] = await request.app[PARTS].keyring.holder(key)
        return request[HOLDER].partner
    require_bearer(request, front_of(request).settings.admin_token)
    return None


async def operator(request: web.Request) -> None:
    """Let nobody but the operator on. Raises Unauthorized, Forbidden, StoreUnavailable."""
    if await asker(request):
        raise Forbidden("A partner's key does not open this: it takes an admin token.")


def owner_of(partner: Partner | None) -> str | None:
    """Give whose things an asker may see; None: everybody's."""
    return partner.id if partner else None


def front_of(request: web.Request) -> Front:
    return request.app[PARTS].front


def limit_of(request: web.Request) -> int:
    """Read how many rows a page has. Raises BadRequest."""
    text = request.query.get("limit", "")
    if not text:
        return ROWS
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MOST_ROWS:
        raise BadRequest(f"limit must be a number from 1 to {MOST_ROWS}")
    return int(text)


def cursor_of(request: web.Request) -> str | None:
    """Read where a page begins; opaque, so only its form is looked at. Raises BadRequest."""
    text = request.query.get("cursor", "")
    if text and not _CURSOR.fullmatch(text):
        raise BadRequest("cursor must be one that an earlier page gave")
    return text or None


async def read(request: web.Request, kind: type[B]) -> B:
    """Read a body of JSON; no body at all is an empty object.

    Raises Invalid with every fault, BadRequest, UnsupportedType, TooLarge, TooSlow.
    """
    if request.body_exists:
        require_json(request)
    body = await read_body(request, limit=MAX_BODY, seconds=front_of(request).body_seconds)
    try:
        return kind.model_validate(parse_body(body) if body else {})
    except ValidationError as error:
        raise invalid(error, kind, "") from None


def answer(body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Answer JSON that nobody keeps: it is for whoever has the token."""
    return web.Response(
        status=status,
        body=orjson.dumps(body),
        content_type="application/json",
        headers={hdrs.CACHE_CONTROL: "no-store", **(headers or {})},
    )


def milliseconds(when: datetime) -> int:
    return (when - _EPOCH) // timedelta(milliseconds=1)


def microseconds(when: datetime) -> int:
    """Give a moment as seqs count."""
    return (when - _EPOCH) // timedelta(microseconds=1)


def moment(ms: int | None) -> str | None:
    """Write a moment (milliseconds since 1970) as RFC 3339 does."""
    if ms is None:
        return None
    when = (_EPOCH + timedelta(milliseconds=ms)).replace(tzinfo=None)
    return f"{when.isoformat(timespec='milliseconds')}Z"
