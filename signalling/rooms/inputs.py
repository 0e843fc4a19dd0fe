"""Who comes in, and how: what the hub cannot know by itself, put together by its caller; and what a member is by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from signalling.protocol.client_messages import Kind, Media
from signalling.protocol.identifiers import page_of
from signalling.protocol.server_messages import Role
from signalling.rooms.member import Handle, Member


class Arrival(NamedTuple):
    """A join that the store has recorded, with everything the hub cannot know by itself.

    `session` and `token` are the credentials handed back; `epoch` names the log if the room is opened by this.
    `order` rises with the moment the join was asked for: the store may answer an older one later.
    """

    connection: Handle
    message_id: int
    room: str
    title: str
    created: bool
    hosting: bool
    participant_id: str
    user_id: str
    name: str
    role: Role
    session_id: str
    session: str
    token: str | None
    instance: str
    epoch: str
    rejoined: bool
    joined_at: float
    media: Media
    ice_servers: Sequence[dict[str, Any]]
    attempt: int = 0
    order: int = 0
    kind: Kind = ""
    features: frozenset[str] = frozenset()


def is_outdated(arrival: Arrival, member: Member) -> bool:
    """Whether the place was taken by something newer since the page asked for it."""
    page = page_of(arrival.instance)
    if page == page_of(member.instance):
        return (arrival.attempt, arrival.order) < (member.attempt, member.order)
    return arrival.order < member.order or page in member.former


def took_up(arrival: Arrival, member: Member) -> bool:
    """Make the member what the arrival says. False: the record has the beginning of its stay by a clock that was set
    since."""
    member.features = arrival.features
    if member.session_id != arrival.session_id:
        member.began_at = arrival.joined_at
    member.name = arrival.name
    member.role = arrival.role
    member.session_id = arrival.session_id
    member.arrive(arrival.instance, arrival.order)
    # A new page sends nothing that it does not say it sends.
    member.audio = member.video = member.screen = False
    member.set_media(arrival.media)
    return member.began_at == arrival.joined_at


class Return(NamedTuple):
    """A page that was here before, with a new connection; `instance` and `user_id` are its session token's.

    `session` is the credential of the stay and instance that its member has now; `renewed`: the page is to keep it in
    place of its own, which grows old.
    """

    connection: Handle
    message_id: int
    room: str
    user_id: str
    instance: str
    session: str
    epoch: str
    seq: int
    attempt: int
    media: Media
    hand: bool | None
    ice_servers: Sequence[dict[str, Any]]
    renewed: bool = False
    features: frozenset[str] = frozenset()


class Goodbye(NamedTuple):
    """A page goes, as it said by another way than its socket; `instance` and `user_id` are its session token's.

    `attempt` is how often it had asked for a seat, None if it does not count. `back_in`: seconds within which it is
    back if this is a reload.
    """

    room: str
    user_id: str
    instance: str
    attempt: int | None
    back_in: float


class Restored(NamedTuple):
    """Somebody who was in a room when the server went away. `epoch` names the log if the room is opened by this."""

    room: str
    title: str
    epoch: str
    participant_id: str
    user_id: str
    name: str
    role: Role
    session_id: str
    instance: str
    joined_at: float
    kind: Kind = ""


def restored_member(stay: Restored) -> Member:
    member = Member(stay.participant_id, stay.user_id, stay.joined_at, stay.kind)
    member.name = stay.name
    member.role = stay.role
    member.session_id = stay.session_id
    member.instance = stay.instance
    member.state = "reconnecting"
    member.restored = True
    return member
