"""Where an issuer's public keys are read from: over HTTP, or from a file.

Only a plain answer counts: no redirect (it could lead anywhere), no more than 64 KiB, within a few seconds.
"""

from __future__ import annotations

import asyncio
import importlib
import ssl
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple

from server.identity.key_cache import CannotFetch

LARGEST = 64 * 1024
WITHIN = 5.0


def load() -> None:
    """Import what URLs need, before anybody waits for it: half a second that few servers need."""
    importlib.import_module("httpx")


class Answer(NamedTuple):
    """`dated`: when it was made by the server's clock (epoch seconds), if that is said."""

    body: bytes
    dated: float | None


async def from_url(url: str, within: float = WITHIN) -> bytes:
    """Raises `CannotFetch`."""
    return (await answer_of(url, within)).body


async def answer_of(url: str, within: float) -> Answer:
    """Raises `CannotFetch`."""
    import httpx

    # Half for TCP, half for TLS: httpx leaves the socket open when it is cancelled in between.
    timeout = httpx.Timeout(None, connect=within / 2)
    verify: ssl.SSLContext | bool = ssl.create_default_context() if url.startswith("https:") else False
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    body = bytearray()
    try:
        async with (
            asyncio.timeout(within),
            httpx.AsyncClient(verify=verify, follow_redirects=False, timeout=timeout) as http,
            http.stream("GET", url, headers=headers) as answer,
        ):
            if answer.is_redirect:
                leads = answer.headers.get("location", "")[:200]
                raise CannotFetch(f"it redirects to {leads!r}, which is not followed", answer.status_code)
            if answer.status_code != 200:
                raise CannotFetch(f"it answers {answer.status_code}", answer.status_code)
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > LARGEST:
                    raise CannotFetch(f"its answer is longer than {LARGEST} bytes", answer.status_code)
    except TimeoutError:
        raise CannotFetch(f"it does not answer within {within:g} s") from None
    except httpx.ConnectTimeout:
        raise CannotFetch(f"no connection comes about within {within / 2:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise CannotFetch(f"it cannot be reached: {why[:200]}") from None
    return Answer(bytes(body), _date(answer.headers.get("date", "")))


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


async def from_file(path: Path) -> bytes:
    """Raises `CannotFetch`."""
    return await asyncio.to_thread(_read, path)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise CannotFetch(error.strerror or str(error)) from None
    if len(data) > LARGEST:
        raise CannotFetch(f"it is longer than {LARGEST} bytes")
    return data
