"""One request and its answer, over HTTP. Nothing is retried here."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import httpx

from server.zoom.errors import BadAnswer, Unavailable
from server.zoom.zoom_responses import Answer


class HttpTransport:
    """An attempt lasts at most `within` seconds, from connecting to the last byte, and has at most `largest` bytes.

    Proxies and additional certificates are taken from the environment.
    """

    def __init__(self, within: float, largest: int) -> None:
        self._within = within
        self._largest = largest
        # Half for TCP, half for TLS: httpx leaves the socket open when it is cancelled in between.
        timeout = httpx.Timeout(None, connect=within / 2)
        self._http = httpx.AsyncClient(verify=_certificates(), timeout=timeout, follow_redirects=False)

    async def close(self) -> None:
        await self._http.aclose()

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        private: Sequence[str] = (),
    ) -> Answer:
        """Raises `Unavailable` when no complete answer comes, `BadAnswer` for one that is too large or garbled."""
        try:
            async with (
                asyncio.timeout(self._within),
                self._http.stream(
                    method, url, headers={"Accept": "application/json", **headers}, params=params, data=form
                ) as response,
            ):
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > self._largest:
                        raise BadAnswer(f"Zoom answered with more than {self._largest} bytes", again=False)
                return Answer(response.status_code, response.headers, bytes(body), private)
        except TimeoutError:
            raise Unavailable(f"no whole answer of Zoom's within {self._within:g} s") from None
        except httpx.DecodingError:
            raise BadAnswer("Zoom answered with what cannot be uncompressed") from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise Unavailable(f"cannot reach Zoom at {_host(url)}: {_why(error)}") from None
        except httpx.TransportError as error:
            raise Unavailable(f"the connection to Zoom broke: {_why(error)}") from None


def _why(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Cached, as reading certificates takes longer than a call."""
    return httpx.create_ssl_context()
