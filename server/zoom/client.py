"""Zoom's API, as far as it tells who attended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from server.zoom.wire import Details, Instance, ListPage, ParticipantRow, RegistrantRow, Source
from storage.imports import Kind, RegistrantStatus


@dataclass(frozen=True, slots=True)
class ZoomSettings:
    """What a server-to-server OAuth app at Zoom has, and where Zoom is."""

    account_id: str
    client_id: str
    client_secret: str = field(repr=False)
    api_url: str = "https://api.zoom.us/v2"
    token_url: str = "https://zoom.us/oauth/token"  # noqa: S105


class ZoomClient:
    """All methods raise `ZoomFailure`; open it with `async with`."""

    def __init__(
        self, settings: ZoomSettings, *, on_wait: Callable[[float, str], None] = lambda _seconds, _why: None
    ) -> None:
        self._settings = settings
        self._on_wait = on_wait

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def scopes(self) -> frozenset[str]:
        """What the app may do, as Zoom's token tells it."""
        raise NotImplementedError

    async def details(self, kind: Kind, external_id: str) -> Details:
        raise NotImplementedError

    async def instances(self, kind: Kind, external_id: str) -> Sequence[Instance]:
        """Those that have ended, oldest first."""
        raise NotImplementedError

    async def participants(
        self, kind: Kind, uuid: str, source: Source, token: str
    ) -> ListPage[ParticipantRow]:
        """The page of `token` ("": the first) of the stays in one instance."""
        raise NotImplementedError

    async def registrants(
        self, kind: Kind, external_id: str, status: RegistrantStatus, token: str
    ) -> ListPage[RegistrantRow]:
        """The page of `token` ("": the first) of those who registered."""
        raise NotImplementedError
