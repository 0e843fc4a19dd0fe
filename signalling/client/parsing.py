"""Frames that a server sent, as messages."""

from __future__ import annotations

import orjson

from signalling.client.outbox import Message


def parsed(text: str | bytes) -> Message:
    """Empty for what is no message."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return message if isinstance(message, dict) else {}
