"""What may go wrong between a client and Zoom, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.zoom.stand_in.clock import iso
from tests.zoom.stand_in.requests import Answer, Asked, told

Kind = Literal["answer", "stall", "stall_body", "cut", "cut_body", "expire_token", "expire_page_token"]


@dataclass(frozen=True)
class Fault:
    """`answer` comes in place of the right one. With `stall` and `cut` nothing was done; with `…_body` the answer
    breaks off in its middle, and the page token that was sent is used up. With `expire_…` the request goes on, to be
    refused."""

    kind: Kind
    answer: Answer | None = None


def too_fast(limit: int = 10) -> Fault:
    return Fault(
        "answer",
        told(
            429,
            {
                "code": 429,
                "message": "You have reached the maximum per-second rate limit for this API. Try again later.",
            },
            x_ratelimit_category="Heavy",
            x_ratelimit_type="Per-second-limit",
            x_ratelimit_limit=str(limit),
            x_ratelimit_remaining="0",
        ),
    )


def daily_limit(until: float | str) -> Fault:
    """`until`: seconds since the epoch, told as Zoom tells it, or the very text of the header."""
    return Fault(
        "answer",
        told(
            429,
            {
                "code": 429,
                "message": "You have reached the maximum daily rate limit for this API. "
                "Refer to the response header for details on when you can make another request.",
            },
            x_ratelimit_category="Heavy",
            x_ratelimit_type="Daily-limit",
            x_ratelimit_limit="30000",
            x_ratelimit_remaining="0",
            retry_after=until if isinstance(until, str) else iso(until),
        ),
    )


def answer(content: Mapping[str, object]) -> Fault:
    """A success, of this."""
    return Fault("answer", told(200, content))


def error(status: int, code: int, message: str, **fields: object) -> Fault:
    return Fault("answer", told(status, {"code": code, "message": message, **fields}))


def no_permission() -> Fault:
    return error(400, 200, "No permission.")


def missing_scope(*scopes: str, status: int = 400, code: int = 4711) -> Fault:
    return error(status, code, f"Invalid access token, does not contain scopes:[{', '.join(scopes)}].")


def server_error(status: int = 503) -> Fault:
    """From a gateway, which knows no JSON."""
    page = f"<html><head><title>{status}</title></head><body>Sorry</body></html>"
    return Fault("answer", Answer(status, page.encode(), {"content-type": "text/html"}))


def error_with_200(code: int = 5000, message: str = "Something went wrong.") -> Fault:
    return error(200, code, message)


def without_list() -> Fault:
    """200, and nothing where the rows should be."""
    return Fault("answer", told(200, {"page_size": 30, "total_records": 0, "next_page_token": ""}))


def no_json(body: bytes = b"<html>Maintenance</html>") -> Fault:
    return Fault("answer", Answer(200, body, {"content-type": "text/html"}))


def stall() -> Fault:
    return Fault("stall")


def stall_body() -> Fault:
    return Fault("stall_body")


def cut() -> Fault:
    return Fault("cut")


def cut_body() -> Fault:
    return Fault("cut_body")


def expire_token() -> Fault:
    return Fault("expire_token")


def expire_page_token() -> Fault:
    return Fault("expire_page_token")


@dataclass
class _Planned:
    fault: Fault
    when: Callable[[Asked], bool]
    left: int | None


@dataclass
class Faults:
    """The plan. The first fault that fits a request is taken; nothing of a request but its head is known then."""

    happened: list[tuple[int, Fault]] = field(default_factory=list)
    """Numbers of requests, and the fault they met."""
    _plan: list[_Planned] = field(default_factory=list)
    _asked: int = 0

    def on(self, when: Callable[[Asked], bool], fault: Fault, times: int | None = 1) -> None:
        """The next `times` requests that fit; None: all of them."""
        self._plan.append(_Planned(fault, when, times))

    def at(self, number: int, fault: Fault) -> None:
        """The `number`th request from now on, counted from 1."""
        wanted = self._asked + number
        self.on(lambda asked: asked.number == wanted, fault)

    def every(self, period: int, fault: Fault) -> None:
        """Each `period`th request from now on."""
        now = self._asked
        self.on(lambda asked: (asked.number - now) % period == 0, fault, None)

    def next(self, fault: Fault, times: int = 1) -> None:
        self.on(lambda _: True, fault, times)

    def clear(self) -> None:
        self._plan.clear()

    def meet(self, asked: Asked) -> Fault | None:
        """Called by the stand-in for every request."""
        self._asked = asked.number
        for planned in self._plan:
            if planned.left != 0 and planned.when(asked):
                if planned.left is not None:
                    planned.left -= 1
                self.happened.append((asked.number, planned.fault))
                return planned.fault
        return None
