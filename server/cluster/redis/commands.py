"""Arguments of the scripts, as they expect them."""

from __future__ import annotations

from collections.abc import Mapping

from server.cluster.engine import bounds
from server.cluster.engine.records import Commit, Ownership, RoomState
from server.cluster.redis import keys

Argument = bytes | str | int


def commit(sha: bytes, made: Commit) -> list[Argument]:
    """EVALSHA of `commit.lua`."""
    inboxes: dict[str, int] = {}
    messages: list[Argument] = []
    for message in made.messages:
        messages.append(len(message.to))
        # From 5: the room's own keys come before.
        messages += (inboxes.setdefault(node, len(inboxes) + 5) for node in message.to)
        messages.append(message.body)
    members, members_gone = _split(made.members)
    fields, fields_gone = _split(made.fields)
    command: list[Argument] = ["EVALSHA", sha, 4 + len(inboxes), *keys.of_room(made.room)]
    command += (keys.inbox(node) for node in inboxes)
    command += (made.term, made.revision, made.seq, len(made.entries))
    command += (len(members) // 2, len(members_gone), len(fields) // 2, len(fields_gone), len(made.messages))
    command += (made.cut, len(made.withdrawn), *made.withdrawn)
    for entry in made.entries:
        command += (entry.payload, repr(entry.at), entry.to)
    return [*command, *members, *members_gone, *fields, *fields_gone, *messages]


def _split(changes: Mapping[str, bytes | None]) -> tuple[list[Argument], list[Argument]]:
    """Names and values of what is set, and the names of what goes."""
    there: list[Argument] = []
    gone: list[Argument] = []
    for name, value in changes.items():
        if value is None:
            gone.append(name)
        else:
            there += (name, value)
    return there, gone


def establish(own: Ownership, state: RoomState) -> list[Argument]:
    """The arguments of `establish.lua`."""
    arguments: list[Argument] = [own.room, own.node, own.term, own.epoch, own.revision, state.seq]
    arguments += (len(state.entries), len(state.members), len(state.fields))
    for entry in state.entries:
        arguments += (entry.seq, entry.payload, repr(entry.at), entry.to)
    for hashed in (state.members, state.fields):
        for name, value in hashed.items():
            arguments += (name, value)
    return arguments


def send(node: str, body: bytes) -> tuple[Argument, ...]:
    """XADD to an inbox, if there is one."""
    return (
        *("XADD", keys.inbox(node), "NOMKSTREAM", "MAXLEN", "~", bounds.INBOX_KEPT, "*"),
        *("b", body),
    )
