"""The interface that connections report to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from server.network.client_address import Proxies
from server.network.hosts import Hosts
from server.realtime.open_sockets import OpenSockets

if TYPE_CHECKING:
    from server.realtime.connection import Connection

Buffer = bytes | bytearray | memoryview


class ConnectionOwner(Protocol):
    """The gateway, as a connection sees it."""

    allowed_origins: tuple[str, ...]
    proxies: Proxies
    hosts: Hosts
    base_path: str
    message_rate: float
    sockets: OpenSockets
    refuses_sockets: bool
    """Whoever asks for one is to go to another server."""

    def opened(self, connection: Connection) -> None: ...
    def count(self, connection: Connection) -> None: ...
    def upgrade_refused(self, connection: Connection, status: int, why: str) -> None: ...
    def received(self, connection: Connection, data: Buffer) -> None: ...
    def flooded(self, connection: Connection) -> None: ...
    def behind(self, connection: Connection) -> None: ...
    def going_away(self, connection: Connection) -> None: ...
    def closing(self, connection: Connection) -> None: ...
    def lost(self, connection: Connection) -> None: ...
