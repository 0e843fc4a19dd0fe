"""Checks the login of an application: its keys, what it says of itself, and whether its clock and this one agree.

Nothing is sent but requests for what is published.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
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
    """Findings about the login; none if there is none, or if its settings contradict each other."""
    login = config.login
    if login is None or list(config.conflicts()):
        return []
    findings = list(_about_settings(config, login))
    if login.secrets:
        findings.append(ok(AREA, f"tokens of {login.issuer} are verified by a shared secret"))
        if not login.supabase:
            return findings
    elif missing_packages():
        return findings
    if login.keys_file is not None:
        try:
            return [*findings, *_keys(login, await from_file(login.keys_file), str(login.keys_file))]
        except CannotFetch as error:
            advice = "Correct RECONVENE_JWT_KEYS_FILE, or let the server's user read it"
            return [*findings, failure(AREA, f"{login.keys_file} cannot be read: {error}", advice)]
    if login.jwks_url is not None:
        findings += await _published(login, login.jwks_url, within / 2)
    return [*findings, *await _said_of_itself(login, within / 2)]


def _about_settings(config: Config, login: Login) -> Iterator[Finding]:
    if config.jwt_secret_previous:
        yield note(
            AREA,
            "tokens signed with RECONVENE_JWT_SECRET_PREVIOUS are taken",
            "Unset it when the application has signed with the new secret for as long as a token lives",
        )
    if login.audience == login.issuer:
        yield warning(
            AREA,
            "RECONVENE_JWT_AUDIENCE is the issuer: tokens for anything that it serves may be taken",
            "Have the application name this server in aud, and set RECONVENE_JWT_AUDIENCE to that",
        )


async def _published(login: Login, url: str, within: float) -> list[Finding]:
    try:
        answer = await answer_of(url, within)
    except CannotFetch as error:
        advice = "Look whether this machine may reach it, or correct RECONVENE_JWT_JWKS_URL"
        if login.supabase:
            advice = "Look whether this machine may reach it, or correct SUPABASE_URL"
        return [failure(AREA, f"the keys at {url} cannot be read: {error}", advice)]
    return [*_keys(login, answer.body, url), *_clock(answer, url)]


def _keys(login: Login, data: bytes, source: str) -> Iterator[Finding]:
    try:
        found = keys.of_bytes(data)
    except keys.BadKeys as error:
        if login.supabase:
            yield failure(
                AREA,
                f"the project publishes no keys at {source}: its tokens are signed with its JWT secret (HS256)",
                "Set RECONVENE_JWT_SECRET to that secret, or have the project move to JWT signing keys",
            )
        else:
            yield failure(
                AREA, f"{source} is no key set: {error}", "Correct the address, or publish a JWK Set there"
            )
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
            "Set RECONVENE_JWT_ALGORITHMS to what the application signs with",
        )
    if len(usable) > 1 and any(key.kid is None for key in usable) and login.jwks_url:
        yield note(
            AREA,
            f"keys at {source} have no kid: each token is tried with all of them",
            "Have the application name its keys (kid), in the set and in tokens",
        )


def _clock(answer: Answer, url: str) -> Iterator[Finding]:
    apart = 0.0 if answer.dated is None else abs(answer.dated - time.time())
    host = urlsplit(url).hostname
    # The date has whole seconds.
    if apart > LEEWAY:
        yield failure(
            AREA,
            f"the clock of {host} and this one are {apart:.0f} s apart: valid tokens are refused",
            "Set both by NTP",
        )
    elif apart > LEEWAY / 3:
        yield warning(
            AREA,
            f"the clock of {host} and this one are {apart:.0f} s apart; from {LEEWAY:.0f} s tokens are refused",
            "Set both by NTP",
        )


async def _said_of_itself(login: Login, within: float) -> list[Finding]:
    """What an OpenID Connect provider says of itself (OpenID Connect Discovery 1.0, section 4). Others say nothing."""
    if urlsplit(login.issuer).scheme not in {"http", "https"} or missing_packages():
        return []
    try:
        about = orjson.loads((await answer_of(login.issuer.rstrip("/") + DISCOVERY, within)).body)
    except (CannotFetch, ValueError):
        return []
    said = about if isinstance(about, dict) else {}
    issuer, jwks_url = said.get("issuer"), said.get("jwks_uri")
    findings = []
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
