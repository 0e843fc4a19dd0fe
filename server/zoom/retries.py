"""Retries a call while Zoom may answer differently: with back-off and jitter, or after as long as Zoom asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential

from server.zoom.errors import BadAnswer, Unavailable
from server.zoom.rate_limits import NOTICEABLE, OnWait
from server.zoom.zoom_responses import LONGEST_ASKED

log = structlog.get_logger()
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long a call is tried. Seconds, bytes.

    `attempts` of one call, including `bad_answers`; an attempt lasts at most `within`, an answer has at most `largest`.
    Waits in between are random, up to `first_wait`, twice that, …, at most `longest_wait`, plus what Zoom asks for.
    """

    attempts: int = 7
    bad_answers: int = 3
    within: float = 30.0
    largest: int = 32_000_000
    first_wait: float = 1.0
    longest_wait: float = 30.0


PATIENCE = Patience()


class Retries:
    """`on_wait` gets the seconds and reason of each noticeable wait, before it."""

    def __init__(
        self, patience: Patience, on_wait: OnWait, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._patience = patience
        self._on_wait = on_wait
        self._sleep = sleep
        self._back_off = wait_random_exponential(multiplier=patience.first_wait, max=patience.longest_wait)

    async def result_of(self, what: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """Raises the error of the last attempt. `what` is for the log."""
        patience, bad_answers = self._patience, 0

        def given_up(state: RetryCallState) -> bool:
            nonlocal bad_answers
            error = _error(state)
            bad_answers += isinstance(error, BadAnswer)
            tried = state.attempt_number >= patience.attempts or bad_answers >= patience.bad_answers
            return tried or _asked(error) > LONGEST_ASKED

        def told(state: RetryCallState) -> None:
            error, seconds = _error(state), state.upcoming_sleep
            log.info("zoom is asked again", what=what, wait=round(seconds, 3), why=str(error))
            if seconds > NOTICEABLE:
                self._on_wait(seconds, str(error))

        retrying = AsyncRetrying(
            retry=retry_if_exception(_may_be_another),
            wait=lambda state: _asked(_error(state)) + self._back_off(state),
            stop=given_up,
            before_sleep=told,
            sleep=self._sleep,
            reraise=True,
        )
        return await retrying(attempt)


def _may_be_another(error: BaseException) -> bool:
    return isinstance(error, Unavailable) or (isinstance(error, BadAnswer) and error.again)


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _asked(error: BaseException | None) -> float:
    return error.wait if isinstance(error, Unavailable) else 0.0
