"""Events on the wire, as the HTML Standard §9.2 reads them."""

from __future__ import annotations

import pytest

from hub import sse


def test_an_event_has_its_id_its_type_and_one_line_of_data() -> None:
    assert sse.event("entry.updated", 17, b'{"a":1}') == b'id: 17\nevent: entry.updated\ndata: {"a":1}\n\n'


@pytest.mark.parametrize("body", [b"a\nid: 99", b"a\rid: 99"])
def test_data_can_not_begin_a_field_of_its_own(body: bytes) -> None:
    with pytest.raises(ValueError, match="one line"):
        sse.event("entry.updated", 1, body)


def test_a_stream_opens_with_a_delay_and_an_id_but_no_event() -> None:
    assert sse.opening(5, 3000) == b"retry: 3000\nid: 5\n\n"


def test_a_heartbeat_is_a_comment() -> None:
    assert sse.HEARTBEAT == b":\n\n"


@pytest.mark.parametrize(
    ("text", "seq"),
    [
        ("0", 0),
        ("1795460320084001", 1795460320084001),
        ("", None),
        ("-1", None),
        ("1e3", None),
        ("9" * 17, None),
    ],
)
def test_only_what_an_id_can_be_is_read_as_one(text: str, seq: int | None) -> None:
    assert sse.read_id(text) == seq


def test_digits_of_other_scripts_are_no_id() -> None:
    assert sse.read_id("١٢") is None
