"""`GET /metrics`: what the server itself does, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, GCCollector, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from floorwalker import __version__
from floorwalker.server.auth import VIEWER_OF_ALL

router = APIRouter(dependencies=[VIEWER_OF_ALL])

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_MOST_CODES = 50


class Measurements:
    """What one application counts; every label has few values, whatever callers send.

    Args:
        gauges: read at each scrape: the name, what it means, the value.
    """

    def __init__(self, gauges: Callable[[], Iterator[tuple[str, str, float]]]) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "floorwalker_http_requests",
            "Requests answered.",
            ("method", "endpoint", "status"),
            registry=self.registry,
        )
        self._latency = Histogram(
            "floorwalker_http_request_seconds",
            "Time from a request to the end of its answer.",
            ("method", "endpoint"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._events = Counter(
            "floorwalker_events",
            "Events that came over HTTP: received = inserted + duplicates + rejected.",
            ("outcome",),
            registry=self.registry,
        )
        self._rejected = Counter(
            "floorwalker_events_rejected", "Rejected events by reason.", ("code",), registry=self.registry
        )
        self._codes: set[str] = set()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.registry.register(_AtScrape(gauges))

    def request(self, method: str, endpoint: str | None, status: int, seconds: float) -> None:
        """Count a request.

        Args:
            method: of HTTP.
            endpoint: the route's path with its placeholders; None: there was none.
            status: of the answer.
            seconds: it took.
        """
        method = method if method in _METHODS else "other"
        endpoint = endpoint or "none"
        self._requests.labels(method, endpoint, str(status)).inc()
        self._latency.labels(method, endpoint).observe(seconds)

    def events(self, counts: Mapping[str, int], codes: Mapping[str, int]) -> None:
        """Count a batch.

        Args:
            counts: received, inserted, duplicates, rejected.
            codes: the rejected by reason.
        """
        for outcome, number in counts.items():
            self._events.labels(outcome).inc(number)
        for code, number in codes.items():
            if code not in self._codes and len(self._codes) >= _MOST_CODES:
                code = "other"
            self._codes.add(code)
            self._rejected.labels(code).inc(number)


class _AtScrape(Collector):
    def __init__(self, gauges: Callable[[], Iterator[tuple[str, str, float]]]) -> None:
        self._gauges = gauges

    def describe(self) -> list[Metric]:
        return []  # nothing is read when it is registered

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("floorwalker_build", "What runs.", value={"version": __version__})
        for name, meaning, value in self._gauges():
            yield GaugeMetricFamily(name, meaning, value=value)


@router.get("/metrics", summary="The server's own counts, for Prometheus", response_class=Response)
async def scrape(request: Request) -> Response:
    """Requests, latencies, events by outcome, open streams, whether the database answers."""
    measurements: Measurements = request.app.state.measurements
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    content: Any = await to_thread.run_sync(encode, measurements.registry)
    return Response(content, media_type=None, headers={"Content-Type": media_type})
