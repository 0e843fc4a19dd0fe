"""What really happened in the rooms: every event that any room's log was given, in order, by epoch."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from signalling.protocol.identifiers import page_of
from signalling.rooms.event_log import Log, To
from tests.simulation.page import Page


class Event(NamedTuple):
    seq: int
    at: float
    message: dict[str, Any]
    to: To
    """The participants it was for alone."""

    def is_for(self, participant: str) -> bool:
        to = self.to
        return to is None or participant == to or (isinstance(to, frozenset) and participant in to)

    @property
    def joiner(self) -> str:
        """The page that it says has joined; empty when it says something else."""
        if self.message["type"] not in {"participant_joined", "participant_rejoined"}:
            return ""
        return page_of(self.message["participant"]["instance"])


class Truth:
    """`epochs` in the order they began."""

    def __init__(self) -> None:
        self.epochs: dict[str, list[Event]] = {}
        self.withdrawn: list[int] = []
        """Numbers of signals that a log took out, to have them put in anew."""
        self._raw: list[tuple[str, int, float, bytes, To]] = []

    def kept(self) -> str:
        """All that somebody besides the servers keeps of the events of rooms."""
        return ""

    @contextlib.contextmanager
    def told(self, now: Callable[[], float]) -> Iterator[None]:
        """While it lasts, every log tells what it is given."""
        append, withdraw, raw = Log.append, Log.withdraw, self._raw

        def noted(log: Log, payload: bytes, at: float, to: To = None) -> None:
            append(log, payload, at, to)
            raw.append((log.epoch, log.seq, now(), payload, to))

        def taken(log: Log, *who_and_since: Any) -> list[bytes]:
            taken = withdraw(log, *who_and_since)
            events = [json.loads(event) for event in taken]
            self.withdrawn += [event["data"]["n"] for event in events if event["type"] == "signal"]
            return taken

        Log.append = noted  # type: ignore[method-assign, assignment]
        Log.withdraw = taken  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            Log.append = append  # type: ignore[method-assign]
            Log.withdraw = withdraw  # type: ignore[method-assign]
            for epoch, seq, at, payload, to in raw:
                events = self.epochs.setdefault(epoch, [])
                message = json.loads(payload)
                events.append(Event(seq, at, message, to))

    @functools.cached_property
    def deleted(self) -> set[str]:
        """Messages of the chat that were deleted at any time."""
        changes = [
            event.message["message"] for event in self.all() if event.message["type"] == "chat_changed"
        ]
        gone = {change["id"] for change in changes if "deleted_by" in change}
        erasures = [event.message for event in self.all() if event.message["type"] == "chat_erased"]
        said = [event.message["message"] for event in self.all() if event.message["type"] == "chat_message"]
        for each in erasures:
            gone |= {one["id"] for one in said if one["from"] == each["from"] and one["at"] <= each["until"]}
        return gone

    def may_be_erased(self, event: Event) -> bool:
        """Whoever missed it is not sent it, if it was deleted meanwhile."""
        return event.message["type"] in {"chat_message", "chat_changed"} and (
            event.message["message"]["id"] in self.deleted and "text" in event.message["message"]
        )

    def all(self) -> Iterator[Event]:
        for events in self.epochs.values():
            yield from events


class Holders:
    """Whose page had each participant's place, and since when, as the events tell."""

    def __init__(self, truth: Truth, pages: Mapping[str, Page]) -> None:
        self._pages = pages
        self._changes: dict[str, list[tuple[float, Page | None]]] = {}
        self._instances: dict[str, list[tuple[float, str]]] = {}
        for event in truth.all():
            kind = event.message["type"]
            if kind not in {"participant_joined", "participant_rejoined", "participant_left"}:
                continue
            page = None if kind == "participant_left" else self.page_of(event)
            if page is not None:
                page.seated_at = min(page.seated_at, event.at)
            instance = "" if page is None else str(event.message["participant"]["instance"])
            self._instances.setdefault(event.message["participant"]["id"], []).append((event.at, instance))
            self._changes.setdefault(event.message["participant"]["id"], []).append((event.at, page))

    def page_of(self, event: Event) -> Page:
        """Who joined."""
        return self._pages[event.joiner]

    def instance_at(self, participant: str, at: float, after: float = 0.0) -> str:
        """Which one of them was there just before that moment, and came after the other, if any."""
        last = ""
        for since, instance in self._instances.get(participant, ()):
            if since >= at:
                break
            last = instance if since >= after else ""
        return last

    def was_gone(self, participant: str, since: float, until: float) -> bool:
        """Whether nobody had the place at some moment between."""
        changes = self._changes.get(participant, ())
        return self.at(participant, since) is None or any(
            page is None and since <= at <= until for at, page in changes
        )

    def at(self, participant: str, at: float) -> Page | None:
        """Just before that moment."""
        last = None
        for since, page in self._changes.get(participant, ()):
            if since >= at:
                break
            last = page
        return last
