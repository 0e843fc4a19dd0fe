"""Who may write to whom, and what of a text others are shown."""

from __future__ import annotations

from signalling.protocol import visible
from signalling.protocol.chat import HOSTS, TEXT_LENGTH, Chat
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms import permissions
from signalling.rooms.member import Member
from signalling.rooms.room import Room

TO_HOSTS = ""
"""In place of the user a message is for."""

DELETED = "This message was deleted."


def addressee_of(room: Room, member: Member, command: Chat) -> str | None:
    """The user whom it is for, if it is not for everyone. Raises `Refused`."""
    to_user, to_hosts = None, command.to == HOSTS
    if to_hosts:
        to_user = TO_HOSTS
    elif command.to is not None:
        addressee = room.member(command.to)
        if addressee is None or addressee is member:
            raise Refused(ErrorCode.UNKNOWN_PARTICIPANT)
        to_user, to_hosts = addressee.user_id, permissions.is_in_charge(addressee.role)
    _check(room, member, to_hosts=to_hosts)
    return to_user


def _check(room: Room, member: Member, *, to_hosts: bool) -> None:
    permissions.check_chat(member.role, member.may, room.settings, to_hosts=to_hosts)


def reach_of(room: Room, member: Member) -> tuple[str, ...] | None:
    """The users to whom the member may write, None: everyone. Raises `Refused`, if there are none."""
    _check(room, member, to_hosts=True)
    if room.settings.chat != "hosts" or permissions.is_in_charge(member.role):
        return None
    return (TO_HOSTS, *(each.user_id for each in room if permissions.is_in_charge(each.role)))


def shown(text: str) -> str:
    """As others see it. Raises `Refused`."""
    found = visible.lines(text)
    if not visible.is_seen(found):
        raise Refused(ErrorCode.BAD_MESSAGE, "A message needs something that can be seen.")
    if len(found) > TEXT_LENGTH:
        raise Refused(ErrorCode.BAD_MESSAGE, f"A message has at most {TEXT_LENGTH} characters.")
    return found


def is_over(member: Member, message_id: int) -> None:
    """It came again, and is answered: those behind it need not wait for it any more."""
    if member.chat_refused == message_id:
        member.chat_refused = None
