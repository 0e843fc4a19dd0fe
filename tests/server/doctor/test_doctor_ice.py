"""`reconvene doctor` on STUN and TURN: against a real TURN server, with every mistake that one can have."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from server.doctor import ice, ice_probe
from server.doctor.checks import Finding, Level
from server.settings.config import Config
from tests.process import ROOT
from tests.server.findings import examined, one, those
from tests.turn_server import TurnServer


@pytest.fixture(scope="module")
async def turn() -> AsyncIterator[TurnServer]:
    async with TurnServer() as turn:
        yield turn


@pytest.fixture
def _trusted(turn: TurnServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(turn.authority))


async def asked(directory: Path, turn: TurnServer, *urls: str, within: float = 10) -> list[Finding]:
    """What the doctor finds about these URLs of servers that share the secret of `turn`."""
    found = await examined(directory, within, TURN_URLS=",".join(urls), TURN_SECRET=turn.secret)
    return those(found, "ice")


Url = Callable[[TurnServer], str]


@pytest.mark.usefixtures("_trusted")
@pytest.mark.parametrize(
    "url",
    [
        lambda turn: f"turn:127.0.0.1:{turn.port}",
        lambda turn: f"turn:localhost:{turn.port}?transport=udp",
        lambda turn: f"turn:localhost:{turn.port}?transport=tcp",
        lambda turn: f"turns:localhost:{turn.tls_port}",
        lambda turn: f"turns:localhost:{turn.tls_port}?transport=tcp",
    ],
)
async def test_a_relay_is_really_given(tmp_path: Path, turn: TurnServer, url: Url) -> None:
    findings = await asked(tmp_path, turn, url(turn))
    one(findings, "ice", Level.OK, url(turn), "gives a relay", "127.0.0.1")
    one(findings, "ice", Level.NOTE, "this machine only", "RECONVENE_TURN_URLS")
    one(findings, "ice", Level.NOTE, url(turn), "relays to 10.0.0.1, 172.16.0.1", "denied-peer-ip")
    assert len(findings) == 3


async def test_a_relay_by_ipv6_is_tried_as_well(tmp_path: Path) -> None:
    async with TurnServer(relay_ip=("127.0.0.1", "::1")) as turn:
        findings = await asked(tmp_path, turn, f"turn:127.0.0.1:{turn.port}")
    one(findings, "ice", Level.OK, "gives a relay", "127.0.0.1")
    one(findings, "ice", Level.NOTE, "relays to 10.0.0.1", "fc00::1", "64:ff9b::a00:1", "denied-peer-ip")


async def test_what_is_to_be_said_of_several_urls_is_said_once(tmp_path: Path, turn: TurnServer) -> None:
    url = f"turn:127.0.0.1:{turn.port}"
    findings = await asked(tmp_path, turn, url, f"{url}?transport=tcp")
    assert len(those(findings, "ice", Level.OK)) == 2
    one(findings, "ice", Level.NOTE, "127.0.0.1 leads to this machine only")


@pytest.mark.usefixtures("_trusted")
async def test_stun_answers(tmp_path: Path, turn: TurnServer) -> None:
    urls = [f"stun:127.0.0.1:{turn.port}", f"stuns:localhost:{turn.tls_port}"]
    findings = await examined(tmp_path, ICE_SERVERS=json.dumps([{"urls": urls}]))
    for url in urls:
        one(findings, "ice", Level.OK, url, "answers in", "127.0.0.1")


async def test_a_relay_is_given_back(tmp_path: Path) -> None:
    """A server that has one relay to give has it again long before the time it was asked for is over."""
    async with TurnServer(total_quota="1") as turn, asyncio.timeout(ice_probe.LIFETIME / 2):
        url = f"turn:127.0.0.1:{turn.port}"
        one(await asked(tmp_path, turn, url), "ice", Level.OK, "gives a relay")
        while True:
            if those(await asked(tmp_path, turn, url), "ice", Level.OK):
                break
            # It takes its time over it, and tells nobody.
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(("code", "tries"), [(437, 2), (486, 1)])
async def test_an_allocation_that_somebody_left_behind_at_this_port_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, code: int, tries: int
) -> None:
    tried = 0

    async def refused(*_: object) -> ice_probe.Relay:
        nonlocal tried
        tried += 1
        raise ice_probe.Refused(code, "as the server says")

    monkeypatch.setattr(ice_probe, "_allocation", refused)
    with pytest.raises(ice_probe.Refused):
        await ice_probe.allocation(ice_probe.Endpoint("127.0.0.1", 3478, stream=False), "ann", "secret")
    assert tried == tries


@pytest.mark.usefixtures("_trusted")
async def test_a_secret_that_is_not_the_turn_servers_is_a_failure(tmp_path: Path, turn: TurnServer) -> None:
    urls = [
        f"turn:127.0.0.1:{turn.port}",
        f"turn:127.0.0.1:{turn.port}?transport=tcp",
        f"turns:localhost:{turn.tls_port}",
    ]
    findings = await examined(tmp_path, TURN_URLS=",".join(urls), TURN_SECRET="another secret")
    assert len(those(findings, "ice", Level.FAILURE)) == 3
    for finding in those(findings, "ice"):
        assert "401" in finding.found
        assert "RECONVENE_TURN_SECRET" in finding.advice


async def test_fixed_credentials_are_tried_as_they_are(tmp_path: Path) -> None:
    ways: dict[str, str | None] = {
        "use_auth_secret": None,
        "static_auth_secret": None,
        "lt_cred_mech": "",
        "user": "me:geheim",
    }
    async with TurnServer(**ways) as turn:
        for credential, level in (("geheim", Level.OK), ("gehelm", Level.FAILURE)):
            entry = {"urls": f"turn:127.0.0.1:{turn.port}", "username": "me", "credential": credential}
            findings = await examined(tmp_path, ICE_SERVERS=json.dumps([entry]))
            finding = one(findings, "ice", level, entry["urls"])
            assert ("RECONVENE_ICE_SERVERS" in finding.advice) is (level is Level.FAILURE)
            assert credential not in str(finding)


def documented() -> dict[str, list[str]]:
    """What docs/configuration.md tells operators to write about peers and quotas."""
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    block = next(block for block in text.split("```") if "denied-peer-ip" in block)
    options: dict[str, list[str]] = {}
    for line in block.splitlines():
        name, _, value = line.partition("=")
        if re.search(r"peer|quota|relay|bps|nonce", name) and not name.startswith("#"):
            options.setdefault(name.replace("-", "_"), []).append(value)
    return options


async def test_a_server_with_the_documented_settings_relays_to_no_private_address(tmp_path: Path) -> None:
    options = documented()
    assert len(options["denied_peer_ip"]) > 20
    assert {"no_multicast_peers", "user_quota", "total_quota"} <= options.keys()
    async with TurnServer(relay_ip=("127.0.0.1", "::1"), **options) as turn:
        findings = await asked(tmp_path, turn, f"turn:127.0.0.1:{turn.port}")
    one(findings, "ice", Level.OK, "gives a relay")
    assert not [finding for finding in findings if "denied-peer-ip" in finding.advice]


async def test_a_server_that_relays_for_anyone_is_warned_of(tmp_path: Path) -> None:
    async with TurnServer(use_auth_secret=None, static_auth_secret=None, no_auth="") as turn:
        findings = await asked(tmp_path, turn, f"turn:127.0.0.1:{turn.port}")
    one(findings, "ice", Level.WARNING, "anyone", "use-auth-secret")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"total_quota": "1"}, ("486", "total-quota")),
        ({"min_port": "49152", "max_port": "49152"}, ("508", "max-port")),
    ],
)
async def test_a_server_that_has_no_relay_left_is_a_failure(
    tmp_path: Path, options: dict[str, str | None], told: tuple[str, str]
) -> None:
    async with TurnServer(**options) as turn:
        config = Config.from_env({"RECONVENE_TURN_URLS": "turn:a", "RECONVENE_TURN_SECRET": turn.secret})
        (server,) = ice.servers(config, time.time())
        endpoint = ice_probe.Endpoint("127.0.0.1", turn.port, stream=False)
        async with ice_probe.client(endpoint, server.username, server.credential) as other:
            await other.connect()
            findings = await asked(tmp_path, turn, f"turn:127.0.0.1:{turn.port}")
            await other.delete()
    one(findings, "ice", Level.FAILURE, *told)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("turn:no.such.host.invalid", "cannot be resolved"),
        ("turn:127.0.0.1:9", "nothing listens on UDP port 9"),
        ("turn:127.0.0.1:9?transport=tcp", "nothing listens on TCP port 9"),
        ("turns:127.0.0.1:9", "nothing listens on TCP port 9"),
        ("turns:127.0.0.1:9?transport=udp", "DTLS"),
    ],
)
async def test_a_url_that_leads_nowhere_is_told_with_its_setting(
    tmp_path: Path, turn: TurnServer, url: str, told: str
) -> None:
    (finding,) = await asked(tmp_path, turn, url)
    assert finding.level is not Level.OK
    assert told in finding.found + finding.advice
    assert "RECONVENE_TURN_URLS" in finding.advice


async def test_silence_is_told_from_a_closed_port(tmp_path: Path, turn: TurnServer) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.create_server(("127.0.0.1", 0)) as tcp,
    ):
        udp.bind(("127.0.0.1", 0))
        by_udp, by_tcp = (f"127.0.0.1:{silent.getsockname()[1]}" for silent in (udp, tcp))
        urls = (f"turn:{by_udp}", f"turn:{by_tcp}?transport=tcp", f"turns:{by_tcp}")
        findings = await asked(tmp_path, turn, *urls, within=1.5)
    one(findings, "ice", Level.FAILURE, urls[0], "nothing answers on UDP", "firewalls")
    one(findings, "ice", Level.FAILURE, urls[1], "speaks no TURN")
    one(findings, "ice", Level.FAILURE, urls[2], "nothing answers on TCP")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x01\x13\x00\x08\x21\x12\xa4\x42" + b"\xff" * 20,
        b"\x00" * 40,
    ],
)
async def test_what_speaks_something_else_is_a_failure(tmp_path: Path, turn: TurnServer, said: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        where = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        findings = await asked(tmp_path, turn, f"turn:{where}?transport=tcp", f"turns:{where}")
    one(findings, "ice", Level.FAILURE, f"turn:{where}?transport=tcp", "hangs up", "RECONVENE_TURN_URLS")
    one(findings, "ice", Level.FAILURE, f"turns:{where}", "no TLS", "RECONVENE_TURN_URLS")


# Certificates


async def test_a_certificate_that_is_not_trusted_is_a_failure(tmp_path: Path, turn: TurnServer) -> None:
    findings = await asked(tmp_path, turn, f"turns:localhost:{turn.tls_port}")
    one(findings, "ice", Level.FAILURE, "certificate", "RECONVENE_TURN_URLS")


@pytest.mark.usefixtures("_trusted")
async def test_a_certificate_for_another_name_is_a_failure(tmp_path: Path, turn: TurnServer) -> None:
    findings = await asked(tmp_path, turn, f"turns:127.0.0.1:{turn.tls_port}")
    one(findings, "ice", Level.FAILURE, "certificate", "127.0.0.1")


async def test_a_certificate_that_expires_soon_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with TurnServer(3) as turn:
        monkeypatch.setenv("SSL_CERT_FILE", str(turn.authority))
        findings = await asked(tmp_path, turn, f"turns:localhost:{turn.tls_port}")
    one(findings, "ice", Level.OK, "gives a relay")
    one(findings, "ice", Level.WARNING, "certificate expires in 3 days")


# Without a server


def test_a_relay_behind_a_nat_that_does_not_say_so_is_warned_of() -> None:
    server = ice.Server("turn:turn.example.org", "RECONVENE_TURN_URLS")
    (finding,) = ice.doubts(server, "8.8.8.8", "10.0.0.5", guarded=True, inside=())
    assert (finding.level, "external-ip" in finding.advice) == (Level.WARNING, True)
    assert not list(ice.doubts(server, "8.8.8.8", "8.8.4.4", guarded=True, inside=()))
    assert not list(ice.doubts(server, "10.0.0.5", "10.0.0.5", guarded=True, inside=()))


def test_a_public_relay_into_private_networks_is_warned_of() -> None:
    server = ice.Server("turn:turn.example.org", "RECONVENE_TURN_URLS")
    (finding,) = ice.doubts(server, "8.8.8.8", "8.8.8.8", guarded=True, inside=["10.0.0.1"])
    assert (finding.level, "denied-peer-ip" in finding.advice) == (Level.WARNING, True)


@pytest.mark.usefixtures("_trusted")
async def test_without_aioice_what_can_be_looked_at_is(
    tmp_path: Path, turn: TurnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    urls = (f"turn:127.0.0.1:{turn.port}", f"turns:localhost:{turn.tls_port}", "turns:127.0.0.1:9")
    findings = await asked(tmp_path, turn, *urls)
    one(findings, "ice", Level.NOTE, urls[0], "not tried", "pip install '.[doctor]'")
    one(findings, "ice", Level.NOTE, urls[1], "can be connected to", "pip install '.[doctor]'")
    one(findings, "ice", Level.FAILURE, urls[2], "nothing listens")
