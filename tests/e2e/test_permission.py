"""Permission that is not given, or not yet: what is told is what is captured, and nothing waits for an answer."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.conftest import Newcomer
from tests.e2e.devices import PROMPTS, told_of
from tests.e2e.onlooker import Onlooker, looking_on
from tests.e2e.person import Person, all_hear_and_watch, meet
from tests.process import ServerProcess

WAITING = "Waiting for your permission"
MICROPHONE_WAITS = "Microphone: waiting for your permission. Stop waiting"
CAMERA_WAITS = "Camera: waiting for your permission. Stop waiting"


async def asked(newcomer: Newcomer, name: str) -> Person:
    """Somebody whose browser can be made to ask."""
    person = await newcomer(name)
    await person.page.add_init_script(PROMPTS)
    return person


def says(person: Person, text: str) -> Locator:
    """What is shown, and read out as it comes."""
    return person.page.get_by_role("status").get_by_text(text)


def choice(person: Person, kind: str) -> Locator:
    """What the device list shows, which is the one thing it has where there is nothing to choose."""
    return person.page.get_by_role("combobox", name=kind).locator("option")


@pytest.mark.one_browser
async def test_a_question_that_nobody_answers_holds_nothing_up(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = await asked(newcomer, "Ada"), await newcomer("Bob")
    (b,) = await meet(meeting, bob)
    a = await joining_waits_for_no_answer_and_the_answer_counts_in_the_call(ada, bob, b, meeting)
    await nor_does_a_reload(ada, bob, a)


async def joining_waits_for_no_answer_and_the_answer_counts_in_the_call(
    ada: Person, bob: Person, b: str, meeting: str
) -> str:
    """Answers Ada's id."""
    await ada.page.goto(ada.url)
    await ada.page.evaluate("prompts.hold()")
    await ada.open(meeting)
    await expect(says(ada, f"{WAITING} to use the microphone and camera.")).to_be_visible()
    a = await ada.join()
    await bob.sees(a, audio="off", video="off", connection="connected")
    await expect(ada.button(CAMERA_WAITS)).to_be_visible()
    await ada.page.evaluate("prompts.allow()")
    await bob.sees(a, audio="on", video="on")
    await all_hear_and_watch({a: ada, b: bob})
    return a


async def nor_does_a_reload(ada: Person, bob: Person, a: str) -> None:
    await ada.page.evaluate("prompts.hold()")
    bob.heard.clear()
    await ada.page.reload()
    assert await ada.seated() == a
    await bob.sees(a, audio="off", video="off", connection="connected")
    await expect(says(ada, f"{WAITING} to use the microphone and camera.")).to_be_visible()
    await ada.sees(a, audio="off", video="off")
    # A press is a wish, with or without an answer.
    await ada.press(MICROPHONE_WAITS)
    await expect(ada.button("Turn on microphone")).to_be_visible()
    await expect(says(ada, f"{WAITING} to use the camera.")).to_be_visible()
    assert True not in told_of(bob, a, "audio") + told_of(bob, a, "video")

    # Allowed at last, it is what is still wanted that comes on, and only then is it told.
    await ada.page.evaluate("prompts.allow()")
    await bob.sees(a, audio="off", video="on", picture="")
    await expect(says(ada, WAITING)).to_be_hidden()
    await expect(ada.button("Turn off camera")).to_be_visible()
    assert True not in told_of(bob, a, "audio")
    assert await ada.page.evaluate("[prompts.running('audio'), prompts.running('video')]") == [0, 1]
    await ada.press("Turn on microphone")
    await bob.sees(a, audio="on")
    await bob.hears_and_watches(a)


@pytest.mark.one_browser
async def test_wishes_and_answers(newcomer: Newcomer, meeting: str, server: ServerProcess) -> None:
    ada = await asked(newcomer, "Ada")
    (a,) = await meet(meeting, ada)
    await refused_it_says_so_and_a_wish_that_is_made_again_asks_again(ada, a)
    async with looking_on(server, meeting) as bob:
        await what_is_waited_for_is_asked_for_again_after_another_reload(ada, bob, a)
    await what_is_granted_too_late_is_stopped(ada, a)


async def refused_it_says_so_and_a_wish_that_is_made_again_asks_again(ada: Person, a: str) -> None:
    await ada.press("Turn off camera")
    await ada.page.evaluate("prompts.hold()")
    await ada.press("Turn on camera")
    await ada.page.evaluate("prompts.refuse()")
    await ada.told("Your browser may not use your camera")
    await ada.press("Turn on camera")
    await ada.sees(a, video="on")

    # Also one that was taken back.
    await ada.press("Turn off camera")
    await ada.page.evaluate("prompts.hold()")
    before = await ada.page.evaluate("prompts.asked")
    for _ in range(2):
        await ada.press("Turn on camera")
        await ada.press(CAMERA_WAITS)
    await ada.press("Turn on camera")
    assert await ada.page.evaluate("prompts.asked") == before + 3
    await ada.page.evaluate("prompts.allow()")
    await ada.sees(a, video="on")
    assert await ada.page.evaluate("prompts.running('video')") == 1


