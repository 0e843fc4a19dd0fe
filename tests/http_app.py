"""The web application over nothing: what it has is known, and what it would answer is not."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from server.app import web
from server.identity.tokens import Tokens
from server.runtime.metrics import Metrics
from server.settings.config import Config
from signalling.rooms.hub import Hub


def over_nothing() -> FastAPI:
    nothing: Any = None
    tokens = Tokens("a secret for this test")
    return web(
        Config.from_env({}), nothing, Hub(), nothing, tokens, Metrics(), nothing, nothing, nothing, nothing
    )
