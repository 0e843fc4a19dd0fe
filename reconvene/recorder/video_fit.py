"""Fits pictures of any size into a file's one size: scales them and fills the rest with black."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

from av import VideoFrame
from av.filter import Graph

Size = tuple[int, int]
"""Width and height."""

DEFAULT: Size = (640, 360)
SMALLEST: Size = (640, 360)

KEPT = 4
"""How many sizes keep a scaler: senders often switch between a few, as the network requires."""


def black(size: Size) -> VideoFrame:
    frame = VideoFrame(*size, "yuv420p")
    for plane, value in zip(frame.planes, (16, 128, 128), strict=True):
        plane.update(bytes((value,)) * plane.buffer_size)
    return frame


def file_size(picture: VideoFrame) -> Size:
    """The size of a file that begins with this picture. Browsers often begin small, until they know what the network
    carries, so a small size is doubled until it is no longer small."""
    width, height = picture.width, picture.height
    longer, shorter = max(width, height), min(width, height)
    factor = 1
    while longer * factor < SMALLEST[0] and shorter * factor < SMALLEST[1]:
        factor *= 2
    return max(2, width * factor // 2 * 2), max(2, height * factor // 2 * 2)


class VideoFit:
    """Makes pictures fit `size`."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self._graphs: dict[tuple[int, int, str], Graph] = {}

    def fitted(self, frame: VideoFrame) -> VideoFrame:
        """A new picture, or the same one if it already fits."""
        if (frame.width, frame.height) == self.size and frame.format.name == "yuv420p":
            return frame
        key = (frame.width, frame.height, frame.format.name)
        graph = self._graphs.pop(key, None) or self._graph(frame)
        self._graphs[key] = graph
        if len(self._graphs) > KEPT:
            del self._graphs[next(iter(self._graphs))]
        graph.push(frame)
        return cast(VideoFrame, graph.pull())

    def _graph(self, frame: VideoFrame) -> Graph:
        width, height = self.size
        # The scaler's own arithmetic may exceed the target by a pixel.
        scale = min(width / frame.width, height / frame.height)
        inner = (
            min(width, max(2, round(frame.width * scale / 2) * 2)),
            min(height, max(2, round(frame.height * scale / 2) * 2)),
        )
        left, top = (width - inner[0]) // 4 * 2, (height - inner[1]) // 4 * 2
        graph = Graph()
        graph.link_nodes(
            graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=frame.time_base or Fraction(1, 90_000),
            ),
            graph.add("scale", f"{inner[0]}:{inner[1]}:flags=bilinear"),
            graph.add("format", "yuv420p"),
            graph.add("pad", f"{width}:{height}:{left}:{top}:black"),
            graph.add("buffersink"),
        ).configure()
        return graph
