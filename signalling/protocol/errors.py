"""Errors and close codes as data: one table of each error's code, text, close code and HTTP status.

Close codes 4000-4099 tell the client not to reconnect, 4100-4199 to reconnect and resume (RFC 6455 section 7.4.2
leaves 4000-4999 to applications).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class CloseCode(IntEnum):
    """Every code the server closes a WebSocket with."""

    NORMAL = 1000
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    INVALID_DATA = 1007
    MESSAGE_TOO_BIG = 1009
    INTERNAL_ERROR = 1011

    MISUSE = 4000
    REPLACED = 4001
    REMOVED = 4002
    MEETING_ENDED = 4003
    BAD_TOKEN = 4004
    DENIED = 4005
    REVOKED = 4006

    TOO_SLOW = 4100
    GOING_AWAY = 4101
    HEARTBEAT_MISSED = 4102
    RATE_LIMITED = 4103
    JOIN_TIMED_OUT = 4104
    TOKEN_EXPIRED = 4105


CLOSE_REASONS: dict[CloseCode, str] = {
    CloseCode.NORMAL: "",
    CloseCode.PROTOCOL_ERROR: "WebSocket protocol error",
    CloseCode.UNSUPPORTED_DATA: "only text messages are understood",
    CloseCode.INVALID_DATA: "text is not valid UTF-8",
    CloseCode.MESSAGE_TOO_BIG: "message is too big",
    CloseCode.INTERNAL_ERROR: "internal error",
    CloseCode.MISUSE: "the first message must be join or resume",
    CloseCode.REPLACED: "replaced by a newer connection",
    CloseCode.REMOVED: "removed from the meeting",
    CloseCode.MEETING_ENDED: "meeting ended",
    CloseCode.BAD_TOKEN: "token is not valid",
    CloseCode.DENIED: "not let in",
    CloseCode.REVOKED: "credentials revoked",
    CloseCode.TOO_SLOW: "reading too slowly",
    CloseCode.GOING_AWAY: "server is going away",
    CloseCode.HEARTBEAT_MISSED: "no answer to pings",
    CloseCode.RATE_LIMITED: "too many messages",
    CloseCode.JOIN_TIMED_OUT: "no join or resume in time",
    CloseCode.TOKEN_EXPIRED: "token has expired",
}


class ErrorCode(StrEnum):
    """The `code` of an `error` message, and of a problem document over HTTP."""

    BAD_MESSAGE = "bad_message"
    NOT_JOINED = "not_joined"
    ALREADY_JOINED = "already_joined"
    UNKNOWN_MEETING = "unknown_meeting"
    MEETING_ENDED = "meeting_ended"
    MEETING_LOCKED = "meeting_locked"
    MEETING_FULL = "meeting_full"
    REMOVED = "removed"
    DENIED = "denied"
    PASSWORD_REQUIRED = "password_required"  # noqa: S105 - a code, not a secret
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a code, not a secret
    DUPLICATE = "duplicate"
    UNKNOWN_PARTICIPANT = "unknown_participant"
    UNKNOWN_MESSAGE = "unknown_message"
    FORBIDDEN = "forbidden"
    CHANGED = "changed"
    BAD_TOKEN = "bad_token"  # noqa: S105 - a code, not a secret
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a code, not a secret
    REVOKED = "revoked"
    LOGIN_REQUIRED = "login_required"
    RATE_LIMITED = "rate_limited"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """What one error means on each side: the default text, the close code of a socket, the status over HTTP."""

    text: str
    close: CloseCode | None
    status: int = 400
    """Errors that only a socket meets keep 400; none is a 409."""


ERRORS: dict[ErrorCode, ErrorEntry] = {
    ErrorCode.BAD_MESSAGE: ErrorEntry("The message could not be understood.", None, 400),
    ErrorCode.NOT_JOINED: ErrorEntry(
        "The first message on a socket must be join or resume.", CloseCode.MISUSE
    ),
    ErrorCode.ALREADY_JOINED: ErrorEntry("This socket has joined a meeting already.", None),
    ErrorCode.UNKNOWN_MEETING: ErrorEntry("There is no meeting with this ID.", None, 404),
    ErrorCode.MEETING_ENDED: ErrorEntry("The meeting has ended.", CloseCode.MEETING_ENDED, 410),
    ErrorCode.MEETING_LOCKED: ErrorEntry("The meeting is locked.", None, 403),
    ErrorCode.MEETING_FULL: ErrorEntry("The meeting is full.", None, 403),
    ErrorCode.REMOVED: ErrorEntry("You were removed from this meeting.", CloseCode.REMOVED, 403),
    ErrorCode.DENIED: ErrorEntry("You were not let in.", CloseCode.DENIED, 403),
    ErrorCode.PASSWORD_REQUIRED: ErrorEntry("This meeting asks for a password.", None, 403),
    ErrorCode.WRONG_PASSWORD: ErrorEntry("This is not the meeting's password.", None, 403),
    ErrorCode.DUPLICATE: ErrorEntry("You are in this meeting already, in another tab or browser.", None),
    ErrorCode.UNKNOWN_PARTICIPANT: ErrorEntry("Nobody else in the meeting has this ID.", None, 404),
    ErrorCode.UNKNOWN_MESSAGE: ErrorEntry("There is no such message any more.", None, 404),
    ErrorCode.FORBIDDEN: ErrorEntry("Only the host may do this.", None, 403),
    ErrorCode.CHANGED: ErrorEntry("The settings were changed meanwhile; look at them again.", None, 412),
    ErrorCode.BAD_TOKEN: ErrorEntry("The token is not valid or has expired.", CloseCode.BAD_TOKEN, 401),
    ErrorCode.TOKEN_EXPIRED: ErrorEntry(
        "The token has expired: a new one is needed.", CloseCode.TOKEN_EXPIRED, 401
    ),
    ErrorCode.REVOKED: ErrorEntry("These credentials have been revoked.", CloseCode.REVOKED, 401),
    ErrorCode.LOGIN_REQUIRED: ErrorEntry(
        "This server only lets in who has logged in with its application.", None, 401
    ),
    ErrorCode.RATE_LIMITED: ErrorEntry("Too many messages; slow down.", CloseCode.RATE_LIMITED, 429),
    ErrorCode.BUSY: ErrorEntry("That is too much at once; send it again a little later.", None),
    ErrorCode.UNAVAILABLE: ErrorEntry("The server cannot do this right now; try again.", None, 503),
}


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """A request that is answered with an error from the table.

    `text` replaces the table's text when there is more to say; `retry_after` is in seconds.
    """

    def __init__(self, code: ErrorCode, text: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(text or ERRORS[code].text)
        self.code = code
        self.retry_after = retry_after

    @property
    def text(self) -> str:
        return str(self.args[0])
