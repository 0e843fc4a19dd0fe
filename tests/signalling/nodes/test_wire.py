"""What nodes say to each other: as it was said, or refused."""

from __future__ import annotations

import json

import pytest

from signalling.nodes import wire

ALL: list[wire.NodeMessage] = [
    wire.Frame("n_1", 7, "ABC-DEF", 3, sealed=True),
    wire.Lost("n_1", 7, "ABC-DEF", 4, goodbye=True),
    wire.Here("n_1", "ABC-DEF", {7: 3, 8: 1}),
    wire.Read("n_1", 7, "ABC-DEF", 65536),
    wire.Ended("ABC-DEF"),
    wire.Said("ABC-DEF", "u_1", "page.j_1", 3.0, 2),
    wire.Asked("n_1", 3, "ABC-DEF"),
    wire.Replied(3, moved=True),
    wire.Counted(),
    wire.Told("ABC-DEF", [7, 8]),
    wire.Told("ABC-DEF"),
    wire.Answer("ABC-DEF", 7, 3, "seat", mark=65536),
    wire.Shut("ABC-DEF", 7, 4101),
    wire.Owned("ABC-DEF", 5, "n_1"),
    wire.Unbridged("ABC-DEF"),
    wire.NotMine("ABC-DEF", "n_1"),
]


@pytest.mark.parametrize("message", ALL, ids=lambda message: type(message).__name__)
def test_an_entry_is_read_as_it_was_written(message: wire.NodeMessage) -> None:
    payload = b'{"type":"signal"}\nand another line'
    assert wire.decode(wire.encode(message, payload)) == (message, payload)


def test_fields_of_a_newer_release_are_ignored() -> None:
    head, _, rest = wire.encode(ALL[0], b"payload").partition(b"\n")
    newer = json.dumps({**json.loads(head), "later": [1]}).encode() + b"\n" + rest
    assert wire.decode(newer) == (ALL[0], b"payload")


FORGED = {
    "nothing": b"",
    "no head": b'{"k":"E","room":"ABC"}',
    "no JSON": b"\xff\xfe\n",
    "no object": b"[]\n",
    "nested too deeply": b"[" * 100_000 + b"\n",
    "no kind": b'{"room":"ABC"}\n',
    "an unknown kind": b'{"k":"Z","room":"ABC"}\n',
    "another version": b'{"k":"E","room":"ABC","v":2}\n',
    "a missing field": b'{"k":"F","edge":"n","conn":1,"room":"ABC"}\n',
    "a number that is none": b'{"k":"F","edge":"n","conn":true,"room":"ABC","n":1}\n',
    "a number too small": b'{"k":"F","edge":"n","conn":0,"room":"ABC","n":1}\n',
    "a number too large": b'{"k":"O","room":"ABC","term":9007199254740992,"node":"n"}\n',
    "a close code that is none": b'{"k":"C","room":"ABC","term":1,"conn":1,"code":99}\n',
    "a room that is none": b'{"k":"E","room":""}\n',
}


@pytest.mark.parametrize("entry", FORGED.values(), ids=FORGED)
def test_what_no_node_has_written_is_refused(entry: bytes) -> None:
    with pytest.raises(wire.BadEntry):
        wire.decode(entry)
