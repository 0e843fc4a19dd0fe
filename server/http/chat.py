"""The part of the HTTP API that tells what was written, and deletes messages.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from server.http.openapi import UNKNOWN, answered, refusal
from server.http.order_routes import Existing, Key, Participant, an_id, key_of, known_as
from server.http.private import PRIVATE
from server.http.streamed import streamed
from server.realtime.gateway import Gateway
from server.reports import chat_export
from server.runtime.clock import RecordClock
from storage.chat import Reader
from storage.records import Meeting
from storage.store import Store

MessageId = Annotated[str, an_id("a message")]


class ChatView(BaseModel):
    messages: list[dict[str, Any]] = Field(description="The oldest first.")


def add_to(
    routes: APIRouter,
    gateway: Gateway,
    store: Store,
    record_clock: RecordClock,
    Known: Any,  # noqa: N803 - a type: the id of whoever asks
    existing: Existing,
    hosted: Callable[[str, str], Awaitable[Meeting]],
) -> None:
    @routes.get(
        "/api/meetings/{meeting}/chat",
        tags=["keeping order"],
        response_model=ChatView,
        responses=answered("application/json", "text/csv", "text/plain") | UNKNOWN,
    )
    async def get_chat(
        meeting: str,
        user_id: Known,
        format: Literal["json", "csv", "txt"] = "json",  # noqa: A002 - the protocol's name
    ) -> Any:
        """What was written. For the host, and for the admin key; of what two people wrote to each other, the host's
        own."""
        room = (await hosted(meeting, user_id)).room
        reader = Reader(known_as(user_id), in_charge=True)
        form = chat_export.FORMS[format]
        headers = PRIVATE
        if format != "json":
            headers = PRIVATE | {"Content-Disposition": f'attachment; filename="{room}-chat.{format}"'}
        return await streamed(chat_export.pieces(store, room, reader, form), form.media_type, headers)

    @routes.delete(
        "/api/meetings/{meeting}/participants/{participant}/chat",
        tags=["keeping order"],
        status_code=204,
        responses={404: refusal("There is no such meeting, or nobody in it has this ID")},
    )
    async def erase_messages(
        meeting: str, participant: Participant, user_id: Known, key: Key = None
    ) -> Response:
        """Delete all that somebody wrote in the chat: the texts are gone, and everyone is told. For those in charge, of
        people of a lower role."""
        room = (await existing(meeting, user_id)).room
        made, _ = key_of(key)
        await gateway.outside.erase_messages(room, known_as(user_id), participant, made, record_clock.now())
        return Response(status_code=204, headers=PRIVATE)

    @routes.delete(
        "/api/meetings/{meeting}/chat/{message}",
        tags=["keeping order"],
        status_code=204,
        responses={404: refusal("There is no such meeting, or no such message in it any more")},
    )
    async def delete_message(meeting: str, message: MessageId, user_id: Known) -> Response:
        """Delete a message, whoever wrote it: its text is gone, and everyone who was shown it is told. For those in
        charge of the meeting."""
        room = (await existing(meeting, user_id)).room
        await gateway.outside.delete_message(room, known_as(user_id), message, record_clock.now())
        return Response(status_code=204, headers=PRIVATE)
