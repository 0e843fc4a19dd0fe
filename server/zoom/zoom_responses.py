"""What Zoom's answers mean: success is JSON, everything else a `ZoomFailure`. Pure.

Zoom reports an error by an HTTP status and, in the body, a code and a message. The same code comes with several
statuses and the same status means several things, so both count, and sometimes the wording, too.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from server.zoom.errors import (
    BadAnswer,
    DailyLimit,
    MissingScope,
    NoPermission,
    NotFound,
    NotRegistrable,
    PageTokenInvalid,
    Refused,
    TooOld,
    Unavailable,
    ZoomFailure,
)
from server.zoom.zoom_records import count, moment

LONGEST_ASKED = 60.0
"""The longest wait, in seconds, that Zoom may ask for. If it asks for more, the call fails instead."""

_SCOPES = re.compile(r"scopes?:?\s*\[([^\]]*)\]", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+")
_TRY_AGAIN = (408, 425)
_MOST_SAID = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers`: by names in any case. `private`: texts that must never be repeated, even if Zoom says them."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    private: Sequence[str] = field(default=(), repr=False)


def content(answer: Answer) -> dict[str, Any]:
    """The object in a successful answer. Raises `BadAnswer` for another body, also for one that reports an error."""
    told = _object(answer)
    if told is None:
        raise BadAnswer("Zoom answered with what is no JSON object")
    if _code(told):
        raise BadAnswer(f"Zoom answered with an error that it calls a success: {said(answer)}")
    return told


def is_about_the_token(answer: Answer) -> bool:
    """Whether another access token may help."""
    return answer.status == 401 and not _lacks_scope(answer.status, _object(answer) or {})


def failure(
    answer: Answer, what: str, *, paged: bool, now: float, setting: str = "ZOOM_API_URL"
) -> ZoomFailure:
    """Why there is no `what` ("the report of instance 4AAA==") when the status is neither 200 nor 401.

    `paged`: a page token was sent. `now`: seconds since the epoch. `setting`: the one with Zoom's address.
    """
    told = _object(answer) or {}
    status, code, reasons = answer.status, _code(told), said(answer)
    if status == 429:
        return _too_many(answer, _message(told), now)
    if status >= 500 or status in _TRY_AGAIN:
        return Unavailable(f"Zoom is not able to answer: {reasons}", wait=max(0.0, _asked(answer, now) - now))
    if status < 400:
        does = "sends elsewhere" if status >= 300 else "answers without content"
        return BadAnswer(f"what is at {setting} {does} and is not Zoom's API: HTTP {status}", again=False)
    for sign in _SIGNS:
        if sign.fits(status, code, reasons, paged=paged):
            return sign.failure(what, reasons, told)
    return Refused(f"Zoom refused {what}: {reasons}")


def no_token(answer: Answer) -> str | None:
    """Why there is no access token, if retrying would not help."""
    if answer.status == 429 or answer.status in _TRY_AGAIN or not 400 <= answer.status < 500:
        return None
    return said(answer)


def said(answer: Answer) -> str:
    """Zoom's own words, on one line, with code or status; without e-mail addresses and private texts."""
    told = _object(answer) or {}
    code = _code(told)
    words = [_message(told) or ", ".join(str(told[key]) for key in ("reason", "error") if told.get(key))]
    errors = told.get("errors")
    words += [
        f"{each.get('field', '')}: {each.get('message', '')}".strip(": ")
        for each in (errors if isinstance(errors, list) else ())
        if isinstance(each, dict)
    ]
    text = "; ".join(word for word in words if word)
    for private in answer.private:
        text = text.replace(private, "…") if private else text
    text = " ".join(_EMAIL.sub("…", text).split())
    text = "".join(character if character.isprintable() else "…" for character in text)
    text = text if len(text) <= _MOST_SAID else text[: _MOST_SAID - 1] + "…"
    known = f"code {code}, HTTP {answer.status}" if code else f"HTTP {answer.status}"
    return f"{text} ({known})" if text else known


def _too_many(answer: Answer, message: str, now: float) -> ZoomFailure:
    until = _asked(answer, now)
    told = answer.headers.get("x-ratelimit-type", "").lower()
    dated = moment(answer.headers.get("retry-after", "")) is not None
    daily = "day" in told or "daily" in told or "daily" in message.lower()
    if daily or (dated and not told) or until - now > LONGEST_ASKED:
        if not until:
            # Zoom's days end at midnight UTC.
            today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            until = (today + timedelta(days=1)).timestamp()
        # A moment that is past would mean an immediate next call.
        return DailyLimit(max(until, now + 1))
    return Unavailable(
        "Zoom gets more requests a second than it takes from this account", wait=max(0.0, until - now)
    )


