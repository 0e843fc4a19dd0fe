"""The part of the HTTP API that begins and shows imports from Zoom; it needs the admin key.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

from collections.abc import Callable
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from server.http.callers import Callers
from server.http.openapi import answered, refusal
from server.http.private import PRIVATE, private_json
from server.http.problems import problem
from server.zoom import api_models, person_matching
from server.zoom.address import external_id
from server.zoom.errors import ZoomFailure
from server.zoom.jobs import Jobs, TooManyJobs
from server.zoom.schedule import Schedule
from signalling.protocol.errors import ErrorCode, Refused
from storage.import_store import ImportStore
from storage.imports import Kind

MOST_IMPORTS = 100
TRY_AGAIN = 60.0
"""Seconds, when too many are running."""


class NewSync(BaseModel):
    id: str | int = Field(description="The number of the webinar or meeting, or a link with it.")
    kind: Kind = "webinar"
    instance: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="The UUID of one instance. Left out: all of them."
    )
    watch: bool = Field(False, description="Read it again by itself, until two readings agree.")


def router(
    store: ImportStore, callers: Callers, jobs: Jobs, schedule: Schedule, clock: Callable[[], float]
) -> APIRouter:
    """`clock`: the record's, by which jobs say when they began."""
    admin = Depends(callers.admin)
    routes = APIRouter(prefix="/api/zoom/sync", tags=["zoom"], dependencies=[admin])

    @routes.post(
        "",
        status_code=202,
        response_class=Response,
        responses=answered("application/json")
        | answered("application/json", status=202)
        | {501: refusal("No import can be begun: Zoom is not set up, or a package is missing")},
    )
    async def begin_sync(request: Request, body: NewSync) -> Response:
        """Read a webinar or meeting from Zoom, in the background: 202 when it begins, 200 when it goes on already."""
        number = _number(str(body.id))
        try:
            job, begun = jobs.begin(number, body.kind, body.instance)
        except ZoomFailure as failure:
            return problem(501, f"{failure}.", headers=PRIVATE)
        except TooManyJobs:
            raise Refused(ErrorCode.UNAVAILABLE, "So many imports are running already.", TRY_AGAIN) from None
        if body.watch:
            schedule.watch(job)
        answer = private_json(orjson.dumps(api_models.job(job, clock())), 202 if begun else 200)
        answer.headers["Location"] = f"{request.scope['root_path']}/api/zoom/sync/{job.id}"
        return answer

    @routes.get("", response_class=Response, responses=answered("application/json"))
    async def list_syncs() -> Response:
        """Those this process carries out or did lately, and the latest imports, newest first."""
        now = clock()
        syncs = [api_models.job(job, now) | {"source": None} for job in jobs.all()]
        imports = [api_models.listed(record) for record in await store.imports(MOST_IMPORTS)]
        unusable = None if jobs.unusable is None else str(jobs.unusable)
        return private_json(orjson.dumps({"syncs": syncs, "imports": imports, "unusable": unusable}))

    @routes.get(
        "/{sync}",
        response_class=Response,
        responses=answered("application/json") | {404: refusal("There is no such import")},
    )
    async def get_sync(sync: str) -> Response:
        """How far one is: by its id, or the latest of a webinar or meeting, by its number in Zoom."""
        now = clock()
        job = jobs.job(sync)
        if job is None:
            try:
                number = external_id(sync)
            except ValueError:
                return _unknown("There is no import with this ID, or it was long ago.")
            job = jobs.latest(number)
        if job is not None:
            return private_json(orjson.dumps(api_models.job(job, now)))
        room = person_matching.room(number)
        record = await store.imported(room)
        if record is None:
            return _unknown("This was not imported.")
        return private_json(orjson.dumps(api_models.known(record, await store.import_totals(room), now)))

    return routes


def _number(text: str) -> str:
    try:
        return external_id(text)
    except ValueError as error:
        raise Refused(ErrorCode.BAD_MESSAGE, f"id: {error}") from None


def _unknown(detail: str) -> Response:
    return problem(404, detail, headers=PRIVATE)
