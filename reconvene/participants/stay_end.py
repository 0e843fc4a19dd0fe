"""Why a bot's stay ended without its having left, in words for the operator."""

from __future__ import annotations

from reconvene.server_address import Address
from signalling.client.outbox import Message
from signalling.protocol.errors import CloseCode

ENDS: dict[int, str] = {
    CloseCode.REPLACED: "its place was taken by another program of the same name and page",
    CloseCode.REMOVED: "it was removed from the meeting",
    CloseCode.MEETING_ENDED: "the meeting was ended",
    CloseCode.DENIED: "it was not let in",
    CloseCode.BAD_TOKEN: "the server does not know its token any more",
}


class Over(Exception):  # noqa: N818 - the end of a stay is often no error
    """The stay has ended without the bot having left. The text is one line: why, and what to do about it.

    `code` is an error code of the protocol (`unknown_meeting`, …) or the close code.
    """

    def __init__(self, text: str, code: str | int) -> None:
        super().__init__(text)
        self.code = code

    @property
    def ended(self) -> bool:
        """Whether the meeting was ended for all, which is no failure."""
        return self.code in {CloseCode.MEETING_ENDED, "meeting_ended"}


def closed(code: int) -> Over:
    """The server closed the connection for good."""
    return Over(ENDS.get(code, f"the server closed the connection with {code}"), code)


def refused(address: Address, meeting: str, error: Message) -> Over:
    """The server refused the join for good. `error` is the protocol's."""
    match error["code"]:
        case "unknown_meeting":
            text = f"there is no meeting {meeting} on {address.base}; create it on the page, or pass --create"
        case "meeting_ended":
            text = f"the meeting {meeting} has ended"
        case "bad_message":
            text = f"the server did not understand the join: {error['message']}"
        case "token_expired":
            text = "its token has expired; give it a new one (--token)"
        case "login_required":
            text = "the server lets in nobody without a token of its application; give it one (--token)"
        case _:
            text = f"the server refused: {error['message']}"
    return Over(text, error["code"])
