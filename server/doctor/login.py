"""Checks the login of an application: its keys, what it says of itself, and whether its clock and this one agree.

Nothing is sent but requests for what is published.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from server.doctor.checks import Finding, failure, note, ok, warning
from server.identity import keys
from server.identity.key_cache import CannotFetch
from server.identity.key_sources import Answer, answer_of, from_file
from server.identity.outside_user import LEEWAY
from server.settings.config import Config
from server.settings.login import SETTINGS as _SETTINGS
from server.settings.login import Login, missing_packages

AREA = "login"

SETTINGS = frozenset(setting.name for setting in _SETTINGS) | {"SUPABASE_URL"}

DISCOVERY = "/.well-known/openid-configuration"


async def check(config: Config, within: float) -> Sequence[Finding]:
    """Findings about the login; none if its settings contradict each other."""
    login = config.login
    if list(config.conflicts()):
        return []
    if login is None and config.login_url is not None:
        found = "RECONVENE_LOGIN_URL does nothing: there is no login"
        return [
            warning(AREA, found, "Set RECONVENE_JWT_ISSUER and the others (docs/identity.md), or unset it")
        ]
    if login is None:
        return [ok(AREA, "there is none: everybody is anonymous, and tokens of applications are refused")]
    findings = list(_about_settings(config, login))
    if login.secrets:
        findings.append(ok(AREA, f"tokens of {login.issuer} are verified by a shared secret"))
        if login.supabase and not missing_packages():
            findings += await _beside_the_secret(login, within / 2)
    elif missing_packages():
        return findings
    if login.keys_file is not None:
        findings += await _in_file(login, login.keys_file)
    elif login.jwks_url is not None:
        findings += await _published(login, login.jwks_url, within / 2)
    return [*findings, *await _said_of_itself(login, within / 2)]


def _about_settings(config: Config, login: Login) -> Iterator[Finding]:
    if config.jwt_secret_previous:
        yield note(
            AREA,
            "tokens signed with RECONVENE_JWT_SECRET_PREVIOUS are taken",
            "Unset it when the application has signed with the new secret for as long as a token lives",
        )
    if config.anonymous == "no" and config.login_url is None:
        yield note(
            AREA,
            "people who come without a login are told that they need one, and not where",
            "Set RECONVENE_LOGIN_URL to where they log in",
        )
    if login.audience == login.issuer:
        yield warning(
            AREA,
            "RECONVENE_JWT_AUDIENCE is the issuer: tokens for anything that it serves may be taken",
            "Have the application name this server in aud, and set RECONVENE_JWT_AUDIENCE to that",
        )


async def _in_file(login: Login, file: Path) -> list[Finding]:
    try:
        return list(_keys(login, await from_file(file), str(file)))
    except CannotFetch as error:
        advice = "Correct RECONVENE_JWT_KEYS_FILE, or let the server's user read it"
        return [failure(AREA, f"{file} cannot be read: {error}", advice)]


async def _published(login: Login, url: str, within: float) -> list[Finding]:
    try:
        answer = await answer_of(url, within)
    except CannotFetch as error:
        return [failure(AREA, f"the keys at {url} cannot be read: {error}", _advice(login, error.status))]
    return [*_keys(login, answer.body, url), *_clock(answer, url)]


async def _beside_the_secret(login: Login, within: float) -> list[Finding]:
    """A project of Supabase signs with its secret or with the keys that it publishes."""
    url = f"{login.issuer}/.well-known/jwks.json"
    try:
        keys.of_bytes((await answer_of(url, within)).body)
    except (CannotFetch, keys.BadKeys):
        return []
    found = f"the project publishes keys at {url}, and its tokens are verified by RECONVENE_JWT_SECRET alone"
    return [warning(AREA, found, "Unset RECONVENE_JWT_SECRET once the project signs with these keys")]


def _advice(login: Login, status: int | None) -> str:
    """What to do about an answer that is none, or has this status."""
    setting = "SUPABASE_URL" if login.supabase else "RECONVENE_JWT_JWKS_URL"
    if status is None:
        return f"Look whether this machine may reach it, or correct {setting}"
    if status >= 500:
        return "Look at what answers there: until it does, a server that starts takes no tokens"
    if login.supabase:
        return "Set SUPABASE_URL to the project's own URL, such as https://abcdefghijklmnopqrst.supabase.co"
    if status in range(300, 400):
        return f"Write the address that it leads to as {setting}, if you trust it"
    return f"Correct {setting}: a provider names it as jwks_uri at {login.issuer.rstrip('/')}{DISCOVERY}"


def _keys(login: Login, data: bytes, source: str) -> Iterator[Finding]:
    whole = _json(data)
    jwks = whole.get("keys")
    published = [each for each in jwks if isinstance(each, dict)] if isinstance(jwks, list) else [whole]
    if any("d" in each for each in published):
        yield failure(
            AREA,
            f"{source} holds a private key: whoever reads it can make tokens",
            "Have the application make new keys, and publish their public parts alone",
        )
    try:
        found = keys.of_bytes(data)
    except keys.BadKeys as error:
        if login.supabase and jwks == []:
            yield failure(
                AREA,
                f"the project publishes no keys at {source}: its tokens are signed with its JWT secret (HS256)",
                "Set RECONVENE_JWT_SECRET to that secret, or have the project move to JWT signing keys",
            )
        else:
            yield failure(AREA, f"{source} is no key set: {error}", _what_else(login, whole, published))
        return
    usable = [key for key in found if key.algorithms & login.algorithms]
    kinds = ", ".join(sorted({min(key.algorithms & login.algorithms) for key in usable}))
    if usable:
        count = "1 key" if len(usable) == 1 else f"{len(usable)} keys"
        yield ok(AREA, f"{source} has {count} that can verify tokens ({kinds})")
    else:
        others = ", ".join(sorted(set().union(*(key.algorithms for key in found))))
        yield failure(
            AREA,
            f"none of the keys at {source} is for an algorithm that is taken: they are for {others}",
            "Set RECONVENE_JWT_ALGORITHMS to what the application signs with, which is one of those",
        )
    if len(usable) > 1 and any(key.kid is None for key in usable) and login.jwks_url:
        yield note(
            AREA,
            f"keys at {source} have no kid: each token is tried with all of them",
            "Have the application name its keys (kid), in the set and in tokens",
        )


def _json(data: bytes) -> dict[str, Any]:
    """What it says; nothing if it is no object."""
    try:
        whole = orjson.loads(data)
    except ValueError:
        return {}
    return whole if isinstance(whole, dict) else {}


def _what_else(login: Login, whole: Mapping[str, Any], published: Sequence[Mapping[str, Any]]) -> str:
    """What to do where keys should be, and something else is."""
    if isinstance(uri := whole.get("jwks_uri"), str):
        return f"It says where they are: set RECONVENE_JWT_JWKS_URL to {uri[:200]!r}"
    if any(each.get("kty") == "oct" for each in published):
        return (
            "It holds a shared secret (oct), which nobody else may see: take another one as RECONVENE_JWT_SECRET, and"
            " have nothing published"
        )
    if login.keys_file is not None:
        return "Put a JWK Set, or PEM, with the issuer's public keys in the file"
    if login.supabase:
        return _advice(login, 200)
    return "Correct the address, or publish a JWK Set there"


def _clock(answer: Answer, url: str) -> Iterator[Finding]:
    ahead = 0.0 if answer.dated is None else answer.dated - time.time()
    apart = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the one here"
    host = urlsplit(url).hostname
    # The date has whole seconds.
    if abs(ahead) > LEEWAY:
        found = f"the clock of {host} is {apart}: valid tokens are refused"
        yield failure(AREA, found, "Set both by NTP: look first at the one here")
    elif abs(ahead) > LEEWAY / 3:
        found = f"the clock of {host} is {apart}; from {LEEWAY:.0f} s on tokens are refused"
        yield warning(AREA, found, "Set both by NTP")


async def _said_of_itself(login: Login, within: float) -> list[Finding]:
    """What an OpenID Connect provider says of itself (OpenID Connect Discovery 1.0, section 4). Others say nothing."""
    if urlsplit(login.issuer).scheme not in {"http", "https"} or missing_packages():
        return []
    url = login.issuer.rstrip("/") + DISCOVERY
    try:
        answer = await answer_of(url, within)
    except CannotFetch:
        return []
    said = _json(answer.body)
    issuer, jwks_url = said.get("issuer"), said.get("jwks_uri")
    # Whoever publishes keys has been asked for the time with these.
    findings = [] if login.jwks_url is not None else list(_clock(answer, url))
    if isinstance(issuer, str) and issuer != login.issuer:
        findings.append(
            failure(
                AREA,
                f"the provider calls itself {issuer[:200]!r}, and RECONVENE_JWT_ISSUER is {login.issuer!r}",
                "Set RECONVENE_JWT_ISSUER to exactly what the provider says, with or without the last slash",
            )
        )
    if isinstance(jwks_url, str) and login.jwks_url is not None and jwks_url != login.jwks_url:
        findings.append(
            warning(
                AREA,
                f"the provider says that its keys are at {jwks_url[:200]!r}, not at {login.jwks_url!r}",
                "Set RECONVENE_JWT_JWKS_URL to that, if its keys are the same",
            )
        )
    return findings
