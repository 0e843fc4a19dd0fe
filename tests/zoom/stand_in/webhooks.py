"""In place of Zoom's event notifications: signed and posted as Zoom does, from what its documents show of them.

async with WebhookSender(f"{server.url}/api/zoom/webhook", secret) as sender:
    assert await sender.validate()
    await sender.send(joined(session, seat))
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from tests.zoom.stand_in.clock import iso
from tests.zoom.stand_in.views import Kind

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Session:
    """One instance, while it goes on."""

    external_id: str
    uuid: str
    started_at: float
    kind: Kind = "webinar"
    topic: str = "A webinar"


@dataclass(frozen=True)
class Seat:
    """One join of somebody. What is "" is sent as that, as Zoom does of what it does not know or hides."""

    user_id: str
    user_name: str
    joined_at: float
    left_at: float = 0.0
    id: str = ""
    participant_user_id: str = ""
    email: str = ""
    registrant_id: str = ""
    participant_uuid: str = ""


def joined(session: Session, seat: Seat, **changes: Any) -> Event:
    """`webinar.participant_joined`, or the meeting's; `changes` are made to the participant: None takes a field out."""
    fields = _participant(seat) | {"join_time": iso(seat.joined_at)}
    if session.kind == "meeting":
        fields["date_time"] = iso(seat.joined_at)
    return _event(session, "participant_joined", seat.joined_at, {"participant": _changed(fields, changes)})


def left(session: Session, seat: Seat, **changes: Any) -> Event:
    """`webinar.participant_left`, or the meeting's."""
    fields = _participant(seat) | {
        "leave_time": iso(seat.left_at),
        "leave_reason": f"{seat.user_name} left the {session.kind}.",
    }
    if session.kind == "meeting":
        fields |= {"date_time": iso(seat.left_at)}
    return _event(session, "participant_left", seat.left_at, {"participant": _changed(fields, changes)})


def started(session: Session) -> Event:
    return _event(session, "started", session.started_at, {})


def ended(session: Session, at: float) -> Event:
    return _event(session, "ended", at, {"end_time": iso(at)})


def _event(session: Session, name: str, at: float, fields: Mapping[str, Any]) -> Event:
    about = {
        "id": session.external_id,
        "uuid": session.uuid,
        "host_id": "x1yCzABCDEfg23HiJKl4mN",
        "topic": session.topic,
        "type": 5 if session.kind == "webinar" else 2,
        "start_time": iso(session.started_at),
        "timezone": "Europe/Berlin",
        "duration": 90,
    }
    return {
        "event": f"{session.kind}.{name}",
        "event_ts": int(at * 1000) + 250,
        "payload": {"account_id": "AbCdEfGhIjKlMnOpQr_stu", "object": {**about, **fields}},
    }


def _participant(seat: Seat) -> dict[str, Any]:
    return {
        "user_id": seat.user_id,
        "user_name": seat.user_name,
        "id": seat.id,
        "participant_uuid": seat.participant_uuid or f"55555AAAiAAAAAiAiAiiAii{seat.user_id}",
        "participant_user_id": seat.participant_user_id,
        "email": seat.email,
        "registrant_id": seat.registrant_id,
        "phone_number": "",
        "customer_key": "",
    }


def _changed(fields: Mapping[str, Any], changes: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}


def signature(secret: str, timestamp: str, body: bytes) -> str:
    digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
    return f"v0={digest.hexdigest()}"


class WebhookSender:
    """Posts to one URL. An event is sent once: Zoom's repetitions, and its being late, are the caller's to do."""

    def __init__(self, url: str, secret: str) -> None:
        self.url = url
        self.secret = secret
        self._client = httpx.AsyncClient(timeout=10.0)

    async def __aenter__(self) -> WebhookSender:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def send(
        self, event: Event, *, signed_at: float | None = None, secret: str | None = None
    ) -> httpx.Response:
        """`signed_at`: now, unless it is given, in seconds since the epoch."""
        return await self.post(orjson.dumps(event), signed_at=signed_at, secret=secret)

    async def post(
        self,
        body: bytes,
        *,
        signed_at: float | None = None,
        secret: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """These very bytes; `headers` in place of the right ones."""
        timestamp = str(int(time.time() if signed_at is None else signed_at))
        signed = {
            "x-zm-request-timestamp": timestamp,
            "x-zm-signature": signature(self.secret if secret is None else secret, timestamp, body),
        }
        return await self._client.post(
            self.url,
            content=body,
            headers={
                "content-type": "application/json; charset=utf-8",
                "user-agent": "Zoom Marketplace/1.0a",
                "x-zm-trackingid": f"v=2.0;clid=us06;rid=WEB_{secrets.token_hex(16)}",
                "authorization": "",
                **(signed if headers is None else headers),
            },
        )

    async def validate(self) -> bool:
        """Ask for a proof that the secret is known there, as when the URL is entered; Zoom waits 3 s for it."""
        token = secrets.token_urlsafe(16)
        event = {
            "event": "endpoint.url_validation",
            "event_ts": int(time.time() * 1000),
            "payload": {"plainToken": token},
        }
        response = await self.send(event)
        proof = hmac.new(self.secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        return response.status_code == 200 and response.json() == {
            "plainToken": token,
            "encryptedToken": proof,
        }
