"""Whether somebody who asks for a seat is in charge of the meeting by the record: those have one when it is full."""

from __future__ import annotations

from server.realtime.entry import invite_hash
from signalling.protocol.client_messages import Join
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms.permissions import is_in_charge
from storage.errors import StoreUnavailable
from storage.records import Joined
from storage.store import Store


async def comes_in_charge(store: Store, join: Join, user_id: str, joined: Joined | None, at: float) -> bool:
    """Also whoever shows the host link. `joined`: what the record has answered, if it was asked. Raises `Refused`:
    unavailable."""
    if joined is not None:
        return is_in_charge(joined.participant.role)
    try:
        meeting = await store.meeting(join.meeting)
        person = await store.participant(join.meeting, user_id)
        if join.invite is not None and await store.is_host_link(join.meeting, invite_hash(join.invite), at):
            return True
    except StoreUnavailable as error:
        raise Refused(ErrorCode.UNAVAILABLE, retry_after=error.retry_after) from error
    is_host = meeting is not None and meeting.host_user_id == user_id
    return is_host or (person is not None and is_in_charge(person.role))
