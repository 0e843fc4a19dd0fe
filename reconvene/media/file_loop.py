"""A media file as frames, over and over again: sound in packets of 20 ms without a gap, pictures of a size that fits.

Sound and picture have a reader each, so it does not matter how far apart a file stores matching frames. Both start
again together when the longer one ends; silence fills the rest of a shorter sound.
"""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path

import av
from av import AudioFrame, AudioResampler, AudioStream, VideoFormat, VideoFrame, VideoStream
from av.container import InputContainer
from av.filter import Graph
from av.stream import Disposition
from av.video.reformatter import ColorRange, VideoReformatter

from reconvene.media.frames import PICTURES, SAMPLE_RATE, SAMPLES, SOUND, fitting, sound
from reconvene.terminal import harmless

RATE = 30
"""Most pictures a second."""
LEAP = Fraction(600)
"""Longest gap between frames, in seconds; larger leaps mean that the file's times are broken."""
APART = Fraction(1, 25)
"""Seconds by which sound times may be off before silence is inserted: many files round them."""
STILL = Fraction(1)
"""Seconds that a single picture lasts."""

_SAMPLE = 4
"""Bytes: two channels of 16 bits."""

_TURNS = {
    90: ["transpose=cclock"],
    -90: ["transpose=clock"],
    180: ["hflip", "vflip"],
    -180: ["hflip", "vflip"],
}
"""Filters that apply the rotation a file asks for, by degrees anticlockwise."""

Media = AudioFrame | VideoFrame


class BadClip(Exception):  # noqa: N818 - named for what it is about
    """The file cannot be played. The text is one line: why, and what to do about it."""


