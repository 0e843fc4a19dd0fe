"""The endpoints the stand-in has, with the scopes, parameters and error bodies of each."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from tests.zoom.stand_in.requests import Answer, Asked, RefusedError, invalid, not_found, told
from tests.zoom.stand_in.tokens import AccessTokens, PageTokens
from tests.zoom.stand_in.views import InstanceView, Kind, Record, WebinarView

PAGE_SIZE = 30
MOST_PAGE_SIZE = 300
STATUSES = ("approved", "pending", "denied")


@dataclass
class Books:
    """Whatever an answer depends on. `page_limit`: no page has more rows, whatever was asked for; with `ragged` they
    have any number up to that, even none."""

    webinars: dict[str, WebinarView]
    access: AccessTokens
    pages: PageTokens
    page_limit: int = PAGE_SIZE
    ragged: random.Random | None = None


@dataclass(frozen=True)
class Endpoint:
    name: str
    kind: Kind
    path: re.Pattern[str]
    scope: str
    label: str
    params: frozenset[str]
    answer: Callable[[Books, Asked, Endpoint], Answer]

    @property
    def scopes(self) -> tuple[str, str]:
        return self.scope, f"{self.scope}:admin"


def parameters(query: bytes) -> dict[str, str]:
    pairs = parse_qsl(query.decode("ascii", "replace"), keep_blank_values=True)
    if len(dict(pairs)) < len(pairs):
        raise invalid(**{name: "Given more than once." for name, _ in pairs})
    return dict(pairs)


def answer(books: Books, asked: Asked, endpoint: Endpoint) -> Answer:
    """What Zoom answers. Raises `RefusedError`."""
    books.access.check(asked.authorization)
    if asked.method != "GET":
        raise RefusedError(405, 405, f"Request method '{asked.method}' is not supported.")
    books.access.demand(endpoint.scopes)
    if unknown := asked.params.keys() - endpoint.params:
        raise invalid(**dict.fromkeys(sorted(unknown), "Unknown parameter."))
    return endpoint.answer(books, asked, endpoint)


def _participants(books: Books, asked: Asked, endpoint: Endpoint) -> Answer:
    included = asked.params.get("include_fields", "registrant_id")
    if included != "registrant_id":
        raise invalid(include_fields="Not one of: registrant_id.")
    instance = _instance(books, asked, endpoint.kind)
    if instance.refused:
        raise RefusedError(*instance.refused)
    is_report = endpoint.name == "report participants"
    rows = instance.report if is_report else instance.basic
    if is_report and instance.report_refused:
        raise RefusedError(*instance.report_refused)
    if is_report and endpoint.kind == "meeting" and len(rows) == 1:
        # Meetings of one participant are in the basic list only.
        rows = ()
    if is_report and instance.turns:
        return _in_turns(asked, rows, instance.turns)

    def shown(page: Sequence[Record]) -> Sequence[Record]:
        if "include_fields" in asked.params:
            return page
        return [{name: value for name, value in row.items() if name != "registrant_id"} for row in page]

    return _page(books, asked, "participants", rows, instance.total, shown)


def _registrants(books: Books, asked: Asked, endpoint: Endpoint) -> Answer:
    status = asked.params.get("status", "approved")
    if status not in STATUSES:
        raise invalid(status=f"Not one of: {', '.join(STATUSES)}.")
    webinar = _scheduled(books, asked, endpoint.kind)
    if not webinar.registration:
        refused_with, code, message = webinar.unregistrable
        raise RefusedError(refused_with, code, message.format(kind=webinar.kind, id=asked.subject))
    return _page(books, asked, "registrants", webinar.registrants.get(status, ()))


def _instances(books: Books, asked: Asked, endpoint: Endpoint) -> Answer:
    webinar = _webinar(books, asked, endpoint.kind)
    ended = [each for each in webinar.instances if each.ended and webinar.tells_instances]
    # The latest first: nothing is said of their order.
    listed = [{"uuid": each.uuid, "start_time": each.start_time} for each in reversed(ended)]
    return told(200, {f"{webinar.kind}s": listed}, len(listed))


def _panelists(books: Books, asked: Asked, endpoint: Endpoint) -> Answer:
    shown = list(_scheduled(books, asked, endpoint.kind).panelists)
    return told(200, {"panelists": shown, "total_records": len(shown)}, len(shown))


def _details(books: Books, asked: Asked, endpoint: Endpoint) -> Answer:
    webinar = _scheduled(books, asked, endpoint.kind)
    latest = webinar.instances[-1] if webinar.instances else None
    return told(
        200,
        {
            "uuid": latest.uuid if latest else "",
            "id": int(webinar.external_id),
            "host_id": webinar.host_id,
            "host_email": webinar.host_email,
            "topic": webinar.topic,
            "type": 5 if webinar.kind == "webinar" else 2,
            "start_time": latest.start_time if latest else "2026-10-06T15:00:00Z",
            "duration": 90,
            "timezone": "Europe/Berlin",
            "created_at": "2026-09-01T08:30:00Z",
            "join_url": f"https://zoom.us/j/{webinar.external_id}",
            "settings": {"approval_type": 0 if webinar.registration else 2},
        },
    )


def _page(
    books: Books,
    asked: Asked,
    key: str,
    rows: Sequence[Record],
    total: int | None = None,
    shown: Callable[[Sequence[Record]], Sequence[Record]] = lambda page: page,
) -> Answer:
    text = asked.params.get("page_size", str(PAGE_SIZE))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_PAGE_SIZE):
        raise invalid(page_size=f"Not between 1 and {MOST_PAGE_SIZE}.")
    begin = books.pages.follow(asked)
    most = min(int(text), books.page_limit)
    count = most if books.ragged is None else books.ragged.randint(0, most)
    page = shown(rows[begin : begin + count])
    end = begin + len(page)
    content: dict[str, object] = {
        "next_page_token": books.pages.lead_to(asked, end) if end < len(rows) else "",
        "page_size": int(text),
        "total_records": len(rows) if total is None else total,
        key: page,
    }
    if not asked.params.get("next_page_token"):
        content["page_count"] = -(-len(rows) // most)
    return told(200, content, len(page))


def _in_turns(asked: Asked, rows: Sequence[Record], turns: int) -> Answer:
    """Pages of thirty; the last one has a token that leads to one before, and none of them is ever used up."""
    token = asked.params.get("next_page_token", "")
    page = int(token.removeprefix("turn")) if token else 0
    begin = page * PAGE_SIZE
    content = {
        "next_page_token": f"turn{page + 1 if (page + 1) * PAGE_SIZE < len(rows) else page + 1 - turns}",
        "page_size": PAGE_SIZE,
        "total_records": len(rows) + 1,
        "participants": rows[begin : begin + PAGE_SIZE],
    }
    return told(200, content, len(rows[begin : begin + PAGE_SIZE]))


def _scheduled(books: Books, asked: Asked, kind: Kind) -> WebinarView:
    webinar = _webinar(books, asked, kind)
    if webinar.expired:
        raise not_found(kind, asked.subject)
    return webinar


def _webinar(books: Books, asked: Asked, kind: Kind) -> WebinarView:
    asked.subject = unquote(asked.subject)
    webinar = books.webinars.get(asked.subject)
    if webinar is None or webinar.kind != kind:
        raise not_found(kind, asked.subject)
    if webinar.refused:
        raise RefusedError(*webinar.refused)
    return webinar


def _instance(books: Books, asked: Asked, kind: Kind) -> InstanceView:
    """By its UUID, or of a webinar's number the latest."""
    if asked.subject.isdigit():
        latest = [each for each in _webinar(books, asked, kind).instances if each.ended][-1:]
        if not latest:
            raise not_found(kind, asked.subject)
        return latest[0]
    once = unquote(asked.subject)
    twice = unquote(once)
    asked.subject = twice
    for webinar in books.webinars.values():
        for instance in webinar.instances:
            if webinar.kind == kind and instance.ended and _means(once, twice, instance.uuid):
                if webinar.refused:
                    raise RefusedError(*webinar.refused)
                return instance
    raise not_found(kind, twice)


