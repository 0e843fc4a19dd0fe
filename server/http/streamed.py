"""An answer that is made piece by piece while its client reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import structlog
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from storage.errors import StoreUnavailable

log = structlog.get_logger()


class Streamed(StreamingResponse):
    """If a piece cannot be had, the connection is closed before the answer's end, and the client sees that some of it
    is missing (RFC 9112, section 8)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except StoreUnavailable as error:
            log.warning("an answer ends too soon", path=scope["path"], error=str(error))


async def streamed(pieces: AsyncIterator[bytes], media_type: str, headers: Mapping[str, str]) -> Streamed:
    """Raises what making the first piece raises: that is refused in the usual way."""
    first = await anext(pieces)

    async def all_of_it() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return Streamed(all_of_it(), headers=headers, media_type=media_type)