class FileLoop:
    """Opens the file and reads enough of it to see whether it can be played. Raises `BadClip`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._name = harmless(str(path))
        try:
            path.stat()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise BadClip(f"there is no file {self._name} that can be read: {why}") from None
        if not path.is_file():
            raise BadClip(f"{self._name} is no file that can be played over and over again")
        self.has_sound = self._begins(_Sound(path))
        self.has_pictures = self._begins(_Pictures(path))
        if not self.has_sound and not self.has_pictures:
            raise BadClip(f"{self._name} has neither sound nor pictures that can be decoded")

    def frames(self) -> Generator[Media]:
        """Endless frames in order of `frame.time`, which starts at 0 and continues over the repetitions of the file.

        Raises `BadClip` when the file cannot be read any more.
        """
        begin = Fraction(0)
        while True:
            length = yield from self._once(begin)
            if not length:
                raise BadClip(f"{self._name} cannot be read any more")
            begin += length

    def _once(self, begin: Fraction) -> Generator[Media, None, Fraction]:
        """Play the file once; returns its length in seconds."""
        pictures = _Pictures(self.path) if self.has_pictures else None
        heard = _Sound(self.path, pictures) if self.has_sound else None
        with contextlib.ExitStack() as stack:
            readings: list[Generator[tuple[Fraction, Media]]] = [
                stack.enter_context(contextlib.closing(reader.frames()))
                for reader in (heard, pictures)
                if reader is not None
            ]
            try:
                for at, frame in heapq.merge(*readings, key=lambda pair: pair[0]):
                    frame.time_base = SOUND if isinstance(frame, AudioFrame) else PICTURES
                    frame.pts = round((begin + at) / frame.time_base)
                    yield frame
            except av.FFmpegError as error:
                raise self._bad(error) from None
        return max(reader.end for reader in (heard, pictures) if reader is not None)

    def _begins(self, reader: _Sound | _Pictures) -> bool:
        try:
            with contextlib.closing(reader.frames()) as frames:
                return next(frames, None) is not None
        except av.FFmpegError as error:
            raise self._bad(error) from None

    def _bad(self, error: av.FFmpegError) -> BadClip:
        return BadClip(
            f"{self._name} cannot be played: {error.strerror}; try another file, such as an mp4 or a webm"
        )


class _Pictures:
    """The pictures of one pass. `end`: when the last picture so far ends; final once `done`."""

    def __init__(self, path: Path) -> None:
        self.end = Fraction(0)
        self.done = False
        self._path = path
        self._reformatter = VideoReformatter()
        self._turning: tuple[int, int, int] | None = None
        self._turn: Graph | None = None

    def frames(self) -> Generator[tuple[Fraction, VideoFrame]]:
        try:
            with _open(self._path) as container:
                # An album cover is a video stream too.
                streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
                if streams:
                    yield from self._read(container, streams[0])
        finally:
            self.done = True

    def _read(self, container: InputContainer, stream: VideoStream) -> Generator[tuple[Fraction, VideoFrame]]:
        stream.thread_type = "AUTO"
        step, shift = STILL, Fraction(0)
        last: Fraction | None = None
        shown: Fraction | None = None
        for frame in _decoded(container, stream):
            if not isinstance(frame, VideoFrame):
                continue
            at = _time(frame, container)
            if last is None:
                at = max(at or Fraction(0), Fraction(0))
            elif at is None or not last < at + shift <= last + LEAP:
                at = last + min(step, Fraction(1, RATE))
                shift = at - (_time(frame, container) or at)
            else:
                at += shift
                step = min(at - last, STILL)
            last, self.end = at, at + step
            # A little less than the interval, as many files round their times.
            if shown is None or at - shown > Fraction(9, 10) / RATE:
                shown = at
                yield at, self._fit(frame, stream)

    def _fit(self, frame: VideoFrame, stream: VideoStream) -> VideoFrame:
        shape = stream.sample_aspect_ratio
        aspect = Fraction(shape.numerator, shape.denominator) if shape else Fraction(1)
        # An aspect this far from square pixels is taken for a mistake.
        width, height = fitting(
            frame.width, frame.height, aspect if Fraction(1, 4) < aspect < 4 else Fraction(1)
        )
        turns = _TURNS.get(frame.rotation)
        fit = self._reformatter.reformat(frame, width, height, "yuv420p", dst_color_range=ColorRange.MPEG)
        if turns is None:
            return fit
        if self._turn is None or self._turning != (width, height, frame.rotation):
            self._turning = width, height, frame.rotation
            self._turn = _graph(width, height, turns)
        self._turn.vpush(fit)
        return self._turn.vpull()


class _Sound:
    """The sound of one pass, then silence until the pictures end. `end`: the end of the last packet."""

    def __init__(self, path: Path, pictures: _Pictures | None = None) -> None:
        self.end = Fraction(0)
        self._path = path
        self._pictures = pictures
        self._resampler: AudioResampler | None = None
        self._resampled: tuple[str, str, int] | None = None
        self._waiting = bytearray()

    def frames(self) -> Generator[tuple[Fraction, AudioFrame]]:
        with _open(self._path) as container:
            if container.streams.audio:
                yield from self._read(container, container.streams.audio[0])

    def _read(self, container: InputContainer, stream: AudioStream) -> Generator[tuple[Fraction, AudioFrame]]:
        for frame in _decoded(container, stream):
            if not isinstance(frame, AudioFrame):
                continue
            at = _time(frame, container)
            gap = Fraction(0) if at is None else at - self._come
            if APART < gap < LEAP:
                yield from self._silence(round(gap * SAMPLE_RATE))
            self._resample(frame)
            yield from self._packets()
        self._resample(None)
        yield from self._silence(-(len(self._waiting) // _SAMPLE) % SAMPLES)
        while self._pictures is not None and (not self._pictures.done or self.end < self._pictures.end):
            yield from self._silence(SAMPLES)

    @property
    def _come(self) -> Fraction:
        return self.end + Fraction(len(self._waiting) // _SAMPLE, SAMPLE_RATE)

    def _resample(self, frame: AudioFrame | None) -> None:
        """Append a resampled frame to the waiting sound. None: flush the resampler."""
        form = (frame.format.name, frame.layout.name, frame.sample_rate) if frame is not None else None
        if form != self._resampled:
            # The end, or the sound continues in another format.
            for rest in self._resampler.resample(None) if self._resampler is not None else ():
                self._keep(rest)
            self._resampled = form
            self._resampler = AudioResampler("s16", "stereo", SAMPLE_RATE)
        if frame is not None and self._resampler is not None:
            for resampled in self._resampler.resample(frame):
                self._keep(resampled)

    def _keep(self, frame: AudioFrame) -> None:
        self._waiting += bytes(frame.planes[0])[: frame.samples * _SAMPLE]

    def _silence(self, samples: int) -> Generator[tuple[Fraction, AudioFrame]]:
        while samples > 0:
            self._waiting += bytes(min(samples, SAMPLES) * _SAMPLE)
            samples -= SAMPLES
            yield from self._packets()

    def _packets(self) -> Generator[tuple[Fraction, AudioFrame]]:
        size = SAMPLES * _SAMPLE
        while len(self._waiting) >= size:
            packet = bytes(self._waiting[:size])
            del self._waiting[:size]
            at, self.end = self.end, self.end + SAMPLES * SOUND
            yield at, sound(packet, 0, "stereo")


def _open(path: Path) -> InputContainer:
    # An absolute path: FFmpeg takes text before a colon for a protocol. Metadata may not be valid text.
    return av.open(str(path.resolve()), metadata_errors="replace")


def _decoded(container: InputContainer, stream: VideoStream | AudioStream) -> Iterator[object]:
    """Every frame that can be decoded, up to the first read error or the end."""
    with contextlib.suppress(av.FFmpegError):
        for packet in container.demux(stream):
            with contextlib.suppress(av.FFmpegError):
                yield from packet.decode()


def _time(frame: Media, container: InputContainer) -> Fraction | None:
    """Seconds from the beginning of the file."""
    if frame.pts is None or frame.time_base is None:
        return None
    begin = Fraction(container.start_time or 0, av.time_base)
    return Fraction(frame.pts * frame.time_base.numerator, frame.time_base.denominator) - begin


def _graph(width: int, height: int, filters: list[str]) -> Graph:
    graph = Graph()
    last = graph.add_buffer(width=width, height=height, format=VideoFormat("yuv420p"), time_base=PICTURES)
    for text in filters:
        name, _, arguments = text.partition("=")
        following = graph.add(name, arguments or None)
        last.link_to(following)
        last = following
    last.link_to(graph.add("buffersink"))
    graph.configure()
    return graph
