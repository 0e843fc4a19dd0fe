"""Settings about users whom an application has identified, by JWTs that it signs; and about those without such a token.

One issuer's tokens are taken. Its keys are a shared secret, or public keys behind a URL or in a file.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from server.settings import parsers
from server.settings.setting import Setting, not_installed

if TYPE_CHECKING:
    from server.settings.config import Config

Expired = Literal["keep", "leave"]
Anonymous = Literal["yes", "lobby", "no"]

Creators = Literal["anyone", "identified", "admin"]

SUPABASE = "supabase"

RETURN = "{return}"
"""Stands in RECONVENE_LOGIN_URL for the address to come back to."""

SECRET_ALGORITHMS = ("HS256", "HS384", "HS512")
KEY_ALGORITHMS = (
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
)
BY_SECRET = ("HS256",)
BY_KEY = ("ES256", "RS256", "EdDSA", "Ed25519")
"""What is taken where RECONVENE_JWT_ALGORITHMS is not set."""

PACKAGES = ("cryptography", "httpx")
"""Packages of the extra `jwt`."""


@dataclass(frozen=True, slots=True)
class Login:
    """Whose tokens are taken, and how they are verified: by `secrets`, by the keys at `jwks_url` or in `keys_file`."""

    issuer: str
    audience: str
    algorithms: frozenset[str]
    secrets: tuple[str, ...] = field(default=(), repr=False)
    jwks_url: str | None = None
    keys_file: Path | None = None
    supabase: bool = False


def of(config: Config) -> Login | None:
    """The login that the settings describe, which have no conflicts; None if there is none."""
    supabase = config.jwt == SUPABASE
    base = f"{config.supabase_url}/auth/v1" if supabase and config.supabase_url else None
    issuer = config.jwt_issuer or base
    audience = config.jwt_audience or ("authenticated" if supabase else None)
    if issuer is None or audience is None:
        return None
    secrets = tuple(secret for secret in (config.jwt_secret, config.jwt_secret_previous) if secret)
    by_url = config.jwt_jwks_url or (f"{base}/.well-known/jwks.json" if base and not secrets else None)
    algorithms = {*config.jwt_algorithms} or {*(BY_SECRET if secrets else BY_KEY)}
    if algorithms & {"EdDSA", "Ed25519"}:
        # RFC 9864 gives EdDSA with this curve a name of its own; both mean the same here.
        algorithms |= {"EdDSA", "Ed25519"}
    return Login(
        issuer, audience, frozenset(algorithms), secrets, by_url, config.jwt_keys_file, supabase=supabase
    )


def conflicts(config: Config) -> Iterator[str]:
    """Settings that are valid one by one but not together: a line for each."""
    keys = {
        "RECONVENE_JWT_SECRET": config.jwt_secret,
        "RECONVENE_JWT_JWKS_URL": config.jwt_jwks_url,
        "RECONVENE_JWT_KEYS_FILE": config.jwt_keys_file,
    }
    names = [name for name, value in keys.items() if value]
    others = {
        "RECONVENE_JWT_SECRET_PREVIOUS": config.jwt_secret_previous,
        "RECONVENE_JWT_AUDIENCE": config.jwt_audience,
        "RECONVENE_JWT_ALGORITHMS": config.jwt_algorithms,
    }
    about = "see docs/identity.md"
    if len(names) > 1:
        yield f"{' and '.join(names)} cannot be set together: a token is verified by one of them; {about}"
    if config.jwt == SUPABASE:
        if not config.supabase_url:
            yield "SUPABASE_URL must be set when RECONVENE_JWT is supabase: see docs/identity.md"
        yield from (
            f"{name} and RECONVENE_JWT=supabase cannot be set together: the project publishes its keys"
            for name in names
            if name != "RECONVENE_JWT_SECRET"
        )
        yield from _about_supabase(config)
    elif config.jwt_issuer is None:
        given = names + [name for name, value in others.items() if value]
        if given:
            yield f"RECONVENE_JWT_ISSUER must be set when {given[0]} is: the iss of the tokens; {about}"
    else:
        if config.jwt_audience is None:
            yield f"RECONVENE_JWT_AUDIENCE must be set when RECONVENE_JWT_ISSUER is: the aud of the tokens; {about}"
        if not names:
            yield (
                "RECONVENE_JWT_SECRET, RECONVENE_JWT_JWKS_URL or RECONVENE_JWT_KEYS_FILE must be set when "
                f"RECONVENE_JWT_ISSUER is: tokens are verified by it; {about}"
            )
    if config.jwt_secret_previous and not config.jwt_secret:
        yield "RECONVENE_JWT_SECRET must be set when RECONVENE_JWT_SECRET_PREVIOUS is"
    yield from _about_keys(config, by_secret=bool(config.jwt_secret))
    yield from _about_people(config)


def _about_supabase(config: Config) -> Iterator[str]:
    login = of(config)
    if login is not None and login.jwks_url is not None:
        try:
            keys_url(login.jwks_url)
        except ValueError:
            yield (
                "SUPABASE_URL must be an https:// URL when RECONVENE_JWT is supabase (http:// on this machine only): "
                "who people are is verified by keys from there"
            )


def _about_keys(config: Config, *, by_secret: bool) -> Iterator[str]:
    login = of(config)
    possible = SECRET_ALGORITHMS if by_secret else KEY_ALGORITHMS
    if login and (wrong := sorted(set(config.jwt_algorithms).difference(possible))):
        what = "a shared secret" if by_secret else "public keys"
        yield f"RECONVENE_JWT_ALGORITHMS must be of {', '.join(possible)} with {what}, not {', '.join(wrong)}"
    if login and not by_secret and (missing := missing_packages()):
        yield (
            f"RECONVENE_JWT_… with public keys needs packages that are not installed ({', '.join(missing)}): "
            "pip install '.[jwt]' in the checkout (docs/install.md)"
        )


def _about_people(config: Config) -> Iterator[str]:
    if of(config) is not None:
        return
    if config.anonymous == "no":
        yield "RECONVENE_ANONYMOUS=no lets nobody in without a login: set RECONVENE_JWT_ISSUER, or unset it"
    if config.create == "identified":
        yield (
            "RECONVENE_CREATE=identified lets nobody create meetings without a login: set RECONVENE_JWT_ISSUER, "
            "or set it to anyone or admin"
        )
    if config.create == "admin" and config.admin_key is None:
        yield "RECONVENE_ADMIN_KEY must be set when RECONVENE_CREATE is admin: nobody else creates meetings"


def missing_packages() -> list[str]:
    """Of the extra `jwt`."""
    return not_installed(PACKAGES)


def keys_url(text: str) -> str:
    parts = urlsplit(parsers.web_url(text))
    # Whoever can change the keys on their way can be anyone.
    if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
        raise ValueError
    # The log and the doctor name the URL: it may hold no password.
    if "@" in parts.netloc:
        raise ValueError
    return text


def login_url(text: str) -> str:
    """Where people go to log in. Only what is behind the path may come from this server: whoever is sent there trusts
    its host."""
    parts = urlsplit(text)
    place = parts._replace(query="", fragment="").geturl()
    if RETURN in place or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError
    keys_url(place)
    return text


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def algorithms(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names or not {*names} <= {*SECRET_ALGORITHMS, *KEY_ALGORITHMS}:
        raise ValueError
    return names


SETTINGS = (
    Setting(
        "RECONVENE_JWT",
        "",
        "supabase",
        "Whose users come with a login: those of the project at SUPABASE_URL. Any other login has the settings below.",
        parsers.one_of("supabase"),
    ),
    Setting(
        "RECONVENE_JWT_ISSUER",
        "",
        "the exact iss of the tokens, such as https://login.example.org/",
        "Who identifies users: an application that signs a JWT for each. Not set: everybody is anonymous.",
        parsers.of_length(1),
    ),
    Setting(
        "RECONVENE_JWT_AUDIENCE",
        "",
        "the aud of the tokens, such as reconvene",
        "Whom the tokens are for: this server. A token for anybody else is refused.",
        parsers.of_length(1),
    ),
    Setting(
        "RECONVENE_JWT_SECRET",
        "",
        "at least 32 characters",
        "The secret that the application signs its tokens with (HS256).",
        parsers.of_length(32),
        private=True,
    ),
    Setting(
        "RECONVENE_JWT_SECRET_PREVIOUS",
        "",
        "at least 32 characters",
        "The secret in use before: tokens signed with it are taken as well.",
        parsers.of_length(32),
        private=True,
    ),
    Setting(
        "RECONVENE_JWT_JWKS_URL",
        "",
        "an https:// URL without a password (http:// on this machine only)",
        "Where the issuer publishes its public keys, as a JWK Set. Needs the extra jwt.",
        keys_url,
    ),
    Setting(
        "RECONVENE_JWT_KEYS_FILE",
        "",
        "the path of a file",
        "A file with the issuer's public keys: a JWK Set, or PEM. Needs the extra jwt.",
        Path,
    ),
    Setting(
        "RECONVENE_JWT_ALGORITHMS",
        "",
        f"names such as ES256, separated by commas, of {', '.join((*SECRET_ALGORITHMS, *KEY_ALGORITHMS))}",
        "Algorithms of signatures that are taken. Not set: HS256 with a secret, otherwise ES256, RS256 and EdDSA.",
        algorithms,
        empty=(),
    ),
    Setting(
        "RECONVENE_JWT_EXPIRED",
        "keep",
        "keep or leave",
        "What happens in a meeting when a token expires. keep: the place stays. leave: a new token is asked for.",
        parsers.one_of("keep", "leave"),
    ),
    Setting(
        "RECONVENE_ANONYMOUS",
        "yes",
        "yes, lobby or no",
        "Whether people and programs without a login may come in. lobby: they have to be let in.",
        parsers.one_of("yes", "lobby", "no"),
    ),
    Setting(
        "RECONVENE_CREATE",
        "anyone",
        "anyone, identified or admin",
        "Who may create meetings. identified: users with a login. admin: the admin key alone.",
        parsers.one_of("anyone", "identified", "admin"),
    ),
    Setting(
        "RECONVENE_LOGIN_URL",
        "",
        "an https:// URL without a password (http:// on this machine only), with {return} behind its ? or # if at all",
        "Where the page sends people who need to log in; {return} becomes the address of the meeting.",
        login_url,
    ),
    Setting(
        "RECONVENE_PICTURE_ORIGINS",
        "",
        "origins such as https://app.example.org, separated by commas",
        "Where pictures of people, which their tokens name, are loaded from. Not set: none are shown.",
        parsers.https_origins,
        empty=(),
    ),
)
