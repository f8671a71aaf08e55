"""Webhooks, the protocol: what a partner gets, signed as Standard Webhooks 1.0 says."""

from __future__ import annotations
