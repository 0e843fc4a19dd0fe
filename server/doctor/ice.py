"""Checks STUN and TURN servers as a browser would use them: asks for a relay with the credentials it would be given."""

from __future__ import annotations

import asyncio
import importlib.util
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from server.doctor.checks import Finding, failure, note, ok, warning
from server.identity.turn_credentials import ice_servers
from server.network.ice_url import Place, place
from server.settings.config import Config

AREA = "ice"

EXPIRES_SOON = 14 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Server:
    """One URL of one server, with the credentials a browser would be given; `setting` is where it comes from."""

    url: str
    setting: str
    username: str = ""
    credential: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        return re.sub(r":.*@", ":…@", self.url)


def servers(config: Config, now: float) -> list[Server]:
    found = []
    for position, entry in enumerate(ice_servers(config, "u_doctor", now)):
        setting = "RECONVENE_ICE_SERVERS" if position < len(config.ice_servers) else "RECONVENE_TURN_URLS"
        urls = [entry["urls"]] if isinstance(entry["urls"], str) else entry["urls"]
        username, credential = str(entry.get("username", "")), str(entry.get("credential", ""))
        found += [Server(url, setting, username, credential) for url in urls]
    return found


async def check(server: Server, within: float) -> Sequence[Finding]:
    where = place(server.url)
    if where is None:
        raise ValueError("the settings take no such URL")
    if where.transport == "dtls":
        return [
            warning(
                AREA,
                f"{server.url} means DTLS, which browsers do not have",
                f"Write ?transport=tcp in {server.setting}, which is TLS",
            )
        ]
    progress = _Progress()
    try:
        async with asyncio.timeout(within):
            return await _visit(server, where, progress)
    except TimeoutError:
        return [_silence(server, where, progress, within)]
    except _Trouble as trouble:
        return [failure(AREA, f"{server.url}: {trouble.found}", trouble.advice)]


@dataclass(slots=True)
class _Progress:
    """How far the check got before it timed out."""

    address: str = ""
    connected: bool = False


class _Trouble(Exception):  # noqa: N818 - named for what happened
    def __init__(self, found: str, advice: str) -> None:
        super().__init__(found)
        self.found = found
        self.advice = advice


async def _visit(server: Server, where: Place, progress: _Progress) -> list[Finding]:
    progress.address = address = await _resolved(server, where)
    findings: list[Finding] = []
    if where.transport != "udp":
        findings += await _connected(server, where, address)
        progress.connected = True
    findings.insert(0, await _asked(server, where, address, findings))
    if not ipaddress.ip_address(address).is_global:
        shown = where.host if where.host == address else f"{where.host} ({address})"
        leads = (
            "to this machine only" if ipaddress.ip_address(address).is_loopback else "into a private network"
        )
        findings.append(
            note(
                AREA,
                f"{shown} leads {leads}: browsers elsewhere cannot get there",
                f"Name a public address in {server.setting}, unless that is meant",
            )
        )
    return findings


