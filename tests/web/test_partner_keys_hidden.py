"""A partner's key is in no line of any log, wherever a client puts it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from aiohttp.http_exceptions import BadStatusLine

import hub.web.server  # noqa: F401  (puts the filter in place)
from tests.web.test_partners_api import add, bearer

if TYPE_CHECKING:
    from tests.web.conftest import Client


@pytest.mark.parametrize("path", ["/feeds/all.rss?key={}", "/feeds/{}", "/api/webhooks/{}?key={}", "/{}"])
async def test_an_outcome_line_holds_no_key(
    client: Client, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    key = (await add(client))["key"]
    caplog.set_level(logging.INFO)

    await client.get(path.format(key, key), headers=bearer(key))

    assert "path=/" in caplog.text
    assert key[8:] not in caplog.text


def test_what_is_no_http_is_refused_without_its_key(caplog: pytest.LogCaptureFixture) -> None:
    key = "fhp_" + "A1" * 21 + "x"
    error = BadStatusLine(f"GET /feeds/all.rss?key={key} HTTP/9.9")
    caplog.set_level(logging.INFO)
    logger = logging.getLogger("hub.web.connections")  # the server's own, as `hub.web.server` prepares it

    logger.error("Error handling request", exc_info=error)

    assert "request refused: error=400" in caplog.text
    assert "fhp_" in caplog.text
    assert key[8:] not in caplog.text
