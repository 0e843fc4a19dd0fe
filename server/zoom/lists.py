"""The lists of Zoom's that a walk reads, and the sources of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from server.zoom import person_matching
from server.zoom.client import ZoomClient
from server.zoom.finding import is_bare
from server.zoom.zoom_records import Instance, Source
from storage.imports import Registrant, RegistrantStatus, Row, Subject, Walk


@dataclass(frozen=True, slots=True)
class Content:
    """The contents of a page, as they are kept. `token`: of the next page, "" after the last."""

    token: str
    total: int | None
    rows: Sequence[Row] = ()
    registrants: Sequence[Registrant] = ()

    @property
    def is_empty(self) -> bool:
        return not self.rows and not self.registrants

    @property
    def digests(self) -> frozenset[int]:
        """Equal for a page that is served twice."""
        return frozenset(row.digest for row in self.rows) | frozenset(row.digest for row in self.registrants)


class Reading(Protocol):
    """One of Zoom's lists. `sources`: where it can be had, the best first. `held`: it cannot be empty."""

    part: str
    starts_at: float | None
    sources: Sequence[str]
    held: bool

    async def page(self, source: str, token: str, walk: Walk) -> Content: ...


class Participants:
    sources: Sequence[str] = ("report", "basic")
    held = True
    """Somebody began the instance, so it has a row."""

    def __init__(self, client: ZoomClient, subject: Subject, instance: Instance) -> None:
        self.part = person_matching.instance_part(instance.uuid)
        self.starts_at = instance.start_time
        self._client = client
        self._subject = subject
        self._uuid = instance.uuid
        self._asked = subject.external_id if is_bare(subject.external_id, instance.uuid) else instance.uuid

    async def page(self, source: str, token: str, walk: Walk) -> Content:
        wanted: Source = "basic" if source == "basic" else "report"
        found = await self._client.participants(self._subject.kind, self._asked, wanted, token)
        fallback = walk.begun_at if self.starts_at is None else self.starts_at
        rows = person_matching.rows(self._subject.room, self._uuid, found.rows, fallback)
        return Content(found.next_page_token, found.total_records, rows=rows)


class Registrants:
    sources: Sequence[str] = ("registrants",)
    starts_at: float | None = None
    held = False

    def __init__(self, client: ZoomClient, subject: Subject, status: RegistrantStatus) -> None:
        self.part = person_matching.registrants_part(status)
        self._client = client
        self._subject = subject
        self._status = status

    async def page(self, source: str, token: str, walk: Walk) -> Content:
        subject = self._subject
        found = await self._client.registrants(subject.kind, subject.external_id, self._status, token)
        registrants = [person_matching.registrant(subject.room, each, self._status) for each in found.rows]
        return Content(found.next_page_token, found.total_records, registrants=registrants)
