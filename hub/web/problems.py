"""One middleware turns errors into answers: problem+json (RFC 9457), a page where a person asked, or a sentence."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import hdrs, web

from hub.errors import CursorGone, HubError, Invalid, WrongKey
from hub.web.authorization import KEY_PARAMETER
from hub.web.front import PARTS
from hub.web.headers import NO_SNIFFING, PAGE_HEADERS, PRIVATE_HEADERS, READABLE_ANYWHERE
from hub.web.keyring import HOLDER
from hub.web.logs import printable, shown_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger("hub.web")

FOR_PEOPLE = web.RequestKey("for_people", bool)
"""Set by handlers of pages: whoever asked wants to read a sentence, not JSON."""
FOR_SUBSCRIBERS = web.RequestKey("for_subscribers", bool)
"""Set by the WebSub hub: its errors are described in plain text (WebSub §5.1.2)."""

_CHALLENGE = 'Bearer realm="feedhub"'
_READS = {"GET", "HEAD"}
_CACHE = {404: "public, max-age=60", 410: "public, max-age=300"}
"""How long an answer may be kept; all others not at all."""
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what a handler raises. What nobody foresaw is logged, and tells the client nothing."""
    try:
        return await handler(request)
    except HubError as error:
        return _answer(request, problem_of(error), _headers_of(error))
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        allow: dict[str, str] = {hdrs.ALLOW: error.headers[hdrs.ALLOW]} if hdrs.ALLOW in error.headers else {}
        return _answer(request, _plain_problem(error.status), allow)
    except Exception:
        path = printable(shown_path(request.rel_url.raw_path))
        log.exception("request failed: method=%s path=%s", request.method, path)
        return _answer(request, _plain_problem(500), {})


def problem_of(error: HubError) -> dict[str, Any]:
    """Write an error as RFC 9457 says: `type` is a name for programs, `detail` a sentence for people."""
    name = _WORD.sub("-", type(error).__name__).lower()
    problem: dict[str, Any] = {
        "type": f"urn:feedhub:problem:{name}",
        "title": error.title,
        "status": error.status,
        "detail": str(error) or error.title,
    }
    if isinstance(error, Invalid):
        problem["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in error.errors]
    return problem


def _plain_problem(status: int) -> dict[str, Any]:
    """Write a problem that says no more than its status (RFC 9457 §4.2.1)."""
    known = HTTPStatus(status)
    return {"type": "about:blank", "title": known.phrase, "status": status, "detail": f"{known.description}."}


def _headers_of(error: HubError) -> dict[str, str]:
    headers: dict[str, str] = {}
    if (seconds := getattr(error, "retry_after", None)) is not None:
        headers[hdrs.RETRY_AFTER] = str(seconds)
    if isinstance(error, CursorGone):
        headers[hdrs.CACHE_CONTROL] = "no-store"
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers[hdrs.WWW_AUTHENTICATE] = _CHALLENGE
    if isinstance(error, WrongKey):
        headers |= PRIVATE_HEADERS
        headers[hdrs.WWW_AUTHENTICATE] = f'{_CHALLENGE}, Basic realm="feedhub", charset="UTF-8"'
    return headers


def _answer(request: web.Request, problem: dict[str, Any], extra: dict[str, str]) -> web.Response:
    status = problem["status"]
    headers = {**NO_SNIFFING, **extra}
    if HOLDER in request:  # what a partner may not see, others may
        headers |= PRIVATE_HEADERS
    elif hdrs.AUTHORIZATION in request.headers or KEY_PARAMETER in request.query:
        headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    if request.method in _READS:
        headers |= READABLE_ANYWHERE
    if request.get(FOR_PEOPLE, False):
        headers = PAGE_HEADERS | headers | {hdrs.CONTENT_TYPE: "text/html; charset=utf-8"}
        body = request.app[PARTS].templates.render("problem.html", problem=problem)
    elif request.get(FOR_SUBSCRIBERS, False):
        headers[hdrs.CONTENT_TYPE] = "text/plain; charset=utf-8"
        body = f"{problem['detail']}\n".encode()
    else:
        headers[hdrs.CONTENT_TYPE] = "application/problem+json"
        body = orjson.dumps(problem)
    headers.setdefault(hdrs.CACHE_CONTROL, _CACHE.get(status, "no-store"))
    return web.Response(status=status, body=body, headers=headers)
