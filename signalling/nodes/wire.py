"""What nodes say to each other, as entries of an inbox: a head in JSON, a newline, and bytes that belong to it.

    to the owner   Frame, Lost, Here, Read, Ended, Said, Asked
    to an edge     Told, Answer, Shut, Owned, Unbridged, NotMine
    to who asked   Replied     to all   Counted     to the next   Given     to itself   Marked

A head has the version of its format (`v`). Fields that a reader does not know are ignored, so that fields may be added
without a new version; a version or a kind that is not known is refused. Whoever can write to the engine can write to an
inbox: an entry is checked like a message of a client.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

VERSION = 1

Node = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
RoomId = Annotated[str, msgspec.Meta(min_length=3, max_length=64)]
Number = Annotated[int, msgspec.Meta(ge=1, lt=2**53)]
"""Of a connection at its edge, or of a frame of a connection. Both begin with 1."""
Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Code = Annotated[int, msgspec.Meta(ge=1000, le=4999)]


class Frame(msgspec.Struct, frozen=True, tag_field="k", tag="F"):
    """The `n`-th frame of a client's connection. `sealed`: its bytes can be read by nodes alone, since a credential may
    be in them."""

    edge: Node
    conn: Number
    room: RoomId
    n: Number
    sealed: bool = False
    v: int = VERSION


class Lost(msgspec.Struct, frozen=True, tag_field="k", tag="L"):
    """The connection is gone, or has turned to another room: the last of its frames."""

    edge: Node
    conn: Number
    room: RoomId
    n: Number
    goodbye: bool = False
    v: int = VERSION


class Here(msgspec.Struct, frozen=True, tag_field="k", tag="S"):
    """All connections that an edge has in the room, each with the number of its first frame that is not answered. The
    frames follow. `placed`: those that have a seat, or wait, as the edge has heard."""

    edge: Node
    room: RoomId
    conns: dict[Number, Number]
    placed: list[Number] = []
    v: int = VERSION


class Read(msgspec.Struct, frozen=True, tag_field="k", tag="D"):
    """The client has read what was sent to it up to `mark`, but for little (`Answer.mark`); 0: it is behind. Said to
    those alone who say that they know it, since earlier releases do not."""

    edge: Node
    conn: Number
    room: RoomId
    mark: Count
    v: int = VERSION


class Ended(msgspec.Struct, frozen=True, tag_field="k", tag="E"):
    """The store has ended the meeting for all."""

    room: RoomId
    v: int = VERSION


class Said(msgspec.Struct, frozen=True, tag_field="k", tag="H"):
    """What a page said over HTTP: that it goes away (`signalling.rooms.inputs.Goodbye`)."""

    room: RoomId
    user_id: str
    instance: str
    back_in: float
    attempt: int | None = None
    v: int = VERSION


class Given(msgspec.Struct, frozen=True, tag_field="k", tag="G"):
    """The room is the reader's to take: whoever stops has given it, or does not take it itself."""

    room: RoomId
    node: Node
    v: int = VERSION


class Asked(msgspec.Struct, frozen=True, tag_field="k", tag="Q"):
    """An HTTP request for another node to answer, sealed. `room`: only if it owns that; "": whatever it owns. `number`:
    among the questions of the node that asks."""

    node: Node
    number: Number
    room: Annotated[str, msgspec.Meta(max_length=64)] = ""
    v: int = VERSION


class Replied(msgspec.Struct, frozen=True, tag_field="k", tag="P"):
    """The response, sealed. `moved`: there is none, since the room is not that node's."""

    number: Number
    moved: bool = False
    v: int = VERSION


class Counted(msgspec.Struct, frozen=True, tag_field="k", tag="T"):
    """What the limits per address have counted at the sender, sealed: every node counts it."""

    v: int = VERSION


class Marked(msgspec.Struct, frozen=True, tag_field="k", tag="M"):
    """All that came before it is read: a node writes it to itself."""

    number: Number
    v: int = VERSION


class Told(msgspec.Struct, frozen=True, tag_field="k", tag="B"):
    """A message for these connections of the edge; None: for all of the room that are seated."""

    room: RoomId
    to: list[Number] | None = None
    v: int = VERSION


class Answer(msgspec.Struct, frozen=True, tag_field="k", tag="U"):
    """A message for one connection, or none. All its frames up to `n` are answered; 0: that does not change.

    `place`: what the connection has from now on: "seat", "wait" or "none". `mark`: the bytes that were sent to it
    alone, to be told of when they are read; 0: not now.
    """

    room: RoomId
    conn: Number
    n: Count = 0
    place: str | None = None
    sealed: bool = False
    mark: Count = 0
    v: int = VERSION


class Shut(msgspec.Struct, frozen=True, tag_field="k", tag="C"):
    """Start the connection's closing handshake."""

    room: RoomId
    conn: Number
    code: Code
    v: int = VERSION


class Owned(msgspec.Struct, frozen=True, tag_field="k", tag="O"):
    """The room is this node's: say where you are, and send again what is not answered."""

    room: RoomId
    term: Number
    node: Node
    v: int = VERSION


class Unbridged(msgspec.Struct, frozen=True, tag_field="k", tag="R"):
    """Something between the owner and the edge is lost: the pages have to resume."""

    room: RoomId
    v: int = VERSION


class NotMine(msgspec.Struct, frozen=True, tag_field="k", tag="N"):
    """The room is not that node's: find out whose it is."""

    room: RoomId
    node: Node
    v: int = VERSION


ToOwner = Frame | Lost | Here | Read
Question = Asked | Replied
OverHttp = Ended | Said | Question
ToEdge = Told | Answer | Shut | Owned | Unbridged | NotMine
NodeMessage = ToOwner | OverHttp | Counted | ToEdge | Given | Marked

TO_OWNER = (Frame, Lost, Here, Read)
OVER_HTTP = (Ended, Said, Asked, Replied)
"""For `isinstance`, which takes long for a union."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(NodeMessage).decode


class BadEntry(ValueError):  # noqa: N818 - named for what it is about
    """An entry of an inbox that no node of a release that is known has written."""


def encode(message: NodeMessage, payload: bytes = b"") -> bytes:
    return b"%b\n%b" % (_encode(message), payload)


def decode(entry: bytes) -> tuple[NodeMessage, bytes]:
    """Raises `BadEntry` and nothing else."""
    head, newline, payload = entry.partition(b"\n")
    if not newline:
        raise BadEntry("it has no head")
    try:
        message = _decode(head)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadEntry(str(error)) from None
    if message.v != VERSION:
        raise BadEntry(f"it has version {message.v}, and {VERSION} is understood")
    return message, payload
