"""The pages of meetings on record, as tests look at them."""

from __future__ import annotations

from playwright.async_api import BrowserContext, Locator

from tests.e2e.person import Person


async def see(person: Person, room: str) -> None:
    await person.page.goto(f"{person.url}/m/{room}/attendance")


def figure(person: Person, name: str) -> Locator:
    totals = person.page.get_by_role("region", name="Totals")
    return totals.locator("dl > div").filter(has=person.page.get_by_text(name, exact=True))


def row(person: Person, name: str) -> Locator:
    header = person.page.get_by_role("rowheader", name=name)
    return person.page.get_by_role("row").filter(has=header)


def column(host: Person, name: str) -> Locator:
    return host.page.get_by_role("columnheader", name=name)


async def names(host: Person) -> list[str]:
    return await host.page.locator('tbody [data-part="name"]').all_text_contents()


async def away(context: BrowserContext) -> None:
    await context.route("**/api/**/attendance*", lambda route: route.abort("connectionrefused"))