def _asked(answer: Answer, now: float) -> float:
    """The moment before which Zoom asks for no other call, at most a month from now; 0.0 if it tells none."""
    text = answer.headers.get("retry-after", "").strip()
    seconds = re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text)
    at = now + float(text) if seconds else moment(text) or _http_date(text)
    return min(at, now + 31 * 86400)


def _http_date(text: str) -> float:
    try:
        at = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return 0.0
    return at if math.isfinite(at) else 0.0


def _lacks_scope(status: int, told: Mapping[str, Any]) -> bool:
    return any(
        sign.fits(status, _code(told), _message(told), paged=False)
        for sign in _SIGNS
        if sign.failure is _missing_scope
    )


def _object(answer: Answer) -> dict[str, Any] | None:
    try:
        # A broken character in a name is no reason to lose the whole page.
        told = json.loads(answer.body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _code(told: Mapping[str, Any]) -> int:
    return count(told.get("code")) or (-1 if told.get("code") else 0)


def _message(told: Mapping[str, Any]) -> str:
    message = told.get("message")
    return message if isinstance(message, str) else ""


# What refusals mean


def _missing_scope(what: str, reasons: str, told: Mapping[str, Any]) -> ZoomFailure:
    found = _SCOPES.search(_message(told))
    return MissingScope(re.findall(r"[\w:.\-]+", found[1]) if found else ())


def _not_registrable(what: str, reasons: str, told: Mapping[str, Any]) -> ZoomFailure:
    return NotRegistrable(f"nobody could register: Zoom says {reasons}")


def _too_old(what: str, reasons: str, told: Mapping[str, Any]) -> ZoomFailure:
    return TooOld(f"Zoom does not show {what} any more: {reasons}")


def _not_found(what: str, reasons: str, told: Mapping[str, Any]) -> ZoomFailure:
    return NotFound(
        f"Zoom has not got {what}: {reasons}. Is the id right, is it of this account, and is it over for a "
        "while? Reports are ready some time after the end"
    )


def _no_permission(what: str, reasons: str, told: Mapping[str, Any]) -> ZoomFailure:
    return NoPermission(
        f"Zoom does not permit {what}: {reasons}. It takes a paid plan, with the webinar add-on for webinars, and "
        "a role that may see reports"
    )


def _page_token_invalid(what: str, reasons: str, told: Mapping[str, Any]) -> ZoomFailure:
    return PageTokenInvalid(f"the page's token is used up or too old: {reasons}")


@dataclass(frozen=True, slots=True)
class _Sign:
    """Matches an answer by `codes`, `statuses` and `words`; an omitted criterion matches any answer."""

    failure: Callable[[str, str, Mapping[str, Any]], ZoomFailure]
    codes: frozenset[int] = frozenset()
    statuses: frozenset[int] = frozenset()
    words: re.Pattern[str] | None = None
    paged: bool = False
    """Only if a page token was sent."""

    def fits(self, status: int, code: int, reasons: str, *, paged: bool) -> bool:
        return (
            400 <= status < 500
            and (not self.codes or code in self.codes)
            and (not self.statuses or status in self.statuses)
            and (self.words is None or self.words.search(reasons) is not None)
            and (paged or not self.paged)
        )


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_AGE = r"(over|older than|more than|earlier than) (a|an|one|six|twelve|\d+) (year|month)|(year|month)s? ago"

_SIGNS: Sequence[_Sign] = (
    _Sign(_missing_scope, codes=frozenset({4711})),
    _Sign(_missing_scope, words=_words(r"does not contain scope")),
    _Sign(_missing_scope, codes=frozenset({4700}), words=_words("scope")),
    _Sign(_not_registrable, words=_words(r"registration (has|is) not (been )?(enabled|required)")),
    _Sign(_not_registrable, words=_words(r"not (have|has)? ?(a )?registration( as)? (required|enabled)")),
    _Sign(_too_old, codes=frozenset({12702})),
    _Sign(_too_old, words=_words(_AGE)),
    _Sign(_not_found, codes=frozenset({3001})),
    _Sign(_not_found, statuses=frozenset({404})),
    _Sign(_no_permission, codes=frozenset({200})),
    _Sign(
        _page_token_invalid,
        codes=frozenset({300}),
        statuses=frozenset({400}),
        words=_words(r"(next|page)[\s_]*(page)?[\s_]*token"),
        paged=True,
    ),
)
"""The first match counts. One code means several things, and one thing has several codes: so words count, too."""
