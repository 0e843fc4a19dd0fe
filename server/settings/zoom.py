"""Settings for the import from Zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.settings import parsers
from server.settings.setting import Setting

if TYPE_CHECKING:
    from server.settings.config import Config

SETTINGS = (
    Setting(
        "ZOOM_ACCOUNT_ID",
        "",
        "the account ID that the Server-to-Server OAuth app in Zoom shows",
        "Whose webinars and meetings are imported; with it, the next two.",
        parsers.of_length(1),
    ),
    Setting("ZOOM_CLIENT_ID", "", "the app's client ID", "Of that app.", parsers.of_length(1)),
    Setting(
        "ZOOM_CLIENT_SECRET",
        "",
        "the app's client secret",
        "Of that app: Zoom is asked by it.",
        parsers.of_length(1),
        private=True,
    ),
    Setting(
        "ZOOM_WEBHOOK_SECRET",
        "",
        "the app's secret token for event subscriptions",
        "Proves that what comes to /api/zoom/webhook is from Zoom. Not set: nothing is taken there.",
        parsers.of_length(1),
        private=True,
    ),
    Setting(
        "ZOOM_API_URL",
        "https://api.zoom.us/v2",
        "an http:// or https:// URL",
        "Where Zoom's API is: another one for Zoom for Government, or for a proxy.",
        parsers.web_url,
    ),
    Setting(
        "ZOOM_TOKEN_URL",
        "https://zoom.us/oauth/token",
        "an http:// or https:// URL",
        "Where Zoom gives out access tokens.",
        parsers.web_url,
    ),
)


def credentials(config: Config) -> dict[str, str | None]:
    """Of the app by which Zoom is asked."""
    return {
        "ZOOM_ACCOUNT_ID": config.zoom_account_id,
        "ZOOM_CLIENT_ID": config.zoom_client_id,
        "ZOOM_CLIENT_SECRET": config.zoom_client_secret,
    }


def conflicts(config: Config) -> list[str]:
    needed = credentials(config)
    given = next((name for name, value in needed.items() if value), None)
    if given is None:
        return []
    return [
        f"{name} must be set when {given} is: see docs/zoom.md" for name, value in needed.items() if not value
    ]
