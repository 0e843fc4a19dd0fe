"""Which webinar people mean."""

from __future__ import annotations

import pytest

from server.zoom.address import external_id

NUMBER = "88988872033"


@pytest.mark.parametrize(
    "text",
    [
        "88988872033",
        " 889 8887 2033\n",
        "889-8887-2033",
        "889\u00a08887\u00a02033",
        "889.8887.2033",
        "889 · 8887 · 2033",
        "Meeting ID: 889 8887 2033 Passcode: 123456",
        "Meeting-ID: 889-8887-2033\nKenncode: 123456",
        "+13462487799,,88988872033#,,,,*123456# US (Houston)",
        "88988872033@zoomcrc.com",
        "88988872033.123456@zoomcrc.com",
        "ZOOM-88988872033",
        "zoom-88988872033",
        "https://zoom.us/j/88988872033",
        "https://us02web.zoom.us/j/88988872033?pwd=12345678901",
        "https://us02web.zoom.us/w/88988872033?tk=abc.DQ#success",
        "https://example.zoom.us/s/88988872033",
        "https://app.zoom.us/wc/88988872033/join?from=pwa",
        "https://zoom.us/webinar/88988872033",
        "us02web.zoom.us/j/88988872033",
        "https://example.zoomgov.com/j/88988872033",
        "zoommtg://zoom.us/join?action=join&confno=88988872033&pwd=123",
        "Webinar ID: 889 8887 2033.",
        "889 88872033",
        "Meeting ID: 889 8887 2033 2 participants",
        "Meeting ID: 889 8887 2033 14:00",
        "Meeting ID: 88988872033 1",
        "Webinar ID: 889 8887 2033 2",
        "889 8887 2033\u200b",
        "<https://zoom.us/j/88988872033>,",
        "Join: https://zoom.us/j/88988872033, please",
    ],
)
def test_numbers_and_links_that_are_understood(text: str) -> None:
    assert external_id(text) == NUMBER


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "9 to 12 digits"),
        ("12345678", "9 to 12 digits"),
        ("1234567890123", "9 to 12 digits"),
        ("\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19", "9 to 12 digits"),
        ("K7P-2MX-9QD", "9 to 12 digits"),
        ("88988872033; drop", "9 to 12 digits"),
        ("Passcode ID: 123456", "9 to 12 digits"),
        ("8898.8872.0338.8988", "9 to 12 digits"),
        ("889 8887 2033 2", "up to three groups"),
        ("192.168.10.200", "up to three groups"),
        ("192.168.100.200", "up to three groups"),
        ("Meeting ID: 192.168.100.200", "up to three groups"),
        ("ID: 192.168.10.200 port 80", "up to three groups"),
        ("https://us02web.zoom.us/webinar/register/WN_AbCdEf", "registration link"),
        ("https://us02web.zoom.us/webinar/register/88988872033/WN_AbCdEf", "registration link"),
        ("https://us02web.zoom.us/meeting/register/tJAbCd", "registration link"),
        ("https://zoom.us/my/ann", "no webinar's or meeting's number"),
        ("https://zoom.us.example.org/j/88988872033", "no link to Zoom"),
        ("https://meet.example.org/j/88988872033", "no link to Zoom"),
        ("https://[/j/88988872033", "no link"),
        ("x" * 1000 + "/", "no link to Zoom"),
        ("x" * 60_000, "too long"),
    ],
)
def test_what_is_not_understood_is_said_in_one_short_line(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refusal:
        external_id(text)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 250
