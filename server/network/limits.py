"""Limits per address, so that one client cannot exhaust the server: the table of limits, and their enforcement.

Each is just wide enough for a school behind one address. A client whose address is not known (a Unix socket) is not
limited.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from server.network.client_address import Client
from server.runtime.rates import Rate
from server.runtime.retry_after import back_after
from server.runtime.seldom import Seldom
from signalling.protocol.errors import ErrorCode, Refused

if TYPE_CHECKING:
    # The server listens before Metrics is imported.
    from server.runtime.metrics import Metrics

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Limit:
    """`seconds`: until the whole burst is available again. None: limits how many exist at a time."""

    most: int
    seconds: float | None
    too_many: str
    """The beginning of the error message."""


LIMITS: dict[str, Limit] = {
    "lookups": Limit(100, 60, "So many meeting IDs were tried in your network that do not exist"),
    "failed_keys": Limit(10, 60, "So many keys were tried in your network that are not valid"),
    "identities": Limit(1200, 60, "So many people came to this server from your network at once"),
    "meetings": Limit(600, 600, "So many meetings were made in your network"),
    "meetings_per_identity": Limit(100, 600, "You have made so many meetings"),
    "sockets": Limit(2000, None, "So many connections are open from your network"),
    "new_sockets": Limit(1200, 60, "So many connections were opened from your network"),
    "requests": Limit(60_000, 300, "So many requests came from your network"),
    "reports": Limit(3000, 300, "So many reports on meetings were asked for in your network"),
    "qr_codes": Limit(120, 60, "So many QR codes were asked for in your network"),
    "passwords": Limit(5, 60, "So many wrong passwords were tried for this meeting in your network"),
    "knocks": Limit(60, 60, "So many people from your network have asked to be let into this meeting"),
    "waiting": Limit(30, None, "So many people from your network wait to be let in"),
    "echoes": Limit(2, None, "So many calls are being tested in your network"),
}

HIDDEN_WIDTH = 50
"""Factor by which limits are wider for the address of an untrusted proxy, which many clients share."""

SAYS_EVERY = 10.0
"""Seconds between two log lines about the same limit."""
MOST_HIDDEN = 100
"""Untrusted proxies that are warned about, each once."""


def parse(text: str) -> dict[str, int]:
    """The number for each limit that is on: `2` doubles them all, `sockets=50` sets one. Raises `ValueError`."""
    factor, single = 1.0, dict[str, int]()
    for part in text.split(","):
        name, named, value = part.strip().partition("=")
        if not named:
            factor = _number(name)
        elif name in LIMITS:
            single[name] = round(_number(value))
        else:
            raise ValueError
    most = {name: max(1, round(limit.most * factor)) for name, limit in LIMITS.items() if factor} | single
    return {name: number for name, number in most.items() if number}


def _number(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1_000_000:
        raise ValueError
    return value


class Limits:
    """`most`: as `parse` returns it. Times are read from `clock`, in seconds."""

    def __init__(
        self, most: Mapping[str, int], metrics: Metrics, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.counted: Callable[[str, str, int, int], None] | None = None
        """Told of all that is counted over some time: the limit, what it is counted for, how wide the limit is for
        that, and how many times; -1: it was given back. Several nodes count these together."""
        self._most = most
        self._metrics = metrics
        self._clock = clock
        self._rates = {
            name: Rate(most[name], limit.seconds)
            for name, limit in LIMITS.items()
            if limit.seconds is not None and name in most
        }
        self._sockets: Counter[str] = Counter()
        self._hidden: set[str] = set()
        self._seldom = Seldom(SAYS_EVERY, clock)

    def check(self, name: str, client: Client, key: str | None = None) -> None:
        """Raises `Refused` if the limit is reached. `key`: what is counted instead of the address."""
        rate = self._rates.get(name)
        if rate is None or not client.network:
            return
        wait = rate.wait(key or client.network, self._clock(), _width(client))
        if wait:
            raise self.refusal(name, client, wait)

    def count(self, name: str, client: Client, key: str | None = None) -> None:
        """Count one."""
        rate = self._rates.get(name)
        if rate is not None and client.network:
            rate.take(key or client.network, self._clock(), _width(client))
            if self.counted is not None:
                self.counted(name, key or client.network, _width(client), 1)

    def count_also(self, name: str, key: str, width: int, times: int) -> None:
        """Count what another node was told of as `counted`."""
        rate = self._rates.get(name)
        if rate is not None and times > 0:
            rate.take(key, self._clock(), width, min(times, self._most[name] * width))
        elif rate is not None:
            rate.give_back(key, width, -times)

    def crumb(self, name: str) -> int:
        """So few that it does not matter who counts them; more than none."""
        return max(1, self._most.get(name, 0) // 100)

    def take(self, name: str, client: Client, key: str | None = None) -> None:
        """Count one, or raise `Refused`."""
        self.check(name, client, key)
        self.count(name, client, key)

    def give_back(self, name: str, client: Client, key: str | None = None) -> None:
        """Return one that was taken but not used."""
        rate = self._rates.get(name)
        if rate is not None and client.network:
            rate.give_back(key or client.network, _width(client))
            if self.counted is not None:
                self.counted(name, key or client.network, _width(client), -1)

    def hold(self, name: str, client: Client, held: int, retry_after: float) -> None:
        """Raises `Refused` if a client that already holds `held` may not have another."""
        most = self._most.get(name)
        if most is not None and client.network and held >= most * _width(client):
            raise self.refusal(name, client, retry_after)

    def opened(self, client: Client) -> Refused | None:
        """Count an open socket until `closed` is called. Returns the refusal if it must be closed at once."""
        self.seen(client)
        held = self._sockets[client.network]
        self._sockets[client.network] += 1
        try:
            self.hold("sockets", client, held, retry_after=5.0)
            self.take("new_sockets", client)
        except Refused as refused:
            return refused
        return None

    def closed(self, client: Client) -> None:
        self._sockets[client.network] -= 1
        if not self._sockets[client.network]:
            del self._sockets[client.network]

    def key_failed(self, client: Client) -> None:
        """Count and log an invalid key."""
        self.count("failed_keys", client)
        self._metrics.failed_keys += 1
        log.info("key refused", remote=client.address)

    def seen(self, client: Client) -> None:
        """If an untrusted proxy hides the client, warn about the proxy, once."""
        if client.hidden and client.address not in self._hidden and len(self._hidden) < MOST_HIDDEN:
            self._hidden.add(client.address)
            log.warning(
                "a proxy names clients and is not trusted: all behind it share the limits of one address, made wider",
                proxy=client.address,
                advice=f"set RECONVENE_TRUSTED_PROXIES=loopback,{client.address} if it is yours",
            )

    def refusal(self, name: str, client: Client, wait: float) -> Refused:
        """The refusal. Its delay is random, so that clients refused together do not all return at once."""
        self._metrics.limited[name] += 1
        if refused := self._seldom.count(name):
            log.warning("an address is over a limit", limit=name, remote=client.address, refused=refused)
        retry_after = back_after(wait)
        text = f"{LIMITS[name].too_many}; try again in {round(retry_after)} s."
        return Refused(ErrorCode.RATE_LIMITED, text, retry_after)


def _width(client: Client) -> int:
    return HIDDEN_WIDTH if client.hidden else 1
