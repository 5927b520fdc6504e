"""The application: three tiers, health, metrics. `create_app` is uvicorn's factory."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

import anomalyctl
from anomalyctl.observability.figures import offer
from anomalyctl.observability.starting import tell_where_possible
from anomalyctl.observability.traces import continued
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import CACHE
from anomalyctl.resilience.rate_limit import RateLimit
from anomalyctl.resilience.settings import in_force
from anomalyctl.telemetry.verdicts import Tier
from detector_service import problems
from detector_service.bodies import LARGEST_BODY, LARGEST_BODY_OF_ALL, MOST_READINGS, read_bounded
from detector_service.callers import Callers
from detector_service.health import add_health
from detector_service.judging import Asked, Judging, WritesContexts
from detector_service.known import KnownSources, Store
from detector_service.language import shared_writer
from detector_service.metrics import Metrics
from detector_service.openapi import REQUEST_BODY, problem_answers
from detector_service.schemas import DetectAnswer
from detector_service.settings import DetectorSettings, settings_from_environment
from detector_service.settling import settled

STRANGERS_PER_SECOND: Final = 20.0
"""Requests with a wrong token, or none, that one replica answers 401; more get 429."""
_BEARER = HTTPBearer(
    auto_error=False, description="DETECTOR_TOKEN, or a token of Entra for DETECTOR_AUDIENCE"
)


def create_app(
    settings: DetectorSettings | None = None,
    *,
    store: Store | None = None,
    context_writer: WritesContexts | None = None,
    callers: Callers | None = None,
    clock: Callable[[], datetime] | None = None,
) -> FastAPI:
    """The service. Without arguments everything comes from the environment.

    `store` defaults to Redis, `context_writer` to Azure OpenAI where it is configured, `callers` to
    those whom the settings let in, `clock` to UTC now.
    """
    as_a_service = settings is None
    settings = settings or settings_from_environment()
    # Whoever asks for a verdict waits, and has retries of its own.
    redis_guard = Guard(in_force(CACHE).interactive())
    readings = settings.reading_store(redis_guard)
    store = store or readings
    writer = context_writer or shared_writer(readings)
    guards = [redis_guard, getattr(writer, "guard", None)]
    metrics = Metrics(getattr(writer, "counters", None), [guard for guard in guards if guard is not None])
    if as_a_service:
        tell_where_possible("detectors")
        offer(metrics.figures)
    known = KnownSources(store, time.monotonic)
    judging = Judging(known, metrics, writer, clock or (lambda: datetime.now(UTC)))
    app = FastAPI(
        title="Anomaly detectors",
        version=anomalyctl.__version__,
        description="Verdicts on readings of one source by three tiers; see `anomalyctl detectors`.",
        # Below, behind the token; and the pages that show it load scripts from elsewhere.
        openapi_url=None,
        lifespan=settled,
    )
    problems.install(app)
    app.add_exception_handler(RequestValidationError, _invalid_query)
    signed_in = Depends(_door(callers or Callers(settings), RateLimit(settings.detector_requests_per_second)))
    _add_detection(app, judging, metrics, signed_in)
    add_health(app, store)
    _add_description(app, metrics, signed_in)
    return app


def _door(callers: Callers, rate: RateLimit) -> Callable[..., None]:
    strangers = RateLimit(STRANGERS_PER_SECOND)

    def signed_in(shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> None:
        refusal = callers.refusal(shown.credentials if shown else "")
        # Whoever guesses tokens takes nothing from those who know theirs.
        wait_s = (strangers if refusal else rate).wait_s()
        if wait_s:
            raise problems.TooMany(wait_s)
        if refusal:
            raise refusal

    return signed_in


def _add_detection(app: FastAPI, judging: Judging, metrics: Metrics, signed_in: Any) -> None:
    @app.post(
        "/detect/{tier}",
        response_model=DetectAnswer,
        responses=problem_answers(400, 401, 404, 413, 422, 429, 500, 503),
        dependencies=[signed_in],
        openapi_extra={"requestBody": REQUEST_BODY},
    )
    async def detect(
        tier: Tier,
        request: Request,
        last: Annotated[int, Query(ge=1, le=MOST_READINGS, description="Judge the last N readings.")] = 1,
        scope: Annotated[
            Literal["last", "all"], Query(description="`all`: every reading, from empty memory.")
        ] = "last",
        results: Annotated[
            Literal["anomalous", "full"] | None,
            Query(description="`full` tells normal tags too; the default, unless scope is `all`."),
        ] = None,
        late: Annotated[bool, Query(description="The reading arrived out of order; said in it.")] = False,
    ) -> Response:
        """Judge the last readings of a window, given what the tier remembers."""
        whole = scope == "all"
        asked = Asked(None if whole else last, (not whole) if results is None else results == "full", late)
        started, status = time.perf_counter(), HTTPStatus.INTERNAL_SERVER_ERROR
        try:
            with continued(request.headers, f"POST /detect/{tier}", tier=tier):
                raw = await read_bounded(request, LARGEST_BODY_OF_ALL if whole else LARGEST_BODY)
                answer = await run_in_threadpool(judging.answer, tier, raw, asked)
            status = HTTPStatus.OK
        finally:
            metrics.requests.labels(tier, "ok" if status == HTTPStatus.OK else "failed").inc()
            metrics.seconds.labels(tier).observe(time.perf_counter() - started)
        return Response(answer, media_type="application/json")


def _add_description(app: FastAPI, metrics: Metrics, signed_in: Any) -> None:
    @app.get("/metrics", include_in_schema=False, dependencies=[signed_in])
    async def figures() -> Response:
        """For Prometheus."""
        return Response(metrics.text(), media_type="text/plain; version=0.0.4")

    @app.get("/openapi.json", include_in_schema=False, dependencies=[signed_in])
    async def description() -> dict[str, Any]:
        """What this service answers, and how it refuses."""
        return app.openapi()


async def _invalid_query(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
    first = error.errors()[0]
    field = str(first["loc"][-1])
    status = HTTPStatus.NOT_FOUND if field == "tier" else HTTPStatus.UNPROCESSABLE_ENTITY
    return problems.problem(status, f"{field}: {first['msg']}", field=field)
