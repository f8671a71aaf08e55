"""The data directory: what it keeps, and whose it is."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from hub.adapters.datadir import (
    DataDir,
    RunningHub,
    announce,
    keep_identity,
    open_data_dir,
    owned,
    running_hub,
)
from hub.errors import Misconfigured
from hub.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

HUB = RunningHub("http://127.0.0.1:8080", "https://feeds.example.org", "admin", "publish", 4711)


def _settings(**values: Any) -> Settings:
    return Settings.model_validate(values)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_directory_is_private(tmp_path: Path) -> None:
    data = open_data_dir(tmp_path / "a" / "b")

    assert _mode(data.root) == 0o700
    assert _mode(data.server) == 0o700


def test_missing_secrets_are_made_once_and_kept_private(tmp_path: Path) -> None:
    data = open_data_dir(tmp_path)

    first, made = keep_identity(data, _settings())
    second, made_again = keep_identity(data, _settings())

    assert {"admin_token", "publish_token", "secret_key"} == made.keys()
    assert len(set(made.values())) == 3
    assert all(len(secret) >= 32 for secret in made.values())
    assert made_again == {}
    assert first == second
    assert (made["publish_token"],) == first.publish_token
    assert _mode(data.identity) == 0o600


def test_the_operators_secrets_win_and_are_not_copied(tmp_path: Path) -> None:
    data = open_data_dir(tmp_path)

    settings, made = keep_identity(data, _settings(publish_token="theirs,older"))

    assert settings.publish_token == ("theirs", "older")
    assert {"admin_token", "secret_key"} == made.keys()
    assert "theirs" not in data.identity.read_text(encoding="utf-8")


def test_a_secret_that_the_operator_takes_back_is_made_then(tmp_path: Path) -> None:
    data = open_data_dir(tmp_path)
    before, _ = keep_identity(data, _settings(publish_token="theirs"))

    after, made = keep_identity(data, _settings())

    assert {"publish_token"} == made.keys()
    assert before.secret_key == after.secret_key


def test_the_name_is_fixed_at_the_first_start(tmp_path: Path) -> None:
    data = open_data_dir(tmp_path)
    keep_identity(data, _settings(name="world"))

    with pytest.raises(Misconfigured, match="set FEEDHUB_NAME=world"):
        keep_identity(data, _settings(name="sport"))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"unknown": 1}'])
def test_a_damaged_identity_is_named_and_not_replaced(tmp_path: Path, text: str) -> None:
    data = open_data_dir(tmp_path)
    data.identity.write_text(text, encoding="utf-8")

    with pytest.raises(Misconfigured, match=r"identity\.json"):
        keep_identity(data, _settings())

    assert text == data.identity.read_text(encoding="utf-8")


def test_a_second_owner_is_refused_with_the_process_that_owns_it(tmp_path: Path) -> None:
    data = open_data_dir(tmp_path)

    with (
        owned(data),
        pytest.raises(Misconfigured, match=rf"in use by another hub \(process {os.getpid()}\)"),
        owned(data),
    ):
        pytest.fail("two own it")


def test_an_owner_that_left_is_no_obstacle(tmp_path: Path) -> None:
    data = open_data_dir(tmp_path)
    with owned(data):
        pass

    with owned(data):
        assert f"{os.getpid()}\n" == data.owner_lock.read_text(encoding="ascii")


def test_commands_find_the_hub_that_runs(tmp_path: Path) -> None:
    data = open_data_dir(tmp_path)

    with owned(data):
        announce(data, HUB)
        assert running_hub(tmp_path) == HUB
        assert _mode(data.hub) == 0o600
    assert running_hub(tmp_path) is None
    assert not data.hub.exists()


def test_commands_do_not_believe_the_address_that_a_killed_hub_left(tmp_path: Path) -> None:
    announce(open_data_dir(tmp_path), HUB)

    assert running_hub(tmp_path) is None


def test_an_address_that_a_killed_hub_left_does_not_pass_for_the_next_ones(tmp_path: Path) -> None:
    data = open_data_dir(tmp_path)
    announce(data, HUB)

    with owned(data):
        assert running_hub(tmp_path) is None


def test_commands_make_no_directory(tmp_path: Path) -> None:
    assert running_hub(tmp_path / "none") is None
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_directory_is_a_clear_refusal(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()

    with pytest.raises(Misconfigured, match=r"file can't be used as data directory \(.+\): choose another"):
        open_data_dir(path)


def test_a_directory_that_can_not_be_written_is_a_clear_refusal(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "read-only")
    data.root.mkdir()
    data.root.chmod(0o500)

    with _no_superuser(), pytest.raises(Misconfigured, match=r"\(Permission denied\): choose another --data"):
        open_data_dir(data.root)


class _no_superuser:  # noqa: N801 - reads as a statement
    """The superuser may write anywhere; lend its place to nobody."""

    def __enter__(self) -> None:
        self._was = os.geteuid()
        if self._was == 0:
            os.seteuid(65534)

    def __exit__(self, *_: object) -> None:
        if self._was == 0:
            os.seteuid(0)
