"""All nodes of a cluster share a secret: two clusters on one engine would otherwise take each other's rooms, and could
read nothing of them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence

from server.cluster.engine import about
from server.cluster.engine.errors import EngineRefused
from server.cluster.engine.records import SeenNode

PURPOSE = b"reconvene: which secret a node has"


def fingerprint(secret: str) -> str:
    """By which a secret is known again, and nothing is learnt of it that the sealed messages beside it do not tell."""
    return hmac.new(secret.encode(), PURPOSE, hashlib.sha256).hexdigest()[:16]


def fingerprints(*secrets: str | None) -> Sequence[str]:
    return [fingerprint(each) for each in secrets if each is not None]


def check(mine: Sequence[str], nodes: Iterable[SeenNode], me: str = "") -> None:
    """Raises `EngineRefused` if a node lives that knows none of these secrets."""
    for node in nodes:
        if node.about is None or node.id == me:
            continue
        said = about.decode(node.about)
        if said.secrets and set(mine).isdisjoint(said.secrets):
            where = f" on {said.host}" if said.host else ""
            raise EngineRefused(
                f"nodes with another RECONVENE_SECRET use it ({node.id}{where}); set the same for all nodes of a"
                " cluster, or name another database of the engine, as in redis://host/1, for a cluster of its own"
            )
