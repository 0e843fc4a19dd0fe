"""What clients are sent: one function per message, which returns the bytes of one text frame.

`signalling.protocol.server_messages` defines the messages. Roster entries and the events in a batch are already
encoded, so that a room of a thousand does not encode a thousand participants per join.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from signalling.protocol import chat, knocks
from signalling.protocol import server_messages as messages
from signalling.protocol.errors import Refused
from signalling.protocol.features import FEATURES
from signalling.protocol.fields import Media
from signalling.protocol.rights import MeetingSettings
from signalling.rooms import permissions
from signalling.rooms.change import ChatChange
from signalling.rooms.effects import Departure
from signalling.rooms.knock import Knock
from signalling.rooms.member import Member, rfc3339
from signalling.rooms.room import Room

_encode = msgspec.json.Encoder().encode


def _event(event: messages.Event | chat.ChatMessage | chat.ChatChanged | chat.ChatErased) -> bytes:
    """Encode and copy: the encoder's bytes hold half as much memory again, and a room's log keeps thousands."""
    return b"%b" % _encode(event)


def joined(
    *,
    message_id: int,
    room: Room,
    you: Member,
    host: bool,
    created: bool,
    rejoined: bool,
    session: str,
    token: str | None,
    ice_servers: Sequence[dict[str, Any]],
    heartbeat: float,
    grace: float,
    lasted: float,
) -> bytes:
    person: Any = Raw(you.encoded())
    # One item that contains the commas, so that the list is copied only once.
    people: Any = [Raw(room.roster())]
    servers: Any = ice_servers
    return _encode(
        messages.Joined(
            id=message_id,
            meeting=_meeting(room, host, created),
            you=person,
            rejoined=rejoined,
            session=session,
            epoch=room.log.epoch,
            seq=room.log.seq,
            participants=people,
            ice_servers=servers,
            heartbeat=heartbeat,
            grace=grace,
            lasted=lasted,
            features=FEATURES,
            token=UNSET if token is None else token,
            knocks=_knocks(room, you),
            muted=_muted(you),
        )
    )


def resumed(
    *,
    message_id: int,
    room: Room,
    you: Member,
    replayed: int | None,
    ice_servers: Sequence[dict[str, Any]],
    session: str | None,
    lasted: float,
) -> bytes:
    """`replayed` None: send a snapshot instead of the missed events. `session`: the new token, if there is one."""
    servers: Any = ice_servers
    snapshot: messages.Snapshot | UnsetType = UNSET
    if replayed is None:
        meeting = _meeting(room, you.role == "host", created=False)
        people: Any = [Raw(room.roster())]
        snapshot = messages.Snapshot(meeting, people, _knocks(room, you))
    return _encode(
        messages.Resumed(
            id=message_id,
            epoch=room.log.epoch,
            seq=room.log.seq,
            replayed=replayed or 0,
            ice_servers=servers,
            lasted=lasted,
            session=UNSET if session is None else session,
            snapshot=snapshot,
            muted=_muted(you),
        )
    )


def _meeting(room: Room, host: bool, created: bool) -> messages.Meeting:
    settings = (room.settings, room.revision) if room.revision else ()
    return messages.Meeting(room.id, room.title, host, created, *settings)


def _muted(you: Member) -> messages.Muted | UnsetType:
    """What the page is to believe to be off, whatever it says itself."""
    return messages.Muted(**dict.fromkeys(you.muted, False)) if you.muted else UNSET


def ack(message_id: int, again: bool = False) -> bytes:
    if again:
        return _encode(messages.Ack(message_id, again))
    return b'{"type":"ack","id":%d}' % message_id


def error(refused: Refused, message_id: int | None = None) -> bytes:
    return _encode(
        messages.Error(
            refused.code,
            refused.text,
            UNSET if message_id is None else message_id,
            UNSET if refused.retry_after is None else refused.retry_after,
        )
    )


def pong(t: Raw | UnsetType, message_id: int | None) -> bytes:
    return _encode(messages.Pong(UNSET if message_id is None else message_id, t))


def ice_servers(ice_servers: Sequence[dict[str, Any]]) -> bytes:
    servers: Any = ice_servers
    return _encode(messages.IceServers(servers))


def token_expiring(seconds: float) -> bytes:
    return _encode(messages.TokenExpiring(seconds))


def authenticated(message_id: int, session: str) -> bytes:
    return _encode(messages.Authenticated(message_id, session))


def going_away(delay: float) -> bytes:
    return _encode(messages.GoingAway(delay))


def participant_joined(seq: int, member: Member) -> bytes:
    person: Any = Raw(member.encoded())
    return _event(messages.ParticipantJoined(seq, person))


def participant_rejoined(seq: int, member: Member) -> bytes:
    person: Any = Raw(member.encoded())
    return _event(messages.ParticipantRejoined(seq, person))


def participant_updated(seq: int, member: Member, changes: Mapping[str, Any], by: str | None = None) -> bytes:
    """`changes`: fields of `messages.ParticipantChange`. `by`: who made them, if it was somebody else."""
    change = messages.ParticipantChange(member.id, **changes)
    return _event(messages.ParticipantUpdated(seq, change, UNSET if by is None else by))


def participant_left(seq: int, member: Member, reason: Departure, by: str | None = None) -> bytes:
    left = messages.ParticipantId(member.id)
    return _event(messages.ParticipantLeft(seq, left, reason, UNSET if by is None else by))


def meeting_updated(seq: int, room: Room, by: str | None = None) -> bytes:
    change = messages.MeetingChange(room.settings, room.revision)
    return _event(messages.MeetingUpdated(seq, change, UNSET if by is None else by))


def ask(seq: int, sender: str, media: Media) -> bytes:
    return _event(messages.Asked(seq, sender, media))


def meeting_ended(seq: int, reason: messages.EndReason) -> bytes:
    return _event(messages.MeetingEnded(seq, reason))


def waiting(
    knock: Knock, settings: MeetingSettings, heartbeat: float, *, hosted: bool, answer: bool
) -> bytes:
    identity = UNSET if knock.identity is None else knock.identity
    opens_at = UNSET if settings.opens_at is None else settings.opens_at
    about = (knock.message_id, knock.token, identity) if answer else ()
    return _encode(knocks.Waiting(knock.position, settings.message, hosted, heartbeat, opens_at, *about))


def knock(seq: int, knock: Knock) -> bytes:
    return _event(knocks.Knocked(seq, knock.view()))


def knock_ended(seq: int, knock: Knock, reason: knocks.KnockReason, by: str | None) -> bytes:
    return _event(knocks.KnockEnded(seq, knock.id, reason, UNSET if by is None else by))


def chat_message(seq: int, author: Member, post: ChatChange, to: str | None) -> bytes:
    message = chat.Message(
        post.id,
        author.id,
        author.name,
        post.text,
        rfc3339(post.at),
        UNSET if to is None else to,
        UNSET if post.reply_to is None else post.reply_to,
    )
    return _event(chat.ChatMessage(seq, message))


def chat_edited(seq: int, post: ChatChange) -> bytes:
    return _event(chat.ChatChanged(seq, chat.MessageChange(post.id, post.text, rfc3339(post.at))))


def chat_deleted(seq: int, message: str, by: str | None) -> bytes:
    return _event(chat.ChatChanged(seq, chat.MessageChange(message, deleted_by=by)))


def chat_erased(seq: int, participant: str, until: float, by: str | None) -> bytes:
    return _event(chat.ChatErased(seq, participant, rfc3339(until), by))


def marks(messages_: Collection[str]) -> Callable[[bytes], bool]:
    """Whether an event has the text of one of these messages."""
    ids = {each.encode() for each in messages_}

    def has_text(event: bytes) -> bool:
        found = _TEXT.match(event)
        return found is not None and found[1] in ids

    return has_text


_TEXT = re.compile(
    rb'{"type":"chat_(?:message|changed)","seq":\d+,"message":{"id":"([^"]*)","(?:from|text)":'
)


def reaction(sender: Member, emoji: chat.Emoji) -> bytes:
    return _encode(chat.Reaction(sender.id, emoji))


def chat_page(message_id: int, messages: Sequence[chat.Message], *, more: bool) -> bytes:
    return _encode(chat.ChatPage(message_id, list(messages), more))


def _knocks(room: Room, you: Member) -> list[knocks.Knock] | UnsetType:
    if not permissions.is_in_charge(you.role):
        return UNSET
    return [knock.view() for knock in room.knocks.values() if not knock.admitted]


_NUMBER = re.compile(rb'"seq":\d+')


def renumbered(event: bytes, seq: int) -> bytes:
    """The same event under another number."""
    return _NUMBER.sub(b'"seq":%d' % seq, event, count=1)


def batch(told: Sequence[bytes]) -> bytes:
    """Several events, in order, as one `messages.Batch`. `told` must not be empty."""
    numbers = _number(told[0]), _number(told[-1])
    return b'{"type":"batch","first":%b,"seq":%b,"events":[%b]}' % (*numbers, b",".join(told))


def _number(event: bytes) -> bytes:
    return event.partition(b'"seq":')[2].partition(b",")[0]


def signal(seq: int, sender: Member, data: Raw) -> bytes:
    return _event(messages.RelayedSignal(seq, sender.id, data))
