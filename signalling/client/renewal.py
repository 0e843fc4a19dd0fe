"""Whether the application has to be asked for a newer token. The page's `static/sdk/renewal.js` is its twin."""

from __future__ import annotations

from signalling.client.outbox import Message
from signalling.client.place import Place
from signalling.protocol.errors import CloseCode

ASKS_FOR_TOKEN = frozenset({"token_expired", "bad_token"})
"""What a server answers to a token of an application that a newer one may put right."""

CLOSED_FOR: dict[int, str] = {CloseCode.BAD_TOKEN: "bad_token", CloseCode.TOKEN_EXPIRED: "token_expired"}
"""The same by the code it closes with: an answer may be lost."""


class Renewal:
    """`needed`: what the token was refused with, while a newer one is waited for. `fresh`: one has come that no server
    has been shown yet."""

    def __init__(self, place: Place) -> None:
        self.needed: Message | None = None
        self.fresh = False
        self._place = place
        self._asked_for = ""

    def asks(self, code: str) -> bool:
        """Whether the application is asked after this refusal. Once, if its token is bad: the next one would be no
        better."""
        return self._place.renewable and code in ASKS_FOR_TOKEN and not code == self._asked_for == "bad_token"

    def need(self, why: Message) -> bool:
        """A newer token is needed. Returns whether that is so once more, without success in between."""
        before, self._asked_for = self._asked_for, why["code"]
        self.needed = why
        return bool(before)

    def came(self, token: str) -> bool:
        """A newer token. Returns whether it was waited for."""
        self._place.token = token
        self.fresh = True
        waited, self.needed = self.needed is not None, None
        return waited

    def shown(self) -> None:
        """The server is shown the token."""
        self.fresh = False

    def accepted(self) -> None:
        self._asked_for = ""
