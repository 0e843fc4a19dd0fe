"""Settings: sensible defaults, and one line that names what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.settings.config import SETTINGS, Config, unknown_settings
from server.settings.setting import ConfigError


def test_the_defaults_serve_on_this_machine_with_the_embedded_store() -> None:
    config = Config.from_env({})
    assert (config.host, config.port, config.store) == ("127.0.0.1", 3000, "sqlite:///data/reconvene.db")
    assert (config.grace, config.heartbeat, config.max_participants, config.message_rate) == (30, 15, 100, 50)
    assert (config.secret, config.admin_key, config.allowed_origins, config.ice_servers) == (
        None,
        None,
        (),
        (),
    )
    assert config.data_directory == Path("data")


def test_an_empty_setting_counts_as_not_set() -> None:
    assert Config.from_env({s.name: " " for s in SETTINGS}) == Config.from_env({})


def test_values_are_read() -> None:
    config = Config.from_env(
        {
            "RECONVENE_PORT": "0",
            "RECONVENE_STORE": "sqlite:////var/lib/reconvene/r.db",
            "RECONVENE_MESSAGE_RATE": "0",
            "RECONVENE_ALLOWED_ORIGINS": "https://A.example:443, http://b.example:8080/",
            "RECONVENE_ICE_SERVERS": '[{"urls": ["stun:a.example"]}]',
            "RECONVENE_TURN_URLS": "turn:t.example:3478,turns:t.example",
            "RECONVENE_TURN_SECRET": "s",
            "RECONVENE_LOG_LEVEL": "DEBUG",
        }
    )
    assert config.data_directory == Path("/var/lib/reconvene")
    assert config.allowed_origins == ("https://a.example", "http://b.example:8080")
    assert config.ice_servers == ({"urls": ["stun:a.example"]},)
    assert config.turn_urls == ("turn:t.example:3478", "turns:t.example")
    assert (config.port, config.message_rate, config.log_level) == (0, 0, "debug")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOST", "a b"),
        ("PORT", "http"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("STORE", "reconvene.db"),
        ("SECRET", "short"),
        ("ADMIN_KEY", "short"),
        ("GRACE", "nan"),
        ("GRACE", "inf"),
        ("GRACE", "-1"),
        ("HEARTBEAT", "0"),
        ("MAX_PARTICIPANTS", "0"),
        ("MAX_PARTICIPANTS", "1.5"),
        ("MESSAGE_RATE", "fast"),
        ("ALLOWED_ORIGINS", "example.org"),
        ("ALLOWED_ORIGINS", "https://example.org/page"),
        ("LIMITS", "many"),
        ("LIMITS", "-1"),
        ("LIMITS", "nan"),
        ("LIMITS", "1e9"),
        ("LIMITS", "doors=1"),
        ("LIMITS", "sockets="),
        ("LIMITS", "1,=1"),
        ("TRUSTED_PROXIES", "proxy.example.org"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("ICE_SERVERS", "stun:example.org"),
        ("ICE_SERVERS", '{"urls": "stun:a"}'),
        ("ICE_SERVERS", '[{"urls": "http://a"}]'),
        ("ICE_SERVERS", '[{"urls": "turn:a"}]'),
        ("ICE_SERVERS", '[{"urls": "stun://a.example"}]'),
        ("ICE_SERVERS", '[{"urls": ["stun:a.example", "stun:a.example?transport=udp"]}]'),
        ("ICE_SERVERS", "[1]"),
        ("ICE_SERVERS", "[" * 100_000),
        ("TURN_URLS", "stun:a"),
        ("TURN_URLS", "turn://a.example"),
        ("TURN_URLS", "turn:a.example?transport=sctp"),
        ("ECHO_REACH", "me"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_value_is_named_with_what_it_may_be(name: str, value: str) -> None:
    (setting,) = [s for s in SETTINGS if s.name == f"RECONVENE_{name}"]
    with pytest.raises(ConfigError) as refused:
        Config.from_env({setting.name: value})
    text = str(refused.value)
    assert setting.name in text
    assert setting.may_be in text
    assert "\n" not in text
    assert (value in text) is not setting.private, "what is private is not printed"


def test_turn_needs_its_secret() -> None:
    with pytest.raises(ConfigError, match="RECONVENE_TURN_SECRET"):
        Config.from_env({"RECONVENE_TURN_URLS": "turn:a"})


ZOOM = {"ZOOM_ACCOUNT_ID": "account", "ZOOM_CLIENT_ID": "client", "ZOOM_CLIENT_SECRET": "Z" * 16}


@pytest.mark.parametrize("missing", ZOOM)
def test_zoom_is_asked_by_three_settings_and_the_one_that_is_missing_is_named(missing: str) -> None:
    with pytest.raises(ConfigError, match=f"^{missing} must be set"):
        Config.from_env({name: value for name, value in ZOOM.items() if name != missing})
    assert Config.from_env(ZOOM).has_zoom


def test_without_them_zoom_is_not_asked_and_a_webhook_needs_none() -> None:
    config = Config.from_env({"ZOOM_WEBHOOK_SECRET": "W" * 16, "ZOOM_API_URL": "http://127.0.0.1:8080/v2/"})
    assert not config.has_zoom
    assert (config.zoom_webhook_secret, config.zoom_api_url) == ("W" * 16, "http://127.0.0.1:8080/v2")
    assert config.zoom_token_url == "https://zoom.us/oauth/token"


@pytest.mark.parametrize("name", ["ZOOM_API_URL", "ZOOM_TOKEN_URL"])
def test_where_zoom_is_asked_is_a_url(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        Config.from_env({name: "api.zoom.us"})


def test_no_secret_is_in_a_printed_config() -> None:
    secrets = {
        "RECONVENE_SECRET": "S" * 16,
        "RECONVENE_ADMIN_KEY": "A" * 16,
        "RECONVENE_TURN_SECRET": "T" * 16,
        "ZOOM_WEBHOOK_SECRET": "W" * 16,
        "ZOOM_CLIENT_SECRET": "Z" * 16,
    }
    printed = repr(Config.from_env(ZOOM | secrets))
    assert not any(value in printed for value in secrets.values())


def test_misspelt_settings_are_found() -> None:
    assert unknown_settings({"RECONVENE_PROT": "1", "RECONVENE_PORT": "1", "PATH": "/"}) == ["RECONVENE_PROT"]
