"""The checks over HTTP: server and store answer, identities, creating the meeting and deleting it."""

from __future__ import annotations

import asyncio

from reconvene.http_api import ApiRefused, Unreachable
from reconvene.probe.context import Visit
from reconvene.probe.steps import Failed, Seen
from reconvene.server_address import Address

TOKENS = "Give the probe two tokens of the application (--token-file)"

CLOSING = 1.0
"""Seconds for connections to close when an orderly leave took too long."""


async def alive(visit: Visit, _within: float) -> Seen:
    await visit.api.alive()
    return Seen(visit.address.base)


async def ready(visit: Visit, _within: float) -> Seen:
    await visit.api.ready()
    return Seen()


async def identity(visit: Visit, _within: float) -> Seen:
    if visit.credentials.tokens:
        visit.tokens = list(visit.credentials.tokens[:2])
        return Seen("two tokens are given", skipped=True)
    try:
        visit.tokens = [await visit.api.identity("bot") for _ in range(2)]
    except ApiRefused as refused:
        if refused.code != "login_required":
            raise
        raise Failed(
            "the server gives identities to nobody: everybody has to log in with its application",
            f"{TOKENS}, such as two of reconvene token",
        ) from None
    return Seen()


async def meeting(visit: Visit, _within: float) -> Seen:
    if visit.address.meeting is not None:
        return await _found(visit)
    visit.address = Address(visit.address.base, f"PROBE-{visit.tag}")
    # Set before the call: even if the answer is lost, the meeting may exist.
    visit.own = True
    try:
        await visit.api.create_meeting(visit.tokens[0], visit.meeting, "Probe")
    except ApiRefused as refused:
        if refused.code != "forbidden":
            raise
        raise Failed(
            f"it may not create a meeting: {refused.found.rpartition(': ')[2]}",
            f"{TOKENS} of users who may, or name a meeting that there is (--meeting)",
        ) from None
    return Seen(f"{visit.meeting} created", {"meeting": visit.meeting, "created": True})


async def _found(visit: Visit) -> Seen:
    try:
        found = await visit.api.meeting(visit.meeting, visit.tokens[0])
    except ApiRefused as refused:
        if refused.code == "unknown_meeting":
            raise Failed(
                f"there is no meeting {visit.meeting}",
                "Correct the id, or leave out --meeting: the probe then makes a meeting of its own",
            ) from None
        raise
    if found.get("ended"):
        raise Failed(f"the meeting {visit.meeting} has ended", "Name another one, or leave out --meeting")
    count = found.get("participants", 0)
    return Seen(
        f"{visit.meeting}, with {count} in it",
        {"meeting": visit.meeting, "created": False, "participants": count},
    )


async def tidy(visit: Visit, within: float) -> Seen:
    """Both participants leave in any case; then the meeting is deleted."""
    leaving = [asyncio.create_task(each.bot.__aexit__(None, None, None)) for each in visit.participants]
    try:
        if leaving:
            # A server that hangs does not complete the closing handshake.
            await asyncio.wait(leaving, timeout=within / 2)
        return await _deleted(visit)
    finally:
        for each in leaving:
            each.cancel()
        if leaving:
            # Media is decoded in threads that Python waits for at exit: each has to be stopped.
            await asyncio.wait(leaving, timeout=CLOSING)


async def _deleted(visit: Visit) -> Seen:
    if not visit.own:
        return Seen("nothing of its own is there", skipped=True)
    try:
        await visit.api.delete_meeting(visit.tokens[0], visit.meeting)
    except ApiRefused as refused:
        if refused.code != "unknown_meeting":
            raise
    except Unreachable as unreachable:
        raise Failed(f"{visit.meeting} may be left behind: {unreachable.found}", unreachable.advice) from None
    return Seen(f"{visit.meeting} deleted")
