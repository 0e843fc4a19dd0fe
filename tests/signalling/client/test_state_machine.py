"""The client's state machine beyond the golden vectors: what is particular to Python."""

from __future__ import annotations

import json

import pytest

from signalling.client.actions import Emit, Open, Send
from signalling.client.back_off import CAP
from signalling.client.place import Place
from signalling.client.state_machine import SignallingClient

ANN = {
    "id": "p_ann",
    "name": "Ann",
    "role": "host",
    "media": {"audio": False, "video": False, "screen": False},
    "hand": False,
    "state": "connected",
    "instance": "page.1",
    "joined_at": "2026-11-21T10:00:00.000Z",
}
JOINED = {
    "type": "joined",
    "id": 1,
    "meeting": {"id": "ABC", "title": "", "host": True, "created": True},
    "you": ANN,
    "rejoined": False,
    "session": "session-1",
    "token": "token-1",
    "epoch": "e1",
    "seq": 1,
    "participants": [ANN],
    "ice_servers": [],
    "heartbeat": 15,
    "grace": 30,
}


def joined() -> SignallingClient:
    client = SignallingClient(Place("abc", "Ann", "page"), lambda: 0.5)
    client.start(0.0)
    client.opened(0.0)
    client.received(json.dumps(JOINED), 0.0)
    return client


def test_it_joins_and_then_knows_who_is_there() -> None:
    client = SignallingClient(Place("abc", "Ann", "page", token="t"), lambda: 0.5)
    assert client.start(0.0) == [Open()]
    (ask,) = client.opened(0.0)
    assert isinstance(ask, Send)
    assert json.loads(ask.text) == {
        "type": "join",
        "id": 1,
        "attempt": 1,
        "meeting": "abc",
        "name": "Ann",
        "page": "page",
        "token": "t",
        "on_duplicate": "reject",
        "media": {"audio": False, "video": False, "screen": False},
        "features": ["batch", "busy", "ice", "moderation"],
    }
    program = SignallingClient(Place("abc", "Echo", "page", kind="bot"), lambda: 0.5)
    program.start(0.0)
    (ask,) = program.opened(0.0)
    assert isinstance(ask, Send)
    assert json.loads(ask.text)["kind"] == "bot"
    assert client.received(json.dumps(JOINED), 0.0) == [Emit("joined", JOINED)]
    assert client.membership.me == ANN
    assert (client.membership.session, client.membership.token, client.membership.unanswered) == (
        "session-1",
        "token-1",
        0,
    )


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"x"', "{}", '{"type":"news"}', '{"type":"x","seq":"y"}']
)
def test_what_is_no_message_is_ignored(text: str) -> None:
    client = joined()
    assert client.received(text, 1.0) == []
    assert client.phase == "joined"


def test_what_was_handed_out_does_not_change_any_more() -> None:
    client = joined()
    roster = client.membership.roster
    event = {"type": "participant_updated", "seq": 2, "participant": {"id": "p_ann", "hand": True}}
    client.received(json.dumps(event), 1.0)
    assert roster["p_ann"]["hand"] is False
    assert client.membership.roster["p_ann"]["hand"] is True


def test_a_server_that_is_away_for_days_is_still_asked() -> None:
    """Browsers' numbers grow to infinity; Python's refuse to."""
    client = joined()
    client.closed(1006, 0.0)
    for _ in range(2000):
        at = client.wake_at
        assert client.tick(at) == [Open()]
        client.closed(1006, at)
    assert client.wake_at - at == 0.5 * CAP
