"""Feeds in, documents out: RSS 2.0, Atom 1.0, JSON Feed 1.1. Pure: no socket, no clock, no environment.

`Renderer` is what a worker keeps; `json_item` is one entry as SSE, webhooks and `since` show it;
`RENDERER_VERSION` says whether documents of another start may differ.
"""

from hub.render.jsonfeed import json_item, json_page
from hub.render.renderer import Draft, RenderedDocument, Renderer, Rendering, Skipped
from hub.render.version import RENDERER_VERSION

__all__ = [
    "RENDERER_VERSION",
    "Draft",
    "RenderedDocument",
    "Renderer",
    "Rendering",
    "Skipped",
    "json_item",
    "json_page",
]
