"""Errors of libraries, in one line."""

from __future__ import annotations


def one_line(error: BaseException) -> str:
    """What the error says, or its name if it says nothing."""
    return " ".join(str(error).split()) or type(error).__name__
