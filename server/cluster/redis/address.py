"""Where the primary is: RECONVENE_ENGINE, Sentinels, TLS. What a URL may say is redis-py's.

redis://[user:password@]host[:port][/database]
rediss://…                                                      by TLS; ?ssl_ca_certs=/path, ?ssl_cert_reqs=none, …
redis+sentinel://[user:password@]host[:port],…/name[/database]  what the Sentinels call `name`; also rediss+sentinel;
                                                                ?sentinel_username=…, ?sentinel_password=…
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import redis.exceptions
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import MasterNotFoundError, Sentinel
from redis.backoff import NoBackoff

from server.cluster.engine.errors import EngineRefused, EngineUnavailable

PORT = 6379
SENTINEL_PORT = 26379

MEANT = {"host", "port", "db", "username", "password", "connection_class"}


@dataclass(frozen=True, slots=True)
class Address:
    """What a URL says. Without `sentinels`, `host` and `port` are the primary's."""

    host: str
    port: int
    database: int
    username: str
    password: str
    tls: ssl.SSLContext | None
    sentinels: tuple[tuple[str, int], ...] = ()
    name: str = ""
    sentinel_login: Mapping[str, str] | None = None

    async def find(self, patience: float) -> tuple[str, int]:
        """Host and port of the primary. `patience`: seconds for each Sentinel. Raises `EngineUnavailable`."""
        if not self.sentinels:
            return self.host, self.port
        settings: dict[str, Any] = {"socket_timeout": patience, "socket_connect_timeout": patience}
        # Whoever calls tries again.
        settings["retry"] = Retry(NoBackoff(), 0)
        settings |= self.sentinel_login or {}
        # redis-py's Sentinels have no types.
        sentinel = Sentinel(list(self.sentinels), sentinel_kwargs=settings)  # type: ignore[no-untyped-call]
        try:
            host, port = await sentinel.discover_master(self.name)
        except MasterNotFoundError as error:
            # For each that does not answer redis-py shows all that it knows of the connection.
            silent, all_ = str(error).count("<redis.asyncio.client."), len(self.sentinels)
            where = ", ".join(f"{host}:{port}" for host, port in self.sentinels)
            told = f"no Sentinel at {where} knows a primary {self.name!r} that lives"
            told += f"; {silent} of {all_} cannot be asked" if silent else ""
            raise EngineUnavailable(told) from None
        except (redis.exceptions.RedisError, OSError, TimeoutError) as error:
            raise EngineUnavailable(f"no Sentinel knows a primary {self.name!r}: {error}") from error
        finally:
            for client in sentinel.sentinels:
                await client.aclose()
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                # redis-py can take a cancellation for a Sentinel that does not answer.
                raise asyncio.CancelledError
        return str(host), int(port)


def parse_address(url: str) -> Address:
    """Raises `EngineRefused`."""
    try:
        parts = urlsplit(url)
        scheme, _, kind = parts.scheme.partition("+")
        if scheme not in ("redis", "rediss") or kind not in ("", "sentinel"):
            raise ValueError("it begins with redis://, rediss://, redis+sentinel:// or rediss+sentinel://")
        return _by_sentinels(url) if kind else _direct(url)
    except (ValueError, OSError, redis.exceptions.RedisError) as error:
        raise EngineRefused(f"the engine's URL cannot be used: {error}") from None


def _direct(url: str) -> Address:
    if not urlsplit(url).hostname:
        raise ValueError("it names no host")
    told: dict[str, Any] = {**parse_url(url)}
    extra = {name: value for name, value in told.items() if name not in MEANT}
    unknown = [name for name in extra if not name.startswith("ssl_")]
    by_tls = told.get("connection_class") is SSLConnection
    if unknown or (extra and not by_tls):
        raise ValueError(f"nothing is known of {', '.join(unknown or extra)}")
    return Address(
        host=str(told["host"]),
        port=int(told.get("port", PORT)),
        database=int(told.get("db", 0)),
        username=str(told.get("username", "")),
        password=str(told.get("password", "")),
        tls=_context(extra) if by_tls else None,
    )


def _context(settings: Mapping[str, Any]) -> ssl.SSLContext:
    try:
        # redis-py 6 checks no names unless it is told to.
        return SSLConnection(**{"ssl_check_hostname": True, **settings}).ssl_context.get()
    except TypeError as error:
        raise ValueError(str(error)) from None


def _by_sentinels(url: str) -> Address:
    parts = urlsplit(url)
    login, _, hosts = parts.netloc.rpartition("@")
    name, _, database = parts.path.strip("/").partition("/")
    sentinels = tuple(_host(each) for each in hosts.split(",") if each)
    if not sentinels or not name:
        raise ValueError("it names Sentinels, and behind them the primary as they call it: …,host:26379/name")
    query = dict(parse_qsl(parts.query))
    own = {
        part: query.pop(f"sentinel_{part}")
        for part in ("username", "password")
        if f"sentinel_{part}" in query
    }
    netloc = f"{login}@sentinel" if login else "sentinel"
    scheme = parts.scheme.partition("+")[0]
    told = _direct(f"{scheme}://{netloc}/{database}?{urlencode(query)}")
    return Address(
        host="",
        port=0,
        database=told.database,
        username=told.username,
        password=told.password,
        tls=told.tls,
        sentinels=sentinels,
        name=name,
        sentinel_login=own,
    )


def _host(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError(f"{text!r} is no host")
    return parts.hostname, parts.port or SENTINEL_PORT
