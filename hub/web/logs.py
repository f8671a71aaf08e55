"""One outcome line per request: never a query, a body, a signature or a secret."""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import unquote

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from hub.events import Source
from hub.partner import without_keys
from hub.web.front import PARTS
from hub.web.keyring import HOLDER

if TYPE_CHECKING:
    from hub.web.problems import Handler

log = logging.getLogger("hub.web.request")

_PATH_LENGTH = 200
SERVER = "feedhub"
# Whatever is not a CMS's name may be a secret: the address may be misspelt, or the name forgotten.
_SENDERS = "|".join([*Source, "ping"])
_HOOK_TOKEN = re.compile(
    rf"(/+hooks?/+)(?!/|(?:{_SENDERS})/*$)((?:{_SENDERS})/+)?.+", re.IGNORECASE | re.DOTALL
)


@web.middleware
async def outcome_lines(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log how each request ended; also name the server without its version."""
    began = time.perf_counter()
    status, size = 500, 0
    try:
        response = await handler(request)
        status, size = response.status, _size(request, response)
        response.headers[hdrs.SERVER] = SERVER
        return response
    finally:
        ms = (time.perf_counter() - began) * 1000
        holder = request.get(HOLDER)
        log.info(
            "request method=%s path=%s status=%d ms=%.1f bytes=%d%s",
            printable(request.method),
            printable(shown_path(request.rel_url.raw_path)),
            status,
            ms,
            size,
            f" partner={holder.partner.id}" if holder else "",
        )
        if holder:
            request.app[PARTS].usage.count(holder, request, status, size)


def shown_path(raw_path: str) -> str:
    """Hide a hook token, however it is escaped: routes are matched on the decoded path."""
    decoded = unquote(raw_path)
    hidden = _HOOK_TOKEN.sub(r"\1\2…", decoded)
    return raw_path if hidden == decoded else hidden


def printable(text: str) -> str:
    """Keep a line one line: what is not printable ASCII is escaped, what is long is cut, and no partner's key shows."""
    return without_keys(text)[:_PATH_LENGTH].encode("unicode_escape").decode().replace(" ", "\\x20")


def _size(request: web.Request, response: web.StreamResponse) -> int:
    return 0 if request.method == hdrs.METH_HEAD else response.content_length or 0


class NoTracebacks(logging.Filter):
    """Says in one line that a client sent what is no HTTP: a traceback for it would be anybody's to order."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            record.levelno, record.levelname = logging.INFO, "INFO"
            record.msg, record.args = "request refused: error=%s", (printable(str(error)),)
            record.exc_info = None
        return True
