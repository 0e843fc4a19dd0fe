"""What a page is sent when it joins or resumes, so that it can go on from where it was."""

from __future__ import annotations

from signalling.rooms import server_messages
from signalling.rooms.effects import Effect, Send
from signalling.rooms.inputs import Arrival, Return
from signalling.rooms.member import Member
from signalling.rooms.room import Room
from signalling.rooms.telling import together


def welcome(
    room: Room, member: Member, arrival: Arrival, rejoined: bool, heartbeat: float, grace: float, now: float
) -> Send:
    """`rejoined`: the participant was in the meeting before."""
    room.hands.told(room, member)
    answer = server_messages.joined(
        message_id=arrival.message_id,
        room=room,
        you=member,
        host=arrival.hosting,
        created=arrival.created,
        rejoined=rejoined,
        session=arrival.session,
        token=arrival.token,
        ice_servers=arrival.ice_servers,
        heartbeat=heartbeat,
        grace=grace,
        lasted=room.lasted(now),
    )
    return Send(arrival.connection, answer)


def bring_up_to_date(
    room: Room, member: Member, back: Return, heartbeat: float, grace: float, now: float
) -> list[Effect]:
    """All events that the page missed, in order; or the whole room, if the log does not reach back. Never a part."""
    connection = back.connection
    room.hands.told(room, member)
    if member.instance != back.instance:
        # The page has joined since, and the answer to that join was lost.
        answer = server_messages.joined(
            message_id=back.message_id,
            room=room,
            you=member,
            host=member.role == "host",
            created=False,
            rejoined=True,
            session=back.session,
            token=None,
            ice_servers=back.ice_servers,
            heartbeat=heartbeat,
            grace=grace,
            lasted=room.lasted(now),
        )
        return [
            Send(connection, answer),
            *_signals_anew(room, member, member.arrived_at, now),
        ]
    # A page is told of no event before its own arrival. One that names an earlier event has made it up, and is not
    # shown who was there before.
    follows = back.epoch == room.log.epoch and back.seq >= member.arrived_at
    if back.epoch != room.log.epoch:
        # It forgets what may have been carried out before, and will not send again what was refused as too much.
        member.refused = member.chat_refused = None
        member.touch()
    missed = room.log.since(back.seq, member.id) if follows else None
    resumed = server_messages.resumed(
        message_id=back.message_id,
        room=room,
        you=member,
        replayed=None if missed is None else len(missed),
        ice_servers=back.ice_servers,
        session=back.session if back.renewed else None,
        lasted=room.lasted(now),
    )
    if missed is not None:
        return [Send(connection, resumed), *together(member, missed)]
    if back.epoch == room.log.epoch:
        return [Send(connection, resumed)]
    return [Send(connection, resumed), *_signals_anew(room, member, 0, now)]


def _signals_anew(room: Room, member: Member, since: int, now: float) -> list[Effect]:
    """A roster replaces all events before it, but not the signals: those are sent again under new numbers."""
    signals = []
    for signal in room.log.withdraw(member.id, since):
        signals.append(server_messages.renumbered(signal, room.log.next()))
        room.log.append(signals[-1], now, member.id)
    return together(member, signals)
