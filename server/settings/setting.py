"""One setting: its name, its allowed values, and how it is read from the environment."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class ConfigError(Exception):
    """A setting that cannot be used. The text is one line that names it and says what it may be."""


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    default: str
    may_be: str
    purpose: str
    parse: Callable[[str], Any]
    empty: Any = None
    private: bool = False
    former: str = ""
    """A former name, which is read if `name` is not set."""

    @property
    def field(self) -> str:
        return self.name.removeprefix("RECONVENE_").lower()

    def read(self, environ: Mapping[str, str]) -> Any:
        """The setting's value. Raises `ConfigError`."""
        given = {name: environ.get(name, "").strip() for name in (self.name, self.former) if name}
        name = next((name for name, text in given.items() if text), self.name)
        text = given[name] or self.default
        try:
            return self.parse(text) if text else self.empty
        except (ValueError, RecursionError):  # RecursionError: JSON that is nested too deeply
            shown = "" if self.private else f", not {_shortened(text)!r}"
            raise ConfigError(f"{name} must be {self.may_be}{shown}") from None


def not_installed(packages: Sequence[str]) -> list[str]:
    """Those that are missing. Does not import the others, to keep them out of the server's memory."""
    return [name for name in packages if importlib.util.find_spec(name) is None]


def needs_extra(given: str, extra: str, packages: Sequence[str]) -> list[str]:
    """The line that says so, if the setting that is `given` needs packages of the extra that are missing."""
    if not not_installed(packages):
        return []
    return [
        f"{given} needs packages that are not installed: "
        f"pip install '.[{extra}]' in the checkout (docs/install.md), or unset it"
    ]


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
