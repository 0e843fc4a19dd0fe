"""What the client asks Zoom for, and what it makes of the answers."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
import structlog

from server.zoom.client import ZoomClient, encoded
from server.zoom.errors import (
    BadAnswer,
    BadCredentials,
    PageTokenInvalid,
    ZoomFailure,
)
from server.zoom.zoom_records import Details, Instance
from tests.zoom.caller import START, Caller
from tests.zoom.client.samples import EMPTY, ID, UUID
from tests.zoom.loopback import TOKEN, Loopback, json, plain


@pytest.mark.parametrize(
    ("uuid", "path"),
    [
        ("4AAA+B==", "4AAA%2BB%3D%3D"),
        ("ab/cd==", "ab%2Fcd%3D%3D"),
        ("/abc//d==", "%252Fabc%252F%252Fd%253D%253D"),
        ("/abc==", "%252Fabc%253D%253D"),
        ("ab//c==", "ab%252F%252Fc%253D%253D"),
    ],
)
async def test_uuids_are_encoded_twice_when_zoom_needs_it(
    zoom: Loopback, client: ZoomClient, uuid: str, path: str
) -> None:
    assert encoded(uuid) == path
    zoom.will(EMPTY)
    await client.participants("webinar", uuid, "report", "")
    assert zoom.requests[0].path == f"/v2/report/webinars/{path}/participants"


REPORT = {"page_size": "300", "include_fields": "registrant_id"}


@pytest.mark.parametrize(
    ("kind", "source", "path", "params", "label"),
    [
        ("webinar", "report", "/v2/report/webinars/a/participants", REPORT, "heavy"),
        ("webinar", "basic", "/v2/past_webinars/a/participants", {"page_size": "300"}, "medium"),
        ("meeting", "report", "/v2/report/meetings/a/participants", REPORT, "heavy"),
        ("meeting", "basic", "/v2/past_meetings/a/participants", {"page_size": "300"}, "medium"),
    ],
)
async def test_participants(
    zoom: Loopback,
    client: ZoomClient,
    caller: Caller,
    kind: Any,
    source: Any,
    path: str,
    params: Any,
    label: str,
) -> None:
    zoom.will(
        json({"participants": [{"name": "Ann"}], "next_page_token": "t/o=k&n", "total_records": 2}),
        json({"participants": [{"name": "Bob"}], "next_page_token": "", "total_records": 2}),
    )
    first = await client.participants(kind, "a", source, "")
    second = await client.participants(kind, "a", source, first.next_page_token)
    assert [row.name for page in (first, second) for row in page.rows] == ["Ann", "Bob"]
    assert (first.next_page_token, second.next_page_token) == ("t/o=k&n", "")
    assert (first.total_records, second.total_records) == (2, 2)
    assert [request.path for request in zoom.requests] == [path, path]
    assert [request.params for request in zoom.requests] == [params, {**params, "next_page_token": "t/o=k&n"}]
    assert caller.limits.taken == ["light", label, label]


@pytest.mark.parametrize("kind", ["webinar", "meeting"])
@pytest.mark.parametrize("status", ["approved", "pending", "denied"])
async def test_registrants(zoom: Loopback, client: ZoomClient, kind: Any, status: Any) -> None:
    row = {"id": "r1", "email": "a@example.com", "first_name": "Ann", "create_time": "2024-05-17T12:00:00Z"}
    zoom.will(json({"registrants": [row], "next_page_token": "n"}), json({"registrants": []}))
    page = await client.registrants(kind, ID, status, "")
    assert [(each.id, each.first_name, each.last_name, each.create_time) for each in page.rows] == [
        ("r1", "Ann", "", START)
    ]
    await client.registrants(kind, ID, status, page.next_page_token)
    first, second = zoom.requests
    assert first.path == second.path == f"/v2/{kind}s/{ID}/registrants"
    assert first.params == {"status": status, "page_size": "300"}
    assert second.params == {**first.params, "next_page_token": "n"}


async def test_details(zoom: Loopback, client: ZoomClient) -> None:
    zoom.will(json({"topic": "All hands", "uuid": "u==", "start_time": "2024-05-17T12:00:00Z", "id": 1}))
    assert await client.details("meeting", ID) == Details(topic="All hands", uuid="u==", start_time=START)
    assert zoom.requests[0].target == f"/v2/meetings/{ID}"


@pytest.mark.parametrize("kind", ["webinar", "meeting"])
async def test_instances_come_oldest_first(zoom: Loopback, client: ZoomClient, kind: Any) -> None:
    late, early = (
        {"uuid": "b==", "start_time": "2024-05-18T12:00:00Z"},
        {
            "uuid": "/a==",
            "start_time": "2024-05-17T12:00:00Z",
        },
    )
    zoom.will(json({f"{kind}s": [{"uuid": "c=="}, late, early, late]}))
    found = await client.instances(kind, ID)
    assert found[0] == Instance(uuid="/a==", start_time=START)
    assert [instance.uuid for instance in found] == ["/a==", "b==", "c=="]
    assert zoom.requests[0].target == f"/v2/past_{kind}s/{ID}/instances"


async def test_instances_are_read_to_the_last_page(zoom: Loopback, client: ZoomClient) -> None:
    zoom.will(
        json({"webinars": [{"uuid": "a"}], "next_page_token": "n"}),
        json({"webinars": [{"uuid": "b"}], "next_page_token": "n"}),
        # A list without an end has one all the same.
        json({"webinars": [{"uuid": "b"}], "next_page_token": "n"}),
    )
    assert [instance.uuid for instance in await client.instances("webinar", ID)] == ["a", "b"]


@pytest.mark.parametrize("uuid", [None, "", "u" * 201])
async def test_an_instance_that_cannot_be_read_is_not_left_out(
    zoom: Loopback, client: ZoomClient, uuid: str | None
) -> None:
    zoom.will(json({"webinars": [{"uuid": "a"}, {"uuid": uuid, "start_time": "2024-05-17T12:00:00Z"}]}))
    with pytest.raises(BadAnswer, match="without its UUID"):
        await client.instances("webinar", ID)


async def test_only_a_page_with_a_token_has_an_invalid_one(zoom: Loopback, client: ZoomClient) -> None:
    used_up = json({"code": 300, "message": "The next page token is invalid or expired."}, 400)
    zoom.will(used_up, used_up)
    with pytest.raises(PageTokenInvalid):
        await client.participants("webinar", UUID, "report", "used")
    with pytest.raises(ZoomFailure) as raised:
        await client.participants("webinar", UUID, "report", "")
    assert not isinstance(raised.value, PageTokenInvalid)
    assert len(zoom.requests) == 2


async def test_a_redirect_is_not_followed(zoom: Loopback, client: ZoomClient) -> None:
    zoom.will(plain(b"", 302, location=f"{zoom.url}/v2/elsewhere"))
    with pytest.raises(BadAnswer, match="ZOOM_API_URL"):
        await client.participants("webinar", UUID, "report", "")
    assert len(zoom.requests) == 1
    zoom.tokens.append(plain(b"", 307, location=f"{zoom.url}/oauth/token"))
    async with Caller().calls(zoom.settings) as other:
        with pytest.raises(BadAnswer, match="ZOOM_TOKEN_URL"):
            await other.scopes()


async def test_no_secret_is_repeated(zoom: Loopback, client: ZoomClient) -> None:
    pair = b64encode(b"client-1:s3cret-of-the-app").decode()
    echo = f"Basic {pair} s3cret-of-the-app Bearer {TOKEN}"
    with structlog.testing.capture_logs() as logs:
        zoom.tokens.append(json({"reason": echo}, 400))
        with pytest.raises(BadCredentials) as refused:
            await client.scopes()
        zoom.will(plain(b"", 500), json({"message": f"{echo} of ann@example.com"}, 400))
        with pytest.raises(ZoomFailure) as failed:
            await client.participants("webinar", UUID, "report", "page-token-2")
    assert "Bearer" in str(failed.value)
    texts = (str(refused.value), repr(client), repr(zoom.settings))
    for private in (pair, "s3cret-of-the-app"):
        assert not any(private in text for text in texts)
    for private in (TOKEN, "page-token-2", "ann@example.com"):
        assert private not in f"{failed.value}{logs}"
    assert any(line["event"] == "zoom is asked again" for line in logs)


async def test_a_client_that_is_not_open_says_so(zoom: Loopback) -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await ZoomClient(zoom.settings).scopes()
