"""The command `feedhub`."""

from __future__ import annotations

import logging
import sys

from hub.cli import app
from hub.errors import HubError, Misconfigured

REFUSED = 2
"""Exit status of a command that can't be carried out as it was asked for; starting it again changes nothing."""


def main() -> None:
    """Run a command; what it refuses is a sentence on stderr, not a traceback."""
    try:
        app()
    except Misconfigured as error:
        for problem in error.problems:
            print(f"feedhub: {problem}", file=sys.stderr)  # noqa: T201  (a command speaks on its terminal)
        sys.exit(REFUSED)
    except HubError as error:
        logging.getLogger("hub").debug("command failed", exc_info=True)
        print(f"feedhub: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)


if __name__ == "__main__":
    main()
