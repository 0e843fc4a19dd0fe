"""The commands a client has given and the server has not answered yet, in order."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Message = dict[str, Any]

LASTING = frozenset(
    {"remove", "readmit", "allow", "set_role", "settings", "spotlight", "admit", "deny", "rename"}
)
"""Orders of those in charge that set something that lasts, and another name for oneself. They carry a `key`, by which
they take effect once."""

CHAT = frozenset({"chat", "chat_edit", "chat_delete", "chat_erase", "chat_history"})
"""What is written and read in the chat. A message carries a `key`, too, and what deletes all of somebody's; the others
may come twice."""

KEYED = LASTING | {"chat", "chat_erase"}

KEPT = LASTING | CHAT
"""What is sent again also when this is another place, at whatever server."""

REPEATED = KEPT | {"lower_hands", "end"}
"""What is sent again also to a server that was restarted."""

MEANT_NOW = frozenset({"mute", "ask", "lower_hands", "end"})
"""Orders that are carried out soon, or not at all: minutes later nobody means them any more."""

SOON = 10.0
"""Seconds within which such an order is sent, and sent again."""

ORDERS = LASTING | MEANT_NOW

ANSWERED = CHAT | ORDERS
"""Of whose answers the application is told."""


@dataclass(slots=True)
class _Command:
    message: Message
    written: bool
    """Whether it may have reached the server."""
    until: float
    """When it is not sent any more."""
    refused: bool = False
    """The server had no time for it. It is to be sent again."""
    again: bool = False
    """It was sent again, and its answer is awaited before others to the same addressee go."""

    @property
    def waits(self) -> bool:
        return self.refused or not self.written

    @property
    def to(self) -> str:
        """Commands to the same addressee stay in order, and so does what is written; a status has none. Nobody waits
        for the history."""
        if self.message["type"] == "chat_history":
            return "history:"
        return "chat:" if self.message["type"] in CHAT else str(self.message.get("to", ""))

    def may_have_happened(self) -> None:
        if self.written and self.message["type"] in KEYED:
            self.message["again"] = True


class Outbox:
    """Keeps commands until they are answered, across reconnections.

    Commands answered with `busy` are held per addressee: the first is sent again at `due_at`, each later one when the
    one before it is answered. What is on its way is not sent again by the same connection.
    """

    def __init__(self) -> None:
        self._commands: list[_Command] = []
        self._held: dict[str, float] = {}
        """Per addressee, when to send the first command that waits; infinite while the one before is on its way."""
        self.due_at = math.inf

    def __len__(self) -> int:
        return len(self._commands)

    def add(self, message: Message, *, written: bool, now: float = math.inf) -> bool:
        """Append a command. Returns whether it may be sent now, given a connection."""
        command = _Command(message, written, now + SOON if message["type"] in MEANT_NOW else math.inf)
        held = command.to in self._held
        command.written = written and not held
        self._commands.append(command)
        self._look()
        return not held

    def merge(self, change: Message) -> bool:
        """Merge a change into the status that waits to be sent, if there is one: the latest values count."""
        for command in self._commands:
            if command.written or command.message["type"] != "status":
                continue
            media = {**command.message.get("media", {}), **change.get("media", {})}
            command.message.update(change)
            if media:
                command.message["media"] = media
            return True
        return False

    def find(self, message_id: object) -> Message | None:
        """The command with this id that is not answered yet."""
        return next((c.message for c in self._commands if c.message["id"] == message_id), None)

    def turns_on(self, flag: str) -> bool:
        """Whether a status that is not answered yet turns this on."""
        return any(command.message.get("media", {}).get(flag) for command in self._statuses)

    @property
    def asks_for_history(self) -> int:
        """The id of the last command that asks for the latest page of the chat, which is not there yet; 0: there is
        none."""
        messages = (command.message for command in self._commands)
        asked = [each["id"] for each in messages if each["type"] == "chat_history" and "before" not in each]
        return max(asked, default=0)

    def raises_hand(self) -> bool:
        """Whether a status that is not answered yet raises the hand."""
        return any(command.message.get("hand") for command in self._statuses)

    def is_to_raise_hand(self) -> bool:
        """Whether one does that was never sent."""
        return any(command.message.get("hand") and not command.written for command in self._statuses)

    def answered(self, message_id: object) -> None:
        answered = next((c for c in self._commands if c.message["id"] == message_id), None)
        if answered is None:
            return
        self._commands.remove(answered)
        if answered.to in self._held:
            if answered.again or not any(command.to == answered.to for command in self._commands):
                if self._first(answered.to) is None:
                    del self._held[answered.to]
                else:
                    self._held[answered.to] = -math.inf
            self._look()

    def hold(self, message_id: object, until: float) -> bool:
        """Hold a command that was answered with `busy`, or an order with `unavailable`. False: the id is unknown, or
        it would be too late then."""
        refused = next((c for c in self._commands if c.message["id"] == message_id), None)
        if refused is None or until >= refused.until:
            return False
        was_again, refused.refused, refused.again = refused.again, True, False
        # The server refuses later commands to the same addressee too; they follow the first, which may be on its way.
        follows = any(command.again and command.to == refused.to for command in self._commands)
        leads = was_again or refused is self._first(refused.to) or refused.to not in self._held
        if leads and not follows:
            self._held[refused.to] = until
            self._look()
        return True

    def too_late(self, now: float, *, lost: bool = False) -> tuple[list[Message], list[Message]]:
        """Takes out orders for which it is too late: those that the server did not carry out, and those of which that
        is not known. `lost`: nobody answers any more what is on its way."""
        late = [each for each in self._commands if now >= each.until and (lost or each.waits)]
        if late:
            self._commands = [each for each in self._commands if each not in late]
            for to in [to for to in self._held if not self._goes_on(to)]:
                del self._held[to]
            self._look()
        refused = [each.message for each in late if each.waits]
        return refused, [each.message for each in late if not each.waits]

    def _goes_on(self, to: str) -> bool:
        return any(each.to == to and (each.waits or each.again) for each in self._commands)

    def due(self, now: float) -> list[Message]:
        """The held commands to send now."""
        if now < self.due_at:
            return []
        messages: list[Message] = []
        for to, at in self._held.items():
            command = self._first(to) if at <= now else None
            if command is not None:
                self._held[to] = math.inf
                command.written, command.refused, command.again = True, False, True
                messages.append(command.message)
        self._look()
        return messages

    def start_anew(self) -> list[Message]:
        """The place was given up, and this is another: keep only orders that last, and the chat. Returns the others."""
        forgotten = self._keep(lambda command: command.message["type"] in KEPT)
        self._held.clear()
        self._look()
        return forgotten

    def forget_what_may_have_happened(self) -> list[Message]:
        """A restarted server does not know which commands it carried out. Keep what was never sent, and orders that
        set something: those that last, the server looks up by their keys. Returns the others: to mute again would mute
        who has unmuted since.

        Statuses are dropped: `Membership` reports the state again where the server's differs.
        """
        return self._keep(
            lambda command: (
                command.message["type"] in REPEATED
                or (command.message["type"] != "status" and not command.written)
            )
        )

    def _keep(self, keeps: Callable[[_Command], bool]) -> list[Message]:
        """What it keeps of what was sent may have happened. Returns the orders that it does not keep."""
        commands, self._commands = self._commands, []
        forgotten: list[Message] = []
        for command in commands:
            if keeps(command):
                command.may_have_happened()
                self._commands.append(command)
            elif command.message["type"] in ORDERS:
                forgotten.append(command.message)
        return forgotten

    def all(self) -> list[Message]:
        """Every command, to be sent now."""
        self._held.clear()
        self._look()
        for command in self._commands:
            command.written, command.refused, command.again = True, False, False
        return [command.message for command in self._commands]

    @property
    def _statuses(self) -> list[_Command]:
        return [command for command in self._commands if command.message["type"] == "status"]

    def _first(self, to: str) -> _Command | None:
        return next((command for command in self._commands if command.to == to and command.waits), None)

    def _look(self) -> None:
        late = (each.until for each in self._commands if each.waits and each.to in self._held)
        self.due_at = min([*self._held.values(), *late], default=math.inf)