async def what_is_waited_for_is_asked_for_again_after_another_reload(
    ada: Person, bob: Onlooker, a: str
) -> None:
    await ada.press("Turn off camera")
    await bob.sees(a, video="off")
    await ada.page.evaluate("prompts.hold()")
    for _ in range(2):
        await ada.page.reload()
        await expect(ada.button(MICROPHONE_WAITS)).to_be_visible()
        await expect(ada.button("Turn on camera")).to_be_visible()
    await bob.sees(a, audio="off", video="off")
    await ada.page.evaluate("prompts.allow()")
    await bob.sees(a, audio="on", video="off")


async def what_is_granted_too_late_is_stopped(ada: Person, a: str) -> None:
    await ada.press("Turn on camera")
    await ada.sees(a, audio="on", video="on")
    await ada.page.evaluate("prompts.hold()")
    for wish in ("turned off", "left"):
        await ada.page.reload()
        await ada.seated()
        if wish == "turned off":
            await ada.press(CAMERA_WAITS)
            await ada.press(MICROPHONE_WAITS)
        else:
            await expect(ada.button(CAMERA_WAITS)).to_be_visible()
            await ada.leave()
            await ada.at("left")
        await ada.page.evaluate("prompts.allow()")
        running = await ada.page.evaluate("[prompts.running('audio'), prompts.running('video')]")
        assert running == [0, 0], wish
        if wish == "turned off":
            await ada.sees(a, audio="off", video="off")
            await ada.page.evaluate("prompts.hold()")
            await ada.press("Turn on camera")
            await ada.press("Turn on microphone")


# A blank page from before has none.
WITH_DEVICES = "if (navigator.mediaDevices)"
REFUSED = "throw new DOMException('Permission denied', 'NotAllowedError')"
BY_SYSTEM = "throw new DOMException('Permission denied by system', 'NotAllowedError')"
MISSING = "throw new DOMException('Requested device not found', 'NotFoundError')"
UNNAMED = "[{ kind: 'audioinput', deviceId: '', label: '' }, { kind: 'videoinput', deviceId: '', label: '' }]"


WHY = [
    (REFUSED, UNNAMED, "Not allowed in your browser"),
    (BY_SYSTEM, UNNAMED, "Not allowed by your system"),
    # So Firefox says that the system does not allow it.
    (MISSING, UNNAMED, "Not allowed by your system"),
    (MISSING, "[]", "No microphone found"),
]
"""What the browser answers when it is asked, the devices it lists, and what is shown."""


LIST = f"{WITH_DEVICES} navigator.mediaDevices.enumerateDevices = async () => "
ASK = f"{WITH_DEVICES} navigator.mediaDevices.getUserMedia = "


@pytest.mark.one_browser
async def test_a_list_that_is_empty_or_not_known_yet_says_why(newcomer: Newcomer, meeting: str) -> None:
    ada = await newcomer("Ada")
    await ada.page.add_init_script(f"{LIST} {UNNAMED}; {ASK} () => new Promise(() => {{}});")
    await ada.start(meeting)
    await ada.press(CAMERA_WAITS)
    await expect(choice(ada, "Camera")).to_have_text(["Allow the camera to choose one"])
    await expect(choice(ada, "Microphone")).to_have_text([WAITING])
    for answer, listed, shown in WHY:
        # The last one counts.
        await ada.page.add_init_script(f"{LIST} {listed}; {ASK} async () => {{ {answer}; }};")
        await ada.open(meeting)
        await expect(choice(ada, "Microphone")).to_have_text([shown])
        await expect(choice(ada, "Camera")).to_have_text([shown.replace("microphone", "camera")])


LACKING = {
    "insecure": "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });",
    "no sound": "AudioContext = class { constructor() { throw new DOMException('none', 'NotSupportedError'); } };",
    "no sound at all, no list": f"delete globalThis.AudioContext; {LIST} {{ {REFUSED}; }};",
}
"""What a browser may lack beside permission."""


@pytest.mark.one_browser
async def test_the_call_goes_on_without(newcomer: Newcomer, meeting: str) -> None:
    """One after the other, in a call with Bob."""
    bob = await newcomer("Bob")
    (b,) = await meet(meeting, bob)
    for lacking, without in LACKING.items():
        ada = await newcomer(f"Ada, {lacking}")
        await ada.page.add_init_script(without)
        await ada.open(meeting)
        await ada.at("prejoin")
        insecure = lacking == "insecure"
        if insecure:
            await expect(
                says(ada, "Browsers allow the microphone and camera only on https pages.")
            ).to_be_visible()
            await expect(choice(ada, "Microphone")).to_have_text(["On https pages only"])
        else:
            await expect(ada.button("Turn off camera")).to_be_visible()
        meter = ada.page.get_by_role("meter", name="Microphone level")
        measures = not lacking.startswith("no sound")
        await (expect(meter).to_be_visible() if measures else expect(meter).to_be_hidden())
        a = await ada.join()
        on = "off" if insecure else "on"
        await bob.sees(a, audio=on, video=on, connection="connected")
        if insecure:
            await ada.hears_and_watches(b)
            await expect(ada.button("Share screen")).to_be_hidden()
            await ada.page.keyboard.press("s")
            await ada.told("This browser cannot share a screen.")
        else:
            await all_hear_and_watch({a: ada, b: bob})
        await ada.page.close()
