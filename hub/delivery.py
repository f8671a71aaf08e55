"""The retry policy: what an attempt's outcome means for its subscription."""

from __future__ import annotations
