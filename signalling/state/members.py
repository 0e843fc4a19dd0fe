"""A member as data. A field that is as it is in a new member is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

import msgspec

from signalling.protocol.client_messages import Signal, Status, decode
from signalling.protocol.rights import rights_of
from signalling.rooms.budget import Budget
from signalling.rooms.command_ids import CommandIds
from signalling.rooms.flow import Flow
from signalling.rooms.member import Look, Member
from signalling.state import parts
from signalling.state.parts import Find, Moment, Name

AS_IT_IS = (
    *("id", "user_id", "joined_at", "began_at", "kind", "name", "role", "session_id", "instance", "place"),
    *("audio", "video", "screen", "hand_at", "state", "generation", "attempt", "arrived_at"),
    *("excused", "back_in", "restored"),
)

TRANSLATED = {
    "order": "order",
    "former": "former",
    "may": "may",
    "look": "look",
    "muted": "muted",
    "features": "features",
    "command_ids": "answered",
    "bytes": "budget",
    "refused": "refused",
    "connection": "connection",
    "lost_at": "away",
}
"""What they are called in JSON."""

HERE = {"_encoded", "listing", "touched", "unknown", "chat_budget", "chat_refused", "reactions", "renames"}
"""What a hub makes for itself, or counts anew, and the fields that this release does not know."""

KNOWN = {"v", "at", "said", *AS_IT_IS, *TRANSLATED.values()}

_plain = attrgetter(*AS_IT_IS)
_NEW = Member("", "", 0.0)
_DEFAULTS = _plain(_NEW)
_encode = msgspec.json.Encoder().encode

Said = Status | Signal


def write(member: Member, said: Iterable[Said], when: Moment, name: Name) -> bytes:
    """`said`: what waits of the member (`rooms.coalescing`)."""
    fields: dict[str, Any] = {
        field: value
        for field, value, default in zip(AS_IT_IS, _plain(member), _DEFAULTS, strict=True)
        if value != default
    }
    # By these it is told from other members, whatever they are.
    fields |= {"id": member.id, "user_id": member.user_id, "joined_at": member.joined_at}
    if member.order != _NEW.order:
        fields["order"] = member.order
    if member.former:
        fields["former"] = member.former
    if member.may is not _NEW.may:
        fields["may"] = member.may
    if member.look != _NEW.look:
        fields["look"] = member.look._asdict()
    if member.muted:
        fields["muted"] = sorted(member.muted)
    if member.features:
        fields["features"] = sorted(member.features)
    if ranges := member.command_ids.ranges:
        fields["answered"] = ranges
    if member.bytes is not None:
        fields["budget"] = member.bytes.left(when.now)
    if member.refused:
        fields["refused"] = member.refused
    if member.connection is not None:
        fields["connection"] = name(member.connection)
    if member.lost_at is not None:
        fields["away"] = when.ago(member.lost_at)
    waits = [_encode(message).decode() for message in said]
    if waits:
        fields["said"] = waits
    return parts.written(fields, when, member.unknown)


def read(part: Mapping[str, Any], when: Moment, find: Find, flow: Flow) -> Member:
    """Of a member whose connection is gone, neither the connection nor since when is known."""
    member = Member(part["id"], part["user_id"], part["joined_at"])
    for field in AS_IT_IS:
        if field in part:
            setattr(member, field, part[field])
    wrote = when.of(part)
    member.order = tuple(part.get("order", member.order))
    member.former = tuple(part.get("former", ()))
    member.may = rights_of(part.get("may", {}))
    look = part.get("look", {})
    member.look = Look(**{name: look[name] for name in Look._fields if name in look})
    member.muted = frozenset(part.get("muted", ()))
    member.features = frozenset(part.get("features", ()))
    member.command_ids = CommandIds(part.get("answered", ()))
    if "budget" in part:
        member.bytes = _budget(flow, part["budget"], wrote)
    if "refused" in part:
        member.refused = dict(part["refused"])
    if "connection" in part:
        member.connection = find(part["connection"])
    if "away" in part:
        member.lost_at = wrote.before(part["away"])
    member.unknown = parts.unknown(part, KNOWN)
    return member


def said(part: Mapping[str, Any]) -> list[Said]:
    """What waited of the member."""
    return [message for each in part.get("said", ()) if isinstance(message := decode(each.encode()), Said)]


def _budget(flow: Flow, left: float, wrote: Moment) -> Budget:
    budget = flow.budget(wrote.now)
    budget.adopt(left)
    return budget
