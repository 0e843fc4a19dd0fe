"""What the stand-in was asked, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson


@dataclass(slots=True)
class Asked:
    """One request to the API. `number` counts from 1; `path` is as it came, encoded."""

    number: int
    at: float
    method: str
    path: str
    params: Mapping[str, str]
    endpoint: str = ""
    """`report participants`, `basic participants`, `registrants`, `instances`, `details`; "" for anything else."""
    subject: str = ""
    """The number or UUID that was asked for, decoded."""
    status: int = 0
    """0: it was not answered."""
    code: int = 0
    rows: int = 0
    authorization: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    code: int = 0
    rows: int = 0


def told(status: int, content: Mapping[str, object], rows: int = 0, **headers: str) -> Answer:
    """JSON. Names of headers are written with `_` for `-`."""
    code = content.get("code", 0)
    return Answer(
        status,
        orjson.dumps(content),
        {"content-type": "application/json;charset=UTF-8"}
        | {name.replace("_", "-"): value for name, value in headers.items()},
        code if isinstance(code, int) else 0,
        rows,
    )


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, code: int, message: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        content: dict[str, object] = {"code": code, "message": message}
        if errors:
            content["errors"] = [{"field": name, "message": text} for name, text in errors.items()]
        self.answer = told(status, content)


def not_found(kind: str, subject: str) -> RefusedError:
    if kind == "webinar":
        return RefusedError(404, 3001, f"Webinar {subject} not found or has expired.")
    return RefusedError(404, 3001, f"Meeting does not exist: {subject}.")


def invalid(**errors: str) -> RefusedError:
    return RefusedError(400, 300, "Validation Failed.", errors)
