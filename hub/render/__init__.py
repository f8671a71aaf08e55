"""Feeds in, documents out: RSS 2.0, Atom 1.0, JSON Feed 1.1. Pure: no socket, no clock, no environment.

`Renderer` is what a worker keeps; `json_item` is one entry as SSE, webhooks and `since` show it;
`RENDERER_VERSION` says whether documents of another start may differ.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from hub.render.jsonfeed import json_item, json_page

if TYPE_CHECKING:
    from hub.render.renderer import Draft, Renderer, Rendering, Skipped
    from hub.render.version import RENDERER_VERSION

__all__ = [
    "RENDERER_VERSION",
    "Draft",
    "Renderer",
    "Rendering",
    "Skipped",
    "json_item",
    "json_page",
]


def __getattr__(name: str) -> object:
    """Load the renderer, and feedgen and lxml with it, when it is asked for: a front starts 80 ms sooner without."""
    if name not in __all__:
        raise AttributeError(name)
    part = "version" if name == "RENDERER_VERSION" else "renderer"
    return getattr(import_module(f"hub.render.{part}"), name)
