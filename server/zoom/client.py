"""The part of Zoom's API that tells who attended.

    call ─► retry (tenacity) ─► token ─► limit of the label ─► transport ─► what the answer means
             ▲                                                                  │
             └── back-off with jitter, or as long as Zoom asks ◄─── Unavailable, BadAnswer

Importing this without the extra `zoom` raises `NotInstalled`.
"""

from __future__ import annotations

import asyncio
import re
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar
from urllib.parse import quote

import structlog

from server.zoom.access_token import Token, Tokens
from server.zoom.errors import BadAnswer, BadCredentials, NotInstalled
from server.zoom.zoom_records import (
    Details,
    Instance,
    ListPage,
    PanelistRow,
    ParticipantRow,
    RegistrantRow,
    Source,
    duration,
    read,
    read_page,
)
from server.zoom.zoom_responses import (
    Answer,
    content,
    failure,
    is_about_the_token,
    no_token,
    said,
)
from storage.imports import Kind, RegistrantStatus

try:
    from server.zoom.http_transport import HttpTransport
    from server.zoom.rate_limits import Label, Limits, OnWait, limits_of
    from server.zoom.retries import PATIENCE, Patience, Retries
except ModuleNotFoundError as missing:
    raise NotInstalled from missing

__all__ = ["Label", "Limits", "Patience", "Source", "ZoomClient", "ZoomSettings", "encoded"]

log = structlog.get_logger()
T = TypeVar("T")

PAGE_SIZE = 300
"""The most rows that Zoom puts on a page; a page may have fewer."""
LONGEST_UUID = 200


@dataclass(frozen=True, slots=True)
class ZoomSettings:
    """The credentials of a server-to-server OAuth app at Zoom, and Zoom's addresses."""

    account_id: str
    client_id: str
    client_secret: str = field(repr=False)
    api_url: str = "https://api.zoom.us/v2"
    token_url: str = "https://zoom.us/oauth/token"  # noqa: S105 - no password


@dataclass(slots=True)
class _Call:
    what: str
    label: Label
    path: str
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    token_renewed: bool = False


