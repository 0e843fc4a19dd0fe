"""How much of a request has arrived, and when that is more than allowed. Pure."""

from __future__ import annotations

MAX_HEAD = 32 * 1024
"""Bytes from the beginning of a request to the end of its headers."""

MAX_FIELDS = 128
"""Headers of a request. Many small ones would take many times their size in memory."""


class RequestProgress:
    """The progress of the requests of one connection, one after another, as the parser reports it."""

    __slots__ = ("_bore_fruit", "fields", "fruitless", "has_begun", "is_in_head", "messages")

    def __init__(self) -> None:
        self.messages = 0
        """How many requests have begun."""
        self.is_in_head = True
        """The headers of the latest request, or of the next one, have not ended."""
        self.has_begun = True
        """A head has begun. The time and the bytes before the first request are part of it."""
        self.fields = 0
        self.fruitless = 0
        """Bytes in a row that have neither ended the headers nor brought any of the body."""
        self._bore_fruit = False

    @property
    def has_too_many_fields(self) -> bool:
        return self.fields > MAX_FIELDS

    @property
    def room(self) -> int:
        """How many more bytes may come without ending the headers or bringing any of the body."""
        return MAX_HEAD - self.fruitless

    @property
    def expected(self) -> tuple[str, int] | None:
        """What has to come next, and for which request; None between requests."""
        if not self.is_in_head:
            return "body", self.messages
        if self.has_begun or self.fruitless:
            return "head", self.messages or 1
        return None

    def feed(self, size: int) -> None:
        """So many bytes were parsed, and the parser has reported what it found in them."""
        self.fruitless = 0 if self._bore_fruit else self.fruitless + size
        self._bore_fruit = False

    # Called with what the parser finds.

    def begin(self) -> None:
        self.messages += 1
        self.has_begun = True
        self.fields = 0

    def take_field(self) -> bool:
        """Whether the field is a header. Fields after a body (trailers) are ignored: they must not pass for headers."""
        self.fields += 1
        return self.is_in_head and self.fields <= MAX_FIELDS

    def end_head(self) -> None:
        self.is_in_head = self.has_begun = False
        self._bore_fruit = True

    def take_body(self) -> bool:
        """Whether the body belongs to a request whose headers were accepted."""
        if self.is_in_head:
            return False
        self._bore_fruit = True
        return True

    def end(self) -> bool:
        """Whether this ends a request whose headers were accepted."""
        if self.is_in_head:
            return False
        self.is_in_head = True
        self._bore_fruit = True
        return True
