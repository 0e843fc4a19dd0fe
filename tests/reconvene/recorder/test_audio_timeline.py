"""Where sound belongs that comes as it likes. Times are seconds; nothing here waits."""

from __future__ import annotations

import itertools

import pytest
from av import AudioFrame

from reconvene.recorder.audio_timeline import HELD, LAG, AudioTimeline
from reconvene.recorder.clock_mapping import ClockMapping
from tests.reconvene.made import RATE, loudness, sound


class Heard:
    """A sound line, with what it has handed out. `track` gives it 20 ms each from `first` to `last`, which arrive
    `late`; time goes on with them. The sender's time begins at `begin`."""

    def __init__(self) -> None:
        self.samples = bytearray()
        self.line = AudioTimeline(self.samples.extend)
        self.ticked = 0.0

    def track(
        self, first: float, last: float, *, late: float = 0.0, begin: float = 0.0, source: int = 0
    ) -> None:
        for number in range(round(first * 50), round(last * 50)):
            at = number / 50
            self.tick(at + late)
            self.add(source, sound(at + begin), at + late)

    def add(self, source: int, frame: AudioFrame, arrival: float) -> None:
        """`arrival` as that of a picture."""
        self.line.add(source, frame, arrival + HELD)

    def tick(self, now: float) -> None:
        while self.ticked + 0.25 <= now:
            self.ticked += 0.25
            self.line.tick(self.ticked)

    def end(self, now: float) -> list[bool]:
        """Loud or not, of every 20 ms."""
        self.tick(now)
        self.line.finish(now)
        assert len(self.samples) == round(now * RATE) * 4
        return loudness(bytes(self.samples))


def spans(heard: list[bool]) -> list[tuple[float, float]]:
    """From when to when there is a tone."""
    edges = [
        number / 50
        for number, (one, other) in enumerate(zip([False, *heard], [*heard, False], strict=True))
        if one != other
    ]
    return list(zip(edges[::2], edges[1::2], strict=True))


def test_it_is_where_it_was_sent_and_silence_is_between() -> None:
    heard = Heard()
    heard.track(1, 2)
    heard.track(3, 4)
    assert spans(heard.end(5)) == [(1, 2), (3, 4)]


def test_senders_count_from_where_they_like() -> None:
    heard = Heard()
    heard.track(1, 2, begin=40_000)
    assert spans(heard.end(2)) == [(1, 2)]


def test_one_who_counted_on_only_while_sending_is_placed_by_when_it_comes() -> None:
    """The microphone was off for two seconds, in which the sender's time stood still."""
    heard = Heard()
    heard.track(0, 1)
    heard.track(3, 4, begin=-2)
    assert spans(heard.end(4)) == [(0, 1), (3, 4)]


def test_one_who_counts_anew_is_placed_by_when_it_comes() -> None:
    heard = Heard()
    heard.track(0, 1, begin=900)
    heard.track(1, 2, begin=-1)
    heard.track(2, 3, begin=5_000)
    assert spans(heard.end(3)) == [(0, 3)]


def test_what_was_held_up_is_where_it_was_sent() -> None:
    """Half a second came at once, as after a moment in which the network or this program stood still."""
    heard = Heard()
    heard.track(0, 1)
    for number in range(50, 75):
        heard.add(0, sound(number / 50), 1.5)
    heard.track(1.5, 3)
    assert spans(heard.end(3)) == [(0, 3)]
    assert len(heard.samples) == 3 * RATE * 4


def test_a_first_frame_that_is_late_moves_nothing() -> None:
    heard = Heard()
    heard.tick(1.2)
    for number in range(50, 60):
        heard.add(0, sound(number / 50), 1.2)
    heard.track(1.2, 2)
    assert spans(heard.end(2)) == [(1, 2)]


def test_a_lost_frame_is_twenty_milliseconds_of_silence() -> None:
    heard = Heard()
    heard.track(0, 1)
    heard.track(1.02, 2)
    assert spans(heard.end(2)) == [(0, 1), (1.02, 2)]


def test_silence_comes_as_time_goes() -> None:
    heard = Heard()
    heard.tick(10)
    assert len(heard.samples) == round((10 - LAG) * RATE) * 4


def test_of_two_tracks_the_later_counts() -> None:
    heard = Heard()
    heard.track(0, 1, source=1)
    heard.add(2, sound(0, loud=False), 1.0)
    heard.track(1.02, 2, source=1)
    assert spans(heard.end(2)) == [(0, 1)]


def test_other_rates_and_one_channel_are_made_even() -> None:
    """As of G.711, which a telephone may speak."""
    heard = Heard()
    for number in range(50):
        frame = AudioFrame(format="s16", layout="mono", samples=160)
        frame.planes[0].update(b"\x00\x20" * 160)
        frame.sample_rate, frame.pts = 8000, number * 160
        heard.add(0, frame, 1 + number / 50)
    (span,) = spans(heard.end(3))
    assert span == pytest.approx((1, 2), abs=0.05)


def test_a_place_is_the_least_delay_seen() -> None:
    placing = ClockMapping(earlier=0.0, later=0.3)
    assert [placing.place(sent, sent + late) - sent for sent, late in [(0, 0.2), (1, 0.1), (2, 0.3)]] == [
        pytest.approx(0.2),
        pytest.approx(0.1),
        pytest.approx(0.1),
    ]
    assert placing.place(3, 3.5) == pytest.approx(3.5)


@pytest.mark.parametrize("rate", [0.9999, 1.0001])
def test_clocks_that_do_not_go_equally_fast_stay_in_step(rate: float) -> None:
    """Over an hour and a half, in which they come apart by half a second."""
    placing = ClockMapping(earlier=0.1, later=0.3)
    off = [placing.place(at * rate, at + at % 7 / 100) - at for at in range(5_400)]
    assert max(map(abs, off)) < 0.1
    # Without ever being put back by much.
    assert max(abs(one - other) for one, other in itertools.pairwise(off)) < 0.1
