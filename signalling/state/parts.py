"""The parts of a room's state: one for what belongs to no member, one for each member, one for each event.

A part is a JSON object with the version of its format (`v`) and the moment it was written at (`at`). Fields that a
reader does not know are kept, and written again: a newer release may have put them there. Fields may be added without a
new version; a version that is not known is refused.

The hub's clock means nothing elsewhere. So the moments in a part are told as seconds before the part was written, and
`at` is by a clock that all share.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from signalling.rooms.member import Handle

VERSION = 1

Name = Callable[[Handle], Any]
"""What a connection is called in JSON."""

Find = Callable[[Any], Handle | None]
"""The connection of that name; None: it is gone."""

Lost = Callable[[Any], float]
"""When the connection of that name, which is gone, was lost (the hub's clock). None: nobody knows its name."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class UnknownVersion(ValueError):  # noqa: N818 - named for what it is about
    """A part was written by a release whose format this one cannot read."""


class State(NamedTuple):
    """A whole room. `members`: by participant, in any order. `log`: its events, in order; `seq`: the number of the last
    one, also if the log has forgotten it."""

    room: bytes
    members: Mapping[str, bytes]
    log: Sequence[bytes]
    seq: int


class Fresh(NamedTuple):
    """What is new of a room's state. `whole`: it is the whole room, in place of what there was. `room`: None if it is
    as it was. `gone`: members; `withdrawn`: numbers of events that nobody is to be sent any more; `cut`: nor any before
    that one (0: none)."""

    whole: bool
    room: bytes | None
    members: Mapping[str, bytes]
    gone: Sequence[str]
    log: Sequence[bytes]
    withdrawn: Sequence[int]
    seq: int
    cut: int = 0


class Moment(NamedTuple):
    """The same moment by the hub's clock and by the clock that all share, in seconds."""

    now: float
    at: float

    def ago(self, then: float) -> float:
        return self.now - then

    def before(self, seconds: float) -> float:
        return self.now - seconds

    def of(self, part: Mapping[str, Any]) -> Moment:
        """When the part was written. Not later than now, however far the clocks of two machines are apart."""
        return Moment(self.now - max(0.0, self.at - part["at"]), part["at"])


def written(
    fields: Mapping[str, Any], when: Moment, unknown: Mapping[str, Any] | None, behind: bytes = b""
) -> bytes:
    """`behind`: bytes that follow the part as they are, in a line of their own."""
    part = {"v": VERSION, "at": when.at, **fields}
    encoded = _encode(part if unknown is None else {**unknown, **part})
    return b"%b\n%b" % (encoded, behind) if behind else encoded


def read(part: bytes) -> dict[str, Any]:
    """Raises `UnknownVersion`."""
    fields: dict[str, Any] = _decode(part)
    if fields["v"] != VERSION:
        raise UnknownVersion(f"A room's state has version {fields['v']}, and {VERSION} is understood.")
    return fields


def unknown(part: Mapping[str, Any], known: Collection[str]) -> dict[str, Any] | None:
    """The fields of a newer release."""
    return {name: value for name, value in part.items() if name not in known} or None
