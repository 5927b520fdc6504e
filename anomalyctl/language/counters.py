"""What the language model has cost and how often it was done without."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

FallbackReason = Literal["timeout", "breaker", "budget", "rate_limit", "unreachable", "refused", "error"]


@dataclass(frozen=True, slots=True)
class LanguageFigures:
    """Totals since the process started."""

    requests: int = 0
    """Answers asked for, tries included only once."""
    written: int = 0
    """Documents whose contexts are the model's."""
    cached: int = 0
    """Of them, from an earlier answer to the same alarm."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    fallbacks: dict[str, int] = field(default_factory=dict)
    """Documents that kept the known causes, by reason."""


class LanguageCounters:
    """Thread-safe totals."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._totals: Counter[str] = Counter()
        self._fallbacks: Counter[str] = Counter()

    def requested(self) -> None:
        """An answer is asked for."""
        self._add("requests")

    def wrote(self, *, cached: bool) -> None:
        """A document got the model's contexts."""
        self._add("written")
        if cached:
            self._add("cached")

    def spent(self, prompt_tokens: int, completion_tokens: int) -> None:
        """An answer cost so many tokens."""
        self._add("prompt_tokens", prompt_tokens)
        self._add("completion_tokens", completion_tokens)

    def fell_back(self, reason: FallbackReason) -> None:
        """A document kept the known causes."""
        with self._lock:
            self._fallbacks[reason] += 1

    def figures(self) -> LanguageFigures:
        """The totals now."""
        with self._lock:
            return LanguageFigures(**self._totals, fallbacks=dict(self._fallbacks))

    def _add(self, name: str, amount: int = 1) -> None:
        with self._lock:
            self._totals[name] += amount
