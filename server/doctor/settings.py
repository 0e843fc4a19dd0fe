"""Checks the settings: which are invalid, which look misspelt, which will not do what one expects."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from server.doctor.checks import Finding, failure, note, ok, warning
from server.network.hosts import ANY_HOST
from server.settings.config import SETTINGS, Config, unknown_settings
from server.settings.setting import ConfigError
from signalling.client.state_machine import PONG_TIMEOUT
from storage.factory import SUPABASE

AREA = "settings"

POOLER = re.compile(r"^postgres(ql)?://.*:6543\b")

SAMPLES = {"a-long-random-secret", "changeme", "secret", "password"}
"""Secrets that are copied from documentation."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The environment, read as far as possible: `config` has the default instead of each `unusable` setting."""

    config: Config
    unusable: frozenset[str]
    findings: Sequence[Finding]


def read(environ: Mapping[str, str]) -> Reading:
    """Read each setting separately, so that all invalid ones are reported and not only the first."""
    findings: list[Finding] = []
    unusable: set[str] = set()
    for setting in SETTINGS:
        try:
            setting.read(environ)
        except ConfigError as error:
            unusable.add(setting.name)
            advice = f"Correct {setting.name} or unset it: the server does not start"
            findings.append(failure(AREA, str(error), advice))
    usable = {name: value for name, value in environ.items() if name not in unusable}
    config = Config(**{setting.field: setting.read(usable) for setting in SETTINGS})
    if not unusable:
        findings += [
            failure(AREA, text, "Change one of them: the server does not start")
            for text in config.conflicts()
        ]
    if not findings:
        given = sum(1 for setting in SETTINGS if environ.get(setting.name, "").strip())
        findings.append(ok(AREA, f"all {len(SETTINGS)} settings can be used, {given} of them are set here"))
    findings += _misspelt(environ)
    # The intended value of an invalid setting is unknown, so its combinations with others are not judged.
    findings += (
        finding
        for finding in _combinations(config)
        if not any(name in finding.found + finding.advice for name in unusable)
    )
    return Reading(config, frozenset(unusable), findings)


def _misspelt(environ: Mapping[str, str]) -> Iterator[Finding]:
    known = [setting.name for setting in SETTINGS]
    unknown = unknown_settings(environ)
    for name in sorted(environ):
        if name in known:
            continue
        # Names without our prefix are other programs', unless they closely resemble a setting that is not set.
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.6 if name in unknown else 0.85)
        rename = f"Rename it to {nearest[0]} if that is meant" if nearest else ""
        if name in unknown:
            otherwise = "Unset it; `reconvene serve --help` lists all there are"
            yield warning(AREA, f"there is no setting {name}", rename or otherwise)
        elif nearest and nearest[0] not in environ:
            yield warning(AREA, f"{name} looks like {nearest[0]}, which is not set", rename)


def _combinations(config: Config) -> Iterator[Finding]:
    yield from _secrets(config)
    yield from _record(config)
    if config.grace == 0:
        yield warning(
            AREA,
            "with RECONVENE_GRACE=0 everyone whose connection breaks for a moment has left the meeting",
            "Set RECONVENE_GRACE to 30 or so, so that people can come back to their place",
        )
    elif config.grace < config.heartbeat + PONG_TIMEOUT:
        yield warning(
            AREA,
            f"RECONVENE_GRACE={config.grace:g} may be over before a page has noticed that its connection is lost, which"
            f" takes up to {config.heartbeat + PONG_TIMEOUT:g} s with RECONVENE_HEARTBEAT={config.heartbeat:g}",
            f"Set RECONVENE_GRACE to {config.heartbeat + PONG_TIMEOUT:g} or more, or RECONVENE_HEARTBEAT lower",
        )
    if config.echo and config.max_participants < 2:
        yield warning(
            AREA,
            "with RECONVENE_MAX_PARTICIPANTS=1 nobody can join the echo that RECONVENE_ECHO=1 offers",
            "Set RECONVENE_MAX_PARTICIPANTS to 2 or more, or unset RECONVENE_ECHO",
        )
    if "*" in config.allowed_origins:
        yield note(
            AREA,
            "with RECONVENE_ALLOWED_ORIGINS=* pages of any host may connect",
            "List the origins of your pages in RECONVENE_ALLOWED_ORIGINS if that is not meant",
        )
    if "*" in config.embed_origins:
        yield note(
            AREA,
            "with RECONVENE_EMBED_ORIGINS=* pages of any host may have a meeting's page in a frame, and lead people to"
            " press its buttons",
            "List the origins of your pages in RECONVENE_EMBED_ORIGINS if that is not meant",
        )
    if config.hosts == ANY_HOST:
        yield note(
            AREA,
            "RECONVENE_HOSTS is not set: the server answers to any name, also to one that another site has lead to it",
            "Set RECONVENE_HOSTS to the names of this server, or to localhost if only you use it",
        )
    if not _loopback_only(config.host):
        yield note(
            AREA,
            f"RECONVENE_HOST={config.host} lets other machines connect without TLS, and cameras work by https:// only",
            "Have a reverse proxy with a certificate in front (docs/configuration.md); if it runs on this machine, set"
            " RECONVENE_HOST=127.0.0.1",
        )
    yield from _no_relay(config)


