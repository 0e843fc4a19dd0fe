"""How good a connection is, from what browsers count; and when somebody is told that they speak while muted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import Newcomer

QUALITY = """async (cases) => {
  const { readingOf, qualityOf, blamed } = await import("/static/sdk/connection-quality.js");
  return cases.map(({ before, now, others = [] }) => {
    const first = before ? readingOf(before, 0) : undefined;
    const quality = blamed(qualityOf(first, readingOf(now, 4000)), others.map((level) => ({ level })));
    return [quality.level, quality.why, Math.round(quality.lost * 1000) / 1000];
  });
}"""

NOTICE = """async (levels) => {
  const { SpeechNotice } = await import("/static/js/meeting/muted-speech.js");
  const notice = new SpeechNotice();
  const said = [];
  levels.forEach((level, n) => notice.heard(level, n * 150) && said.push(n));
  return said;
}"""


def stats(
    received: int, lost: int = 0, *, missed: float = 0.0, trip: float | None = 0.05, relayed: bool = False
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"type": "transport", "id": "T", "selectedCandidatePairId": "P"},
        {"type": "candidate-pair", "id": "Q", "localCandidateId": "L2", "remoteCandidateId": "R"},
        {"type": "candidate-pair", "id": "P", "localCandidateId": "L", "remoteCandidateId": "R"},
        {"type": "local-candidate", "id": "L", "candidateType": "relay" if relayed else "host"},
        {"type": "local-candidate", "id": "L2", "candidateType": "relay"},
        {"type": "remote-candidate", "id": "R", "candidateType": "srflx"},
        {"type": "inbound-rtp", "id": "A", "packetsReceived": received // 2, "packetsLost": lost},
        {"type": "inbound-rtp", "id": "V", "packetsReceived": received - received // 2, "packetsLost": 0},
        {"type": "remote-inbound-rtp", "id": "B", "fractionLost": missed},
    ]
    if trip is not None:
        found[2]["currentRoundTripTime"] = trip
    return found


CASES: list[tuple[dict[str, Any], tuple[str, str, float]]] = [
    ({"now": stats(100)}, ("", "", 0)),
    ({"before": stats(100), "now": stats(1100)}, ("good", "", 0)),
    # What was lost before does not count any more.
    ({"before": stats(100, 90), "now": stats(1100, 90)}, ("good", "", 0)),
    ({"before": stats(0), "now": stats(950, 50)}, ("fair", "either", 0.05)),
    ({"before": stats(0), "now": stats(900, 100)}, ("poor", "either", 0.1)),
    # They lose what comes from here.
    ({"before": stats(0), "now": stats(1000, missed=0.3)}, ("poor", "either", 0.3)),
    ({"before": stats(0), "now": stats(900, 100), "others": ["good", "good", ""]}, ("poor", "theirs", 0.1)),
    ({"before": stats(0), "now": stats(900, 100), "others": ["poor", "good"]}, ("poor", "mine", 0.1)),
    ({"before": stats(0), "now": stats(900, 100), "others": [""]}, ("poor", "either", 0.1)),
    # It takes long, but all arrives.
    ({"before": stats(0), "now": stats(1000, trip=0.4)}, ("fair", "either", 0)),
    (
        {"before": stats(0), "now": stats(1000, trip=0.9, relayed=True), "others": ["good"]},
        ("poor", "relayed", 0),
    ),
    (
        {"before": stats(0), "now": stats(900, 100, trip=0.9, relayed=True), "others": ["good"]},
        ("poor", "theirs", 0.1),
    ),
    # Nothing comes, and nothing is lost: cameras and microphones are off.
    ({"before": stats(100), "now": stats(100, trip=None)}, ("good", "", 0)),
    # Another connection counts from 0.
    ({"before": stats(5000, 400), "now": stats(100)}, ("good", "", 0)),
]


@pytest.mark.one_browser
async def test_quality_and_whose_fault_it_is(newcomer: Newcomer) -> None:
    ada = await newcomer("Ada")
    await ada.page.goto(ada.url)
    found = await ada.page.evaluate(QUALITY, [case for case, _ in CASES])
    assert [tuple(each) for each in found] == [expected for _, expected in CASES]
    # Speech, a cough and silence; and not again within a minute.
    talk, cough, silence = [0.1] * 8, [0.1, 0.1], [0.001] * 20
    said = await ada.page.evaluate(NOTICE, [*cough, *silence, *talk, *silence, *talk, *([0.0] * 400), *talk])
    assert said == [26, 462]
