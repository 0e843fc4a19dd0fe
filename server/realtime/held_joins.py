"""Joins of those who wait to be let in: how each is asked once more, and how many come from one network."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from server.realtime.connection import Connection
from server.realtime.credentials import Proof

Again = Callable[[Proof], None]
"""Asks once more for the seat that a connection waits for, as the one who has shown this."""


class HeldJoins:
    def __init__(self) -> None:
        self._again: dict[Connection, tuple[Again, Proof]] = {}
        self._networks: Counter[str] = Counter()
        self._showing: Counter[Connection] = Counter()
        self._due: set[Connection] = set()

    def __contains__(self, connection: Connection) -> bool:
        return connection in self._again

    def of_network(self, network: str) -> int:
        """How many of its connections wait."""
        return self._networks[network]

    def proof_of(self, connection: Connection) -> Proof | None:
        """Who waits there; None: nobody."""
        held = self._again.get(connection)
        return None if held is None else held[1]

    def hold(self, connection: Connection, again: Again, proof: Proof) -> None:
        """It waits. Called once more for the same connection, `again` replaces the one before."""
        if connection not in self._again:
            self._networks[connection.client.network] += 1
        self._again[connection] = again, proof

    def verifies(self, connection: Connection, task: asyncio.Task[None]) -> None:
        """Something newer is being verified. It is not asked for meanwhile, but with that."""
        self._showing[connection] += 1
        # When all who wait for the task have heard: the connection may be held for as long.
        loop = asyncio.get_running_loop()
        task.add_done_callback(lambda _: loop.call_soon(self._has_shown, connection))

    def _has_shown(self, connection: Connection) -> None:
        """It is verified, or refused."""
        self._showing[connection] -= 1
        if not self._showing[connection]:
            del self._showing[connection]
            if connection in self._due:
                self._due.discard(connection)
                self.ask_again(connection)

    def shows(self, connection: Connection, proof: Proof) -> None:
        """Whoever waits there has shown something newer."""
        again, _ = self._again[connection]
        self._again[connection] = again, proof

    def release(self, connection: Connection) -> None:
        """It waits no more, if it did."""
        if self._again.pop(connection, None) is not None:
            network = connection.client.network
            self._networks[network] -= 1
            if not self._networks[network]:
                del self._networks[network]

    def ask_again(self, connection: Connection) -> None:
        """Unless it waits no more."""
        held = self._again.get(connection)
        if connection in self._showing:
            self._due.add(connection)
        elif held is not None:
            again, proof = held
            again(proof)
