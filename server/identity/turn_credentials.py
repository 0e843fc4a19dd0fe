"""Short-lived TURN credentials for one user."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from server.settings.config import Config

LASTING = 6 * 3600
"""Lifetime in seconds of credentials for clients that take no new ones in a meeting: longer than most meetings."""


def ice_servers(config: Config, user_id: str, now: float, lifetime: int = LASTING) -> list[dict[str, Any]]:
    """RTCIceServer dictionaries (W3C webrtc-pc): the fixed ones, and TURN with credentials made for this user.

    The credentials follow the TURN REST API draft (draft-uberti-behave-turn-rest), as coturn implements it.
    """
    servers = list(config.ice_servers)
    if config.turn_urls and config.turn_secret:
        username = f"{int(now) + lifetime}:{user_id}"
        digest = hmac.new(config.turn_secret.encode(), username.encode(), hashlib.sha1).digest()
        servers.append(
            {
                "urls": list(config.turn_urls),
                "username": username,
                "credential": base64.b64encode(digest).decode(),
            }
        )
    return servers
