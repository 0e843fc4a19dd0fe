"""The state that the checks of one probe share."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

from reconvene.http_api import Api
from reconvene.participants.credentials import NO_CREDENTIALS, Credentials
from reconvene.probe.participant import Participant
from reconvene.probe.steps import FIRST, SECOND
from reconvene.server_address import Address
from signalling.protocol.identifiers import ALPHABET


def _tag() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(6))


@dataclass(slots=True)
class Visit:
    """`address` has the meeting once it is known. `own`: the probe created the meeting and deletes it. `tokens`: of the
    two participants; the first creates the meeting."""

    address: Address
    api: Api
    credentials: Credentials = NO_CREDENTIALS
    turn_only: bool = False
    own: bool = False
    tag: str = field(default_factory=_tag)
    tokens: list[str] = field(default_factory=list)
    servers: list[dict[str, Any]] | None = None
    """ICE servers to use instead of those in the server's `joined`."""
    participants: list[Participant] = field(default_factory=list)
    pages: tuple[str, str] = field(default_factory=lambda: (secrets.token_hex(8), secrets.token_hex(8)))
    """Their names for the server: what they are called may be what their tokens say."""

    @property
    def meeting(self) -> str:
        return self.address.meeting or ""

    @property
    def first(self) -> Participant:
        return self.participants[0]

    @property
    def second(self) -> Participant:
        return self.participants[1]

    async def come(self) -> Participant:
        """The next of the two participants joins."""
        number = len(self.participants)
        shown = self.credentials.of(number + 1) if self.credentials.tokens else self.credentials.of(1)
        participant = Participant(
            self.address,
            f"{(FIRST, SECOND)[number]} {self.tag}",
            self.pages[1 - number],
            number=number + 1,
            credentials={**shown, "token": self.tokens[number], "page": self.pages[number]},
            admits=self.own,
            turn_only=self.turn_only,
            servers=self.servers,
        )
        self.participants.append(participant)
        # Left by `tidy`.
        await participant.bot.__aenter__()
        await participant.bot.joined()
        return participant


async def both(*waits: Awaitable[None]) -> None:
    """Wait for all; when one fails, the others are cancelled."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
