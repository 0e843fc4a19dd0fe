"""What is counted of a node among others: for /metrics, and for the other nodes."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Collection, Iterator
from importlib.metadata import version
from typing import Any

import msgspec
from prometheus_client import Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from server.cluster.engine.about import About
from server.runtime.metrics import Metrics
from server.sharing.gateway import ClusterGateway
from server.sharing.measured import Measured
from signalling.rooms.hub import Hub

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2)


class Figures:
    """`secrets`: fingerprints of those that this node knows."""

    def __init__(
        self,
        gateway: ClusterGateway,
        hub: Hub,
        metrics: Metrics,
        engine: Measured,
        secrets: Collection[str],
    ) -> None:
        self._gateway = gateway
        self._hub = hub
        self._engine = engine
        self._secrets = list(secrets)
        self._since = time.time()
        self._lag = 0.0
        self._worked = time.process_time()
        self._looked_at = time.monotonic()
        commits = Histogram(
            "reconvene_commit_seconds",
            "From a commit to the engine's answer.",
            buckets=SECONDS,
            registry=None,
        )
        self._inbox = Histogram(
            "reconvene_inbox_lag_seconds",
            "How long the oldest of the messages that were read had waited in this node's inbox.",
            buckets=SECONDS,
            registry=None,
        )
        engine.committed = commits.observe
        engine.lag = self._lags
        engine.at = gateway.membership.at
        gateway.membership.about = self.about
        metrics.add(self)
        metrics.add(commits)
        metrics.add(self._inbox)

    def _lags(self, seconds: float) -> None:
        self._lag = max(self._lag, seconds)
        self._inbox.observe(seconds)

    @property
    def _edges(self) -> int:
        here = self._gateway.membership.id
        return sum(
            len({edge for edge, _ in room.connections if edge != here})
            for room in self._gateway.owned_rooms.rooms.values()
        )

    def about(self) -> dict[str, Any]:
        """What it says of itself. Called with each beat."""
        now, worked = time.monotonic(), time.process_time()
        cpu = (worked - self._worked) / max(now - self._looked_at, 0.001)
        self._worked, self._looked_at = worked, now
        lag, self._lag = self._lag, 0.0
        about = About(
            version=version("reconvene"),
            host=socket.gethostname(),
            pid=os.getpid(),
            since=round(self._since, 3),
            secrets=self._secrets,
            rooms=len(self._gateway.owned_rooms.rooms),
            people=sum(len(room) for room in self._hub.rooms.values()),
            connections=self._gateway.connections,
            edges=self._edges,
            cpu=round(cpu, 3),
            lag=round(lag, 3),
        )
        told: dict[str, Any] = msgspec.to_builtins(about)
        return told

    def collect(self) -> Iterator[Metric]:
        rooms = self._gateway.owned_rooms
        membership = self._gateway.membership
        yield GaugeMetricFamily(
            "reconvene_engine_available",
            "Whether the last beat was answered: 1 or 0.",
            value=membership.is_well,
        )
        yield GaugeMetricFamily(
            "reconvene_nodes", "Nodes that live, this one included.", value=1 + len(membership.others)
        )
        yield GaugeMetricFamily(
            "reconvene_rooms_owned", "Meetings that this node owns.", value=len(rooms.rooms)
        )
        yield GaugeMetricFamily(
            "reconvene_edges",
            "Other nodes with sockets of meetings that this node owns, added up over them.",
            value=self._edges,
        )
        yield CounterMetricFamily(
            "reconvene_rooms_taken_over", "Meetings taken over from other nodes.", value=rooms.taken_over
        )
        yield CounterMetricFamily(
            "reconvene_commits_fenced",
            "Commits refused, as another node had the meeting.",
            value=self._engine.fenced,
        )
        yield CounterMetricFamily(
            "reconvene_commits_lost",
            "Commits refused, as the engine had not what they counted on.",
            value=self._engine.lost,
        )
