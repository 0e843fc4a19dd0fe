"""Settings of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.settings import parsers
from server.settings.setting import Setting
from storage.factory import SUPABASE

if TYPE_CHECKING:
    from server.settings.config import Config

SETTINGS = (
    Setting(
        "RECONVENE_STORE",
        "sqlite:///data/reconvene.db",
        "sqlite:///relative/path.db, sqlite:////absolute/path.db, postgresql://user:password@host/database or supabase",
        "Where meetings, participants and attendance are kept.",
        parsers.store,
        private=True,
    ),
    Setting(
        "SUPABASE_URL",
        "",
        "the project's URL, such as https://abc.supabase.co",
        "With RECONVENE_STORE=supabase, or RECONVENE_JWT=supabase: the project.",
        parsers.web_url,
    ),
    Setting(
        "SUPABASE_SERVICE_KEY",
        "",
        "the project's secret key (sb_secret_… or the service_role JWT), of at least 20 characters",
        "With RECONVENE_STORE=supabase: what the record is read and written with. Not the anon or publishable key.",
        parsers.of_length(20),
        private=True,
    ),
    Setting(
        "SUPABASE_DB_URL",
        "",
        "a postgresql:// URL of the project's database",
        "With RECONVENE_STORE=supabase: makes the tables, at the start or by `reconvene migrate`, and nothing else.",
        parsers.postgres_url,
        private=True,
    ),
)


def conflicts(config: Config) -> list[str]:
    if config.store != SUPABASE:
        return []
    needed = {"SUPABASE_URL": config.supabase_url, "SUPABASE_SERVICE_KEY": config.supabase_service_key}
    return [
        f"{name} must be set when RECONVENE_STORE is supabase: see docs/supabase.md"
        for name, value in needed.items()
        if not value
    ]
