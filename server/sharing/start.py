"""Builds the gateway of a node that is one of several."""

from __future__ import annotations

from typing import Any

from server.cluster.engine.errors import EngineRefused
from server.cluster.redis.redis_engine import RedisEngine
from server.identity.secret_file import load_secret
from server.identity.tokens import Tokens
from server.settings.config import Config
from server.settings.setting import ConfigError
from server.sharing.gateway import ClusterGateway
from server.sharing.sealing import Seal


def cluster_gateway(config: Config, *parts: Any, tokens: Tokens, node: str) -> ClusterGateway:
    """`parts`: those of any gateway. Raises `ConfigError` for an address that is none."""
    try:
        engine = RedisEngine(config.engine or "")
    except EngineRefused as error:
        raise ConfigError(f"RECONVENE_ENGINE cannot be used: {error}") from None
    seal = Seal(load_secret(config), config.secret_previous)
    return ClusterGateway(*(config, *parts, engine, tokens, seal, node))
