"""Bytes become messages in one place, and what is no message is refused with a text and, if there is one, its id."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.protocol.client_messages import BadMessage, Join, Leave, Ping, Signal, Status, decode
from signalling.protocol.fields import Media


def join(**fields: Any) -> bytes:
    return orjson.dumps({"type": "join", "id": 1, "meeting": "abc123", "name": "Ann"} | fields)


def test_a_join_has_sensible_defaults_and_a_normal_meeting_id() -> None:
    assert decode(join()) == Join(id=1, meeting="ABC123", name="Ann", media=Media(), on_duplicate="replace")


def test_a_join_may_be_of_a_program() -> None:
    assert [decode(join(kind=kind)) for kind in ("bot", "recorder", None)] == [
        Join(id=1, meeting="ABC123", name="Ann", kind="bot"),
        Join(id=1, meeting="ABC123", name="Ann", kind="recorder"),
        Join(id=1, meeting="ABC123", name="Ann"),
    ]
    for kind in ("robot", "", "Bot", 1, True, ["bot"]):
        with pytest.raises(BadMessage) as refused:
            decode(join(kind=kind))
        assert refused.value.message_id == 1


def test_names_and_titles_are_trimmed_and_composed() -> None:
    decoded = decode(join(name="  Zoe\u0308 ", title=" Weekly "))
    assert isinstance(decoded, Join)
    assert (decoded.name, decoded.title) == ("Zoë", "Weekly")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"type":"status","media":{"audio":true}}', Status(media=Media(audio=True))),
        (b'{"type":"status","id":7,"hand":false}', Status(id=7, hand=False)),
        (b'{"type":"leave"}', Leave()),
        (b'{"type":"ping"}', Ping()),
        (b'{"type":"leave","id":2,"from_the_future":[1]}', Leave(id=2)),
    ],
)
def test_messages_are_decoded_and_unknown_fields_ignored(text: bytes, message: object) -> None:
    assert decode(text) == message


def test_the_data_of_a_signal_stays_the_bytes_that_came() -> None:
    raw = b'{"candidate": "\\u00e4 1.50", "n": 1.50, "deep": [ [ ] ]}'
    decoded = decode(b'{"type":"signal","to":"p_1","data":' + raw + b"}")
    assert isinstance(decoded, Signal)
    assert bytes(decoded.data) == raw


@pytest.mark.parametrize(
    ("text", "message_id"),
    [
        (b"", None),
        (b"hello", None),
        (b"[]", None),
        (b"null", None),
        (b'{"type":"join"', None),
        (b'{"id":4}', 4),
        (b'{"type":"fly","id":5}', 5),
        (b'{"type":5,"id":5}', 5),
        (b'{"type":"status","id":6,"hand":"yes"}', 6),
        (b'{"type":"status","id":6,"media":{"audio":1}}', 6),
        (b'{"type":"status","id":0}', None),
        (b'{"type":"status","id":-1}', None),
        (b'{"type":"status","id":"1"}', None),
        (b'{"type":"status","id":9007199254740992}', None),
        (b'{"type":"signal","to":"p_1","id":3}', 3),
        (b'{"type":"signal","data":{},"id":3}', 3),
        (b'{"type":"signal","to":"p_1","data":{"a":tru}}', None),
        (b'{"type":"signal","to":"\\ud800","data":1}', None),
        (b'{"type":"signal","to":"p","data":' + b"[" * 20_000 + b"]" * 20_000 + b"}", None),
        (b'{"type":"leave","extra":' + b"[" * 20_000 + b"]" * 20_000 + b"}", None),
        (b'{"type":"leave"} {}', None),
        (b'\xef\xbb\xbf{"type":"leave"}', None),
        (join(meeting="x"), 1),
        (join(meeting="a b c"), 1),
        (join(meeting="ÄÖÜ"), 1),
        (join(meeting="a" * 65), 1),
        (join(name=""), 1),
        (join(name="   "), 1),
        (join(name="x" * 10_000), 1),
        (join(name="a\u0000b"), 1),
        (join(name="a\nb"), 1),
        (join(name="ä\u202eb"), 1),
        (join(title="t" * 201), 1),
        (join(on_duplicate="explode"), 1),
        (join(create="yes"), 1),
        (b'{"type":"remove","id":7,"key":"k","participant":"p_\\u0000"}', 7),
        (b'{"type":"allow","id":7,"key":"k","participants":["p_1","<b>"],"may":{}}', 7),
        (b'{"type":"admit","id":7,"key":"k","knocks":[""]}', 7),
    ],
)
def test_what_is_no_message_is_refused_with_its_id(text: bytes, message_id: int | None) -> None:
    with pytest.raises(BadMessage) as refused:
        decode(text)
    assert refused.value.message_id == message_id
    assert refused.value.text


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    try:
        decode(data)
    except BadMessage:
        return
    orjson.loads(data)  # what was taken was JSON


plain_values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
json_values = (
    plain_values
    | st.lists(plain_values, max_size=2)
    | st.dictionaries(st.text(max_size=5), plain_values, max_size=2)
)


@given(
    st.sampled_from(["join", "status", "signal", "leave", "ping", "resume", "?"]),
    st.dictionaries(
        st.sampled_from(
            ["id", "meeting", "name", "token", "media", "session", "to", "data", "hand", "t", "create"]
        ),
        json_values,
    ),
)
def test_no_json_raises_anything_else(kind: str, fields: dict[str, Any]) -> None:
    try:
        decoded = decode(msgspec.json.encode({"type": kind, **fields}))
    except BadMessage:
        return
    assert type(decoded).__name__.lower() == kind
