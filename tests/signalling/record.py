"""What a store makes of a change, in stories about the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signalling.rooms.change import Change

if TYPE_CHECKING:
    from tests.signalling.script import Stage


def keep(stage: Stage, change: Change) -> None:
    """The store has the change from now on."""
    if change.settings is not None:
        changed = {**stage.settings, **change.settings}
        stage.settings = {name: value for name, value in changed.items() if value is not None}
        stage.revision += 1
    if change.name is not None:
        stage.names.append(change.name)
    if change.host is not None:
        stage.roles |= {user: "cohost" for user, role in stage.roles.items() if role == "host"}
        stage.roles[change.host] = "host"
    stage.roles |= {user: role for user, role in change.roles.items() if stage.roles.get(user) != "host"}
    stage.may |= change.may
    for user in change.remove:
        stage.roles[user] = "host" if stage.roles.get(user) == "host" else "participant"
