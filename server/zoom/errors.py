"""What can go wrong with Zoom, as exceptions. Each text is one line that says what to do and contains no secret."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime


class ZoomFailure(Exception):  # noqa: N818 - named for what happened
    """Base of all of them."""

    status: int | None = None
    """The HTTP status of Zoom's answer, if there was one."""


class NotInstalled(ZoomFailure):
    """The extra `zoom` is missing."""

    def __init__(self) -> None:
        super().__init__(
            "the Zoom import needs packages that are not installed: "
            "pip install '.[zoom]' in the checkout (docs/install.md)"
        )


class BadCredentials(ZoomFailure):
    """Zoom issues no token for the settings, or rejects the one it issued."""


class MissingScope(ZoomFailure):
    """The app at Zoom may not call this. `scopes`: any one of them would do, as far as Zoom says."""

    def __init__(self, scopes: Sequence[str]) -> None:
        self.scopes = tuple(scopes)
        named = f"the scope {' or '.join(self.scopes)}" if self.scopes else "a scope for this"
        super().__init__(f"the Zoom app lacks {named}: add it to the app's scopes at Zoom (docs/zoom.md)")


class NoPermission(ZoomFailure):
    """The account's plan or the user's role does not allow it."""


class NotFound(ZoomFailure):
    """Zoom does not know it (any more, or yet): reports appear only some time after the end."""


class TooOld(ZoomFailure):
    """Zoom does not show it any more: each source reaches back a different number of months."""


class Refused(ZoomFailure):
    """Zoom refused the request itself. The text has its reasons."""


class NotRegistrable(Refused):
    """Nobody could register for it."""


class PageTokenInvalid(ZoomFailure):
    """The page token has expired or is used up: begin at the first page."""


class DailyLimit(ZoomFailure):
    """No more calls before `until` (seconds since the epoch)."""

    def __init__(self, until: float) -> None:
        self.until = until
        when = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        super().__init__(f"Zoom's daily limit of requests is reached: it goes on after {when}")


class Unavailable(ZoomFailure):
    """Zoom did not answer properly in several attempts. It may the next time."""

    def __init__(self, text: str, *, wait: float = 0.0) -> None:
        super().__init__(text)
        self.wait = wait
        """Seconds that Zoom asks to wait."""


class BadAnswer(ZoomFailure):
    """An answer that Zoom does not document. `again`: the next answer may be different."""

    def __init__(self, text: str, *, again: bool = True) -> None:
        super().__init__(text)
        self.again = again
