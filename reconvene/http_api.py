"""A client of the HTTP API, for programs that take part in meetings.

    async with Api(address) as api:
        token = await api.identity("bot")
        meeting = await api.create_meeting(token)

Every failure is reported in one line, with what to do about it.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Any, Self

import httpx

from reconvene.one_line import one_line
from reconvene.server_address import Address
from reconvene.terminal import harmless
from signalling.protocol.fields import Kind

WITHIN = 10.0
"""Seconds for a call, from connecting to the last byte."""

CONNECT_WITHIN = WITHIN / 2
"""Seconds for TCP, and as many for TLS: httpx leaves the socket open when it is cancelled in between."""

LARGEST = 1024 * 1024
"""Most bytes of an answer."""


class ApiFailure(Exception):  # noqa: N818 - named for what happened
    """`found` states the problem, `advice` what to do: one clause each, without a full stop. The text is both in
    one line."""

    def __init__(self, found: str, advice: str = "") -> None:
        super().__init__(". ".join(part for part in (found, advice) if part))
        self.found = found
        self.advice = advice


class Unreachable(ApiFailure):
    """No answer, or one that does not come from Reconvene."""


class ApiRefused(ApiFailure):
    """Reconvene refused: `status` is HTTP's; `code` is from the protocol's table, empty for plain HTTP errors;
    `retry_after` is in seconds."""

    def __init__(
        self, found: str, advice: str, status: int, code: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(found, advice)
        self.status = status
        self.code = code
        self.retry_after = retry_after


class Api:
    """All calls raise `Unreachable` and `ApiRefused`, and take `within` seconds at most. Proxy variables of the
    environment are ignored, as they are for the websocket."""

    def __init__(self, address: Address, within: float = WITHIN) -> None:
        self.address = address
        self.within = within
        self._connect_within = min(within / 2, CONNECT_WITHIN)
        # The same certificate authorities as for the websocket.
        verify: ssl.SSLContext | bool = ssl.create_default_context() if address.is_secure else False
        self._http = httpx.AsyncClient(verify=verify, trust_env=False, follow_redirects=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def identity(self, kind: Kind = "", name: str = "") -> str:
        """Create an identity; returns its token."""
        body = {key: value for key, value in {"kind": kind, "name": name}.items() if value}
        return str((await self._call("POST", "/api/identity", body=body, wanted="token"))["token"])

    async def create_meeting(self, token: str, meeting: str | None = None, title: str = "") -> dict[str, Any]:
        """Get or create: `{"id", "title", "host", "created", "url", "ended", "participants",
        "opens_at", "ends_at"}`."""
        body = {key: value for key, value in {"meeting": meeting, "title": title}.items() if value}
        return await self._call("POST", "/api/meetings", token, body, wanted="id")

    async def meeting(self, meeting: str, token: str | None = None) -> dict[str, Any]:
        """As `create_meeting`; refused with `unknown_meeting` when there is none."""
        return await self._call("GET", f"/api/meetings/{meeting}", token, wanted="id")

    async def end_meeting(self, token: str, meeting: str) -> None:
        """For its host."""
        await self._call("POST", f"/api/meetings/{meeting}/end", token)

    async def delete_meeting(self, token: str, meeting: str) -> None:
        """For its host: ends the meeting and deletes it with its attendance."""
        await self._call("DELETE", f"/api/meetings/{meeting}", token)

    async def ice_servers(self, token: str) -> list[dict[str, Any]]:
        """RTCIceServer dictionaries."""
        answer = await self._call("GET", "/api/ice-servers", token, wanted="ice_servers")
        return [server for server in answer["ice_servers"] if isinstance(server, dict)]

    async def alive(self) -> None:
        """Check that the process answers."""
        await self._call("GET", "/healthz", wanted="status")

    async def ready(self) -> None:
        """Check that the store answers too."""
        await self._call("GET", "/readyz", wanted="status")

    async def _call(
        self,
        method: str,
        path: str,
        token: str | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        wanted: str = "",
    ) -> dict[str, Any]:
        """`wanted`: fields that identify an answer as Reconvene's."""
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        timeout = httpx.Timeout(None, connect=self._connect_within)
        request = self._http.stream(
            method, self.address.url(path), headers=headers, json=body, timeout=timeout
        )
        content = bytearray()
        try:
            async with asyncio.timeout(self.within), request as response:
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > LARGEST:
                        raise _foreign(self.address, path, response)
        except (TimeoutError, httpx.HTTPError) as error:
            raise _unreachable(self.address, error, self.within, self._connect_within) from None
        answer = _parsed(content)
        if not response.is_success:
            raise _refusal(self.address, path, response, answer)
        if wanted and wanted not in answer:
            raise _foreign(self.address, path, response)
        return answer


