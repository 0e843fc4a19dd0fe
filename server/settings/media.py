"""Settings for ICE servers and for call tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.settings import parsers
from server.settings.setting import Setting, needs_extra
from signalling.protocol import reach

if TYPE_CHECKING:
    from server.settings.config import Config

PEER = ("aiortc", "av", "httpx")
"""Packages of the extra `peer`."""

ICE = (
    Setting(
        "RECONVENE_ICE_SERVERS",
        "",
        'a JSON list of RTCIceServer, such as [{"urls": "stun:stun.example.org:3478"}], with URLs that browsers take '
        "(none with //, only turn: with ?transport=udp or tcp); turn: needs username and credential",
        "STUN and TURN servers with fixed credentials that browsers are given.",
        parsers.ice_servers,
        empty=(),
        private=True,
    ),
    Setting(
        "RECONVENE_TURN_URLS",
        "",
        "URLs such as turn:host:port or turns:host:port?transport=tcp, separated by commas",
        "TURN servers that share RECONVENE_TURN_SECRET; each user is given short-lived credentials of their own.",
        parsers.turn_urls,
        empty=(),
    ),
    Setting(
        "RECONVENE_TURN_SECRET",
        "",
        "the secret shared with the TURN server (coturn: static-auth-secret)",
        "Makes the short-lived TURN credentials.",
        parsers.of_length(1),
        private=True,
    ),
)

ECHO = (
    Setting(
        "RECONVENE_ECHO",
        "0",
        "1 (on) or 0 (off)",
        "Offers to test one's call: an echo, in a process of its own, for a minute. Needs the extra peer.",
        parsers.switch,
    ),
    Setting(
        "RECONVENE_ECHO_REACH",
        "client",
        "client, public, private or any",
        "Where an echo sends to. client: into private networks, and to this machine, only for those who are there.",
        reach.of_setting,
    ),
)


def conflicts(config: Config) -> list[str]:
    found = []
    if config.turn_urls and not config.turn_secret:
        found.append(
            "RECONVENE_TURN_SECRET must be set when RECONVENE_TURN_URLS is: the secret shared with TURN"
        )
    return found + needs_extra("RECONVENE_ECHO=1", "peer", PEER) if config.echo else found
