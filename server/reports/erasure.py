"""What is known of one person, told or erased, while the server runs."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

import structlog

from server.realtime.gateway import Gateway
from storage.store import Store

log = structlog.get_logger()

RECORDED_WITHIN = 5.0
"""Seconds that what the person did last has to be recorded in."""


async def erase(
    store: Store, gateway: Gateway, revoke: Callable[[str], Awaitable[None]], user_id: str
) -> int:
    """Void the person's credentials (`revoke`), close their places, and erase them; returns from how many meetings.

    Raises `PersonPresent` while another process still has them in a room, and `StoreUnavailable`; asking again does the
    rest.
    """
    await revoke(user_id)
    await gateway.written(user_id, RECORDED_WITHIN)
    erased = await store.erase_person(user_id, secrets.token_hex(16))
    log.info("person erased", meetings=erased)
    return erased
