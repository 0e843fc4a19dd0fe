"""Settings about who may reach the server, and through which proxies."""

from __future__ import annotations

from server.network import limits
from server.network.client_address import Proxies
from server.network.hosts import ANY_HOST, Hosts
from server.settings import parsers
from server.settings.setting import Setting
from signalling.protocol import path_prefix

ORIGINS = (
    Setting(
        "RECONVENE_ALLOWED_ORIGINS",
        "",
        "origins such as https://meet.example.org, separated by commas, or *",
        "Pages of other hosts that may connect. A page of this server's own host always may.",
        parsers.origins,
        empty=(),
    ),
    Setting(
        "RECONVENE_EMBED_ORIGINS",
        "",
        "origins such as https://app.example.org, separated by commas, or *",
        "Pages of other hosts that may have a meeting's page in a frame, and tell it what to do. Not set: none.",
        parsers.origins,
        empty=(),
    ),
)

SETTINGS = (
    Setting(
        "RECONVENE_LIMITS",
        "1",
        "a number that all limits are multiplied by (0: off), or such as echoes=1,sockets=0 for some of them",
        "How much one address may take of the server: docs/configuration.md has the table.",
        limits.parse,
    ),
    Setting(
        "RECONVENE_TRUSTED_PROXIES",
        "loopback",
        "addresses and networks such as 10.0.0.0/8, separated by commas, or loopback, private, * or none",
        "Reverse proxies that are believed when they say who the client is.",
        Proxies.parse,
        former="FORWARDED_ALLOW_IPS",
    ),
    Setting(
        "RECONVENE_HOSTS",
        "",
        "host names such as meet.example.org or *.example.org, without ports, separated by commas",
        "Names the server answers to, besides addresses and localhost. Not set: any name.",
        Hosts.parse,
        empty=ANY_HOST,
    ),
    Setting(
        "RECONVENE_BASE_PATH",
        "",
        "a path such as /meet, of letters, digits and any of -._~, with none of the server's own names in it",
        "The path below which the server is reached. Not set: it has its host's to itself.",
        path_prefix.parse,
        empty="",
    ),
    Setting(
        "RECONVENE_MAX_UNJOINED",
        "4000",
        "a number from 0 to 1000000 (0 switches the limit off)",
        "Connections that may be open without having joined a meeting; one address may have a quarter of them.",
        parsers.integer(0, 1_000_000),
    ),
    Setting(
        "RECONVENE_HSTS",
        "31536000",
        "seconds from 0 to 63072000 (0 sends no such header)",
        "How long browsers that came by https:// are told to come by nothing else (Strict-Transport-Security).",
        parsers.integer(0, 63_072_000),
    ),
)
