"""WebSub, the protocol: requests, verification of intent, deliveries (W3C Recommendation of 2018-01-23)."""

from __future__ import annotations
