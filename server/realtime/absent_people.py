"""People whom a command is about and who are not in the room: the record knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from signalling.protocol.chat import ChatErase
from signalling.protocol.moderation import Allow, Command, Readmit, Remove, SetRole
from signalling.protocol.rights import rights_of
from signalling.rooms.change import NOBODY, Person
from storage.store import Store


def named(command: Command | ChatErase) -> Sequence[str]:
    """The participants whom a command names that may be about people who are absent."""
    if isinstance(command, Remove | Readmit | SetRole | ChatErase):
        return [command.participant]
    return command.participants if isinstance(command, Allow) else []


async def known(store: Store, room: str, participants: Sequence[str]) -> Mapping[str, Person]:
    """Raises `StoreUnavailable`."""
    if not participants:
        return NOBODY
    found = await store.people(room, participants)
    return {each.id: Person(each.user_id, each.role, rights_of(each.may)) for each in found}
