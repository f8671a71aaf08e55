"""What a front needs before it starts."""

from __future__ import annotations

import pytest

from hub.cli.front import run_front
from hub.errors import Misconfigured
from hub.settings import Settings


def test_everything_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(Misconfigured) as refused:
        run_front(Settings(), host="127.0.0.1", port=0, fd=None)

    assert [problem.partition(" is missing: ")[0] for problem in refused.value.problems] == [
        "FEEDHUB_PUBLIC_URL",
        "FEEDHUB_REDIS_URL",
        "FEEDHUB_PUBLISH_TOKEN",
        "FEEDHUB_SECRET_KEY",
    ]
