"""The demo's publication: The Harbour Gazette of Saltmarrow, a town that exists nowhere else.

What it publishes, as data and as pure functions of the time; `hub.cli.demo` sends it. All of it is invented, and
says so: no name here is a real person's.
"""

from __future__ import annotations

SITE_TITLE = "The Harbour Gazette"
SITE_DESCRIPTION = "News from Saltmarrow, a harbour town that exists only in this demo."
