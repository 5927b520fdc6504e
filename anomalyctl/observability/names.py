"""Every figure that a service tells, by the one name that it has everywhere, alert rules included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["counter", "gauge", "summary"]


@dataclass(frozen=True, slots=True)
class Name:
    """One family of figures."""

    name: str
    kind: Kind
    help: str
    unit: str = "1"


READINGS: Final = Name("readings", "counter", "Readings by what became of them.")
VERDICT_LATENCY: Final = Name(
    "verdict_latency_seconds",
    "summary",
    "From XADD to the stored verdict, of the newest 4,096 readings.",
    "s",
)
VERDICT_LATENCY_SUM: Final = Name("verdict_latency_seconds_sum", "counter", "Its sum.", "s")
VERDICT_LATENCY_COUNT: Final = Name("verdict_latency_seconds_count", "counter", "Its count.")
QUEUE_LAG_READINGS: Final = Name("queue_lag_readings", "gauge", "Readings without a verdict.")
QUEUE_LAG_SECONDS: Final = Name(
    "queue_lag_seconds", "gauge", "Age of the oldest reading without a verdict; 0 where none waits.", "s"
)
SECONDS_SINCE_READING: Final = Name(
    "seconds_since_reading",
    "gauge",
    "Since the last reading came, of any source; since this process began where none ever did.",
    "s",
)
DEAD_LETTERS: Final = Name("dead_letters", "gauge", "Readings without a verdict for good.")
BREAKER_OPEN: Final = Name("breaker_open", "gauge", "1 where nothing is called, 0.5 while one call is tried.")
LANGUAGE_REQUESTS: Final = Name("language_requests", "counter", "Answers asked of the language model.")
LANGUAGE_TOKENS: Final = Name("language_tokens", "counter", "Tokens of the language model, by kind.")
LANGUAGE_DOCUMENTS: Final = Name(
    "language_documents",
    "counter",
    "Verdicts whose contexts are the language model's, by where they are from.",
)
LANGUAGE_FALLBACKS: Final = Name(
    "language_fallbacks", "counter", "Verdicts that kept the known causes, by reason."
)
DETECTOR_REQUESTS: Final = Name("detector_requests", "counter", "Requests by tier and status.")
DETECTOR_READINGS: Final = Name("detector_readings_judged", "counter", "Readings judged, by tier.")
DETECTOR_ANOMALIES: Final = Name("detector_anomalies", "counter", "Readings called anomalous, by tier.")

NAMES: Final = tuple(value for value in list(globals().values()) if isinstance(value, Name))
