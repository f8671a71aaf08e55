"""Server-sent events, the protocol: a feed's changes as a stream (HTML Standard §9.2)."""

from __future__ import annotations
