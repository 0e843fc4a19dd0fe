"""Settings, from the environment. Each is described once: name, default, allowed values, purpose.

docs/configuration.md and `reconvene serve --help` say the same; a test compares them.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.network.client_address import Proxies
from server.network.hosts import Hosts
from server.settings import login, media, network, nodes, parsers, rooms, zoom
from server.settings.login import Login
from server.settings.setting import ConfigError, Setting
from signalling.protocol.reach import Reach
from storage.factory import SUPABASE, open_store
from storage.import_store import StoreWithImports

PEER = ("aiortc", "av", "httpx")
"""Packages of the extra `peer`."""


@dataclass(frozen=True, slots=True)
class Config:
    host: str
    port: int
    store: str = field(repr=False)
    supabase_url: str | None
    supabase_service_key: str | None = field(repr=False)
    supabase_db_url: str | None = field(repr=False)
    processes: int
    engine: str | None = field(repr=False)
    secret: str | None = field(repr=False)
    secret_previous: str | None = field(repr=False)
    admin_key: str | None = field(repr=False)
    grace: float
    heartbeat: float
    drain: float
    max_participants: int
    max_waiting: int
    lobby: str
    without_host: str
    message_rate: float
    overload: float
    retention_days: int | None
    log_memory: int
    jwt: str | None
    jwt_issuer: str | None
    jwt_audience: str | None
    jwt_secret: str | None = field(repr=False)
    jwt_secret_previous: str | None = field(repr=False)
    jwt_jwks_url: str | None
    jwt_keys_file: Path | None
    jwt_algorithms: tuple[str, ...]
    jwt_expired: login.Expired
    anonymous: login.Anonymous
    create: login.Creators
    login_url: str | None
    picture_origins: tuple[str, ...]
    allowed_origins: tuple[str, ...]
    embed_origins: tuple[str, ...]
    limits: Mapping[str, int]
    trusted_proxies: Proxies
    hosts: Hosts
    base_path: str
    max_unjoined: int
    hsts: int
    ice_servers: tuple[dict[str, Any], ...] = field(repr=False)
    turn_urls: tuple[str, ...]
    turn_secret: str | None = field(repr=False)
    zoom_account_id: str | None
    zoom_client_id: str | None
    zoom_client_secret: str | None = field(repr=False)
    zoom_webhook_secret: str | None = field(repr=False)
    zoom_api_url: str
    zoom_token_url: str
    echo: bool
    echo_reach: Reach | None
    log_level: str

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Config:
        """Raises `ConfigError` for the first setting that cannot be used. An empty value counts as not set."""
        config = cls(**{setting.field: setting.read(environ) for setting in SETTINGS})
        for conflict in config.conflicts():
            raise ConfigError(conflict)
        return config

    def conflicts(self) -> list[str]:
        """Settings that are valid one by one but not together: a line for each conflict."""
        found = []
        if self.turn_urls and not self.turn_secret:
            found.append(
                "RECONVENE_TURN_SECRET must be set when RECONVENE_TURN_URLS is: the secret shared with TURN"
            )
        if self.store == SUPABASE:
            missing = {"SUPABASE_URL": self.supabase_url, "SUPABASE_SERVICE_KEY": self.supabase_service_key}
            found += [
                f"{name} must be set when RECONVENE_STORE is supabase: see docs/supabase.md"
                for name, value in missing.items()
                if not value
            ]
        if self.echo and not has_peer():
            found.append(
                "RECONVENE_ECHO=1 needs packages that are not installed: "
                "pip install '.[peer]' in the checkout (docs/install.md), or unset it"
            )
        found += [*nodes.conflicts(self), *login.conflicts(self)]
        credentials = self._zoom_credentials()
        given = next((name for name, value in credentials.items() if value), None)
        if given is not None:
            found += [
                f"{name} must be set when {given} is: see docs/zoom.md"
                for name, value in credentials.items()
                if not value
            ]
        return found

    @property
    def login(self) -> Login | None:
        """The login of the application in front, if one is set up."""
        return login.of(self)

    @property
    def of_new_meetings(self) -> dict[str, Any]:
        """Settings that new meetings begin with: those that are not their defaults."""
        wanted = ("lobby", self.lobby), ("without_host", self.without_host)
        return {name: value for name, value in wanted if value not in ("off", "continue")}

    @property
    def has_zoom(self) -> bool:
        """Whether Zoom can be asked: all credentials of its app are set."""
        return all(self._zoom_credentials().values())

    def _zoom_credentials(self) -> dict[str, str | None]:
        return {
            "ZOOM_ACCOUNT_ID": self.zoom_account_id,
            "ZOOM_CLIENT_ID": self.zoom_client_id,
            "ZOOM_CLIENT_SECRET": self.zoom_client_secret,
        }

    def make_store(self) -> StoreWithImports:
        """The configured store, not connected yet. Raises `BadStore`."""
        return open_store(
            self.store,
            supabase_url=self.supabase_url,
            supabase_key=self.supabase_service_key,
            supabase_db_url=self.supabase_db_url,
        )

    @property
    def data_directory(self) -> Path:
        """Where this server keeps its own files: beside an SQLite store, otherwise ./data."""
        scheme, _, path = self.store.partition(":///")
        return Path(path).parent if scheme == "sqlite" and path else Path("data")


def has_peer() -> bool:
    """Whether the extra `peer` is installed. Does not import it, to keep it out of the server's memory."""
    return all(importlib.util.find_spec(name) is not None for name in PEER)


