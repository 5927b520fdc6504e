"""Figures for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily

from anomalyctl.language.counters import LanguageCounters


class Metrics:
    """One set per application, so that two in one process do not share figures."""

    def __init__(self, language: LanguageCounters | None) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "detector_requests", "Requests by tier and status.", ("tier", "status"), registry=self._registry
        )
        self.readings = Counter(
            "detector_readings_judged", "Readings judged, by tier.", ("tier",), registry=self._registry
        )
        self.anomalies = Counter(
            "detector_anomalies", "Readings called anomalous, by tier.", ("tier",), registry=self._registry
        )
        self.seconds = Histogram(
            "detector_request_seconds",
            "Time to answer, by tier.",
            ("tier",),
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=self._registry,
        )
        if language is not None:
            self._registry.register(_Language(language))

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self._registry)


class _Language:
    def __init__(self, counters: LanguageCounters) -> None:
        self._counters = counters

    def collect(self) -> Iterator[CounterMetricFamily]:
        figures = self._counters.figures()
        told = {
            "requests": figures.requests,
            "documents_written": figures.written,
            "documents_cached": figures.cached,
            "prompt_tokens": figures.prompt_tokens,
            "completion_tokens": figures.completion_tokens,
        }
        for name, value in told.items():
            yield CounterMetricFamily(f"language_{name}", f"Language model: {name}.", value=value)
        fallbacks = CounterMetricFamily(
            "language_fallbacks", "Documents that kept the known causes, by reason.", labels=("reason",)
        )
        for reason, value in figures.fallbacks.items():
            fallbacks.add_metric((reason,), value)
        yield fallbacks
