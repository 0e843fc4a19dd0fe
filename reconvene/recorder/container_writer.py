"""One media file on the disk, written so that it stays playable up to any point where it is cut off.

WebM: clusters of at most a second. MP4: fragments of at most a second, each with its own index. Each is written as soon
as it is complete, so a killed process loses only the last one.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Literal, cast

import av
from av import AudioFrame, VideoFrame
from av.audio.stream import AudioStream
from av.video.frame import PictureType
from av.video.stream import VideoStream

Format = Literal["webm", "mp4"]

RATE = 48_000
SAMPLE = 4
"""Bytes of a sample: two channels of 16 bits."""

MILLISECOND = Fraction(1, 1000)

CONTAINER: dict[Format, dict[str, str]] = {
    "webm": {"cluster_time_limit": "1000"},
    "mp4": {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "1000000"},
}
WRITTEN_AT_ONCE = {"flush_packets": "1", "max_interleave_delta": "2000000"}

VIDEO: dict[Format, tuple[str, dict[str, str]]] = {
    "webm": ("libvpx", {"deadline": "realtime", "cpu-used": "12", "lag-in-frames": "0", "crf": "10"}),
    "mp4": ("libx264", {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"}),
}
AUDIO: dict[Format, tuple[str, dict[str, str]]] = {"webm": ("libopus", {}), "mp4": ("aac", {})}

AUDIO_BITS = 64_000
BITS_PER_PIXEL = 3.0
"""Bits a second at any frame rate: 0.7 Mbit/s for 640x360, 2.8 for 1280x720, reached only with much motion."""

KEYFRAME_EVERY = 4_000
"""Milliseconds. Players can seek to keyframes only."""

NO_KEYFRAMES = 100_000
"""Pictures after which the encoder makes a keyframe by itself: high, as it counts pictures and not time."""


class CannotWrite(Exception):  # noqa: N818 - named for what happened
    """Nothing more can be written; the file keeps what was written before. The text says why."""


class MediaFile:
    """`size` is the picture's (width, height), both even. Here and in all methods every error is `CannotWrite`.

    Used by one thread at a time.
    """

    def __init__(self, path: Path, size: tuple[int, int], form: Format = "webm") -> None:
        self.path = path
        self.size = size
        self.pictures = 0
        self._key_at = -KEYFRAME_EVERY
        self._samples = 0
        self._pending = bytearray()
        self._closed = False
        try:
            # Opened here: FFmpeg gives some characters in names a meaning of its own.
            self._file = path.open("xb", buffering=0)
        except OSError as error:
            raise CannotWrite(error.strerror or str(error)) from error
        try:
            self._open(form)
        except (OSError, ValueError, av.FFmpegError) as error:
            self._file.close()
            raise _failure(error) from error

    def _open(self, form: Format) -> None:
        options = CONTAINER[form] | WRITTEN_AT_ONCE
        self._container = av.open(self._file, "w", format=form, options=options)
        codec, codec_options = VIDEO[form]
        self._video = cast(VideoStream, self._container.add_stream(codec, options=codec_options))
        video = self._video.codec_context
        video.width, video.height = self.size
        video.pix_fmt = "yuv420p"
        video.time_base = MILLISECOND
        video.gop_size = NO_KEYFRAMES
        # Each file has a thread of its own, so one thread per encoder is enough.
        video.thread_count = 1
        video.bit_rate = int(self.size[0] * self.size[1] * BITS_PER_PIXEL)
        codec, codec_options = AUDIO[form]
        self._audio = cast(
            AudioStream,
            self._container.add_stream(codec, rate=RATE, layout="stereo", options=codec_options),
        )
        self._audio.codec_context.bit_rate = AUDIO_BITS
        self._container.start_encoding()
        self._chunk = self._audio.codec_context.frame_size

    @property
    def samples(self) -> int:
        """Samples given so far, at 48 kHz: the position of the next ones."""
        return self._samples + len(self._pending) // SAMPLE

    def picture(self, frame: VideoFrame, at: int) -> None:
        """`frame` has the file's size, in yuv420p; `at` is in milliseconds and rises."""
        frame.pts, frame.time_base = at, MILLISECOND
        is_key = at - self._key_at >= KEYFRAME_EVERY
        if is_key:
            self._key_at = at
        # Otherwise the encoder would copy the type that the frame had in the stream it came from.
        frame.pict_type = PictureType.I if is_key else PictureType.NONE
        try:
            self._container.mux(self._video.encode(frame))
        except (OSError, ValueError, av.FFmpegError) as error:
            raise _failure(error) from error
        self.pictures += 1

    def sound(self, samples: bytes) -> None:
        """`samples`: 16 bits, two channels, 48 kHz; they follow the previous ones without a gap."""
        self._pending += samples
        size = self._chunk * SAMPLE
        whole = len(self._pending) // size * size
        for start in range(0, whole, size):
            self._encode(bytes(self._pending[start : start + size]))
        del self._pending[:whole]

    def close(self) -> None:
        """Write the rest, and the duration."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._pending:
                missing = self._chunk * SAMPLE - len(self._pending)
                self._encode(bytes(self._pending) + bytes(missing))
            self._container.mux(self._video.encode(None))
            self._container.mux(self._audio.encode(None))
        except (OSError, ValueError, av.FFmpegError) as error:
            raise _failure(error) from error
        finally:
            self._end()

    def _end(self) -> None:
        try:
            self._container.close()
        except (OSError, ValueError, av.FFmpegError) as error:
            raise _failure(error) from error
        finally:
            self._file.close()

    def _encode(self, samples: bytes) -> None:
        frame = AudioFrame(format="s16", layout="stereo", samples=self._chunk)
        frame.planes[0].update(samples)
        frame.sample_rate = RATE
        frame.pts, frame.time_base = self._samples, Fraction(1, RATE)
        self._samples += self._chunk
        try:
            self._container.mux(self._audio.encode(frame))
        except (OSError, ValueError, av.FFmpegError) as error:
            raise _failure(error) from error


def _failure(error: Exception) -> CannotWrite:
    return CannotWrite(getattr(error, "strerror", None) or str(error) or type(error).__name__)
