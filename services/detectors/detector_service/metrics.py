"""Figures for Prometheus, and the same ones for OpenTelemetry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from anomalyctl.language.counters import LanguageCounters
from anomalyctl.observability import names
from anomalyctl.observability.figures import Figure
from anomalyctl.observability.names import Name
from anomalyctl.resilience.guard import Guard, breaker_figure


class Metrics:
    """One set per application, so that two in one process do not share figures."""

    def __init__(self, language: LanguageCounters | None, guards: Sequence[Guard] = ()) -> None:
        """`language` is the language model's, where there is one; `guards` stand before calls to others."""
        self._registry = CollectorRegistry()
        self._language, self._guards = language, guards
        self.requests = self._counter(names.DETECTOR_REQUESTS, "tier", "status")
        self.readings = self._counter(names.DETECTOR_READINGS, "tier")
        self.anomalies = self._counter(names.DETECTOR_ANOMALIES, "tier")
        self.seconds = Histogram(
            "detector_request_seconds",
            "Time to answer, by tier.",
            ("tier",),
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=self._registry,
        )
        self._registry.register(_Families(self._of_the_model))

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self._registry)

    def figures(self) -> list[Figure]:
        """Counters and states by the names that every service has for them."""
        own = {
            names.DETECTOR_REQUESTS: self.requests,
            names.DETECTOR_READINGS: self.readings,
            names.DETECTOR_ANOMALIES: self.anomalies,
        }
        return [Figure(name, _values(counter)) for name, counter in own.items()] + self._of_the_model()

    def _counter(self, name: Name, *labels: str) -> Counter:
        return Counter(name.name, name.help, labels, registry=self._registry)

    def _of_the_model(self) -> list[Figure]:
        found = [] if self._language is None else _language_figures(self._language)
        return [*found, breaker_figure(self._guards)] if self._guards else found


class _Families:
    def __init__(self, figures: Callable[[], Sequence[Figure]]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        for figure in self._figures():
            labels = tuple(figure.values[0][0]) if figure.values else ()
            made = CounterMetricFamily if figure.family.kind == "counter" else GaugeMetricFamily
            family = made(figure.name, figure.family.help, labels=labels)
            for told, value in figure.values:
                family.add_metric([told[label] for label in labels], value)
            yield family


def _language_figures(counters: LanguageCounters) -> list[Figure]:
    told = counters.figures()
    tokens = {"prompt": told.prompt_tokens, "completion": told.completion_tokens}
    documents = {"model": told.written - told.cached, "cache": told.cached}
    return [
        Figure(names.LANGUAGE_REQUESTS, [({}, float(told.requests))]),
        Figure(names.LANGUAGE_TOKENS, [({"kind": kind}, float(value)) for kind, value in tokens.items()]),
        Figure(names.LANGUAGE_DOCUMENTS, [({"from": kind}, float(n)) for kind, n in documents.items()]),
        Figure(names.LANGUAGE_FALLBACKS, [({"reason": why}, float(n)) for why, n in told.fallbacks.items()]),
    ]


def _values(counter: Counter) -> list[tuple[dict[str, str], float]]:
    return [
        (sample.labels, sample.value)
        for family in counter.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    ]
