"""Why a bot's stay ended without its having left, in words for the operator."""

from __future__ import annotations

from reconvene.server_address import Address
from signalling.client.outbox import Message
from signalling.protocol.errors import CloseCode

ENDS: dict[int, tuple[str, str]] = {
    CloseCode.REPLACED: ("its place was taken by another of the same identity", "give each its own token"),
    CloseCode.REMOVED: ("it was removed from the meeting", "have somebody in charge let it in again"),
    CloseCode.MEETING_ENDED: ("the meeting was ended", ""),
    CloseCode.DENIED: (
        "it was not let in",
        "ask somebody in charge of the meeting, or give it an invite link",
    ),
    CloseCode.BAD_TOKEN: (
        "the server does not take its token any more",
        "give it another one (--token, --token-file)",
    ),
    CloseCode.REVOKED: ("its identity was revoked by the operator of the server", "give it another one"),
}
"""By close code: why, and what to do."""

REFUSED: dict[str, tuple[str, str]] = {
    "unknown_meeting": (
        "there is no meeting {meeting} on {base}",
        "create it on the page, or pass --create where it may create meetings",
    ),
    "meeting_ended": ("the meeting {meeting} has ended", ""),
    "meeting_locked": ("the meeting {meeting} is locked", "have somebody in charge unlock it"),
    "meeting_full": ("{message}", "let somebody leave first, or raise RECONVENE_MAX_PARTICIPANTS"),
    "removed": ("it was removed from the meeting {meeting}", "have somebody in charge let it in again"),
    "denied": (
        "it was not let into the meeting {meeting}",
        "ask somebody in charge of it, or give it an invite link",
    ),
    "password_required": (
        "the meeting {meeting} asks for a password",
        "give it (--password, RECONVENE_PASSWORD), or an invite link",
    ),
    "wrong_password": (
        "this is not the password of the meeting {meeting}",
        "correct it (--password, RECONVENE_PASSWORD)",
    ),
    "duplicate": ("somebody of the same identity is in the meeting {meeting}", "give each its own token"),
    "bad_message": ("the server did not understand the join: {message}", ""),
    "bad_token": (
        "the server does not take its token: {message}",
        "give it another one (--token, --token-file)",
    ),
    "token_expired": ("its token has expired", "give it a new one (--token, --token-file)"),
    "revoked": ("its identity was revoked by the operator of the server", "give it another one"),
    "forbidden": (
        "its token is not for the meeting {meeting}",
        "give it one that is (--token, --token-file)",
    ),
    "login_required": (
        "the server lets in nobody without a token of its application",
        "give it one (--token, --token-file)",
    ),
}
"""By the code of an error: what was refused, and what to do."""

WAITED = "waiting"
"""The code of a stay that ended in the lobby."""


class Over(Exception):  # noqa: N818 - the end of a stay is often no error
    """The stay has ended without the bot having left. `found` says why, `advice` what to do about it: one clause each,
    without a full stop. The text is both in one line.

    `code` is an error code of the protocol (`unknown_meeting`, …), the close code, or `WAITED`.
    """

    def __init__(self, found: str, code: str | int, advice: str = "") -> None:
        super().__init__("; ".join(part for part in (found, advice) if part))
        self.found = found
        self.advice = advice
        self.code = code

    @property
    def ended(self) -> bool:
        """Whether the meeting was ended for all, which is no failure."""
        return self.code in {CloseCode.MEETING_ENDED, "meeting_ended"}


def closed(code: int) -> Over:
    """The server closed the connection for good."""
    found, advice = ENDS.get(code, (f"the server closed the connection with {code}", ""))
    return Over(found, code, advice)


def not_let_in(seconds: float) -> Over:
    """It has waited in the lobby for as long as it was to."""
    found = f"nobody let it in within {seconds:g} s" if seconds else "it would have to wait to be let in"
    return Over(
        found, WAITED, "have somebody in charge admit it while it waits (--wait), or give it an invite link"
    )


def refused(address: Address, meeting: str, error: Message) -> Over:
    """The server refused the join for good. `error` is the protocol's."""
    message = str(error["message"]).rstrip(".")
    found, advice = REFUSED.get(error["code"], ("the server refused: {message}", ""))
    return Over(found.format(meeting=meeting, base=address.base, message=message), error["code"], advice)
