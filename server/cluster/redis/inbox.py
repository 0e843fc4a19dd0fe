"""A node's inbox, read so that what is missing is noticed."""

from __future__ import annotations

import asyncio
from typing import Any

from server.cluster.engine.bounds import INBOX_LIVES, RECEIVED_AT_ONCE
from server.cluster.engine.records import Received
from server.cluster.redis import keys
from server.cluster.redis.link import Link

BLOCK = 1.0
"""Seconds that a read waits for messages. An inbox that is gone is noticed after that."""


class Inbox:
    """Its place is the id of the entry that was read last, which stays in the stream until the next is read."""

    def __init__(self, node: str) -> None:
        self._key = keys.inbox(node)
        self._place = b""

    async def open(self, link: Link) -> None:
        """Make it anew, empty. Its first entry is the place to read from."""
        link_calls = (
            link.call("DEL", self._key),
            link.call("XADD", self._key, "*", "o", ""),
            link.call("PEXPIRE", self._key, int(INBOX_LIVES * 1000)),
        )
        _, self._place, _ = await asyncio.gather(*link_calls)

    async def read(self, link: Link) -> Received:
        """What has come since, perhaps nothing. Deletes what was read before."""
        _, found, still_there = await asyncio.gather(
            link.call("XTRIM", self._key, "MINID", self._place),
            link.call(
                *("XREAD", "COUNT", RECEIVED_AT_ONCE, "BLOCK", int(BLOCK * 1000)),
                *("STREAMS", self._key, self._place),
                patience=BLOCK,
            ),
            # After the read: what was trimmed away before it, went after this entry did.
            link.call("XRANGE", self._key, self._place, self._place, patience=BLOCK),
        )
        entries: list[Any] = found[0][1] if found else []
        messages = [body for _, (name, body) in entries if name == b"b"]
        if not still_there:
            await self.open(link)
        elif entries:
            self._place = entries[-1][0]
        oldest_at = int(entries[0][0].partition(b"-")[0]) / 1000 if entries else None
        return Received(messages, has_gap=not still_there, oldest_at=oldest_at)