def _means(once: str, twice: str, uuid: str) -> bool:
    """Whether a path with this segment, decoded once and twice, asks for the instance."""
    if uuid.startswith("/") or "//" in uuid:
        return twice == uuid and "/" not in once
    return once == uuid


_PAGED = frozenset({"page_size", "next_page_token"})


def _endpoints(kind: Kind) -> Sequence[Endpoint]:
    def at(path: str) -> re.Pattern[str]:
        return re.compile(f"/v2{path.format(kinds=f'{kind}s', id='([^/]+)')}")

    panelists = Endpoint(
        "panelists",
        kind,
        at("/{kinds}/{id}/panelists"),
        f"{kind}:read:list_panelists",
        "medium",
        frozenset(),
        _panelists,
    )
    return (
        *([panelists] if kind == "webinar" else []),
        Endpoint(
            "report participants",
            kind,
            at("/report/{kinds}/{id}/participants"),
            f"report:read:list_{kind}_participants",
            "heavy",
            _PAGED | {"include_fields"},
            _participants,
        ),
        Endpoint(
            "basic participants",
            kind,
            at("/past_{kinds}/{id}/participants"),
            f"{kind}:read:list_past_participants",
            "medium",
            _PAGED | {"include_fields"},
            _participants,
        ),
        Endpoint(
            "registrants",
            kind,
            at("/{kinds}/{id}/registrants"),
            f"{kind}:read:list_registrants",
            "medium",
            _PAGED | {"status", "occurrence_id", "tracking_source_id"},
            _registrants,
        ),
        Endpoint(
            "instances",
            kind,
            at("/past_{kinds}/{id}/instances"),
            f"{kind}:read:list_past_instances",
            "light",
            frozenset(),
            _instances,
        ),
        Endpoint(
            "details",
            kind,
            at("/{kinds}/{id}"),
            f"{kind}:read:{kind}",
            "light",
            frozenset({"occurrence_id", "show_previous_occurrences"}),
            _details,
        ),
    )


ENDPOINTS: Sequence[Endpoint] = (*_endpoints("webinar"), *_endpoints("meeting"))
SCOPES: frozenset[str] = frozenset(f"{endpoint.scope}:admin" for endpoint in ENDPOINTS)
"""All that can be granted."""


@dataclass
class Rates:
    """How many requests a second each label admits, by the stand-in's clock; those it does not name, any number."""

    limits: Mapping[str, int]
    _admitted: dict[str, list[float]] = field(default_factory=dict)

    def admit(self, label: str, now: float) -> bool:
        limit = self.limits.get(label)
        if limit is None:
            return True
        lately = [moment for moment in self._admitted.get(label, ()) if moment > now - 1.0]
        self._admitted[label] = lately
        if len(lately) >= limit:
            return False
        lately.append(now)
        return True
