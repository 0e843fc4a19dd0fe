"""What programs show to be let into a meeting, as the options of their commands say. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LARGEST = 64 * 1024 * 1024
"""Most bytes of a file of tokens."""


class BadCredentials(ValueError):  # noqa: N818 - named for what happened
    """The text is one line: what is wrong, and what to give instead."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """`tokens`: one for each program, or none. `wait`: most seconds in the lobby; None: as long as it takes."""

    tokens: Sequence[str] = field(default=(), repr=False)
    invite: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    wait: float | None = None

    def of(self, number: int) -> dict[str, Any]:
        """Those of the program with this number, from 1, as arguments of `Bot`."""
        token = self.tokens[number - 1] if self.tokens else None
        return {"token": token, "invite": self.invite, "password": self.password, "wait": self.wait}


NO_CREDENTIALS = Credentials()


def tokens_of(given: str | None, file: Path | None, count: int) -> Sequence[str]:
    """The tokens of `count` programs, which are divided by spaces or lines; () if none are given. Raises
    `BadCredentials`."""
    if given is not None and file is not None:
        raise BadCredentials("give the tokens either as such or as a file, not both")
    text = _read(file) if file is not None else (given or "")
    tokens = text.split()
    if file is not None and not tokens:
        raise BadCredentials(f"there is no token in {file}")
    if tokens and len(set(tokens)) < count:
        there = "1 is" if len(set(tokens)) == 1 else f"{len(set(tokens))} are"
        raise BadCredentials(
            f"{there} given, and {count} programs need a token each, of different users: whoever comes twice takes the"
            " place of the first"
        )
    return tuple(dict.fromkeys(tokens))


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST).decode("ascii")
    except OSError as error:
        raise BadCredentials(f"{file} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise BadCredentials(f"{file} holds something else than tokens") from None