def _parsed(content: bytes | bytearray) -> dict[str, Any]:
    """Empty if the text is not a JSON object."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _refusal(address: Address, path: str, response: httpx.Response, answer: Mapping[str, Any]) -> ApiFailure:
    detail, status = answer.get("detail"), response.status_code
    # Reconvene's errors are problem documents; proxies in between have formats of their own.
    if not response.headers.get("content-type", "").startswith("application/problem+json"):
        return _foreign(address, path, response)
    code = str(answer.get("code", ""))
    if not code and status == 404:
        return Unreachable(
            f"the server at {address.base} knows no {path}",
            "It may be older than this program: compare versions",
        )
    told = harmless(" ".join(str(detail or answer.get("title") or status).split())).rstrip(".")
    found = f"the server refuses {path}: {told}"
    advice = {
        "bad_token": "Get an identity from this very server: those of others, or of before RECONVENE_SECRET was"
        " changed, are not valid",
        "token_expired": "Get a new token from the application",
        "login_required": "Get a token from the application in front of the server",
        "revoked": "Get a new identity: the operator has revoked this one",
        "unknown_meeting": "Correct the id, or create the meeting",
        "meeting_ended": "Name another meeting: this one is over for good",
        "forbidden": "Only the meeting's host, and the admin key, may do this",
        "unavailable": "Try again; if that lasts, look into the server's log and at its store (reconvene doctor)",
    }
    after = answer.get("retry_after")
    return ApiRefused(
        found,
        advice.get(code, "Look into the server's log" if status >= 500 else ""),
        status,
        code,
        float(after) if isinstance(after, int | float) else None,
    )


def _foreign(address: Address, path: str, response: httpx.Response) -> Unreachable:
    """The answer comes from something other than Reconvene."""
    status = response.status_code
    where = f"{address.base}{path}"
    if response.is_redirect:
        leads = response.headers.get("location", "")
        host = leads if leads.startswith("http") else "another place"
        return Unreachable(f"{where} sends on to {host[:200]!r}", "Write that address in place of this one")
    kind = response.headers.get("content-type", "").partition(";")[0].strip()
    what = "HTML" if kind == "text/html" else (repr(kind[:60]) if kind else "nothing that has a type")
    found = f"{where} answers {status} and {what}, which is not Reconvene"
    if status in {502, 503, 504}:
        return Unreachable(
            f"a proxy answers {status} at {where}",
            "Start the server behind it, or correct where the proxy passes on to",
        )
    if status in {401, 403, 407}:
        return Unreachable(found, "Have the proxy in front let /api and /ws pass without a login of its own")
    if status == 400 and not address.is_secure:
        return Unreachable(found, "If it is a port for TLS, write https:// in place of http://")
    return Unreachable(
        found, "Correct the address, or have the proxy in front pass all paths on to Reconvene"
    )


def _unreachable(address: Address, error: Exception, within: float, connect_within: float) -> Unreachable:
    port = f"TCP port {address.port}"
    causes = list(_causes(error))
    for cause in causes:
        match cause:
            case socket.gaierror() | UnicodeError():
                return Unreachable(
                    f"the name {address.host} cannot be resolved: {getattr(cause, 'strerror', None) or cause}",
                    "Correct the name, or look after its DNS record and this machine's name servers",
                )
            case ssl.SSLCertVerificationError():
                early = "not yet valid" in cause.verify_message
                return Unreachable(
                    f"the certificate of {address.host} is not accepted: {cause.verify_message.rstrip('.')}",
                    "Set the clock here right, or give the server a certificate that is valid now"
                    if early
                    else "Give the server a valid certificate for this name, or correct the name; SSL_CERT_FILE names"
                    " authorities of your own",
                )
            case ssl.SSLError():
                return Unreachable(
                    f"no TLS is spoken on {port} of {address.host}",
                    "Write http:// in place of https://, or correct the port",
                )
            case ConnectionRefusedError():
                return Unreachable(
                    f"nothing listens on {port} of {address.host}",
                    "Start the server, or correct host and port",
                )
    if isinstance(error, httpx.ConnectTimeout):
        return Unreachable(
            f"{address.host} cannot be connected to within {connect_within:.2g} s",
            f"Look whether the server runs, whether firewalls pass {port}, and whether name servers answer",
        )
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return Unreachable(
            f"{address.base} does not answer within {within:.2g} s",
            f"Look whether the server runs and has time, and whether firewalls pass {port}",
        )
    if isinstance(
        error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError | httpx.DecodingError
    ):
        other = "" if address.is_secure else ", or write https:// if it is one for TLS"
        return Unreachable(
            f"what listens on {port} of {address.host} hangs up, or speaks no HTTP",
            f"Correct the port{other}",
        )
    why = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), None)
    return Unreachable(
        f"{address.host} cannot be reached: {why or one_line(error)}",
        "Look at the network between here and there",
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The exceptions behind it, innermost first: libraries wrap the system's errors in their own."""
    if error is not None:
        yield from _causes(error.__cause__ or error.__context__)
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                yield from _causes(each)
        yield error
