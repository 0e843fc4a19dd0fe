"""Finds what never comes to its end: a callback that computes without end, or callbacks after which no time passes."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import traceback
from collections.abc import Iterator
from types import FrameType
from typing import Any, Protocol

TOO_LONG = 10.0
"""Seconds of the processor that no callback needs, on whatever machine."""

FRAMES = 12


class Endless(BaseException):
    """Ends the callback. Whoever goes on after any `Exception` does not go on after this."""


class Steps(Protocol):
    steps: int
    endless: str


@contextlib.contextmanager
def ended(loop: Steps) -> Iterator[None]:
    """While it lasts, a callback that takes too long is ended, and `loop.endless` tells where it was. Only in the main
    thread, which is the one that hears signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    steps = -1

    def look(_signal: int, frame: FrameType | None) -> None:
        nonlocal steps
        if loop.steps == steps:
            where = "".join(traceback.format_stack(frame, limit=FRAMES))
            loop.endless = f"a callback does not come to its end:\n{where}"
            raise Endless
        steps = loop.steps

    before = signal.signal(signal.SIGVTALRM, look)
    signal.setitimer(signal.ITIMER_VIRTUAL, TOO_LONG, TOO_LONG)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)


def where(callback: Any) -> str:
    """Where the task is that goes on with this callback; or which callback it is."""
    task = getattr(callback, "__self__", None)
    if not isinstance(task, asyncio.Task):
        return repr(callback)
    lines = []
    waits: Any = task.get_coro()
    while (frame := getattr(waits, "cr_frame", None)) is not None:
        code = frame.f_code
        lines.append(f'  File "{code.co_filename}", line {frame.f_lineno}, in {code.co_qualname}')
        waits = getattr(waits, "cr_await", None)
    return "\n".join([task.get_name(), *lines])
