"""The CMSs that several files of tests work in, each started when the first test asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live.ghost import Ghost

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def ghost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ghost]:
    with Ghost(tmp_path_factory.mktemp("ghost")) as ghost:
        yield ghost
