"""What goes wrong, for programs."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - named for what happened
    """The server refused to let the program in, or an order. `code` is an error code of the protocol, `waiting` if
    nobody let it in in time, or that of `Left`; `message` is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Unreachable(ConnectionError):  # noqa: N818
    """No server of meetings answers there."""


class Unread(RuntimeError):  # noqa: N818
    """More events than are kept were not read. Those are gone; `participants` is right, and what comes from now on
    can be read."""
