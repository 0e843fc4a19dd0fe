"""An answer that is made piece by piece while its client reads it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

import structlog
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from storage.errors import StoreUnavailable

log = structlog.get_logger()


class Streamed(StreamingResponse):
    """If a piece cannot be had, the connection is closed before the answer's end, and the client sees that some of it
    is missing (RFC 9112, section 8)."""

    def __init__(
        self, first: bytes, more: AsyncGenerator[bytes], media_type: str, headers: Mapping[str, str]
    ) -> None:
        self._pieces = _all_of(first, more), more
        super().__init__(self._pieces[0], headers=headers, media_type=media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except StoreUnavailable as error:
            log.warning("an answer ends too soon", path=scope["path"], error=str(error))
        finally:
            # What is at hand for those who have hung up would wait for the garbage collector, which comes seldom.
            for pieces in self._pieces:
                await pieces.aclose()


async def streamed(pieces: AsyncGenerator[bytes], media_type: str, headers: Mapping[str, str]) -> Streamed:
    """Raises what making the first piece raises: that is refused in the usual way."""
    return Streamed(await anext(pieces), pieces, media_type, headers)


async def _all_of(first: bytes, more: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    yield first
    async for piece in more:
        yield piece
