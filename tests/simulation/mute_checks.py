"""What must be true of what was turned off for somebody: it stays off until they turn it on again.

Nothing of a mute is recorded: it counts for the room in which it was acknowledged, not for one that begins anew.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.simulation.notes import Order
from tests.simulation.person import Person
from tests.simulation.truth import Event

if TYPE_CHECKING:
    from tests.simulation.world import World

COMES_OR_GOES = {"participant_joined", "participant_rejoined", "participant_left"}


class _Told(NamedTuple):
    """What everyone was told of somebody. `media`: None if nothing was said of it. `is_another`: another page has the
    place from then on, or nobody; or the role is another."""

    at: float
    media: dict[str, bool] | None
    is_another: bool


def check(world: World) -> None:
    told = {epoch: _by_participant(events) for epoch, events in world.truth.epochs.items()}
    people = [person for person in world.people if person.participant]
    for order in world.moderators.orders:
        if order.kind != "mute" or not order.is_acknowledged:
            continue
        for who in people:
            if not _is_addressed(order, who):
                continue
            news = told.get(order.epoch, {}).get(who.participant, [])
            for flag in order.message["media"]:
                on_at = min(_on(news, flag, order.answered_at), default=math.inf)
                if on_at < min(_excuses(order, who, flag, news), default=math.inf):
                    muted = f"{who.name}'s {flag} was turned off by {order.answered_at:.3f}"
                    world.complain(f"{muted}, and was on at {on_at:.3f}")


def _by_participant(events: Iterable[Event]) -> dict[str, list[_Told]]:
    told = defaultdict(list)
    for event in events:
        who: dict[str, Any] = event.message.get("participant", {})
        is_another = event.message["type"] in COMES_OR_GOES or "role" in who
        if is_another or "media" in who:
            told[who["id"]].append(_Told(event.at, who.get("media"), is_another))
    return told


def _is_addressed(order: Order, who: Person) -> bool:
    if order.message["participants"] == "others":
        return who.participant in order.others
    return who.user_id in order.users


def _on(news: Iterable[_Told], flag: str, since: float) -> Iterator[float]:
    """The moments from then on at which it was on."""
    was_on = False
    for told in news:
        is_on = was_on if told.media is None else told.media[flag]
        if told.at <= since:
            was_on = is_on
        elif is_on:
            yield told.at
    if was_on:
        yield since


def _excuses(order: Order, who: Person, flag: str, news: Iterable[_Told]) -> Iterator[float]:
    """Since when it may be on, for one reason or another."""
    if (who.user_id, flag) in order.on_their_way:
        yield order.sent_at
    yield from (told.at for told in news if told.is_another and told.at >= order.sent_at)
    for page in who.pages:
        for at, what, asked_at in page.turned_on:
            # A page that comes back says what it sends. If it has asked for its seat before, it need not have heard.
            if what == flag and at >= order.sent_at and asked_at <= order.answered_at:
                yield at
