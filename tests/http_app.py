"""The web application over nothing: what it has is known, and what it would answer is not."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from server.app import web
from server.identity.tokens import Tokens
from server.runtime.clock import RecordClock
from server.runtime.metrics import Metrics
from server.settings.config import Config
from signalling.rooms.hub import Hub


def over_nothing() -> FastAPI:
    nothing: Any = None
    tokens = Tokens("a secret for this test")
    store = gateway = jobs = schedule = echoes = nothing
    config, metrics = Config.from_env({}), Metrics()
    return web(config, store, Hub(), gateway, tokens, metrics, jobs, schedule, echoes, RecordClock())
