"""The client of the three detectors: one pooled connection, one guard a tier, the tiers side by side."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any, Final, cast

import httpx
import orjson

from anomalyctl.errors import AnomalyctlError, InvalidInput, SignInFailed, TimedOut, Transient, Unreachable
from anomalyctl.observability.traces import headers, span
from anomalyctl.resilience.guard import Guard, rate_limited
from anomalyctl.resilience.policies import DETECTORS, Policy
from anomalyctl.resilience.settings import in_force
from anomalyctl.telemetry.verdicts import TIERS, Memory, Tier, Verdict

MOST_READINGS: Final = 120
"""As many as a request for verdicts may carry."""
MOST_BYTES: Final = 3_500_000
"""Of readings in such a request; the service takes 4 MB, memory included."""


@dataclass(frozen=True, slots=True)
class TierAnswer:
    """What one tier said: verdicts oldest first, and what it wants to remember."""

    verdicts: list[Verdict]
    memory: Memory


@dataclass(frozen=True, slots=True)
class Answers:
    """What all tiers said; one that failed is in `failures` and nowhere else."""

    by_tier: Mapping[Tier, TierAnswer] = field(default_factory=dict)
    failures: Mapping[Tier, AnomalyctlError] = field(default_factory=dict)


class DetectorClient:
    """Thread-safe; one per process. `endpoint` is the service's address, `token` its bearer token, or what
    gives one: it is asked at each request, so that a token that ends is replaced. `ca_bundle` is a PEM file
    in place of the system's authorities.
    """

    def __init__(
        self,
        endpoint: str,
        token: str | Callable[[], str] = "",
        *,
        ca_bundle: str = "",
        refused_hint: str = "check DETECTOR_TOKEN",
        policy: Policy | None = None,
        on_breaker: Callable[[Policy, str], None] | None = None,
        stopping: Event | None = None,
        transport: httpx.BaseTransport | None = None,
        side_by_side: int = 12,
    ) -> None:
        policy = policy or in_force(DETECTORS)
        self._http = httpx.Client(
            base_url=endpoint.rstrip("/"),
            headers={"content-type": "application/json"},
            auth=_Bearer(token),
            verify=ssl.create_default_context(cafile=ca_bundle) if ca_bundle else True,
            timeout=httpx.Timeout(policy.timeout_s, connect=min(5.0, policy.timeout_s)),
            limits=httpx.Limits(max_connections=side_by_side, max_keepalive_connections=side_by_side),
            transport=transport,
            # The detectors are inside our own network, where no proxy of the user's has any business.
            trust_env=False,
        )
        self.guards = {
            tier: Guard(replace(policy, name=f"{tier} detector"), on_change=on_breaker, stopping=stopping)
            for tier in TIERS
        }
        self._refused_hint = refused_hint
        self._threads = ThreadPoolExecutor(side_by_side, thread_name_prefix="detectors")

    def judge(
        self,
        tier: Tier,
        source: str,
        readings: Sequence[bytes],
        memory: Memory | None = None,
        *,
        last: int | None = 1,
        late: bool = False,
        full: bool = False,
    ) -> TierAnswer:
        """One tier's verdicts on the last `last` readings (JSON objects, oldest first); None judges all.

        With `last=None` the pass starts from empty memory and keeps none (`?scope=all`, up to 8,640
        readings); `full` then asks for the normal tags too. Raises Unreachable, Transient, TimedOut,
        SignInFailed, or InvalidInput with the field that the service named.
        """
        return self._judge(tier, _body(source, readings, memory), _query(last, late=late, full=full))

    def judge_all(
        self,
        source: str,
        readings: Sequence[bytes],
        memories: Mapping[Tier, Memory],
        *,
        last: int | None = 1,
        late: bool = False,
        full: bool = False,
    ) -> Answers:
        """All three tiers side by side, each with its own memory. Raises nothing: see `failures`."""
        query = _query(last, late=late, full=full)
        asked = {
            tier: self._threads.submit(
                copy_context().run, self._judge, tier, _body(source, readings, memories.get(tier)), query
            )
            for tier in TIERS
        }
        answers: dict[Tier, TierAnswer] = {}
        failures: dict[Tier, AnomalyctlError] = {}
        for tier, future in asked.items():
            try:
                answers[tier] = future.result()
            except AnomalyctlError as error:
                failures[tier] = error
        return Answers(answers, failures)

    def close(self) -> None:
        """Close the connections; calls under way end first."""
        self._threads.shutdown()
        self._http.close()

    def _judge(self, tier: Tier, body: bytes, query: Mapping[str, str]) -> TierAnswer:
        return self.guards[tier].call(lambda: self._ask(tier, body, query))

    def _ask(self, tier: Tier, body: bytes, query: Mapping[str, str]) -> TierAnswer:
        # One span a try, so that a trace shows the ones that failed and the pauses between them.
        with span(f"POST /detect/{tier}", kind="client", tier=tier):
            return self._answer(tier, body, query)

    def _answer(self, tier: Tier, body: bytes, query: Mapping[str, str]) -> TierAnswer:
        try:
            response = self._http.post(f"/detect/{tier}", content=body, params=query, headers=headers())
        except httpx.TimeoutException as error:
            raise TimedOut(f"The {tier} detector did not answer in time.", hint=_HINT) from error
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise Unreachable(f"The {tier} detector cannot be reached: {reason}", hint=_HINT) from error
        if response.status_code != 200:
            raise _refusal(tier, response, self._refused_hint)
        try:
            answer = orjson.loads(response.content)
            return TierAnswer(cast("list[Verdict]", answer["verdicts"]), cast("Memory", answer["memory"]))
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise Transient(f"The {tier} detector's answer cannot be read.", hint=_HINT) from error


class _Bearer(httpx.Auth):
    def __init__(self, token: str | Callable[[], str]) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        token = self._token() if callable(self._token) else self._token
        if token:
            request.headers["authorization"] = f"Bearer {token}"
        yield request


_HINT = "see `anomalyctl status` and `anomalyctl logs detectors`"


def _body(source: str, readings: Sequence[bytes], memory: Memory | None) -> bytes:
    # The readings are JSON already; putting the texts together costs nothing, encoding them anew would.
    return b'{"source":%b,"readings":[%b],"memory":%b}' % (
        orjson.dumps(source),
        b",".join(readings),
        orjson.dumps(memory or {}, option=orjson.OPT_SERIALIZE_NUMPY),
    )


def _query(last: int | None, *, late: bool, full: bool) -> dict[str, str]:
    query = {"scope": "all"} if last is None else {"last": str(last)}
    if full:
        query["results"] = "full"
    if late:
        query["late"] = "true"
    return query


def _refusal(tier: Tier, response: httpx.Response, hint: str) -> AnomalyctlError:
    problem = _problem(response)
    said = str(problem.get("detail") or problem.get("title") or response.reason_phrase)[:300]
    if response.status_code in (401, 403):
        return SignInFailed(f"The {tier} detector refuses the token: {said}", hint=hint)
    if response.status_code == 429:
        after = response.headers.get("retry-after", "")
        return rate_limited(
            f"The {tier} detector is asked too often.",
            retry_after_s=float(after) if after.isdigit() else 0.0,
        )
    if response.status_code >= 500:
        return Transient(f"The {tier} detector failed ({response.status_code}): {said}", hint=_HINT)
    return InvalidInput(
        f"The {tier} detector refuses the request: {said}", field=str(problem.get("field", ""))
    )


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        problem = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return problem if isinstance(problem, dict) else {}
