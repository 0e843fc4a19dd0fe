"""Builds the gateway of a node that is one of several."""

from __future__ import annotations

from typing import Any

from server.cluster.engine.errors import EngineRefused
from server.cluster.engine.one_secret import fingerprints
from server.cluster.redis.redis_engine import RedisEngine
from server.identity.secret_file import load_secret
from server.identity.tokens import Tokens
from server.runtime.metrics import Metrics
from server.settings.config import Config
from server.settings.setting import ConfigError
from server.sharing.figures import Figures
from server.sharing.gateway import ClusterGateway
from server.sharing.measured import Measured
from server.sharing.sealing import Seal
from signalling.rooms.hub import Hub


def cluster_gateway(
    config: Config, hub: Hub, *parts: Any, metrics: Metrics, tokens: Tokens, node: str
) -> ClusterGateway:
    """`parts`: those of any gateway. Raises `ConfigError` for an address that is none."""
    try:
        engine = Measured(RedisEngine(config.engine or ""))
    except EngineRefused as error:
        raise ConfigError(f"RECONVENE_ENGINE cannot be used: {error}") from None
    secrets = load_secret(config), config.secret_previous
    gateway = ClusterGateway(*(config, hub, *parts, metrics, engine, tokens, Seal(*secrets), node))
    gateway.membership.secrets = fingerprints(*secrets)
    Figures(gateway, hub, metrics, engine, gateway.membership.secrets)
    return gateway
