"""What a client knows of a meeting's chat: put together of events and of pages of the history, in one order.

After a list of who is there (`joined`, a snapshot) messages may be missing, and some that are known may have been
deleted since: those are in doubt, and the latest page takes their place. The page's `static/sdk/chat-log.js` is its
twin.
"""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")

Message = dict[str, Any]

MOST_KEPT = 500
"""Most messages that are kept by themselves. Whoever asks for older ones has those, too."""


class ChatLog:
    """`more`: whether the server has older ones."""

    def __init__(self) -> None:
        self.more = False
        self._messages: dict[str, Message] = {}
        self._changes: dict[str, Message] = {}
        """The last that was heard of each edit and deletion: no page that was made before brings a text back. After a
        doubt, pages know of all edits until then."""
        self._erased: dict[str, Message] = {}
        """By author, the last that was heard of all of theirs being deleted."""
        self._told: dict[str, None] = {}
        """Ids of messages that were told, also of those that no page had then."""
        self._doubted: set[str] = set()
        self._most = MOST_KEPT

    @property
    def messages(self) -> list[Message]:
        """In order. One that was deleted has `deleted_by`, and no text."""
        return sorted(self._messages.values(), key=lambda message: (message["at"], message["id"]))

    def doubt(self) -> None:
        """Ask for the history: what was missed is nowhere else."""
        self._doubted = set(self._messages)
        self._changes = {id_: each for id_, each in self._changes.items() if "deleted_by" in each}
        # Pages know of them, and the clock may have been set back since.
        self._erased = {}

    def event(self, event: Message) -> Message:
        """Returns it with `again` if it tells nothing new: a server that was restarted may tell something again."""
        again = False
        if event["type"] == "chat_message":
            again = self._is_known(event["message"]["id"])
            self._put(event["message"])
        elif event["type"] == "chat_changed":
            again = self._change(event["message"])
        elif event["type"] == "chat_erased":
            again = self._erase(event["from"], event)
        if len(self._messages) > self._most:
            for message in self.messages[: len(self._messages) - self._most]:
                self._forget(message["id"])
            self.more = True
        return {**event, "again": True} if again else event

    def page(self, page: Message, before: str | None) -> None:
        """A page of the history, before that message or of the latest."""
        if before is None:
            for id_ in list(self._doubted):
                self._forget(id_)
        elif before not in self._messages or before in self._doubted:
            # Messages between this page and what is known would be missing.
            return
        known = len(self._messages)
        for message in page["messages"]:
            if message["id"] not in self._messages:
                self._put(message)
        if before is not None:
            self._most += len(self._messages) - known
        self.more = page["more"]

    def _change(self, change: Message) -> bool:
        """Returns whether it was so before."""
        id_ = change["id"]
        known, before = self._messages.get(id_, {}), self._changes.get(id_, {})
        if again := before == change or "deleted_by" in known or "deleted_by" in before:
            return again
        _keep(self._changes, id_, change)
        if known:
            self._put(known)
        return again

    def _erase(self, author: str, event: Message) -> bool:
        """Returns whether it was so before."""
        if author in self._erased and self._erased[author]["until"] >= event["until"]:
            return True
        _keep(self._erased, author, event)
        for known in [each for each in self._messages.values() if each["from"] == author]:
            self._put(known)
        return False

    def _is_known(self, id_: str) -> bool:
        if id_ in self._messages or id_ in self._told:
            return True
        _keep(self._told, id_, None)
        return False

    def _put(self, message: Message) -> None:
        self._doubted.discard(message["id"])
        change = self._changes.get(message["id"], {})
        if "deleted_by" in change:
            message = {**message, "text": "", "deleted_by": change["deleted_by"]}
        elif change and "deleted_by" not in message:
            # Not the later time: the server's clock may have been set back.
            message = {**message, **change}
        erased = self._erased.get(message["from"])
        if erased is not None and message["at"] <= erased["until"] and "deleted_by" not in message:
            message = {**message, "text": "", "deleted_by": erased["deleted_by"]}
        self._messages[message["id"]] = message

    def _forget(self, id_: str) -> None:
        del self._messages[id_]
        self._doubted.discard(id_)


def _keep(latest: dict[str, T], id_: str, value: T) -> None:
    """Of those without a message of their own only the latest are kept."""
    latest.pop(id_, None)
    latest[id_] = value
    if len(latest) > MOST_KEPT:
        del latest[next(iter(latest))]
