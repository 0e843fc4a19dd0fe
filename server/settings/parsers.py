"""Parsers of settings: each turns a setting's text into its value, or raises `ValueError`.

`ice_servers` also raises `RecursionError`, for JSON that is nested too deeply.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from server.network.hosts import origin
from server.network.ice_url import place
from storage.factory import SUPABASE


def number(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = float(text)
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError
        return value

    return parse


def integer(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError
        return value

    return parse


def of_length(low: int) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if len(text) < low:
            raise ValueError
        return text

    return parse


def switch(text: str) -> bool:
    """Whether something is switched on."""
    if text.lower() not in {"0", "1", "off", "on", "false", "true", "no", "yes"}:
        raise ValueError
    return text.lower() in {"1", "on", "true", "yes"}


def host(text: str) -> str:
    if any(c.isspace() or c == "/" for c in text):
        raise ValueError
    return text


def store(text: str) -> str:
    if "://" not in text and text != SUPABASE:
        raise ValueError
    return text


def web_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError
    return text.rstrip("/")


def postgres_url(text: str) -> str:
    if not text.startswith(("postgresql://", "postgres://")):
        raise ValueError
    return text


def origins(text: str) -> tuple[str, ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return tuple(part if part == "*" else origin(part) for part in parts)


def https_origins(text: str) -> tuple[str, ...]:
    found = origins(text)
    if not all(each.startswith("https://") for each in found):
        raise ValueError
    return found


def turn_urls(text: str) -> tuple[str, ...]:
    urls = tuple(part.strip() for part in text.split(",") if part.strip())
    if not all(url.startswith(("turn:", "turns:")) and place(url) for url in urls):
        raise ValueError
    return urls


def ice_servers(text: str) -> tuple[dict[str, Any], ...]:
    servers = json.loads(text)
    if not isinstance(servers, list):
        raise ValueError
    for server in servers:
        urls = server.get("urls") if isinstance(server, dict) else None
        urls = [urls] if isinstance(urls, str) else urls
        if not isinstance(urls, list) or not urls:
            raise ValueError
        if not all(isinstance(u, str) and place(u) for u in urls):
            raise ValueError
        if any(u.startswith("turn") for u in urls) and not {"username", "credential"} <= server.keys():
            raise ValueError
    return tuple(servers)


def one_of(*values: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in values:
            raise ValueError
        return text.lower()

    return parse


def level(text: str) -> str:
    if text.lower() not in {"debug", "info", "warning", "error"}:
        raise ValueError
    return text.lower()
