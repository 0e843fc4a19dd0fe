"""A meeting's number taken for a webinar's, and the other way round: it is looked for as either."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from server.zoom.errors import NotFound
from storage.imports import Kind
from tests.zoom.runs import FIRST, ID, ROOM, ROWS, Runs, instance, runs, webinar
from tests.zoom.stand_in.endpoints import SCOPES

WORDS: dict[Kind, str] = {"meeting": "--meeting", "webinar": "leaving out --meeting"}


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Runs]:
    async with runs(tmp_path) as prepared:
        yield prepared


def other(kind: Kind) -> Kind:
    return "meeting" if kind == "webinar" else "webinar"


@pytest.mark.parametrize("kind", ["meeting", "webinar"])
@pytest.mark.parametrize("permitted", ["both", "its own"])
async def test_it_is_read_as_what_it_is_and_that_is_said(at: Runs, kind: Kind, permitted: str) -> None:
    at.zoom.webinars[ID] = replace(webinar(instance()), kind=kind)
    if permitted == "its own":
        at.zoom.scopes = {scope for scope in SCOPES if f"{other(kind)}:" not in scope}
    with capture_logs() as logs:
        outcome = await at.sync(kind=other(kind))
    assert (outcome.complete, outcome.totals.people, outcome.record.subject.kind) == (True, ROWS, kind)
    said = f"{ID} is a {kind}, and was read as one ({WORDS[kind]} says so from the first)"
    assert list(outcome.notes) == [said]
    assert said in [line["event"] for line in logs if line["log_level"] == "warning"]
    # Once it is known, nothing is asked of the other kind.
    del at.zoom.requests[:]
    assert list((await at.sync(kind=other(kind))).notes) == [said]
    assert not [asked.path for asked in at.zoom.requests if f"{other(kind)}s/" in asked.path]
    assert list((await at.sync(kind=kind)).notes) == []


@pytest.mark.parametrize("kind", ["meeting", "webinar"])
async def test_what_is_neither_is_said_to_be_neither(at: Runs, kind: Kind) -> None:
    at.zoom.webinars[ID] = replace(webinar(instance()), expired=True, instances=[])
    with pytest.raises(NotFound, match=r"neither as a webinar nor as a meeting \(--meeting\)"):
        await at.sync(kind=kind)
    assert await at.store.imported(ROOM) is None


async def test_what_may_not_be_asked_for_as_one_and_is_not_there_as_the_other_is_both_said(at: Runs) -> None:
    at.zoom.webinars[ID] = replace(webinar(instance()), expired=True, instances=[])
    at.zoom.scopes = {scope for scope in SCOPES if "webinar" not in scope}
    with pytest.raises(
        NotFound, match=r"lacks the scope webinar:.*as a meeting as well \(--meeting\): Zoom knows"
    ):
        await at.sync(kind="webinar")


async def test_one_instance_is_not_made_up_as_one_of_the_other_kind(at: Runs) -> None:
    at.zoom.scopes = {scope for scope in SCOPES if "meeting:read:list_past_instances" not in scope}
    with pytest.raises(NotFound, match="no past instance NOTHING=="):
        await at.sync(instance="NOTHING==")
    assert (await at.sync(instance=FIRST)).complete