class ZoomClient:
    """Open it with `async with`. All methods raise `ZoomFailure`.

    `on_wait` gets the seconds and reason of each noticeable wait, before it. By default, `limits` are those that all
    clients of the account share.
    """

    def __init__(
        self,
        settings: ZoomSettings,
        *,
        on_wait: OnWait = lambda _seconds, _why: None,
        patience: Patience = PATIENCE,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._on_wait = on_wait
        self._patience = patience
        self._retries = Retries(patience, on_wait, sleep)
        self._limits = limits
        self._clock = clock
        self._tokens = Tokens(self._ask_for_token, clock)
        self._transport: HttpTransport | None = None

    async def __aenter__(self) -> Self:
        self._transport = HttpTransport(self._patience.within, self._patience.largest)
        self._limits = self._limits or limits_of(self._settings.account_id)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._tokens.close()
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.close()

    async def scopes(self) -> frozenset[str]:
        """The scopes of the app, as the token states them; empty when it does not."""
        return (await self._retries.result_of("an access token", self._tokens.current)).scopes

    async def details(self, kind: Kind, external_id: str) -> Details:
        call = _Call(f"{kind} {external_id}", "light", f"/{kind}s/{encoded(external_id)}")
        return await self._read(call, lambda answer: read(Details, {**_settings(answer), **answer}))

    async def instances(self, kind: Kind, external_id: str) -> Sequence[Instance]:
        """The instances that have ended, oldest first."""
        path = f"/past_{kind}s/{encoded(external_id)}/instances"
        found: dict[str, Instance] = {}
        token = ""
        while True:
            # The documentation says one page; if there are more, they are read, too.
            params = {"next_page_token": token} if token else {}
            call = _Call(f"the instances of {kind} {external_id}", "light", path, params)
            page = await self._read(call, lambda answer: read_page(Instance, f"{kind}s", answer))
            if not all(0 < len(instance.uuid) <= LONGEST_UUID for instance in page.rows):
                raise BadAnswer(f"Zoom names an instance of {kind} {external_id} without its UUID")
            new = {instance.uuid: instance for instance in page.rows if instance.uuid not in found}
            found |= new
            token = page.next_page_token
            if not token or not new:
                return sorted(found.values(), key=_start)

    async def panelists(self, external_id: str) -> Sequence[PanelistRow]:
        """The people who were invited to speak in a webinar. Zoom lists them on one page."""
        call = _Call(
            f"the panelists of webinar {external_id}", "medium", f"/webinars/{encoded(external_id)}/panelists"
        )
        return (await self._read(call, lambda answer: read_page(PanelistRow, "panelists", answer))).rows

    async def participants(
        self, kind: Kind, uuid: str, source: Source, token: str
    ) -> ListPage[ParticipantRow]:
        """One page of the stays in an instance; `token` "" is the first page."""
        report = source == "report"
        params = {"page_size": str(PAGE_SIZE)}
        if report:
            params["include_fields"] = "registrant_id"
        call = _Call(
            f"the {'report' if report else 'list'} of those in {kind} instance {uuid}",
            "heavy" if report else "medium",
            f"/{f'report/{kind}s' if report else f'past_{kind}s'}/{encoded(uuid)}/participants",
            _paged(params, token),
        )
        return await self._read(call, lambda answer: read_page(ParticipantRow, "participants", answer))

    async def registrants(
        self, kind: Kind, external_id: str, status: RegistrantStatus, token: str
    ) -> ListPage[RegistrantRow]:
        """One page of the people who registered; `token` "" is the first page."""
        call = _Call(
            f"the {status} registrants of {kind} {external_id}",
            "medium",
            f"/{kind}s/{encoded(external_id)}/registrants",
            _paged({"status": status, "page_size": str(PAGE_SIZE)}, token),
        )
        return await self._read(call, lambda answer: read_page(RegistrantRow, "registrants", answer))

    async def _read(self, call: _Call, reading: Callable[[dict[str, Any]], T]) -> T:
        async def attempt() -> T:
            return reading(await self._attempt(call))

        return await self._retries.result_of(call.what, attempt)

    async def _attempt(self, call: _Call) -> dict[str, Any]:
        token = await self._tokens.current()
        answer = await self._get(call, token)
        if is_about_the_token(answer) and not call.token_renewed:
            log.info("zoom does not take the token, a new one is asked for", what=call.what)
            call.token_renewed = True
            answer = await self._get(call, await self._tokens.other_than(token))
        if is_about_the_token(answer):
            raise _bad_credentials(f"Zoom does not take the access token it has just given: {said(answer)}")
        if answer.status != 200:
            refused = failure(answer, call.what, paged="next_page_token" in call.params, now=self._clock())
            refused.status = answer.status
            raise refused
        return content(answer)

    async def _get(self, call: _Call, token: Token) -> Answer:
        return await self._send(
            call,
            "GET",
            self._settings.api_url.rstrip("/") + call.path,
            headers={"Authorization": f"Bearer {token.value}"},
            params=call.params,
            private=(token.value,),
        )

    async def _ask_for_token(self) -> Token:
        settings, begun = self._settings, self._clock()
        pair = b64encode(f"{settings.client_id}:{settings.client_secret}".encode()).decode()
        answer = await self._send(
            _Call("an access token", "light", ""),
            "POST",
            settings.token_url,
            headers={"Authorization": f"Basic {pair}"},
            form={"grant_type": "account_credentials", "account_id": settings.account_id},
            private=(settings.client_secret, pair),
        )
        if (why := no_token(answer)) is not None:
            raise _bad_credentials(f"Zoom gives no access token: {why}")
        if answer.status != 200:
            now = self._clock()
            raise failure(answer, "an access token", paged=False, now=now, setting="ZOOM_TOKEN_URL")
        told = content(answer)
        value, scopes, seconds = (told.get(key) for key in ("access_token", "scope", "expires_in"))
        if not isinstance(value, str) or not re.fullmatch("[!-~]+", value):
            raise BadAnswer("Zoom answered without an access token: is ZOOM_TOKEN_URL right?")
        granted = frozenset(scopes.replace(",", " ").split() if isinstance(scopes, str) else ())
        log.debug("zoom gave an access token", scopes=len(granted))
        return Token.lasting(value, granted, duration(seconds) or 3600.0, begun)

    async def _send(self, call: _Call, method: str, url: str, **request: Any) -> Answer:
        if self._transport is None or self._limits is None:
            raise RuntimeError("the client is not open: use it with `async with`")
        await self._limits.take(call.label, self._on_wait)
        answer = await self._transport.send(method, url, **request)
        log.debug("zoom answered", what=call.what, status=answer.status, size=len(answer.body))
        return answer


def encoded(uuid: str) -> str:
    """The UUID as a part of a path. Zoom requires one that begins with a slash or contains two to be encoded twice."""
    once = quote(uuid, safe="")
    return quote(once, safe="") if uuid.startswith("/") or "//" in uuid else once


def _paged(params: Mapping[str, str], token: str) -> Mapping[str, str]:
    # An empty token would begin at page 1 again.
    return {**params, "next_page_token": token} if token else params


def _settings(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    settings = answer.get("settings")
    return settings if isinstance(settings, dict) else {}


def _start(instance: Instance) -> tuple[bool, float, str]:
    return instance.start_time is None, instance.start_time or 0.0, instance.uuid


def _bad_credentials(why: str) -> BadCredentials:
    return BadCredentials(
        f"{why}. Check ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET against the server-to-server OAuth app "
        "at Zoom, and that the app is activated (docs/zoom.md)"
    )
