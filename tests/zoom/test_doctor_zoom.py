"""`reconvene doctor`, of Zoom: asked for a token as a sync asks for it."""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest

from server.doctor.checks import Finding, Level
from server.doctor.runner import examine
from server.doctor.zoom import MEETINGS, WEBINARS, granted_findings
from tests.server.findings import environment, one, those
from tests.zoom.stand_in import ZoomStandIn
from tests.zoom.stand_in.endpoints import SCOPES
from tests.zoom.stand_in.requests import Answer

ADMIN = {"RECONVENE_ADMIN_KEY": "an admin key of some length"}


@pytest.fixture
async def zoom() -> AsyncIterator[ZoomStandIn]:
    async with ZoomStandIn() as zoom:
        yield zoom


async def found(folder: Path, settings: Mapping[str, str], within: float = 10) -> list[Finding]:
    return those(await examine({**environment(folder), **ADMIN, **settings}, within), "zoom")


async def test_where_nothing_is_set_nothing_is_said(tmp_path: Path) -> None:
    assert await found(tmp_path, {}) == []


async def test_an_app_with_all_scopes_is_in_order(tmp_path: Path, zoom: ZoomStandIn) -> None:
    (only,) = await found(tmp_path, {**zoom.environ, "ZOOM_WEBHOOK_SECRET": "of its own"})
    assert only.level is Level.OK
    assert "webinars and meetings" in only.found
    assert zoom.requests == [], "a token is all that is asked for"


async def test_what_is_missing_is_named(tmp_path: Path, zoom: ZoomStandIn) -> None:
    zoom.scopes = SCOPES - {f"{WEBINARS.report}:admin", f"{WEBINARS.registrants}:admin"}
    findings = await found(tmp_path, zoom.environ)
    one(findings, "zoom", Level.NOTE, "basic source", f"{WEBINARS.report}:admin")
    one(findings, "zoom", Level.WARNING, "registered", f"{WEBINARS.registrants}:admin")
    assert not those(findings, "zoom", Level.OK)


async def test_wrong_credentials_are_told_and_not_repeated(tmp_path: Path, zoom: ZoomStandIn) -> None:
    (only,) = await found(tmp_path, {**zoom.environ, "ZOOM_CLIENT_SECRET": "a wrong one, and very secret"})
    assert only.level is Level.FAILURE
    assert "ZOOM_CLIENT_SECRET" in only.advice
    assert "very secret" not in str(only)


async def test_a_zoom_that_is_not_there_is_told(tmp_path: Path, zoom: ZoomStandIn) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/oauth/token"
        (only,) = await found(tmp_path, {**zoom.environ, "ZOOM_TOKEN_URL": url})
    assert only.level is Level.FAILURE
    assert only.advice


async def test_a_zoom_that_does_not_answer_is_given_up(tmp_path: Path, zoom: ZoomStandIn) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/oauth/token"
        (only,) = await found(tmp_path, {**zoom.environ, "ZOOM_TOKEN_URL": url}, 1)
    assert (only.level, "ZOOM_TOKEN_URL" in only.advice or "reach" in only.advice) == (Level.FAILURE, True)


async def test_a_zoom_that_is_in_trouble_is_told(tmp_path: Path, zoom: ZoomStandIn) -> None:
    zoom.token_faults += [Answer(503, b""), Answer(503, b"")]
    (only,) = await found(tmp_path, zoom.environ)
    assert only.level is Level.FAILURE
    assert zoom.token_requests == 1


async def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, zoom: ZoomStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("server.zoom.client", "server.zoom.retries"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "tenacity", None)
    (only,) = await found(tmp_path, zoom.environ)
    assert (only.level, only.advice.startswith("Run pip install '.[zoom]'")) == (Level.FAILURE, True)


async def test_settings_that_belong_together(tmp_path: Path) -> None:
    findings = await examine(environment(tmp_path) | {"ZOOM_ACCOUNT_ID": "a", "ZOOM_CLIENT_ID": "b"}, 10)
    one(findings, "settings", Level.FAILURE, "ZOOM_CLIENT_SECRET must be set")
    assert those(findings, "zoom") == []


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"RECONVENE_ADMIN_KEY": ""}, "RECONVENE_ADMIN_KEY"),
        ({"ZOOM_API_URL": "http://zoom.example.org/v2"}, "ZOOM_API_URL"),
    ],
)
async def test_settings_that_will_not_do_what_one_expects(
    tmp_path: Path, zoom: ZoomStandIn, settings: Mapping[str, str], named: str
) -> None:
    assert one(await found(tmp_path, {**zoom.environ, **settings}), "zoom", Level.WARNING, named).advice


async def test_one_secret_is_not_two(tmp_path: Path, zoom: ZoomStandIn) -> None:
    settings = {**zoom.environ, "ZOOM_WEBHOOK_SECRET": zoom.environ["ZOOM_CLIENT_SECRET"]}
    finding = one(await found(tmp_path, settings), "zoom", Level.WARNING, "ZOOM_WEBHOOK_SECRET", "the same")
    assert zoom.environ["ZOOM_CLIENT_SECRET"] not in str(finding)


async def test_events_alone_are_warned_of(tmp_path: Path) -> None:
    one(await found(tmp_path, {"ZOOM_WEBHOOK_SECRET": "secret"}), "zoom", Level.WARNING, "never corrected")


def levels(*scopes: str) -> Sequence[Level]:
    return [finding.level for finding in granted_findings(scopes)]


def admin(*scopes: str) -> list[str]:
    return [f"{scope}:admin" for scope in scopes]


OF_WEBINARS = admin(
    WEBINARS.report,
    WEBINARS.basic,
    WEBINARS.instances,
    WEBINARS.registrants,
    WEBINARS.details,
    WEBINARS.panelists,
)


def test_scopes_for_one_kind_only_are_noted() -> None:
    assert levels(*OF_WEBINARS) == [Level.OK, Level.NOTE]
    assert MEETINGS.instances in str(granted_findings(OF_WEBINARS)[1])
    without = [scope for scope in OF_WEBINARS if WEBINARS.panelists not in scope]
    assert levels(*without) == [Level.OK, Level.NOTE, Level.NOTE]
    assert "panelists of webinars are not marked" in str(granted_findings(without)[1])


def test_older_apps_have_scopes_of_another_kind() -> None:
    assert levels("report:read:admin", "webinar:read:admin", "meeting:read:admin", "user:read:admin") == [
        Level.OK
    ]


def test_without_what_is_indispensable_it_fails() -> None:
    assert levels("user:read:user:admin") == [Level.FAILURE]
    assert Level.FAILURE in levels(*(scope for scope in OF_WEBINARS if WEBINARS.instances not in scope))
    neither = [scope for scope in OF_WEBINARS if "participants" not in scope]
    assert Level.WARNING in levels(*neither)


def test_a_token_that_tells_no_scopes_is_no_evidence() -> None:
    assert levels() == [Level.OK]
