"""`/api/reconcile`: have the CMS compared now, and see how that went. A worker does it; whoever asked looks again."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from hub.errors import BadRequest
from hub.intake.fields import Body
from hub.reconcile import Asked, Progress
from hub.web.api import answer, front_of, moment, operator, read

if TYPE_CHECKING:
    from aiohttp import web

ID_BYTES = 8
_MOST = 10_000_000


class ReconcileBody(Body):
    allow_removals: Annotated[int, Field(ge=0, le=_MOST, strict=True)] | None = None


async def request_reconcile(request: web.Request) -> web.Response:
    """Ask for a reconcile of each configured CMS: 202 with the id that its report will have.

    Raises Unauthorized, BadRequest where none is configured, Invalid, StoreUnavailable.
    """
    await operator(request)
    front = front_of(request)
    said = await read(request, ReconcileBody)
    sources = front.settings.compared
    if not sources:
        needed = "FEEDHUB_GHOST_URL and FEEDHUB_GHOST_CONTENT_KEY, or FEEDHUB_WORDPRESS_URL"
        raise BadRequest(f"There is no CMS to compare with: set {needed}.")
    asked = Asked(front.random(ID_BYTES).hex(), said.allow_removals)
    for source in sources:
        await front.store.ask_reconcile(source, asked)
    return answer({"id": asked.id, "sources": [str(source) for source in sources]}, status=202)


async def show_reconciles(request: web.Request) -> web.Response:
    """Answer how each source's reconciles fare. Raises Unauthorized, StoreUnavailable."""
    await operator(request)
    front = front_of(request)
    progress = await front.store.reconciles()
    running = await front.store.reconciling()
    return answer(
        {
            "sources": {
                str(source): {"running": source in running, **shown(progress.get(source, Progress()))}
                for source in front.settings.compared
            }
        }
    )


def shown(progress: Progress) -> dict[str, Any]:
    """Show how far a source is, as `/api/status` does, too."""
    report = asdict(progress.report) if progress.report else None
    if report:
        report |= {name: moment(report[name] or None) for name in ("started", "ended")}
    return {"done": moment(progress.done or None), "last": report}
