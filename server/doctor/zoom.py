"""Checks whether Zoom can be asked, and for what: gets a token with the credentials from the settings."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from server.doctor.checks import Finding, Level, failure, note, ok, warning
from server.settings.config import Config
from server.zoom.errors import NotInstalled, ZoomFailure
from server.zoom.settings import zoom_settings

AREA = "zoom"

SETTINGS = frozenset(
    {
        "ZOOM_ACCOUNT_ID",
        "ZOOM_CLIENT_ID",
        "ZOOM_CLIENT_SECRET",
        "ZOOM_WEBHOOK_SECRET",
        "ZOOM_API_URL",
        "ZOOM_TOKEN_URL",
    }
)

WHERE = "the app's scopes at Zoom (docs/zoom.md)"


@dataclass(frozen=True, slots=True)
class Scopes:
    """The scopes that an import of one kind needs: granular ones, without `:admin`, and the `classic` one, which older
    apps have instead."""

    noun: str
    report: str
    basic: str
    instances: str
    registrants: str
    details: str
    classic: str
    panelists: str = ""
    """Empty for meetings."""


WEBINARS = Scopes(
    noun="webinars",
    report="report:read:list_webinar_participants",
    basic="webinar:read:list_past_participants",
    instances="webinar:read:list_past_instances",
    registrants="webinar:read:list_registrants",
    details="webinar:read:webinar",
    classic="webinar:read",
    panelists="webinar:read:list_panelists",
)
MEETINGS = Scopes(
    noun="meetings",
    report="report:read:list_meeting_participants",
    basic="meeting:read:list_past_participants",
    instances="meeting:read:list_past_instances",
    registrants="meeting:read:list_registrants",
    details="meeting:read:meeting",
    classic="meeting:read",
)
CLASSIC_REPORT = "report:read"


async def check(config: Config, within: float) -> Sequence[Finding]:
    """Findings about Zoom; none if nothing is set."""
    if not config.has_zoom:
        return list(_events_only(config))
    findings = list(_settings(config))
    try:
        settings = zoom_settings(config)
        from server.zoom.client import Patience, ZoomClient
    except NotInstalled as missing:
        found, _, command = str(missing).rpartition(": ")
        return [*findings, failure(AREA, found, f"Run {command}, or unset ZOOM_ACCOUNT_ID and the others")]
    host = urlsplit(config.zoom_token_url).hostname
    try:
        async with (
            asyncio.timeout(within),
            ZoomClient(settings, patience=Patience(attempts=1, within=within)) as client,
        ):
            granted = await client.scopes()
    except TimeoutError:
        advice = "Look whether this machine may reach it, or correct ZOOM_TOKEN_URL"
        return [*findings, failure(AREA, f"{host} gives no token within {within:g} s", advice)]
    except ZoomFailure as refused:
        # Most such texts end with what to do.
        found, _, advice = str(refused).rpartition(". ")
        other = f"Look whether this machine may reach {host}, and try again"
        return [*findings, failure(AREA, found or str(refused), advice if found else other)]
    return [*findings, *granted_findings(granted)]


def granted_findings(granted: Collection[str]) -> list[Finding]:
    """Findings: what can be imported with these scopes, and what cannot."""
    if not granted:
        return [ok(AREA, "Zoom gives a token, and does not say with which scopes")]
    usable = [
        scopes for scopes in (WEBINARS, MEETINGS) if any(_has(granted, scopes, name) for name in _own(scopes))
    ]
    if not usable:
        return [
            failure(
                AREA,
                "Zoom gives a token, and the app has none of the scopes that an import needs",
                f"Add {_named(WEBINARS.instances, WEBINARS.report)} and the others to {WHERE}",
            )
        ]
    findings = [finding for scopes in usable for finding in _lacking(granted, scopes)]
    if not any(finding.level is not Level.NOTE for finding in findings):
        nouns = " and ".join(scopes.noun for scopes in usable)
        findings.insert(0, ok(AREA, f"Zoom gives a token, and {nouns} can be imported"))
    if len(usable) == 1:
        other = MEETINGS if usable == [WEBINARS] else WEBINARS
        findings.append(
            note(
                AREA,
                f"the app has no scopes for {other.noun}: they cannot be imported",
                f"Add {_named(other.instances, other.report)} and the others to {WHERE} if they should be",
            )
        )
    return findings


def _lacking(granted: Collection[str], scopes: Scopes) -> Iterator[Finding]:
    noun = scopes.noun
    if not _has(granted, scopes, scopes.instances):
        yield failure(
            AREA, f"{noun} cannot be imported: the app may not list their instances", _add(scopes.instances)
        )
    if not _has(granted, scopes, scopes.report):
        if _has(granted, scopes, scopes.basic):
            yield note(
                AREA,
                f"who attended {noun} is read from the basic source, which has no registrant IDs",
                f"{_add(scopes.report)} for the better one",
            )
        else:
            yield warning(
                AREA,
                f"who attended {noun} stays unknown: the app may read neither source",
                _add(scopes.report),
            )
    elif not _has(granted, scopes, scopes.basic):
        yield note(
            AREA,
            f"there is no second source for who attended {noun}, where the report is refused",
            f"{_add(scopes.basic)} to have one",
        )
    if not _has(granted, scopes, scopes.registrants):
        yield warning(
            AREA, f"who registered for {noun}, and did not come, stays unknown", _add(scopes.registrants)
        )
    if not _has(granted, scopes, scopes.details):
        yield note(
            AREA, f"{noun} are imported without their titles, and without who was host", _add(scopes.details)
        )
    if scopes.panelists and not _has(granted, scopes, scopes.panelists):
        yield note(AREA, f"panelists of {noun} are not marked as such", _add(scopes.panelists))


def _own(scopes: Scopes) -> tuple[str, ...]:
    """The scopes without which an import of this kind is of no use."""
    return scopes.instances, scopes.report, scopes.basic


def _has(granted: Collection[str], scopes: Scopes, name: str) -> bool:
    classic = CLASSIC_REPORT if name == scopes.report else scopes.classic
    return any(each in granted for wanted in (name, classic) for each in (wanted, f"{wanted}:admin"))


def _named(*names: str) -> str:
    return " and ".join(f"{name}:admin" for name in names)


def _add(name: str) -> str:
    return f"Add {_named(name)} to {WHERE}"


def _events_only(config: Config) -> Iterator[Finding]:
    # If some of the Zoom app's settings are set, `settings` reports on those instead.
    if config.zoom_webhook_secret and not config.zoom_account_id and not config.zoom_client_id:
        yield warning(
            AREA,
            "with ZOOM_WEBHOOK_SECRET alone events are kept, but never corrected by Zoom's report",
            "Set ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET",
        )


def _settings(config: Config) -> Iterator[Finding]:
    if config.admin_key is None:
        yield warning(
            AREA,
            "RECONVENE_ADMIN_KEY is not set: what is imported from Zoom can be read by commands on this machine only",
            "Set RECONVENE_ADMIN_KEY (openssl rand -hex 32) to see it on the attendance page",
        )
    if config.zoom_webhook_secret is not None and config.zoom_webhook_secret == config.zoom_client_secret:
        yield warning(
            AREA,
            "ZOOM_WEBHOOK_SECRET and ZOOM_CLIENT_SECRET are the same, which they never are at Zoom",
            "Set ZOOM_WEBHOOK_SECRET to the secret token on the app's page of event subscriptions",
        )
    for name, url in (("ZOOM_API_URL", config.zoom_api_url), ("ZOOM_TOKEN_URL", config.zoom_token_url)):
        parts = urlsplit(url)
        if parts.scheme == "http" and not _is_here(parts.hostname or ""):
            yield warning(
                AREA,
                f"{name} begins with http://: secrets and addresses of people go there for everyone to read",
                f"Write https:// in {name}",
            )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
