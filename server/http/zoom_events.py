"""What Zoom calls while a webinar or meeting goes on: `POST /api/zoom/webhook`.

An event that cannot be kept now is answered with 503, and Zoom sends it again (after about 5, 25 and 85 minutes).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable

import orjson
import structlog
from fastapi import APIRouter, Request, Response

from server.http.openapi import Answers, answered, refusal
from server.http.private import private_json
from server.http.problems import problem
from server.runtime.seldom import Seldom
from server.settings.config import Config
from server.zoom.poll_times import SETTLES
from server.zoom.webhook_events import Ended, Event, Heard, Malformed, Other, Validation, read
from storage.errors import MeetingExists
from storage.import_store import ImportStore
from storage.imports import Import

log = structlog.get_logger()

FRESH = 300.0
"""Seconds by which an event's time may differ from ours: the clocks differ, and the event is under way for a while."""

WITHIN = 2.5
"""Seconds that the store may take: Zoom waits for three."""

RETRY_AFTER = 60.0
QUIET = 60.0
"""Seconds between two lines about requests that are not from Zoom: anybody can send them."""


REFUSED: Answers = {
    400: refusal("The event is not understood"),
    401: refusal("It is not Zoom's, or too old"),
    404: refusal("No events are taken here"),
    413: refusal("The body is too large"),
}


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Zoom's signature of a request, over the exact bytes of its body."""
    return f"v0={_hmac(secret, b'v0:' + timestamp.encode('latin-1') + b':' + body)}"


def router(config: Config, store: ImportStore, now: Callable[[], float]) -> APIRouter:
    """`now`: the record's clock, by which an import is due. How fresh an event is, this machine's clock says."""
    routes = APIRouter()
    doorkeeper = _Doorkeeper(config.zoom_webhook_secret or "", time.time)

    @routes.post(
        "/api/zoom/webhook",
        tags=["zoom"],
        response_class=Response,
        responses=answered("application/json") | REFUSED,
    )
    async def zoom_webhook(request: Request) -> Response:
        """Take an event from Zoom. The app's event notification endpoint URL is this address."""
        secret = config.zoom_webhook_secret
        if secret is None:
            return problem(404, "No events are taken here: ZOOM_WEBHOOK_SECRET is not set (docs/zoom.md).")
        body = await request.body()
        why = doorkeeper.refuses(
            request.headers.get("x-zm-request-timestamp", ""),
            request.headers.get("x-zm-signature", ""),
            body,
        )
        if why:
            return problem(401, why)
        try:
            event = read(body)
        except Malformed as error:
            log.warning("zoom event not understood", error=str(error), bytes=len(body))
            return problem(400, f"The event is not understood: {error}.")
        if isinstance(event, Validation):
            answer = {
                "plainToken": event.plain_token,
                "encryptedToken": _hmac(secret, event.plain_token.encode()),
            }
            return private_json(orjson.dumps(answer))
        try:
            async with asyncio.timeout(WITHIN):
                kept = await _keep(store, event, now())
        except TimeoutError:
            log.warning("zoom event not kept in time, Zoom sends it again")
            return problem(503, "The store does not answer; send it again.", retry_after=RETRY_AFTER)
        return private_json(orjson.dumps({"kept": kept}))

    return routes


async def _keep(store: ImportStore, event: Event, now: float) -> bool:
    """Whether the event changed anything. Raises `StoreUnavailable`."""
    try:
        match event:
            case Heard(subject, stay):
                kept = await store.record_live(subject, stay)
                if not kept:
                    log.debug("zoom event came after the report", room=subject.room, part=stay.part)
                return kept
            case Ended(subject, part, ended_at):
                if _is_known(await store.imported(subject.room), event):
                    return False
                due_at = max(min(ended_at, now) + SETTLES[0], now)
                await store.end_live(subject, part, ended_at, due_at, now)
                log.info("zoom says it has ended", room=subject.room, part=part)
                return True
            case Other(name):
                log.debug("zoom event ignored", name=name[:100])
            case _:
                pass
    except MeetingExists:
        # Sending it again would not help.
        log.warning(
            "zoom event has no place: the meeting's id is taken by one held here", room=event_room(event)
        )
    return False


def _is_known(record: Import | None, ended: Ended) -> bool:
    """Whether this end was reported before, and everything that follows from it is done or due."""
    if record is None:
        return False
    return any(
        part.part == ended.part
        and part.ended_at == ended.at
        and (part.agreed > 0 or record.due_at is not None)
        for part in record.parts
    )


class _Doorkeeper:
    """Recognises requests from Zoom, and logs others now and then."""

    def __init__(self, secret: str, clock: Callable[[], float]) -> None:
        self._secret = secret
        self._clock = clock
        self._seldom = Seldom(QUIET)

    def refuses(self, timestamp: str, signed: str, body: bytes) -> str:
        """Why the request is refused; "" if it is Zoom's and not old."""
        expected = signature(self._secret, timestamp, body)
        if not hmac.compare_digest(expected.encode(), signed.encode("latin-1", "replace")):
            return self._told(
                "The signature is not Zoom's, or ZOOM_WEBHOOK_SECRET is not the app's secret token."
            )
        # Checked after the signature: a sender other than Zoom learns nothing about the clock.
        if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 20):
            return self._told("The timestamp is none.")
        if abs(self._clock() - int(timestamp)) > FRESH:
            return self._told("The request is older than five minutes, or one of the clocks is wrong.")
        return ""

    def _told(self, why: str) -> str:
        if self._seldom.count("refused"):
            log.warning("zoom event refused", why=why)
        return why


def event_room(event: Event) -> str:
    return event.subject.room if isinstance(event, Heard | Ended) else ""


def _hmac(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(errors="surrogateescape"), message, hashlib.sha256).hexdigest()
