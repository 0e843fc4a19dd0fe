"""Settings about logins: what they make together, and what does not go together."""

from __future__ import annotations

import pytest

from server.settings import login as settings
from server.settings.config import Config
from server.settings.setting import ConfigError
from tests.issuer import AUDIENCE, ISSUER, SECRET, login

URL = "https://login.example.org/keys"
PROJECT = {"RECONVENE_JWT": "supabase", "SUPABASE_URL": "https://abc.supabase.co"}


def test_nothing_is_set_by_default() -> None:
    config = Config.from_env({})
    assert config.login is None
    assert (config.anonymous, config.create, config.jwt_expired) == ("yes", "anyone", "keep")


def test_algorithms_are_pinned_by_the_keys() -> None:
    by_secret = Config.from_env(login(SECRET=SECRET)).login
    assert by_secret == settings.Login(ISSUER, AUDIENCE, frozenset({"HS256"}), (SECRET,))
    by_url = Config.from_env(login(JWKS_URL=URL)).login
    assert by_url == settings.Login(
        ISSUER, AUDIENCE, frozenset({"ES256", "RS256", "EdDSA", "Ed25519"}), jwks_url=URL
    )
    for name in ("EdDSA", "Ed25519"):
        one = Config.from_env(login(JWKS_URL=URL, ALGORITHMS=name)).login
        assert one is not None
        assert one.algorithms == frozenset({"EdDSA", "Ed25519"})


def test_no_secret_is_shown() -> None:
    config = Config.from_env(login(SECRET=SECRET, SECRET_PREVIOUS=SECRET[::-1]))
    assert SECRET not in f"{config!r} {config.login!r}"
    assert SECRET[::-1] not in f"{config!r} {config.login!r}"


@pytest.mark.parametrize(
    ("environ", "text"),
    [
        (login(), "RECONVENE_JWT_SECRET, RECONVENE_JWT_JWKS_URL or RECONVENE_JWT_KEYS_FILE must be set"),
        (login(AUDIENCE="", SECRET=SECRET), "RECONVENE_JWT_AUDIENCE must be set"),
        (login(ISSUER="", SECRET=SECRET), "RECONVENE_JWT_ISSUER must be set when RECONVENE_JWT_SECRET is"),
        (login(ISSUER=""), "RECONVENE_JWT_ISSUER must be set when RECONVENE_JWT_AUDIENCE is"),
        (login(SECRET=SECRET, JWKS_URL=URL), "cannot be set together"),
        (login(KEYS_FILE="keys.pem", JWKS_URL=URL), "cannot be set together"),
        (login(JWKS_URL=URL, SECRET_PREVIOUS=SECRET), "RECONVENE_JWT_SECRET must be set when"),
        (login(SECRET=SECRET, ALGORITHMS="RS256"), "with a shared secret, not RS256"),
        (login(JWKS_URL=URL, ALGORITHMS="ES256,HS256"), "with public keys, not HS256"),
        (login(SECRET="short"), "RECONVENE_JWT_SECRET must be at least 32 characters"),
        (login(JWKS_URL="http://login.example.org/keys"), "must be an https:// URL"),
        (login(JWKS_URL="https://user:word@login.example.org/keys"), "without a password"),
        (login(JWKS_URL=URL, ALGORITHMS="none"), "RECONVENE_JWT_ALGORITHMS must be names"),
        (login(JWKS_URL=URL, EXPIRED="never"), "RECONVENE_JWT_EXPIRED must be keep or leave"),
        ({"RECONVENE_JWT": "auth0"}, "RECONVENE_JWT must be supabase"),
        ({"RECONVENE_JWT": "supabase"}, "SUPABASE_URL must be set when RECONVENE_JWT is supabase"),
        (PROJECT | {"RECONVENE_JWT_JWKS_URL": URL}, "the project publishes its keys"),
        (PROJECT | {"SUPABASE_URL": "http://abc.supabase.co"}, "SUPABASE_URL must be an https:// URL when"),
        ({"RECONVENE_PICTURE_ORIGINS": "https://a.example; script-src *"}, "must be origins such as"),
        ({"RECONVENE_ANONYMOUS": "no"}, "RECONVENE_ANONYMOUS=no lets nobody in without a login"),
        ({"RECONVENE_ANONYMOUS": "maybe"}, "RECONVENE_ANONYMOUS must be yes, lobby or no, not 'maybe'"),
        (
            {"RECONVENE_PICTURE_ORIGINS": "http://a.example"},
            "RECONVENE_PICTURE_ORIGINS must be origins such as",
        ),
        ({"RECONVENE_PICTURE_ORIGINS": "*"}, "RECONVENE_PICTURE_ORIGINS must be origins such as"),
        *(
            ({"RECONVENE_LOGIN_URL": url}, "RECONVENE_LOGIN_URL must be an https:// URL")
            for url in (
                "http://app.example.org/login",
                "https://ann:word@app.example.org/",
                "https://{return}",
                "https://app.example.org/{return}",
                "https://app.example.org/ ?next={return}",
                "javascript:alert(1)//?next={return}",
            )
        ),
        ({"RECONVENE_CREATE": "identified"}, "RECONVENE_CREATE=identified lets nobody create"),
        ({"RECONVENE_CREATE": "admin"}, "RECONVENE_ADMIN_KEY must be set"),
    ],
)
def test_what_does_not_go_together_stops_the_start(environ: dict[str, str], text: str) -> None:
    with pytest.raises(ConfigError, match=r"^[^\n]+$") as error:
        Config.from_env(environ)
    assert text in str(error.value)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.org",
        "https://app.example.org/?a=b&next={return}#c",
        "http://localhost:8080/#/{return}",
    ],
)
def test_people_may_be_sent_to_log_in(url: str) -> None:
    assert Config.from_env({"RECONVENE_LOGIN_URL": url}).login_url == url


def test_keys_on_this_machine_may_come_without_tls() -> None:
    for host in ("localhost", "127.0.0.1:9000", "[::1]"):
        assert Config.from_env(login(JWKS_URL=f"http://{host}/keys")).jwt_jwks_url == f"http://{host}/keys"


def test_a_project_that_publishes_no_keys_or_is_on_this_machine_may_be_asked_in_the_clear() -> None:
    near = Config.from_env(PROJECT | {"SUPABASE_URL": "http://127.0.0.1:54321"}).login
    assert near is not None
    assert near.jwks_url == "http://127.0.0.1:54321/auth/v1/.well-known/jwks.json"
    old = Config.from_env(PROJECT | {"SUPABASE_URL": "http://supabase", "RECONVENE_JWT_SECRET": SECRET}).login
    assert old is not None
    assert old.jwks_url is None


def test_a_project_of_supabase_may_have_an_issuer_of_its_own_domain() -> None:
    own = Config.from_env(PROJECT | {"RECONVENE_JWT_ISSUER": "https://auth.example.org/auth/v1"}).login
    assert own is not None
    assert (own.issuer, own.audience) == ("https://auth.example.org/auth/v1", "authenticated")
    assert own.jwks_url == "https://abc.supabase.co/auth/v1/.well-known/jwks.json"


def test_without_the_extra_public_keys_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PACKAGES", ("cryptography", "a_package_that_is_not_there"))
    with pytest.raises(ConfigError, match=r"a_package_that_is_not_there.*pip install '\.\[jwt\]'"):
        Config.from_env(login(JWKS_URL=URL))
    assert Config.from_env(login(SECRET=SECRET)).login is not None
