"""A page says over HTTP that it is going away."""

from __future__ import annotations

from signalling.protocol.errors import CloseCode
from signalling.rooms.absences import Absences
from signalling.rooms.coalescing import Coalescing
from signalling.rooms.effects import Close, Effect
from signalling.rooms.inputs import Goodbye
from signalling.rooms.member import Member
from signalling.rooms.room import Room
from signalling.rooms.seats import Seats
from signalling.rooms.stays import stay_resumed


def take(
    room: Room,
    member: Member,
    said: Goodbye,
    now: float,
    coalescing: Coalescing,
    seats: Seats,
    absences: Absences,
) -> list[Effect] | None:
    """None when nothing changes: the same page has asked for the place again."""
    effects: list[Effect] = []
    if said.attempt is not None:
        if said.attempt < member.attempt:
            return None
        # A join or resume that the page sent before the goodbye may still be on its way: it is void.
        member.attempt = said.attempt + 1
    if member.connection is not None:
        # If the page is still there, it reconnects at once, and nobody notices.
        effects += coalescing.release_all_of(member, now)
        effects.append(Close(member.connection, CloseCode.NORMAL))
        del seats[member.connection]
        absences.begin(room, member, now)
    elif member.restored:
        # The page was there until now, whatever the store says.
        effects.append(stay_resumed(room.id, member, now))
        member.restored = False
        member.lost_at = now
    absences.back_in(member, said.back_in, now)
    return effects
