"""What must be true after a run, each in words that say what is wrong.

Nothing here trusts the hub's idea of who was there: that is compared with what the pages saw and what was done to
their links.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from signalling.rooms.event_log import To
from signalling.rooms.orders import MOST_LOOK_UPS
from tests.simulation import (
    chat_checks,
    comings_and_goings,
    hand_checks,
    mute_checks,
    order_checks,
    places,
    revocations,
    store_checks,
)
from tests.simulation.application import ANSWERS
from tests.simulation.notes import Whole
from tests.simulation.page import Page
from tests.simulation.truth import Event, Holders

if TYPE_CHECKING:
    from tests.simulation.world import World

ALLOWED_REFUSALS = {"duplicate", "4001"}
AT_THE_END = {"meeting_ended", "4003"}
WHEN_REVOKED = {"revoked", "4006"} | ANSWERS


def check(world: World) -> None:
    pages = {page.name: page for page in world.pages()}
    for page in pages.values():
        page.intervals()
    holders = Holders(world.truth, pages)
    for page in world.pages():
        _frames_were_well_formed(world, page)
        _page_was_not_dismissed(world, page)
        _page_was_told_everything(world, page)
        _page_was_refused_for_a_reason(world, page)
        _nobody_vanished_from_its_list(world, holders, page)
        _signals_were_not_bridged(world, page)
    _signals_took_effect_once(world)
    _signals_kept_their_order(world, holders)
    comings_and_goings.check(world, holders)
    revocations.check(world)
    order_checks.check(world)
    mute_checks.check(world)
    hand_checks.check(world)
    chat_checks.check(world)
    if world.server is not None:
        places.check(world)
    store_checks.check(world)
    world.check_nodes()


# What each page was told


def _frames_were_well_formed(world: World, page: Page) -> None:
    for wrong in page.malformed:
        world.complain(f"{page.name} sent or was sent a malformed frame: {wrong}")


def _page_was_not_dismissed(world: World, page: Page) -> None:
    """Only who leaves is closed with 1000, and hears no more of it."""
    for at in page.dismissed:
        world.complain(f"{page.name} was there, and its socket closed at {at:.3f} as if it had left")


def _page_was_told_everything(world: World, page: Page) -> None:
    """Every event it was entitled to, once and in order; a gap only where a whole picture bridged it."""
    for at, message in page.doubled:
        if not world.may_be_repeated(at):
            world.complain(
                f"{page.name} was sent event {message['seq']} ({message['type']}) twice, or too late"
            )
    epoch, expected = "", _entitled(world, page, "", 0)
    for heard in page.heard:
        if isinstance(heard, Whole):
            epoch, expected = heard.epoch, _entitled(world, page, heard.epoch, heard.seq)
            continue
        of, message = heard
        event = next(expected, None)
        while event is not None and event.message != message and world.truth.may_be_erased(event):
            event = next(expected, None)
        if of != epoch or event is None or event.message != message:
            missed = f"{event.seq} ({event.message['type']})" if event else "nothing"
            world.complain(
                f"{page.name} was told of event {message['seq']} ({message['type']}), next for it was {missed}"
            )
            return
    expected = (event for event in expected if not world.truth.may_be_erased(event))
    if page.is_live and not page.is_knocking and (event := next(expected, None)) is not None:
        world.complain(f"{page.name} never heard of event {event.seq} ({event.message['type']})")


def _entitled(world: World, page: Page, epoch: str, after: int) -> Iterator[Event]:
    events = world.truth.epochs.get(epoch, [])
    return (event for event in events if event.seq > after and event.is_for(page.participant))


def _page_was_refused_for_a_reason(world: World, page: Page) -> None:
    allowed = ALLOWED_REFUSALS if world.ended_at is None else ALLOWED_REFUSALS | AT_THE_END
    if world.has_been_revoked(page, page.final_at):
        allowed = allowed | WHEN_REVOKED
    if world.moderators.acts:
        allowed = allowed | order_checks.REASONS.keys()
    if world.clock_set and world.application.is_there:
        # A token is from the future twice in a row: no newer one is asked for then.
        allowed = allowed | {"bad_token"}
    if page.final and page.final not in allowed:
        world.complain(f"{page.name} was turned away with {page.final}")
    answers = {"unknown_participant"} | (ANSWERS if world.application.is_there else set())
    answers |= {"forbidden", "changed"} if world.moderators.acts else set()
    answers |= {"forbidden", "unknown_message", "busy"} if world.chatters.acts else set()
    answers |= {"forbidden", "unavailable"} if world.renamers.acts else set()
    # A command that was sent twice is answered twice.
    answers |= {"unavailable"} if world.store.journal.refused else set()
    for at, error in page.errors:
        twice = any(order.twice and order.answered_at <= at for order in page.orders.values())
        is_away = twice and any(since <= at for since, _ in world.outages)
        # Of many that are repeated, not all are looked up.
        outstanding = sum(order.sent_at <= at <= order.answered_at for order in page.orders.values())
        excused = {"unavailable"} if is_away or outstanding > MOST_LOOK_UPS else set()
        if error["code"] not in answers | excused:
            world.complain(f"{page.name} was answered {error['code']}: {error['message']}")


def _nobody_vanished_from_its_list(world: World, holders: Holders, page: Page) -> None:
    for heard in page.heard:
        if not isinstance(heard, Whole):
            continue
        # It may have been long on its way: it was made before the event that it does not tell of.
        later = [event.at for event in world.truth.epochs.get(heard.epoch, []) if event.seq > heard.seq]
        at = min([heard.at, *later])
        for participant in sorted(heard.missing):
            other = holders.at(participant, at)
            if other is None or world.was_unrecorded(other, at) or world.moderators.has_put_out(other, at):
                continue
            if comings_and_goings.only_blinked(world, other, at):
                world.complain(f"{other.name} was there, and missing in {page.name}'s list of {at:.3f}")


# Commands


def _signals_took_effect_once(world: World) -> None:
    counts: Counter[int] = Counter()
    for event in world.truth.all():
        if event.message["type"] == "signal":
            counts[event.message["data"]["n"]] += 1
    counts.subtract(world.truth.withdrawn)
    for page in world.pages():
        for number, (command, _) in page.sent.items():
            if counts[number] > 1:
                world.complain(f"{page.name}'s signal {number} took effect {counts[number]} times")
            if not counts[number] and command in page.acked:
                world.complain(f"{page.name}'s signal {number} was acknowledged and never sent on")


def _signals_kept_their_order(world: World, holders: Holders) -> None:
    """Those of one page to one participant, whatever held some of them up. (A limit, in docs/reconnect.md: one that was
    refused, as the participant had gone, and whose answer was lost.)"""
    senders = {number: (page.name, sent.at) for page in world.pages() for number, sent in page.sent.items()}
    for epoch, events in world.truth.epochs.items():
        last: dict[tuple[str, To], int] = {}
        for event in events:
            number = event.message["data"]["n"] if event.message["type"] == "signal" else 0
            if not number or number in world.truth.withdrawn:
                continue
            sender, sent_at = senders[number]
            way = sender, event.to
            if number < last.get(way, 0) and not holders.was_gone(str(event.to), sent_at, event.at):
                world.complain(f"{sender}'s signal {number} came after {last[way]} in {epoch}")
            last[way] = max(number, last.get(way, 0))


def _signals_were_not_bridged(world: World, page: Page) -> None:
    """A list of who is there tells of no signals: those since a restart, or since the page was given its place without
    hearing so, follow it, if the log still has them all."""
    epoch = ""
    for heard in page.heard:
        if not isinstance(heard, Whole):
            continue
        came_from, epoch = epoch, heard.epoch
        events = world.truth.epochs.get(epoch, [])
        if heard.joined:
            since = max(
                (e.seq for e in events if e.seq <= heard.seq and e.joiner == page.name), default=heard.seq
            )
        elif came_from != epoch:
            since = 0
        else:
            continue
        if world.logs_are_short or heard.seq - since > world.ring_size:
            continue
        signals = [e for e in events if e.to == page.participant and e.message["type"] == "signal"]
        after = {event.message["data"]["n"] for event in signals if event.seq > heard.seq}
        for event in signals:
            number = event.message["data"]["n"]
            if since < event.seq <= heard.seq and number not in after:
                world.complain(
                    f"signal {number} was sent to {page.name} on its way back, and not given to it"
                )
