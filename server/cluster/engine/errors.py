"""The exceptions of an engine."""

# Exceptions are named for what happened, not with an Error suffix.
# ruff: noqa: N818

from __future__ import annotations


class EngineError(Exception):
    """Base of the errors that an engine raises on purpose."""


class EngineUnavailable(EngineError):
    """The engine cannot be reached, does not answer in time, is full or is read only at the moment.

    `may_have_happened`: the call was sent, and it may have been carried out, or may be carried out later yet.
    """

    def __init__(self, reason: str, *, may_have_happened: bool = False) -> None:
        super().__init__(reason)
        self.may_have_happened = may_have_happened


class EngineRefused(EngineError):
    """This engine cannot be used as it is: the text says why. Trying again is of no use until that is changed."""
