"""Settings of the server's own keys."""

from __future__ import annotations

from server.settings import parsers
from server.settings.setting import Setting

SETTINGS = (
    Setting(
        "RECONVENE_SECRET",
        "",
        "at least 16 characters",
        "Signs identity and session tokens. Not set: one is made at the first start and kept in the data directory.",
        parsers.of_length(16),
        private=True,
    ),
    Setting(
        "RECONVENE_SECRET_PREVIOUS",
        "",
        "at least 16 characters",
        "The secret in use before: what was signed with it is taken, and renewed. Not set: it is refused.",
        parsers.of_length(16),
        private=True,
    ),
    Setting(
        "RECONVENE_ADMIN_KEY",
        "",
        "at least 16 characters",
        "Bearer key that may do what a host may, in every meeting. Not set: there is no such key.",
        parsers.of_length(16),
        private=True,
    ),
)
