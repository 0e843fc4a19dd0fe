"""Microphones and cameras that come and go in a call, and screens that are not to be had."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.e2e.devices import PLUGS, told_of
from tests.e2e.onlooker import Onlooker, looking_on
from tests.e2e.person import Person, meet
from tests.e2e.waiting import until
from tests.process import ServerProcess

DEVICES = [("audio", "microphone", "Headset", "Built-in"), ("video", "camera", "Webcam", "Lid")]


@pytest.mark.one_browser
async def test_devices_that_are_pulled_out_are_replaced_and_come_on_again(
    newcomer: Newcomer, meeting: str
) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    await ada.page.add_init_script(PLUGS)
    a, _ = await meet(meeting, ada, bob)
    await bob.sees(a, audio="on", video="on")
    for device in DEVICES:
        await is_replaced_and_taken_again_when_it_is_back(ada, bob, a, *device)
    for device in DEVICES:
        await the_last_one_comes_on_again_when_any_is_plugged_in(ada, bob, a, *device)


async def is_replaced_and_taken_again_when_it_is_back(
    ada: Person, bob: Person, a: str, kind: str, name: str, first: str, second: str
) -> None:
    bob.heard.clear()
    await ada.page.evaluate(f"plugs.pullOut('{kind}', '{first}')")
    await ada.told(f"Your {name} “{first}” was disconnected.")
    await ada.told(f"Your {name} is now “{second}”.")
    await bob.sees(a, **{kind: "on"})
    await bob.hears_and_watches(a)
    await ada.page.evaluate(f"plugs.plugIn('{kind}', '{first}')")
    await ada.told(f"Your {name} is now “{first}”.")
    await bob.sees(a, **{kind: "on"})
    await bob.hears_and_watches(a)
    # While neither was captured, that was told.
    assert told_of(bob, a, kind) == [False, True, False, True]


async def the_last_one_comes_on_again_when_any_is_plugged_in(
    ada: Person, bob: Person, a: str, kind: str, name: str, first: str, second: str
) -> None:
    await ada.page.evaluate(f"plugs.pullOut('{kind}', '{second}')")
    await ada.page.evaluate(f"plugs.pullOut('{kind}', '{first}')")
    await ada.told(f"No {name} was found.")
    await bob.sees(a, **{kind: "off"})
    await expect(ada.button(f"Turn on {name}")).to_be_visible()
    await ada.page.evaluate(f"plugs.plugIn('{kind}', 'Another')")
    await ada.told(f"Your {name} is now “Another”.")
    await bob.sees(a, **{kind: "on"})
    await bob.hears_and_watches(a)


@pytest.mark.one_browser
async def test_devices_that_come_and_go_where_nobody_looks_at_the_media(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    ada = await newcomer("Ada")
    await ada.page.add_init_script(PLUGS)
    (a,) = await meet(meeting, ada)
    async with looking_on(server, meeting) as bob:
        await bob.sees(a, audio="on", video="on")
        for device in DEVICES:
            await one_that_was_turned_off_stays_off(ada, bob, a, *device)
            # One that was turned on again is looked for when others come and go.
            await ada.page.reload()
            assert await ada.seated() == a
            await bob.sees(a, audio="on", video="on")
        for device in DEVICES:
            await what_the_system_mutes_is_told_as_off_until_it_is_back(ada, bob, a, *device)
        await what_the_browser_takes_away_is_not_asked_for_again(ada, bob, a)
        await another_is_chosen_in_the_call_and_the_chosen_one_pulled_out(ada, bob, a)


async def one_that_was_turned_off_stays_off(
    ada: Person, bob: Onlooker, a: str, kind: str, name: str, first: str, _: str
) -> None:
    await ada.press(f"Turn off {name}")
    await bob.sees(a, **{kind: "off"})
    bob.heard.clear()
    asked = await ada.page.evaluate("plugs.asked")
    await ada.page.evaluate(f"plugs.pullOut('{kind}', '{first}'); plugs.plugIn('{kind}', '{first}')")
    await nothing_is_told_of(ada, bob, a, kind)
    assert await ada.page.evaluate("plugs.asked") == asked
    await ada.press(f"Turn on {name}")
    await bob.sees(a, **{kind: "on"})


async def nothing_is_told_of(ada: Person, bob: Onlooker, a: str, kind: str) -> None:
    """Since what Bob heard last was cleared: not that it is on."""
    # What is told goes in order, so after this nothing else is on its way.
    await ada.press("Raise hand")
    await bob.sees(a, hand="raised")
    assert True not in told_of(bob, a, kind)
    await ada.press("Lower hand")
    await bob.sees(a, hand="lowered")


async def what_the_system_mutes_is_told_as_off_until_it_is_back(
    ada: Person, bob: Onlooker, a: str, kind: str, name: str, first: str, _: str
) -> None:
    await ada.page.evaluate(f"plugs.mute('{first}', true)")
    await ada.told(f"Your system has muted your {name} “{first}”.")
    await bob.sees(a, **{kind: "off"})
    off = {"audio": "Microphone: muted by your system. Turn off"}.get(
        kind, "Camera: stopped by your system. Turn off"
    )
    await expect(ada.button(off)).to_be_visible()
    await ada.page.evaluate(f"plugs.mute('{first}', false)")
    await bob.sees(a, **{kind: "on"})
    # Turned off meanwhile, it does not come back with the system's leave.
    await ada.page.evaluate(f"plugs.mute('{first}', true)")
    await ada.press(off)
    bob.heard.clear()
    await ada.page.evaluate(f"plugs.mute('{first}', false)")
    await nothing_is_told_of(ada, bob, a, kind)
    await ada.press(f"Turn on {name}")
    await bob.sees(a, **{kind: "on"})


async def what_the_browser_takes_away_is_not_asked_for_again(ada: Person, bob: Onlooker, a: str) -> None:
    """Its own controls end a track as unplugging does, and the device stays in the list."""
    asked = await ada.page.evaluate("plugs.permission = 'prompt', plugs.asked")
    await ada.page.evaluate("plugs.takeAway('Webcam')")
    await ada.told("Your camera “Webcam” was stopped by the browser or the system. You can turn it on again.")
    await bob.sees(a, video="off", audio="on")
    await expect(ada.button("Turn on camera")).to_be_visible()
    assert await ada.page.evaluate("plugs.asked") == asked
    await ada.press("Turn on camera")
    await bob.sees(a, video="on")
    await ada.page.evaluate("plugs.permission = 'granted'")


async def another_is_chosen_in_the_call_and_the_chosen_one_pulled_out(
    ada: Person, bob: Onlooker, a: str
) -> None:
    await ada.press("Devices")
    await ada.page.get_by_role("combobox", name="Microphone").select_option("Built-in")
    held = "reconvene.meeting.me.camera.getAudioTracks()[0]?.label ?? ''"

    async def label() -> str:
        return str(await ada.page.evaluate(held))

    await until(label, lambda found: found == "Built-in", "Ada speaks into the one she chose")
    await ada.page.evaluate("plugs.pullOut('audio', 'Built-in')")
    await until(label, lambda found: found == "Headset", "the other one is taken")
    await expect(ada.page.get_by_role("combobox", name="Microphone")).to_have_value("Headset")
    await ada.press("Done")
    await bob.sees(a, audio="on")
    assert await ada.page.evaluate("reconvene.meeting.getSnapshot().me.sends.audio")


SETTINGS = "privacy settings, then start the browser again."

SCREENS = [
    ("Permission denied", "NotAllowedError", None),
    (
        "The request is not allowed by the user agent or the platform in the current context.",
        "NotAllowedError",
        None,
    ),
    ("Permission denied by system", "NotAllowedError", SETTINGS),
    ("The object can not be found here.", "NotFoundError", SETTINGS),
    ("Could not start video source", "NotReadableError", "could not be captured."),
    ("Invalid state", "AbortError", "could not be captured."),
    ("getDisplayMedia requires transient activation from a user gesture.", "InvalidStateError", "a click"),
    ("getDisplayMedia must be called from a user gesture handler.", "InvalidAccessError", "a click"),
    ("Not supported", "NotSupportedError", "cannot share a screen"),
]


@pytest.mark.one_browser
async def test_screens_that_are_not_to_be_had(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    ada = await newcomer("Ada")
    (a,) = await meet(meeting, ada)
    await one_that_is_refused_is_told_from_one_that_was_not_chosen(ada)
    async with looking_on(server, meeting) as bob:
        await a_choice_that_nobody_makes_can_be_given_up(ada, bob, a)


async def one_that_is_refused_is_told_from_one_that_was_not_chosen(ada: Person) -> None:
    for message, error, said in SCREENS:
        await ada.page.evaluate(
            """([message, name]) => {
              toastsSeen.length = 0;
              navigator.mediaDevices.getDisplayMedia = async () => { throw new DOMException(message, name); };
            }""",
            [message, error],
        )
        await ada.press("Share screen")
        if said:
            await ada.told(said)
        await expect(ada.button("Share screen")).to_be_visible()
        assert len(await ada.toasts()) == (1 if said else 0), (error, message)


async def a_choice_that_nobody_makes_can_be_given_up(ada: Person, bob: Onlooker, a: str) -> None:
    await ada.page.evaluate("""() => {
      globalThis.chosen = [];
      navigator.mediaDevices.getDisplayMedia = () => new Promise((resolve) => {
        const canvas = document.createElement("canvas");
        canvas.getContext("2d").fillRect(0, 0, 1, 1);
        chosen.push(() => { const stream = canvas.captureStream(5); resolve(stream); return stream; });
      });
    }""")
    waits = "Screen: waiting for your choice. Stop waiting"
    await ada.press("Share screen")
    await ada.press(waits)
    await ada.press("Share screen")
    await ada.press(waits)
    states = "globalThis.streams = chosen.map((choose) => choose()), null"
    await ada.page.evaluate(states)
    # Chosen too late: nothing is shared, and nothing goes on being captured.
    running = "streams.flatMap((stream) => stream.getTracks()).filter(({ readyState }) => readyState === 'live').length"
    await until(lambda: ada.page.evaluate(running), lambda count: count == 0, "what was chosen late stops")
    await expect(ada.button("Share screen")).to_be_visible()
    await nothing_is_told_of(ada, bob, a, "screen")
    await ada.press("Share screen")
    await ada.page.evaluate("globalThis.streams = [chosen.at(-1)()], null")
    await expect(ada.button("Stop sharing").first).to_be_visible()
    await bob.sees(a, screen="on")