def _secrets(config: Config) -> Iterator[Finding]:
    if config.admin_key is None:
        yield note(
            AREA,
            "RECONVENE_ADMIN_KEY is not set: only a meeting's host can end or delete it, or read its attendance",
            "Set RECONVENE_ADMIN_KEY (openssl rand -hex 32) if scripts or administrators should, too",
        )
    held = {
        "RECONVENE_SECRET": config.secret,
        "RECONVENE_SECRET_PREVIOUS": config.secret_previous,
        "RECONVENE_ADMIN_KEY": config.admin_key,
        "RECONVENE_TURN_SECRET": config.turn_secret,
        "RECONVENE_JWT_SECRET": config.jwt_secret,
        "RECONVENE_JWT_SECRET_PREVIOUS": config.jwt_secret_previous,
    }
    names = [name for name, value in held.items() if value]
    for position, first in enumerate(names):
        for second in names[position + 1 :]:
            if held[first] == held[second]:
                yield warning(
                    AREA,
                    f"{first} and {second} are the same: whoever is given the one has the other",
                    f"Set {second} to a value of its own (openssl rand -hex 32)",
                )
    for name in names:
        value = held[name] or ""
        if value.lower() in SAMPLES or len(set(value)) < 5:
            yield warning(
                AREA, f"{name} is easily guessed", f"Set {name} to a random value (openssl rand -hex 32)"
            )
    if config.turn_secret and not config.turn_urls:
        yield warning(
            AREA,
            "RECONVENE_TURN_SECRET does nothing without RECONVENE_TURN_URLS",
            "Set RECONVENE_TURN_URLS to the URLs of the TURN server, or unset RECONVENE_TURN_SECRET",
        )


def _record(config: Config) -> Iterator[Finding]:
    if config.secret is None and not config.store.startswith("sqlite:"):
        yield note(
            AREA,
            f"RECONVENE_SECRET is not set: the secret is in {config.data_directory}, though the record is elsewhere",
            "Set RECONVENE_SECRET where that directory does not outlive the server, as in a container: without it all"
            " tokens are void",
        )
    if config.supabase_url and SUPABASE not in {config.store, config.jwt}:
        yield note(
            AREA,
            "SUPABASE_URL does nothing: neither the record nor the login is there",
            "Set RECONVENE_STORE=supabase, or RECONVENE_JWT=supabase, if one should be",
        )
    if POOLER.search(config.store) and "statement_cache_size=0" not in config.store:
        yield warning(
            AREA,
            "RECONVENE_STORE names port 6543, most often a transaction pooler's, which forgets prepared statements",
            "Add ?statement_cache_size=0 to the URL in RECONVENE_STORE, or name the database's own port",
        )


def _no_relay(config: Config) -> Iterator[Finding]:
    """Judge by the settings alone; `ice` asks the servers."""
    fixed = [server["urls"] for server in config.ice_servers]
    urls = [
        *config.turn_urls,
        *(url for some in fixed for url in ([some] if isinstance(some, str) else some)),
    ]
    if not urls:
        yield note(
            AREA,
            "neither STUN nor TURN is configured: pictures and sound go within one network only",
            "Set RECONVENE_TURN_URLS and RECONVENE_TURN_SECRET, or RECONVENE_ICE_SERVERS, for people in other networks",
        )
    elif not any(url.startswith("turn") for url in urls):
        yield note(
            AREA,
            "no TURN server is configured: people behind strict firewalls and NATs may see and hear nobody",
            "Set RECONVENE_TURN_URLS and RECONVENE_TURN_SECRET to have a relay for them",
        )


def _loopback_only(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
