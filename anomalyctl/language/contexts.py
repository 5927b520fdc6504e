"""Contexts by the language model for what arithmetic found anomalous; known causes where it fails."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast

from anomalyctl.errors import AnomalyctlError, SignInFailed, TimedOut, Transient, Unreachable
from anomalyctl.language.budget import TokenBudget
from anomalyctl.language.counters import FallbackReason, LanguageCounters
from anomalyctl.language.settings import settings_from
from anomalyctl.language.wording import plain_sentence
from anomalyctl.telemetry.tags import TagRegistry

if TYPE_CHECKING:
    from anomalyctl.language.client import Answer
    from anomalyctl.language.prompt import Prompt
    from anomalyctl.resilience.guard import Guard
    from anomalyctl.resilience.policies import Policy

_log = logging.getLogger(__name__)

_CACHED_ALARMS: Final = 1_000
_KEPT_S: Final = 3600.0
_FAILURE_KEPT_S: Final = 60.0
"""An alarm that the model could not be asked about is not tried again with the next reading."""

DocumentT = TypeVar("DocumentT", bound=Mapping[str, Any])


class Asks(Protocol):
    """What is needed of `LanguageClient`."""

    def ask(self, prompt: Prompt) -> Answer:
        """Contexts by tag."""


class ContextWriter:
    """Writes `context` in heuristic and statistical verdicts. Thread-safe; one per process."""

    def __init__(
        self,
        client: Asks,
        *,
        clock: Callable[[], float] = time.monotonic,
        budget: TokenBudget | None = None,
    ) -> None:
        self.counters = LanguageCounters()
        self.guard: Guard | None = getattr(client, "guard", None)
        """What stands before the model, where it is a real one."""
        self.before_asking: Callable[[], None] = _nothing
        self._client = client
        self._clock = clock
        self._budget = budget or TokenBudget(clock)
        self._answers: OrderedDict[str, tuple[float, dict[str, str] | FallbackReason]] = OrderedDict()
        self._lock = threading.Lock()

    def write(self, document: DocumentT, *, registry: TagRegistry) -> DocumentT:
        """The verdict with the model's contexts on its anomalous tags; nothing else differs.

        Never raises for what the model does: the registry's known causes, which the document brings
        along, stay, and that is counted.
        """
        from anomalyctl.language.prompt import prompt_for

        prompt = prompt_for(document, registry)
        if prompt is None:
            return document
        kept = self._kept(prompt.signature)
        found = self._ask(prompt) if kept is None else kept
        if isinstance(found, str):
            self.counters.fell_back(found)
            return document
        self.counters.wrote(cached=kept is not None)
        return _with_contexts(document, found)

    def _ask(self, prompt: Prompt) -> dict[str, str] | FallbackReason:
        if not self._budget.take():
            return "budget"
        self.counters.requested()
        self.before_asking()
        found: dict[str, str] | FallbackReason
        try:
            answer = self._client.ask(prompt)
        except AnomalyctlError as error:
            self._budget.settle(0)
            found = _reason(error)
            _log.warning("No context from the language model (%s): %s", found, error.message)
        else:
            self._budget.settle(answer.prompt_tokens + answer.completion_tokens)
            self.counters.spent(answer.prompt_tokens, answer.completion_tokens)
            found = {
                tag: sentence for tag, text in answer.contexts.items() if (sentence := plain_sentence(text))
            }
            found = found or "refused"
        self._keep(prompt.signature, found)
        return found

    def _kept(self, signature: str) -> dict[str, str] | FallbackReason | None:
        with self._lock:
            at, found = self._answers.get(signature, (float("-inf"), None))
            if self._clock() - at > (_FAILURE_KEPT_S if isinstance(found, str) else _KEPT_S):
                return None
            self._answers.move_to_end(signature)
            return found

    def _keep(self, signature: str, found: dict[str, str] | FallbackReason) -> None:
        with self._lock:
            self._answers[signature] = (self._clock(), found)
            self._answers.move_to_end(signature)
            while len(self._answers) > _CACHED_ALARMS:
                self._answers.popitem(last=False)


def writer_from_environment(
    environment: Mapping[str, str] | None = None,
    *,
    on_breaker: Callable[[Policy, str], None] | None = None,
) -> ContextWriter | None:
    """The writer that the environment variables describe; None where no endpoint is set.

    `on_breaker` is told when the model is left alone and when it is tried again.

    Raises `InvalidInput` naming a variable that is missing or wrong.
    """
    environment = os.environ if environment is None else environment
    settings = settings_from(environment)
    if settings is None:
        return None
    from anomalyctl.language.client import LanguageClient
    from anomalyctl.resilience.guard import Guard
    from anomalyctl.resilience.policies import LANGUAGE
    from anomalyctl.resilience.settings import tuned

    policy = tuned(LANGUAGE, environment)
    return ContextWriter(LanguageClient(settings, policy=policy, guard=Guard(policy, on_change=on_breaker)))


def _nothing() -> None:
    return None


def _with_contexts(document: DocumentT, contexts: Mapping[str, str]) -> DocumentT:
    results = {
        tag: {**result, "context": contexts[tag]}
        if result["status"] == "Anomaly" and tag in contexts
        else result
        for tag, result in document["results"].items()
    }
    return cast(DocumentT, {**document, "results": results})


def _reason(error: AnomalyctlError) -> FallbackReason:
    if isinstance(error, TimedOut):
        return "timeout"
    if isinstance(error, Unreachable):
        return "unreachable"
    if isinstance(error, Transient):
        if error.details.get("breaker"):
            return "breaker"
        return "rate_limit" if "retry_after_s" in error.details else "error"
    return "error" if isinstance(error, SignInFailed) else "refused"
