"""What a client knows of a meeting's chat: put together of events and of pages of the history, in one order.

After a list of who is there (`joined`, a snapshot) messages may be missing, and some that are known may be nobody
else's: they are in doubt until a page, or an event, has them.
"""

from __future__ import annotations

from typing import Any

Message = dict[str, Any]


class ChatLog:
    """`more`: whether the server has older ones."""

    def __init__(self) -> None:
        self.more = False
        self._messages: dict[str, Message] = {}
        self._deleted: dict[str, Message] = {}
        """What was heard of deletions: no page that was made before brings the text back."""
        self._doubted: set[str] = set()

    @property
    def messages(self) -> list[Message]:
        """In order. One that was deleted has `deleted_by`, and no text."""
        return sorted(self._messages.values(), key=lambda message: (message["at"], message["id"]))

    def doubt(self) -> None:
        """Ask for the history: what was missed is nowhere else."""
        self._doubted = set(self._messages)

    def event(self, event: Message) -> None:
        if event["type"] == "chat_message":
            self._put(event["message"])
        elif event["type"] == "chat_changed":
            self._change(event["message"])

    def page(self, page: Message, before: str | None) -> str | None:
        """A page of the history, before that message or of the latest. Returns before which message to ask for another
        one, as some are missing between this page and what is known; None: nothing is missing."""
        shown: list[Message] = page["messages"]
        oldest = shown[0]["at"] if shown else ""
        if before is None:
            known = {message["id"] for message in shown} & self._doubted
            gone = {id_ for id_ in self._doubted if self._messages[id_]["at"] >= oldest or not page["more"]}
        else:
            until = self._messages[before]["at"] if before in self._messages else ""
            known = {message["id"] for message in shown} & self._messages.keys()
            gone = {
                id_
                for id_ in self._doubted
                if oldest <= self._messages[id_]["at"] < until or not page["more"]
            }
        is_open = bool(self._doubted) and not known
        for id_ in gone:
            del self._messages[id_]
        self._doubted -= gone
        for message in shown:
            if message["id"] not in self._messages:
                self._put(message)
        if not self._messages or (shown and self.messages[0]["id"] == shown[0]["id"]):
            self.more = page["more"]
        if is_open and page["more"] and shown:
            return str(shown[0]["id"])
        self._doubted.clear()
        return None

    def _put(self, message: Message) -> None:
        self._doubted.discard(message["id"])
        change = self._deleted.get(message["id"])
        self._messages[message["id"]] = message if change is None else _without_text(message, change)

    def _change(self, change: Message) -> None:
        known = self._messages.get(change["id"])
        if "deleted_by" in change:
            self._deleted[change["id"]] = change
        elif change["id"] in self._deleted:
            return
        if known is not None:
            changed = _without_text(known, change) if "deleted_by" in change else {**known, **change}
            self._messages[change["id"]] = changed


def _without_text(message: Message, change: Message) -> Message:
    return {**message, "text": "", "deleted_by": change["deleted_by"]}