async def _resolved(server: Server, where: Place) -> str:
    try:
        found = await asyncio.to_thread(socket.getaddrinfo, where.host, where.port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise _Trouble(
            f"the name {where.host} cannot be resolved: {getattr(error, 'strerror', None) or error}",
            f"Correct the name in {server.setting}, or its DNS record",
        ) from None
    # Prefer IPv4: a machine without IPv6 gets IPv6 addresses as well.
    return str(min(found, key=lambda entry: entry[0] != socket.AF_INET)[4][0])


async def _connected(server: Server, where: Place, address: str) -> list[Finding]:
    """Connect over TCP or TLS; findings about the certificate."""
    tls = ssl.create_default_context() if where.transport == "tls" else None
    try:
        _, writer = await asyncio.open_connection(
            address, where.port, ssl=tls, server_hostname=where.host if tls else None
        )
    except ssl.SSLCertVerificationError as error:
        raise _Trouble(
            f"browsers will not accept its certificate: {error.verify_message.rstrip('.')}",
            f"Give the TURN server a valid certificate for {where.host} (coturn: cert, pkey), or correct the name in"
            f" {server.setting}",
        ) from None
    except (ssl.SSLError, ConnectionResetError) as error:
        if tls is None:
            raise _unreachable(server, where, error) from None
        raise _Trouble(
            f"no TLS is spoken on port {where.port}",
            f"Write the TLS port (5349 by default) in {server.setting}, or turn: in place of turns:",
        ) from None
    except OSError as error:
        raise _unreachable(server, where, error) from None
    certificate = writer.get_extra_info("peercert") or {}
    writer.transport.abort()
    left = ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time() if certificate else EXPIRES_SOON
    if left >= EXPIRES_SOON:
        return []
    return [
        warning(
            AREA,
            f"{server.url}: its certificate expires in {left / 86400:.0f} days",
            "Renew it, and have the TURN server read it again",
        )
    ]


async def _asked(server: Server, where: Place, address: str, findings: list[Finding]) -> Finding:
    """Ask a STUN server for an answer, a TURN server for a relay. Further findings are added to `findings`."""
    if importlib.util.find_spec("aioice") is None:
        tried = "can be connected to" if where.transport != "udp" else f"has the address {address}"
        return note(
            AREA,
            f"{server.url} {tried}; whether it does its work was not tried, as aioice is not installed",
            "pip install '.[doctor]' in the checkout (docs/install.md) to have it tried",
        )
    from server.doctor import ice_probe

    tls = ssl.create_default_context() if where.transport == "tls" else None
    endpoint = ice_probe.Endpoint(address, where.port, where.transport != "udp", tls, where.host)
    began = time.perf_counter()
    try:
        if where.scheme.startswith("stun"):
            seen = await ice_probe.binding(endpoint)
            return ok(AREA, f"{server.url} answers in {_ms(began)}, and sees this machine as {seen}")
        relay = await ice_probe.allocation(endpoint, server.username, server.credential)
    except ice_probe.Refused as refused:
        raise _refusal(server, refused.code, str(refused)) from None
    except TimeoutError:
        raise
    except OSError as error:
        raise _unreachable(server, where, error) from None
    findings += doubts(server, address, relay.address, guarded=relay.guarded, inside=relay.inside)
    return ok(AREA, f"{server.url} gives a relay ({relay.address}), in {_ms(began)}")


def doubts(
    server: Server, address: str, relay: str, *, guarded: bool, inside: Sequence[str]
) -> Iterator[Finding]:
    """Warnings about a relay that was given. `inside`: private addresses that it sends to."""
    if not guarded:
        yield warning(
            AREA,
            f"{server.url} relays for anyone, without credentials",
            "Have the TURN server ask for them (coturn: use-auth-secret, static-auth-secret)",
        )
    if inside:
        # A TURN server in a private network may be meant for people in that network.
        found = warning if ipaddress.ip_address(address).is_global else note
        yield found(
            AREA,
            f"{server.url} relays to {', '.join(inside)}: whoever joins a meeting can send into private networks by it",
            "Have the TURN server refuse such peers (coturn: denied-peer-ip, no-multicast-peers, as in"
            " docs/configuration.md)",
        )
    if ipaddress.ip_address(address).is_global and not ipaddress.ip_address(relay).is_global:
        yield warning(
            AREA,
            f"{server.url} relays from {relay}, which is no public address: nobody outside its network gets there",
            "Tell the TURN server its public address (coturn: external-ip)",
        )


def _refusal(server: Server, code: int, text: str) -> _Trouble:
    if code == 401:
        return _Trouble(
            "the credentials that browsers are given are refused (401)",
            "Set RECONVENE_TURN_SECRET to the TURN server's secret (coturn: use-auth-secret, static-auth-secret), and"
            " compare the clocks of both machines"
            if server.setting == "RECONVENE_TURN_URLS"
            else f"Correct username and credential in {server.setting}",
        )
    advice = {
        300: f"Name the server it sends browsers to in {server.setting}",
        486: "Raise the TURN server's limits (coturn: user-quota, total-quota)",
        508: "Give the TURN server more ports to relay by (coturn: min-port, max-port, relay-ip)",
    }
    return _Trouble(
        f"no relay is given: {text}", advice.get(code, "Look into the TURN server's log and configuration")
    )


def _unreachable(server: Server, where: Place, error: OSError) -> _Trouble:
    kind = "UDP" if where.transport == "udp" else "TCP"
    if isinstance(error, ConnectionRefusedError):
        found = f"nothing listens on {kind} port {where.port} of {where.host}"
    elif isinstance(error, ConnectionResetError):
        found = f"what listens on {kind} port {where.port} of {where.host} hangs up"
    else:
        found = f"{where.host} cannot be reached: {error.strerror or error}"
    return _Trouble(found, f"Start the server, or correct port and transport in {server.setting}")


def _silence(server: Server, where: Place, progress: _Progress, within: float) -> Finding:
    port = f"{'UDP' if where.transport == 'udp' else 'TCP'} port {where.port}"
    if not progress.address:
        found = f"no name server answers for {where.host}"
        advice = f"Look after this machine's name servers, or correct the name in {server.setting}"
    elif progress.connected:
        found = f"what listens on {port} of {where.host} speaks no {'TURN' if server.username else 'STUN'}"
        advice = f"Correct the port in {server.setting}"
    else:
        found = f"nothing answers on {port} of {where.host}"
        advice = f"Start it, let firewalls pass {port}, or correct port and transport in {server.setting}"
    return failure(AREA, f"{server.url}: {found}, within {within:g} s", advice)


def _ms(began: float) -> str:
    return f"{(time.perf_counter() - began) * 1000:.0f} ms"
