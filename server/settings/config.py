"""Settings, from the environment. Each is described once, in the file of its kind: name, default, allowed values, use.

docs/configuration.md and `reconvene serve --help` say the same; a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.network.client_address import Proxies
from server.network.hosts import Hosts
from server.settings import keys, login, media, network, nodes, rooms, serving, storing, zoom
from server.settings.login import Login
from server.settings.setting import ConfigError, Setting
from signalling.protocol.reach import Reach
from storage.factory import open_store
from storage.import_store import StoreWithImports


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
        kinds = (media, storing, nodes, login, zoom)
        return [line for kind in kinds for line in kind.conflicts(self)]

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
        return all(zoom.credentials(self).values())

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


FOR_PROGRAMS = frozenset({"RECONVENE_TOKEN", "RECONVENE_INVITE", "RECONVENE_PASSWORD"})
"""Variables of programs that take part in meetings: what lets them in."""


def unknown_settings(environ: Mapping[str, str]) -> list[str]:
    """Names with our prefix that are no settings: probably misspelt."""
    known = {setting.name for setting in SETTINGS} | FOR_PROGRAMS
    return sorted(name for name in environ if name.startswith("RECONVENE_") and name not in known)


SETTINGS: tuple[Setting, ...] = (
    *serving.LISTENING,
    *storing.SETTINGS,
    *keys.SETTINGS,
    *serving.TIMES,
    *serving.BOUNDS,
    *network.ORIGINS,
    *nodes.SETTINGS,
    *network.SETTINGS,
    *rooms.SETTINGS,
    *login.SETTINGS,
    *media.ICE,
    *zoom.SETTINGS,
    *media.ECHO,
    *serving.LOGGING,
)
