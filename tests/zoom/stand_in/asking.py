"""A client that asks the stand-in whatever it is told to."""

from __future__ import annotations

from typing import Any

import httpx

from tests.zoom.stand_in import ZoomStandIn

PLAIN, SINGLE, LEADING, DOUBLE = "4AAA+bCdEf==", "4AbC/dEf==", "/abCdEf==", "4Ab//cDeF=="

UUIDS = (PLAIN, SINGLE, LEADING, DOUBLE)

REPORT = "/report/webinars/88988872033/participants"

REGISTRANTS = "/webinars/88988872033/registrants"


def rows(count: int, name: str = "row") -> list[dict[str, str]]:
    return [{"name": f"{name} {number}", "registrant_id": f"r{number}"} for number in range(count)]


class Asking:
    """A client that does as it is told."""

    def __init__(self, zoom: ZoomStandIn) -> None:
        self.zoom = zoom
        self.http = httpx.AsyncClient(timeout=5.0)
        self.token = ""

    async def grant(self, **changes: Any) -> httpx.Response:
        known = self.zoom.credentials
        form = {"grant_type": "account_credentials", "account_id": known.account_id}
        auth = changes.pop("auth", (known.client_id, known.client_secret))
        response = await self.http.post(self.zoom.token_url, data={**form, **changes}, auth=auth)
        self.token = response.json().get("access_token", "")
        return response

    async def get(self, path: str, **params: str | int) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"}
        return await self.http.get(f"{self.zoom.api_url}{path}", params=params or None, headers=headers)

    async def refused(self, path: str, **params: str | int) -> tuple[int, int, str]:
        response = await self.get(path, **params)
        body = response.json()
        return response.status_code, body["code"], body["message"]
