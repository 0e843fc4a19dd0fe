"""The settings for Zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.settings.config import Config
from server.zoom.errors import ZoomFailure

if TYPE_CHECKING:
    from server.zoom.client import ZoomSettings


class NotConfigured(ZoomFailure):
    """The settings name no app with which to ask Zoom."""

    def __init__(self) -> None:
        super().__init__(
            "Zoom is not configured: set ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET (docs/zoom.md)"
        )


def zoom_settings(config: Config) -> ZoomSettings:
    """Raises `NotConfigured`; `NotInstalled` when the extra is missing."""
    account_id, client_id, secret = config.zoom_account_id, config.zoom_client_id, config.zoom_client_secret
    if not (account_id and client_id and secret):
        raise NotConfigured
    from server.zoom.client import ZoomSettings

    return ZoomSettings(account_id, client_id, secret, config.zoom_api_url, config.zoom_token_url)
