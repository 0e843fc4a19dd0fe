"""What is tried in vain at one node, counted by all: IDs of meetings, keys, passwords.

Each node judges by itself, without asking anybody, by what it has counted and was told. So whoever tries at several
nodes at once gets a second's worth more than at one; while the engine is away, each counts alone.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from server.network.limits import Limits
from server.sharing.membership import Membership
from server.sharing.sealing import NotSealed, Seal
from signalling.nodes import wire

EVERY = 1.0
"""Seconds."""

MOST = 1000
"""Counts in one message; the rest goes with the next."""


class _Count(msgspec.Struct, frozen=True, array_like=True):
    limit: str
    key: str
    width: int
    times: int


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[_Count]).decode


class Guesses:
    def __init__(self, limits: Limits, seal: Seal, membership: Membership) -> None:
        self._limits = limits
        self._seal = seal
        self._membership = membership
        self._counted: Counter[tuple[str, str, int]] = Counter()
        self._told_at = 0.0
        limits.guessed = self._guessed

    def _guessed(self, name: str, key: str, width: int) -> None:
        self._counted[name, key, width] += 1

    def tell(self, now: float) -> None:
        """Tell the others, if it is time."""
        if not self._counted or now - self._told_at < EVERY:
            return
        self._told_at = now
        counts = [_Count(*key, times) for key, times in self._counted.most_common(MOST)]
        for each in counts:
            del self._counted[each.limit, each.key, each.width]
        entry = wire.encode(wire.Guessed(), self._seal.seal(_encode(counts)))
        self._membership.post(self._membership.others, entry)

    def heard(self, sealed: bytes) -> None:
        """Raises `NotSealed`."""
        try:
            counts = _decode(self._seal.unseal(sealed))
        except msgspec.DecodeError as error:
            raise NotSealed(str(error)) from None
        for each in counts:
            self._limits.count_also(each.limit, each.key, each.width, each.times)
