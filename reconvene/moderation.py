"""What those in charge of a meeting may do, for programs: each order is awaited until the server has answered it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from reconvene.views import Knock, Participant
from signalling.protocol.moderation import Back
from signalling.protocol.rights import Role

Somebody = Participant | str
"""A participant, or the id of one."""

Flag = Literal["audio", "video", "screen"]


class Moderation:
    """Every method raises `Refused` if the server refuses. An order that was acknowledged lasts, as the protocol says;
    one that a lost connection leaves unanswered is sent again, and takes effect once. What sets nothing that lasts is
    not sent again where it might undo what was done since: it raises `Refused` with the code `interrupted`, as it is
    not known whether it was carried out."""

    def __init__(self, order: Callable[..., Awaitable[None]]) -> None:
        self._order = order

    async def remove(self, whom: Somebody, *, back: Back = "never") -> None:
        """`back`: how they may come back."""
        await self._order("remove", participant=_id(whom), back=back)

    async def readmit(self, whom: Somebody) -> None:
        await self._order("readmit", participant=_id(whom))

    async def mute(self, *whom: Somebody, media: tuple[Flag, ...] = ("audio",)) -> None:
        """Turn it off, once. Nobody named: for all of a lower role than this program's."""
        people: Any = [_id(each) for each in whom] or "others"
        await self._order("mute", participants=people, media=dict.fromkeys(media, False))

    async def ask(self, whom: Somebody, media: tuple[Flag, ...] = ("audio",)) -> None:
        """Ask them to turn it on."""
        await self._order("ask", participant=_id(whom), media=dict.fromkeys(media, True))

    async def allow(self, *whom: Somebody, **may: bool | None) -> None:
        """`may`: by right (`audio`, `video`, `screen`, `chat`, `hand`); None: as the meeting's default says."""
        await self._order("allow", participants=[_id(each) for each in whom], may=may)

    async def set_role(self, whom: Somebody, role: Role) -> None:
        """The role `host` hands the meeting over."""
        await self._order("set_role", participant=_id(whom), role=role)

    async def settings(self, *, seen: int | None = None, **change: Any) -> None:
        """`change`: as the protocol's settings. `seen`: the revision they are based on, if nobody else may have changed
        them since."""
        condition = {} if seen is None else {"if": seen}
        await self._order("settings", settings=change, **condition)

    async def spotlight(self, *whom: Somebody) -> None:
        """Up to three, in place of those before."""
        await self._order("spotlight", participants=[_id(each) for each in whom])

    async def lower_hands(self, *whom: Somebody) -> None:
        await self._order("lower_hands", participants=[_id(each) for each in whom])

    async def admit(self, *knocks: Knock | str) -> None:
        await self._order("admit", knocks=[_id(each) for each in knocks])

    async def deny(self, *knocks: Knock | str) -> None:
        await self._order("deny", knocks=[_id(each) for each in knocks])

    async def end(self) -> None:
        """End the meeting for all."""
        await self._order("end")


def _id(whom: Participant | Knock | str) -> str:
    return whom if isinstance(whom, str) else whom.id
