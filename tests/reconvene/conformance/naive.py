"""A small client that is right, but for the one thing in which it is naive."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

FAULTS = {
    "joins anew": ("TEST-DROP-AFTER-3", "comes back by resume, not by another join"),
    "does not count": ("TEST-DROP-AFTER-3", "knows the last event it got"),
    "counts too far": ("TEST-DROP-AFTER-3", "knows an event between its join and the last"),
    "keeps the highest number": ("TEST-NEW-EPOCH", "knows the last event it got"),
    "keeps the epoch": ("TEST-NEW-EPOCH", "names the epoch it knows"),
    "signals again": ("TEST-NEW-EPOCH", "does not repeat after a restart what it had sent before"),
    "talks back": ("TEST-UNKNOWN-TYPE", "sends valid messages only"),
    "leaves": ("TEST-UNKNOWN-TYPE", "says nothing about what it does not know"),
    "stumbles": ("TEST-UNKNOWN-TYPE", "knows the last event it got"),
    "shows the same token": ("TEST-EXPIRE-TOKEN", "comes back with a newer token when its own has expired"),
    "is late with a token": ("TEST-EXPIRE-TOKEN", "shows a newer token when it is told that its own expires"),
    "keeps its session": ("TEST-EXPIRE-TOKEN", "shows its latest session"),
    "has no token": ("TEST-EXPIRE-TOKEN", "shows a token when it joins"),
    "comes back after all": ("TEST-REMOVE-WHILE-AWAY", "stays away once it was removed (4002)"),
    "does not wait": ("TEST-GOING-AWAY", "waits for as long as the server said"),
    "gives up": ("TEST-GOING-AWAY", "comes back"),
}
"""What it may do wrong, each with the meeting in which that shows, and what it then does not do."""

KNOWN = {"participant_joined", "participant_updated", "participant_left"}


class Client:
    """`fault`: one of `FAULTS`, or empty."""

    def __init__(self, url: str, meeting: str, fault: str = "") -> None:
        self._url = f"ws{url.removeprefix('http')}/ws"
        self._meeting = meeting
        self._fault = fault
        self._ids = itertools.count(1)
        self._session = self._epoch = ""
        self._seq = self._token = 0
        self._delay = 0.0

    async def run(self) -> None:
        """Until it is to stay away."""
        while True:
            code = await self._visit()
            if self._fault == "gives up" or (4000 <= code < 4100 and self._fault != "comes back after all"):
                return
            await asyncio.sleep(0 if self._fault == "does not wait" else self._delay)
            self._delay = 0.0
            if code == 4105 and self._fault != "shows the same token":
                self._token += 1

    async def _visit(self) -> int:
        """One socket; returns the close code."""
        async with connect(self._url, proxy=None, ping_interval=None) as ws:
            await self._say(ws, self._first())
            try:
                async for frame in ws:
                    if await self._heard(ws, json.loads(frame)):
                        break
            except ConnectionClosed:
                pass
        return ws.close_code or 1006

    def _first(self) -> dict[str, Any]:
        token = {} if self._fault == "has no token" else {"token": f"token {self._token}"}
        if not self._session or self._fault == "joins anew":
            return {"type": "join", "id": next(self._ids), "meeting": self._meeting, "name": "Naive", **token}
        seq = self._seq + 10 * (self._fault == "counts too far")
        place = {"session": self._session, "epoch": self._epoch, "seq": seq}
        return {"type": "resume", "id": next(self._ids), **place, **token}

    async def _heard(self, ws: ClientConnection, message: dict[str, Any]) -> bool:
        """Whether it breaks off."""
        kind = message["type"]
        if kind == "joined":
            self._session, self._epoch, self._seq = message["session"], message["epoch"], message["seq"]
        elif kind == "resumed":
            if self._fault != "keeps the epoch":
                self._epoch = message["epoch"]
            if "snapshot" in message and self._fault != "keeps the highest number":
                self._seq = message["seq"]
        elif kind == "going_away":
            self._delay = message["delay"]
        elif kind == "token_expiring" and self._fault != "is late with a token":
            self._token += self._fault != "shows the same token"
            await self._say(
                ws, {"type": "authenticate", "id": next(self._ids), "token": f"token {self._token}"}
            )
        elif kind == "authenticated" and self._fault != "keeps its session":
            self._session = message["session"]
        elif kind in KNOWN:
            if self._fault != "does not count":
                self._seq = max(self._seq, message["seq"])
        elif "newer_server" in kind:
            return await self._wonders(ws)
        if self._fault == "signals again" and kind in {"joined", "resumed"}:
            await self._say(ws, {"type": "signal", "id": 1000, "to": "p_ann", "data": None})
        return False

    async def _say(self, ws: ClientConnection, message: dict[str, Any]) -> None:
        # If it is closed, there is still something to read.
        with contextlib.suppress(ConnectionClosed):
            await ws.send(json.dumps(message))

    async def _wonders(self, ws: ClientConnection) -> bool:
        match self._fault:
            case "talks back":
                await self._say(ws, {"type": "error", "message": "what is that?"})
                await self._say(ws, {"type": "leave"})
            case "leaves":
                await self._say(ws, {"type": "leave"})
        return self._fault == "stumbles"
