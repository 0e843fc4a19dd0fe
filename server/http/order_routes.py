"""What routes about keeping order have in common."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Header, Path, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from server.http.callers import ADMIN
from server.http.openapi import Answers, refusal
from server.http.private import PRIVATE
from signalling.rooms.change import Recorded
from storage.records import Meeting

Existing = Callable[[str, str | None], Awaitable[Meeting]]
"""The meeting that a caller means. Raises `UnknownMeeting`."""


AN_ID = r"^[A-Za-z0-9_-]{1,64}$"


def an_id(of: str) -> Any:
    """The ID of something, in a path."""
    return Path(pattern=AN_ID, description=f"The ID of {of}.")


Participant = Annotated[str, an_id("a participant")]
ParticipantId = Annotated[str, StringConstraints(pattern=AN_ID)]
"""The same, in a body."""

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,64}$",
        description="Made by the client: sent again with the same key, the change is made once.",
    ),
]


class Order(BaseModel):
    """A body that says what is to be done. Nothing in it is guessed: who misspells `locked` is told so."""

    model_config = ConfigDict(strict=True, extra="forbid", populate_by_name=True)


CHANGES: Answers = {
    202: {"description": "It is in effect, and will be recorded when the store is back"},
    404: refusal("There is no such meeting, or nobody in it has this ID"),
    410: refusal("The meeting has ended"),
}


def known_as(user_id: str) -> str | None:
    """The caller's user; None: the admin key."""
    return None if user_id == ADMIN else user_id


def key_of(given: str | None) -> tuple[str, bool]:
    """A command's `key`, and whether it may have been sent before."""
    return (secrets.token_urlsafe(12), False) if given is None else (given, True)


def done(recorded: Recorded | None) -> Response:
    return Response(status_code=202 if recorded is None else 204, headers=PRIVATE)
