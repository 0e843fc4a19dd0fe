"""An event of a room's log as data: a head, and in the next line the event itself, byte for byte."""

from __future__ import annotations

from signalling.rooms.event_log import Entry
from signalling.state import parts
from signalling.state.parts import Moment


def write(entry: Entry, when: Moment) -> bytes:
    number, then, payload, to = entry
    whom = sorted(to) if isinstance(to, frozenset) else to
    fields = {"seq": number, "ago": when.ago(then), "to": whom}
    return parts.written(fields, when, None, payload)


def read(event: bytes, when: Moment) -> Entry:
    """Raises `UnknownVersion`."""
    head, _, payload = event.partition(b"\n")
    part = parts.read(head)
    to = part["to"]
    then = when.of(part).before(part["ago"])
    return part["seq"], then, payload, frozenset(to) if isinstance(to, list) else to
