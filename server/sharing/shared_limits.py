"""What is counted for an address or a person over some time, at one node, counted by all: requests, new sockets,
identities, new meetings, guesses of IDs, keys and passwords.

Each node judges by itself, without asking anybody, by what it has counted and was told. So whoever is at several nodes
at once gets a second's worth more than at one; while the engine is away, each counts alone. Crumbs are not told: less
than a hundredth of a limit.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from server.network.limits import Limits
from server.sharing.membership import Membership
from server.sharing.sealing import NotSealed, Seal
from signalling.nodes import wire

EVERY = 1.0
"""Seconds."""

MOST = 1000
"""Counts in one message; the rest goes with the next."""

MOST_KEPT = 20_000
"""Counts that are still to be told, and crumbs. Beyond this the oldest is told to nobody: this node alone knows it."""


class _Count(msgspec.Struct, frozen=True, array_like=True):
    """`times`: below zero, where it was given back."""

    limit: str
    key: str
    width: int
    times: int


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[_Count]).decode


class SharedLimits:
    def __init__(self, limits: Limits, seal: Seal, membership: Membership) -> None:
        self._limits = limits
        self._seal = seal
        self._membership = membership
        self._untold: OrderedDict[tuple[str, str, int], int] = OrderedDict()
        self._told_at = 0.0
        limits.counted = self._count

    def _count(self, name: str, key: str, width: int, times: int) -> None:
        what = name, key, width
        left = self._untold.pop(what, 0) + times
        if left:
            self._untold[what] = left
            if len(self._untold) > MOST_KEPT:
                self._untold.popitem(last=False)

    def tell(self, now: float) -> None:
        """Tell the others, if it is time."""
        if not self._untold or now - self._told_at < EVERY:
            return
        self._told_at = now
        worth = [what for what, times in self._untold.items() if abs(times) >= self._limits.crumb(what[0])]
        counts = [_Count(*what, self._untold.pop(what)) for what in worth[:MOST]]
        others = self._membership.others
        if counts and others:
            entry = wire.encode(wire.Counted(), self._seal.seal(_encode(counts)))
            self._membership.post(others, entry)

    def heard(self, sealed: bytes) -> None:
        """Raises `NotSealed`."""
        try:
            counts = _decode(self._seal.unseal(sealed))
        except msgspec.DecodeError as error:
            raise NotSealed(str(error)) from None
        for each in counts:
            self._limits.count_also(each.limit, each.key, each.width, each.times)
