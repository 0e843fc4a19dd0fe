"""A place in a meeting, for programs.

    async with reconvene.join("http://localhost:3000", "ABC123", name="Script") as meeting:
        async for event in meeting:
            print(event)

It comes back by itself after a lost connection, and after a restart of the server, as the page does.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import MappingProxyType, TracebackType
from typing import Any, Literal, Self

from reconvene.chat import Chat
from reconvene.endings import ENDS, LEFT
from reconvene.errors import Refused, Unreachable, Unread
from reconvene.events import Event, Left, State
from reconvene.knowledge import Knowledge
from reconvene.meeting_socket import GetToken, MeetingSocket
from reconvene.moderation import Moderation
from reconvene.server_address import Address
from reconvene.views import Knock, Participant
from signalling.client.actions import Emit
from signalling.client.place import Place
from signalling.protocol import identifiers
from signalling.protocol.fields import Kind
from signalling.protocol.rights import MeetingSettings

MOST_UNREAD = 10_000
"""Most events that wait to be read."""


def join(
    server: str | None,
    meeting: str | None = None,
    *,
    name: str,
    create: bool = False,
    title: str = "",
    token: str | None = None,
    get_token: GetToken | None = None,
    invite: str | None = None,
    password: str | None = None,
    kind: Kind = "bot",
    audio: bool = False,
    video: bool = False,
    screen: bool = False,
    on_duplicate: Literal["replace", "reject"] = "reject",
    wait: float | None = None,
    within: float | None = 30.0,
) -> Meeting:
    """A place in a meeting, which is taken by entering it (`async with`) and left at the end of the block.

    `server`: such as `https://meet.example.org`, or the link of a meeting; None: http://localhost:3000. `meeting`: its
    id, or its link. `create`: create it, with this `title`, if there is none. `kind`: `bot`, `recorder`, or empty for a
    person. `audio`, `video`, `screen`: what the program sends from the start, as others are told.

    `token`: an identity, or a token of the application; `get_token` asks the application for one, first and whenever a
    newer one is needed (None: it gives none). `invite`, `password`: what lets it in. `wait`: most seconds in the lobby;
    None: as long as it takes. `within`: most seconds until the server answers; None: it tries until then.

    Raises `ValueError` for an address, an id or a name that cannot be. Entering raises `Refused` and `Unreachable`.
    """
    address = Address.parse(server, meeting)
    if address.meeting is None:
        raise ValueError("which meeting? Give its id, or its link")
    place = Place(
        address.meeting,
        identifiers.person_name(name) if name or not (token or get_token) else "",
        page=secrets.token_hex(8),
        token=token,
        create=create,
        title=identifiers.meeting_title(title),
        on_duplicate=on_duplicate,
        media={"audio": audio, "video": video, "screen": screen},
        kind=kind,
        password=password,
        invite=invite or address.invite,
    )
    return Meeting(address, place, get_token, wait=wait, within=within)


class Meeting:
    """A place in a meeting; `join` makes it. Iterating over it gives the events since it was entered, and ends after
    `Left`."""

    def __init__(
        self,
        address: Address,
        place: Place,
        get_token: GetToken | None,
        *,
        wait: float | None,
        within: float | None,
    ) -> None:
        self.id = place.meeting
        self.moderate = Moderation(self._order)
        self._base = address.base
        self._place = place
        self._get_token = get_token
        self._wait, self._within = wait, within
        self._socket = MeetingSocket(address.websocket, place, self._heard, get_token=get_token)
        self.chat = Chat(self._order, self._socket)
        self._known = Knowledge()
        self._entered = False
        self._end: Left | None = None
        self._end_was_read = False
        self._unread: deque[Event] = deque()
        self._overflown = False
        # What was answered to orders that are awaited: nothing until it is, then a `Refused` or True.
        self._answers: dict[int, list[Refused | Literal[True]]] = {}

    # What is so now. An event that is read later has the value of its time.

    @property
    def state(self) -> State:
        return "left" if self._is_over else self._known.state

    @property
    def title(self) -> str:
        return self._known.title

    @property
    def settings(self) -> MeetingSettings:
        return self._known.settings

    @property
    def revision(self) -> int:
        """Of the settings."""
        return self._known.revision

    @property
    def participants(self) -> Mapping[str, Participant]:
        """Everyone, this program included, by id, in the order in which they came."""
        return MappingProxyType(self._known.participants)

    @property
    def me(self) -> Participant:
        """Raises `KeyError` once this program has left."""
        return self._known.participants[self._known.my_id]

    @property
    def knocks(self) -> Mapping[str, Knock]:
        """Who waits to be let in, if this program is in charge."""
        return MappingProxyType(self._known.knocks)

    @property
    def ice_servers(self) -> tuple[Mapping[str, Any], ...]:
        """`RTCIceServer`s, for programs with media of their own."""
        return self._known.ice_servers

    @property
    def elapsed(self) -> float | None:
        """Seconds for which somebody has been in the meeting by now, without a gap: the same for everyone. None before
        this program is in, and of servers before 0.8."""
        return None if self._known.began is None else time.monotonic() - self._known.began

    @property
    def token(self) -> str | None:
        """The identity. Kept and given to the next `join`, it makes the program the same participant."""
        return self._place.token

    # What the program does.

    def send(
        self, *, audio: bool | None = None, video: bool | None = None, screen: bool | None = None
    ) -> None:
        """Tell the others what this program sends by now. What is left out stays."""
        flags = {"audio": audio, "video": video, "screen": screen}
        self._socket.status(media={flag: on for flag, on in flags.items() if on is not None})

    def raise_hand(self) -> None:
        self._socket.status(hand=True)

    def lower_hand(self) -> None:
        self._socket.status(hand=False)

    async def rename(self, name: str) -> None:
        """Choose another name. Raises `Refused`; `forbidden` if it comes from the login."""
        await self._order("rename", name=name)

    def signal(self, to: Participant | str, data: Any) -> None:
        """Tell one participant something, in order. `data`: whatever JSON can say."""
        self._socket.signal(to if isinstance(to, str) else to.id, data)

    def react(self, emoji: str) -> None:
        self._socket.react(emoji)

    def leave(self) -> None:
        """For good."""
        self._socket.leave()

    # Coming and going.

    async def __aenter__(self) -> Self:
        if self._entered:
            raise RuntimeError("a place in a meeting is entered once: join again")
        self._entered = True
        try:
            await self._enter()
        except BaseException as error:
            await self._leave_behind(error)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._leave_behind(error)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """Raises `Unread`, and what `get_token` has raised."""
        await self._socket.until(lambda: bool(self._unread) or self._overflown or self._is_over)
        if self._overflown:
            self._overflown = False
            raise Unread(f"more than {MOST_UNREAD} events were not read")
        if self._unread:
            return self._unread.popleft()
        if self._end_was_read:
            raise StopAsyncIteration
        self._end_was_read = True
        return self._end or LEFT

    async def _enter(self) -> None:
        try:
            async with asyncio.timeout(self._within) as limit:
                if self._place.token is None and self._get_token is not None:
                    self._place.token = await self._get_token()
                await self._socket.__aenter__()
                await self._until_in(lambda: self.state != "connecting")
        except TimeoutError:
            if not limit.expired():
                raise
            why = f": {self._socket.failure}" if self._socket.failure else ""
            raise Unreachable(f"{self._base} does not answer within {self._within:g} s{why}") from None
        try:
            async with asyncio.timeout(self._wait) as limit:
                await self._until_in(lambda: bool(self._known.my_id))
        except TimeoutError:
            if not limit.expired():
                raise
            raise Refused("waiting", "Nobody has let this program in.") from None

    async def _until_in(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds. Raises `Refused` if the stay has ended."""
        await self._socket.until(lambda: self._is_over or condition())
        if self._is_over and not condition():
            raise self._ended()

    async def _leave_behind(self, error: BaseException | None) -> None:
        self._socket.leave()
        await self._socket.__aexit__(None if error is None else type(error), error, None)

    async def _order(self, kind: str, **fields: Any) -> None:
        number = self._socket.order(kind, **fields)
        if not number:
            raise self._ended()
        # Others may wait for the same.
        answer = self._answers.setdefault(number, [])
        await self._socket.until(lambda: bool(answer) or self._is_over)
        said = answer[0] if answer else self._ended()
        if said is not True:
            raise said

    def _ended(self) -> Refused:
        end = self._end or LEFT
        return Refused(end.code, end.message)

    @property
    def _is_over(self) -> bool:
        return self._socket.client.phase == "over"

    # Called by the socket.

    def _heard(self, emit: Emit) -> None:
        detail = emit.detail
        match emit.name:
            case "refused":
                self._end = Left(detail["code"], detail["message"])
            case "closed":
                code = detail["code"]
                self._end = ENDS.get(code) or Left(f"closed_{code}", f"The server has closed with {code}.")
            case "answered" if detail["order"]["id"] in self._answers:
                error = detail.get("error")
                self._answers.pop(detail["order"]["id"]).append(Refused(**error) if error else True)
            case _:
                was_in = bool(self._known.my_id)
                events = self._known.heard(emit)
                self._unread.extend(events if was_in else ())
                if len(self._unread) > MOST_UNREAD:
                    self._unread.clear()
                    self._overflown = True
