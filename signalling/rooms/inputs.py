"""What the hub's caller tells it of a page that joins, resumes or leaves, and how that changes a member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from signalling.protocol.fields import Kind, Media
from signalling.protocol.identifiers import page_of
from signalling.protocol.rights import ALL, Rights, Role
from signalling.rooms.member import Handle, Look, Member, Order


class Arrival(NamedTuple):
    """A join that the store has recorded, with everything the hub cannot know by itself.

    `session` and `token` are the credentials to send back; `epoch` names the log if this join opens the room.
    `order` rises with the time of the request: the store may answer an older join later.
    `settings` and `revision`: the meeting's, as the store has them, like `hand_at` (`rooms.hands`).
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
    order: Order = (0, 0)
    kind: Kind = ""
    features: frozenset[str] = frozenset()
    may: Rights = ALL
    settings: Mapping[str, Any] = {}
    revision: int = 0
    hand_at: float | None = None
    look: Look = Look()


def is_outdated(arrival: Arrival, member: Member) -> bool:
    """Whether a newer join has taken the place since the page asked for it."""
    page = page_of(arrival.instance)
    if page == page_of(member.instance):
        return (arrival.attempt, arrival.order) < (member.attempt, member.order)
    return arrival.order < member.order or page in member.former


def took_up(arrival: Arrival, member: Member) -> bool:
    """Update the member from the arrival. False: the store has the start of its stay by a clock that was set since."""
    member.features = arrival.features
    if member.session_id != arrival.session_id:
        member.began_at = arrival.joined_at
    member.name = arrival.name
    look, picture = arrival.look, member.look.picture
    member.look = look._replace(picture=picture) if look.picture is None and picture is not None else look
    member.role = arrival.role
    member.may = arrival.may
    member.session_id = arrival.session_id
    member.arrive(arrival.instance, arrival.order)
    # A new page sends only the media that it names.
    member.audio = member.video = member.screen = False
    # But whether it has heard that its hand was lowered is not known.
    member.muted &= {"hand"}
    member.set_media(arrival.media)
    return member.began_at == arrival.joined_at


class Return(NamedTuple):
    """A page that was here before, with a new connection; `instance` and `user_id` are from its session token.

    `session` is the token for the member's current stay and instance; `renewed`: the page must keep it instead of its
    own, which expires soon.
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


def came_back(back: Return, member: Member, *, shown: bool, unknown: bool) -> dict[str, Any]:
    """Update the member from the return, and say what others have to be told: that it is back, if its absence was
    `shown`; and whether it obeys, as they take for granted of one that is `unknown`."""
    obeyed = unknown or member.obeys
    member.features = back.features
    changes: dict[str, Any] = {"state": member.state} if shown else {}
    return changes if member.obeys is obeyed else changes | {"obeys": member.obeys}


class Goodbye(NamedTuple):
    """A page that said over HTTP that it is going away; `instance` and `user_id` are from its session token.

    `attempt`: how often it had asked for a seat; None: it does not count. `back_in`: seconds within which it is back if
    this is a reload.
    """

    room: str
    user_id: str
    instance: str
    attempt: int | None
    back_in: float


class Restored(NamedTuple):
    """A participant who was in a room when the server stopped. `epoch` names the log if this opens the room. `lasted`:
    seconds for which somebody has been in the room by now."""

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
    may: Rights = ALL
    settings: Mapping[str, Any] = {}
    revision: int = 0
    hand_at: float | None = None
    look: Look = Look()
    lasted: float = 0.0


def restored_member(stay: Restored) -> Member:
    member = Member(stay.participant_id, stay.user_id, stay.joined_at, stay.kind)
    member.name = stay.name
    member.look = stay.look
    member.role = stay.role
    member.may = stay.may
    member.session_id = stay.session_id
    member.instance = stay.instance
    member.state = "reconnecting"
    member.restored = True
    return member
