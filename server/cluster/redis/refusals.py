"""What the engine answers instead of an answer, as our errors; and what is wrong with an engine from the beginning."""

from __future__ import annotations

import re
from collections.abc import Mapping

from server.cluster.engine.errors import EngineRefused, EngineUnavailable

OLDEST = (6, 2)

CODE = re.compile(r"\b[A-Z]{4,}\b|\bOOM\b")

NOT_NOW = {
    "OOM": "the engine is full",
    "MISCONF": "the engine cannot write to its disk",
    "READONLY": "the engine is a replica now",
    "LOADING": "the engine loads its data",
    "BUSY": "the engine is busy with a script",
    "MASTERDOWN": "the engine is a replica without its primary",
    "NOREPLICAS": "the engine has too few replicas",
    "NOSCRIPT": "the engine has forgotten its scripts",
}
"""Errors that pass, by their code. Nothing of the call was carried out."""

CLUSTER = (
    "it is a Redis Cluster, whose rooms and inboxes would be in different slots; use a primary with replicas,"
    " Sentinels, or a service without cluster mode"
)

NEVER = {
    "NOAUTH": "it wants a password; name it in the URL, as in redis://:password@host",
    "WRONGPASS": "user or password are wrong; correct them in the URL, where @ / : # are written %40 %2F %3A %23",
    "NOPERM": "the user may not do what is needed; give it ~rc:* +@all -@dangerous +info (ACL SETUSER)",
    "WRONGTYPE": "another program uses our keys (rc:…) in this database; name another one, as in redis://host/1",
    "CROSSSLOT": CLUSTER,
    "MOVED": CLUSTER,
    "CLUSTERDOWN": CLUSTER,
    "DENIED": "it runs in protected mode, and serves its own machine only; give it a password (requirepass)",
}


def code(text: str) -> str:
    """The code of an error of the engine; "": none that is known. Redis 6 tells those in scripts in the middle."""
    return next((word for word in CODE.findall(text) if word in NOT_NOW or word in NEVER), "")


def error(text: str) -> EngineUnavailable | EngineRefused:
    """What an error of the engine means."""
    word = code(text)
    if word in NOT_NOW:
        return EngineUnavailable(f"{NOT_NOW[word]} ({text})")
    return EngineRefused(f"{NEVER[word]} ({text})" if word else f"it answers: {text}")


def parse_info(text: bytes) -> dict[str, str]:
    """The answer to INFO."""
    lines = text.decode(errors="replace").splitlines()
    return {name: value for name, colon, value in (line.partition(":") for line in lines) if colon}


def check(info: Mapping[str, str]) -> None:
    """Raises `EngineRefused` or `EngineUnavailable`, with the reason why this engine cannot be used."""
    told = info.get("redis_version", "")
    version = tuple(int(part) for part in re.findall(r"\d+", told)[:2])
    if len(version) < 2 or "run_id" not in info:
        raise EngineRefused("it is neither Redis nor Valkey, or hides what it is; name one of them")
    if version < OLDEST:
        raise EngineRefused(f"Redis {told} is too old; 6.2 is needed, or Valkey 7.2")
    if info.get("cluster_enabled") == "1":
        raise EngineRefused(NEVER["CROSSSLOT"])
    if info.get("loading") == "1":
        raise EngineUnavailable(NOT_NOW["LOADING"])
    if info.get("role") != "master":
        raise EngineRefused("it is read only, a replica; name its primary, or Sentinels that know it")
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        raise EngineRefused(
            f"it throws keys away when it is full (maxmemory-policy {policy}); rooms need noeviction (CONFIG SET"
            " maxmemory-policy noeviction, and in its configuration)"
        )
    most, used = (int(info.get(name, "0") or 0) for name in ("maxmemory", "used_memory"))
    if most and used >= most:
        raise EngineUnavailable(
            f"it is full: {used / 2**20:.0f} MiB of {most / 2**20:.0f} MiB; raise its maxmemory, or find what fills it"
        )
