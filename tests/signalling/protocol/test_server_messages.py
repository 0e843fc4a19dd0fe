"""What the server may send, and that any other frame is noticed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.signalling.frames import check_client_frame, check_server_frame

UPDATED = {"type": "participant_updated", "seq": 3, "participant": {"id": "p_1", "hand": True}}


def test_a_frame_as_it_should_be_is_taken() -> None:
    check_server_frame(json.dumps(UPDATED))
    check_server_frame(json.dumps({"type": "batch", "first": 3, "seq": 3, "events": [UPDATED]}))
    check_client_frame('{"type":"status","media":{"audio":true}}')


@pytest.mark.parametrize(
    "wrong",
    [
        {"participant": {"id": "p_1", "hands": True}},
        {"participant": {"id": "p_1", "hand": 1}},
        {"participant": {"id": "p_1", "hand": None}},
        {"participant": {"hand": True}},
        {"seq": "3"},
        {"type": "participant_changed"},
        {"at": 1},
    ],
    ids=str,
)
def test_a_frame_that_is_otherwise_is_not(wrong: dict[str, Any]) -> None:
    frame = UPDATED | wrong
    with pytest.raises(AssertionError):
        check_server_frame(json.dumps(frame))
    with pytest.raises(AssertionError):
        check_server_frame(json.dumps({"type": "batch", "first": 3, "seq": 3, "events": [frame]}))


@pytest.mark.parametrize("wrong", ['"hands":true', '"hand":1', '"media":{"sound":true}'])
def test_nor_is_one_that_a_client_sends(wrong: str) -> None:
    with pytest.raises(AssertionError):
        check_client_frame(f'{{"type":"status",{wrong}}}')
