"""What people do, and how often."""

from __future__ import annotations

from asyncio import sleep

from signalling.client.roster import FLAGS
from tests.simulation.page import Page
from tests.simulation.person import Deed, Person, Tab


def _tab(person: Person) -> Tab | None:
    return next((tab for tab in reversed(person.tabs) if tab.page.is_live), None)


def _page(person: Person) -> Page | None:
    tab = _tab(person)
    return tab.page if tab else None


async def talk(person: Person) -> None:
    """A few commands in a row, which may be on their way when something breaks."""
    page, chance = _page(person), person.chance
    for _ in range(chance.choice((1, 1, 2, 4))):
        if page is None or not page.is_live:
            return
        if chance.random() < 0.6:
            person.signal(page)
        elif chance.random() < 0.5:
            person.status(page, {"media": {chance.choice(FLAGS): chance.random() < 0.5}})
        else:
            person.status(page, {"hand": chance.random() < 0.5})
        if chance.random() < 0.3:
            await sleep(chance.random() * 0.1)


async def reload(person: Person) -> None:
    if tab := _tab(person):
        await person.reload(tab)


async def close(person: Person) -> None:
    if tab := _tab(person):
        person.close(tab)


async def leave(person: Person) -> None:
    if tab := _tab(person):
        person.leave(tab)


async def crash(person: Person) -> None:
    """The browser dies, and brings the tab back later, with its session."""
    if tab := _tab(person):
        heard = person.chance.random() < 0.5
        person.say(f"{tab.page.name} crashes{'' if heard else ' and its server does not hear of it'}")
        tab.page.crash(heard=heard)
        await sleep(person.chance.choice((0.2, 2, 10)))
        tab.page = person._new_page(tab, "reject")
        person.say(f"{person.name}'s restored page is {tab.page.name}")
        tab.page.load()


async def second_tab(person: Person) -> None:
    person.open_tab(on_duplicate=person.chance.choice(("replace", "reject")))


async def look_in(person: Person) -> None:
    """Be gone, open the meeting once more, and lose it again while the join is on its way, or just after."""
    for tab in [tab for tab in person.tabs if tab.page.is_live]:
        person.leave(tab)
    tab = person.open_tab()
    while tab.page.is_live and tab.page.client.phase in {"connecting", "waiting"}:  # noqa: ASYNC110 - virtual time
        await sleep(0.02)
    await sleep(person.chance.random() * 2 * person.world.store.latency)
    if tab in person.tabs and tab.page.is_live:
        person.say(f"{tab.page.name} crashes")
        tab.page.crash(heard=True)
        person.tabs.remove(tab)


async def copy_tab(person: Person) -> None:
    if tab := _tab(person):
        person.open_tab(duplicate=tab)


async def use_here(person: Person) -> None:
    """In a tab that was told that the meeting went on elsewhere."""
    replaced = [tab for tab in person.tabs if tab.page.final in {"4001", "duplicate"}]
    if replaced:
        tab = person.chance.choice(replaced)
        person.say(f"{person.name} wants the meeting in the tab of {tab.page.name}")
        await person.reload(tab, on_duplicate="replace")


async def lose_the_network(person: Person) -> None:
    if person.online:
        person.go_offline()
        await sleep(person.chance.choice((0.5, 3, 8, 20)) * (0.5 + person.chance.random()))
        person.go_online()


async def put_away(person: Person) -> None:
    """Into the back-forward cache, and out of it."""
    if page := _page(person):
        page.acted_at.append(person.loop.time())
        person.say(f"{page.name} is put away")
        page.put_away()
        await sleep(person.chance.choice((0.2, 2, 6)))
        if page.is_live:
            person.say(f"{page.name} is brought back")
            page.run(page.client.hurry(person.now()))


async def say_goodbye_again(person: Person) -> None:
    """A goodbye comes once more, however late."""
    said = [(page, goodbye) for page in person.pages for goodbye in page.goodbyes]
    if said:
        page, goodbye = person.chance.choice(said)
        person.say(f"{page.name}'s goodbye of {goodbye.at:.3f} comes once more")
        person.world.goodbye(page, page.sessions[goodbye.instance], goodbye.attempt, goodbye.at)


async def forge(person: Person) -> None:
    """Somebody who is nobody says goodbye for this person."""
    if page := _page(person):
        session = page.client.membership.session or "none"
        unsigned = session.rpartition(".")[0] + "."
        person.say(f"somebody forges a goodbye of {page.name}")
        person.world.forged_goodbye(person.chance.choice((unsigned, session[::-1], person.token)))


async def worry(person: Person) -> None:
    """The browser says that the network changed, which may be true."""
    if page := _page(person):
        page.run(page.client.hurry(person.now()))


async def set_the_clock(person: Person) -> None:
    """By hand, by another system on the same machine, or by the network's time after a long sleep."""
    person.set_clock(person.chance.choice((-3600.0, -60.0, -3.0, 3.0, 60.0, 3600.0)))


async def close_the_lid(person: Person) -> None:
    if not person.asleep:
        seconds = person.chance.choice((1.0, 5.0, 20.0)) * (0.5 + person.chance.random())
        person.fall_asleep(seconds)
        await sleep(seconds)
        person.wake_up()


DEEDS: dict[Deed, float] = {
    talk: 12.0,
    reload: 1.2,
    close: 0.4,
    leave: 0.4,
    crash: 0.4,
    second_tab: 0.4,
    look_in: 0.6,
    copy_tab: 0.4,
    use_here: 0.6,
    lose_the_network: 0.6,
    put_away: 0.4,
    say_goodbye_again: 0.4,
    forge: 0.2,
    worry: 0.5,
    set_the_clock: 0.6,
    close_the_lid: 0.4,
}
