"""The server as it is, except that its store carries out some calls only when a test lets it, as behind a lock or on a
slow network: `python -m tests.server.held_store serve`.

    with server.held("make_invite"):
        ...
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from tests.process import ServerProcess

log = structlog.get_logger()

HELD = "a call of the store is held"
"""The log line, with the `call`."""

CALLS = ("change", "make_invite")


class HeldServer(ServerProcess):
    module = __name__

    def __init__(self, directory: Path, **settings: str) -> None:
        super().__init__(directory, HELD=str(directory), **settings)

    @contextmanager
    def held(self, call: str) -> Iterator[None]:
        assert call in CALLS
        mark = _mark(self.directory, call)
        mark.touch()
        try:
            yield
        finally:
            mark.unlink()


def _mark(directory: Path, call: str) -> Path:
    return directory / f"{call} is held"


if __name__ == "__main__":
    from reconvene.cli.main import main
    from storage.sqlite.store import SqliteStore

    def holding(name: str) -> None:
        call = getattr(SqliteStore, name)

        async def held(self: SqliteStore, *given: Any) -> Any:
            if (mark := _mark(Path(os.environ["HELD"]), name)).exists():
                log.info(HELD, call=name)
                while mark.exists():  # noqa: ASYNC110 - another process makes it, and takes it away
                    await asyncio.sleep(0.01)
            return await call(self, *given)

        setattr(SqliteStore, name, held)

    for each in CALLS:
        holding(each)
    main()