FOR_PROGRAMS = frozenset({"RECONVENE_TOKEN", "RECONVENE_INVITE", "RECONVENE_PASSWORD"})
"""Variables of programs that take part in meetings: what lets them in."""


def unknown_settings(environ: Mapping[str, str]) -> list[str]:
    """Names with our prefix that are no settings: probably misspelt."""
    known = {setting.name for setting in SETTINGS} | FOR_PROGRAMS
    return sorted(name for name in environ if name.startswith("RECONVENE_") and name not in known)


SETTINGS: tuple[Setting, ...] = (
    Setting("RECONVENE_HOST", "127.0.0.1", "a host name or address", "Where to listen.", parsers.host),
    Setting(
        "RECONVENE_PORT",
        "3000",
        "a port from 0 to 65535 (0 takes a free one)",
        "Port to listen on.",
        parsers.integer(0, 65535),
    ),
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
    Setting(
        "RECONVENE_GRACE",
        "30",
        "seconds from 0 to 3600",
        "How long someone whose connection was lost keeps the place in the meeting.",
        parsers.number(0, 3600),
    ),
    Setting(
        "RECONVENE_HEARTBEAT",
        "15",
        "seconds from 0.1 to 300",
        "How often connections are checked for life, from both sides.",
        parsers.number(0.1, 300),
    ),
    Setting(
        "RECONVENE_DRAIN",
        "10",
        "seconds from 1 to 3600",
        "How long a stop may take at most, from the signal to the end of the process.",
        parsers.number(1, 3600),
    ),
    Setting(
        "RECONVENE_MAX_PARTICIPANTS",
        "100",
        "a number from 1 to 100000",
        "How many may be in one meeting at a time.",
        parsers.integer(1, 100_000),
    ),
    Setting(
        "RECONVENE_MESSAGE_RATE",
        "50",
        "messages per second, from 0 to 100000 (0 switches the limit off)",
        "Messages per second one connection may send; ten seconds' worth may come at once.",
        parsers.number(0, 100_000),
    ),
    Setting(
        "RECONVENE_OVERLOAD",
        "1",
        "seconds from 0 to 60 (0 refuses nobody)",
        "How late the event loop may be before HTTP is refused; joins are at twice that, returns at four times.",
        parsers.number(0, 60),
    ),
    Setting(
        "RECONVENE_RETENTION_DAYS",
        "",
        "a number of days from 1 to 36500",
        "Meetings in which nothing has happened for so long are deleted. Not set: they are kept for ever.",
        parsers.integer(1, 36_500),
    ),
    Setting(
        "RECONVENE_ALLOWED_ORIGINS",
        "",
        "origins such as https://meet.example.org, separated by commas, or *",
        "Pages of other hosts that may connect. A page of this server's own host always may.",
        parsers.origins,
        empty=(),
    ),
    Setting(
        "RECONVENE_EMBED_ORIGINS",
        "",
        "origins such as https://app.example.org, separated by commas, or *",
        "Pages of other hosts that may have a meeting's page in a frame, and tell it what to do. Not set: none.",
        parsers.origins,
        empty=(),
    ),
    *nodes.SETTINGS,
    *network.SETTINGS,
    *rooms.SETTINGS,
    *login.SETTINGS,
    *media.ICE,
    *zoom.SETTINGS,
    *media.ECHO,
    Setting(
        "RECONVENE_LOG_LEVEL",
        "info",
        "one of debug, info, warning, error",
        "The least important line logged.",
        parsers.level,
    ),
)
