"""The metrics at /metrics. Hot paths add to plain integers, which are collected when Prometheus asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class Metrics:
    """One per server process. Other modules write to `delivered`, `received` and the other counters directly."""

    def __init__(self) -> None:
        self.received: Counter[type] = Counter()
        self.refused: Counter[str] = Counter()
        self.closed: Counter[int] = Counter()
        self.joins: Counter[str] = Counter()
        self.resumes: Counter[str] = Counter()
        self.departures: Counter[str] = Counter()
        self.echoes: Counter[str] = Counter()
        self.requests_refused: Counter[int] = Counter()
        self.limited: Counter[str] = Counter()
        self.failed_keys = 0
        self.overload_refused: Counter[str] = Counter()
        self.sockets_closed_for_room: Counter[str] = Counter()
        self.delivered = 0
        self.upgrades_refused = 0
        self.given_up = 0
        self.store_available = True
        self.connections: Callable[[], int] = lambda: 0
        self.unjoined: Callable[[], int] = lambda: 0
        self.rooms: Callable[[], int] = lambda: 0
        self.log_bytes: Callable[[], int] = lambda: 0
        self.unrecorded: Callable[[], int] = lambda: 0
        self.unrecorded_changes: Callable[[], int] = lambda: 0
        self.unrecorded_messages: Callable[[], int] = lambda: 0
        self.unrecorded_hands: Callable[[], int] = lambda: 0
        self.echo_processes: Callable[[], int] = lambda: 0
        self.log_lines_dropped: Callable[[], int] = lambda: 0
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self.join_seconds = Histogram(
            "reconvene_join_seconds",
            "From a join message to its answer, the store included.",
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=self._registry,
        )

        self.loop_lag = Histogram(
            "reconvene_loop_lag_seconds",
            "How late the event loop comes to what was due, looked at ten times a second.",
            buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4),
            registry=self._registry,
        )

    def resumed(self, answer: bytes) -> None:
        """Count a resume by the kind of its answer."""
        replayed = "snapshot" if b'"snapshot":' in answer else "replayed"
        self.resumes["joined" if answer.startswith(b'{"type":"joined"') else replayed] += 1

    def add(self, collector: Collector) -> None:
        """Further metrics on the page."""
        self._registry.register(collector)

    def page(self) -> bytes:
        """Prometheus text exposition format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("reconvene_connections", "Open WebSockets.", value=self.connections())
        yield GaugeMetricFamily("reconvene_rooms", "Meetings with someone in them.", value=self.rooms())
        yield GaugeMetricFamily(
            "reconvene_log_bytes",
            "Memory taken by what clients that come back are told.",
            value=self.log_bytes(),
        )
        yield GaugeMetricFamily(
            "reconvene_unrecorded_leaves",
            "Ends and returns that wait to be written.",
            value=self.unrecorded(),
        )
        yield GaugeMetricFamily(
            "reconvene_unrecorded_changes",
            "What those in charge changed and the store does not have yet.",
            value=self.unrecorded_changes(),
        )
        yield GaugeMetricFamily(
            "reconvene_unrecorded_messages",
            "What was written in chats and waits to be recorded.",
            value=self.unrecorded_messages(),
        )
        yield GaugeMetricFamily(
            "reconvene_unrecorded_hands",
            "Raised or lowered hands that wait to be written.",
            value=self.unrecorded_hands(),
        )
        yield CounterMetricFamily(
            "reconvene_given_up_leaves", "Ends and returns that were never written.", value=self.given_up
        )
        yield GaugeMetricFamily(
            "reconvene_store_available",
            "Whether the store took what was last written to it: 1 or 0.",
            value=int(self.store_available),
        )
        yield CounterMetricFamily("reconvene_frames_sent", "Frames written to clients.", value=self.delivered)
        yield CounterMetricFamily(
            "reconvene_upgrades_refused", "WebSocket handshakes refused.", value=self.upgrades_refused
        )
        yield GaugeMetricFamily(
            "reconvene_unjoined_connections",
            "Open connections of any kind that have not joined a meeting.",
            value=self.unjoined(),
        )
        yield _labelled(
            "reconvene_connections_closed_for_room",
            "Connections that had not joined and were closed since there were too many.",
            "reason",
            self.sockets_closed_for_room,
        )
        yield _labelled(
            "reconvene_requests_refused",
            "HTTP requests that were none, too long or too slow.",
            "status",
            self.requests_refused,
        )
        received = Counter({kind.__name__.lower(): count for kind, count in self.received.items()})
        yield _labelled("reconvene_messages_received", "Messages from clients.", "type", received)
        yield _labelled("reconvene_errors", "Errors answered.", "code", self.refused)
        yield _labelled("reconvene_closes", "WebSockets the server closed.", "code", self.closed)
        yield _labelled("reconvene_joins", "Joins answered.", "result", self.joins)
        yield _labelled("reconvene_resumes", "Pages that came back to their place.", "result", self.resumes)
        yield GaugeMetricFamily(
            "reconvene_echo_processes",
            "Processes that send somebody's call back.",
            value=self.echo_processes(),
        )
        yield _labelled("reconvene_echoes", "What became of calls to be tested.", "result", self.echoes)
        yield _labelled(
            "reconvene_overload_refused",
            "Refused, as there was too much to do.",
            "what",
            self.overload_refused,
        )
        yield CounterMetricFamily(
            "reconvene_log_lines_dropped",
            "Log lines that were not read in time.",
            value=self.log_lines_dropped(),
        )
        yield _labelled(
            "reconvene_limited", "Refused, as an address was over a limit.", "limit", self.limited
        )
        yield CounterMetricFamily(
            "reconvene_failed_keys", "Keys tried over HTTP that are not valid.", value=self.failed_keys
        )
        yield _labelled("reconvene_departures", "Participants who left.", "reason", self.departures)


def _labelled(name: str, text: str, label: str, counts: Counter[str] | Counter[int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for key, count in list(counts.items()):
        family.add_metric([str(key)], count)
    return family
