"""The commands a client has given and the server has not answered yet, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Message = dict[str, Any]


@dataclass(slots=True)
class _Command:
    message: Message
    written: bool
    """Whether it may have reached the server."""


class Outbox:
    """Keeps commands over as many connections as their answers take."""

    def __init__(self) -> None:
        self._commands: list[_Command] = []

    def __len__(self) -> int:
        return len(self._commands)

    def add(self, message: Message, *, written: bool) -> None:
        self._commands.append(_Command(message, written))

    def merge(self, change: Message) -> bool:
        """Let the status that still waits say this too, if there is one: the last word counts."""
        for command in self._commands:
            if command.written or command.message["type"] != "status":
                continue
            media = {**command.message.get("media", {}), **change.get("media", {})}
            command.message.update(change)
            if media:
                command.message["media"] = media
            return True
        return False

    def answered(self, message_id: object) -> None:
        self._commands = [command for command in self._commands if command.message["id"] != message_id]

    def clear(self) -> None:
        self._commands.clear()

    def forget_what_may_have_happened(self) -> None:
        """For a server that has forgotten which commands it carried out: keep the signals it never saw.

        Statuses are not kept either; what they were to bring about is told anew where it differs.
        """
        self._commands = [
            command
            for command in self._commands
            if command.message["type"] == "signal" and not command.written
        ]

    def all(self) -> list[Message]:
        """Every command, to be written now."""
        for command in self._commands:
            command.written = True
        return [command.message for command in self._commands]
