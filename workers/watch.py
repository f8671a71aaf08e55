"""The watch: a task in every worker process; one of them looks at the hub every few seconds and keeps its problems."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from secrets import token_hex
from typing import TYPE_CHECKING

import orjson

from hub.adapters.egress import Answer, Egress, Failure
from hub.alerts import Alert, alert_body, judge, retry_ms
from hub.errors import StoreUnavailable
from hub.problems import problems_of

if TYPE_CHECKING:
    from hub.adapters.store import Store

log = logging.getLogger("workers.watch")

LOOK_SECONDS = 5.0
WATCH_MS = 20_000
"""How long the watch is one worker's: longer than a look; after that another takes over."""
TELL_SECONDS = 8.0
"""For one alert: well within the time for which the watch is ours."""
_JSON = {"Content-Type": "application/json"}


class Watch:
    """Looks, judges, keeps, and tells ALERT_URL. Of several one does; all say what their machine's clock shows."""

    def __init__(self, store: Store, *, look_seconds: float = LOOK_SECONDS) -> None:
        self._store = store
        self._url = store.settings.alert_url
        self._look_seconds = look_seconds
        self._token = token_hex(12)
        self._machine = socket.gethostname()

    async def run(self) -> None:
        """Look and tell for ever. A Redis that is away is waited for."""
        async with Egress(self._store.settings.egress_allow) as egress:
            while True:
                try:
                    await self.look()
                    await self.tell(egress)
                except StoreUnavailable as error:
                    log.warning("watch waits for Redis: %s", error)
                except Exception:
                    log.exception("watch stumbled; it goes on")
                await asyncio.sleep(self._look_seconds)

    async def look(self) -> None:
        """Look once. Raises StoreUnavailable."""
        await self._store.note_clock(self._machine, round(time.time() * 1000))
        if not await self._store.take_watch(self._token, WATCH_MS):
            return
        condition = await self._store.condition()
        kept = await self._store.kept()
        verdict = judge(kept, problems_of(condition), condition.state.now, alerting=self._url is not None)
        if verdict.changes:
            await self._store.judged(self._token, verdict)

    async def tell(self, egress: Egress) -> None:
        """Send the alerts that wait, the oldest first, until one is not taken. Raises StoreUnavailable."""
        while self._url and await self._store.take_watch(self._token, WATCH_MS):
            waiting = await self._store.next_alert()
            if waiting is None:
                return
            alert, tries = waiting
            why = _refusal(await egress.post(self._url, self._body(alert), _JSON, seconds=TELL_SECONDS))
            log.info("alert id=%s outcome=%s", alert.id, why or "taken")
            await self._store.alerted(alert, why, retry_ms=retry_ms(tries + 1))

    def _body(self, alert: Alert) -> bytes:
        settings = self._store.settings
        return orjson.dumps(alert_body(alert, settings.name, settings.public_url or ""))


def _refusal(came: Answer | Failure) -> str:
    """Say why an alert was not taken; empty if it was. Holds nothing of the URL but host and port."""
    if isinstance(came, Failure):
        return f"{came.kind}, {came.detail}"
    return "" if came.status // 100 == 2 else f"it answered {came.status}"  # noqa: PLR2004  (2xx)
