"""A collector of OTLP and an ingestion endpoint of Application Insights, as far as a sender can tell."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


@dataclass
class OtlpCollector:
    """Takes OTLP over HTTP."""

    spans: list[Any] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)

    @property
    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/traces", self._traces, methods=["POST"]),
                Route("/v1/metrics", self._metrics, methods=["POST"]),
            ]
        )

    async def _traces(self, request: Request) -> Response:
        sent = ExportTraceServiceRequest.FromString(await _body(request))
        self.spans += [
            span for one in sent.resource_spans for scope in one.scope_spans for span in scope.spans
        ]
        return Response(b"", media_type="application/x-protobuf")

    async def _metrics(self, request: Request) -> Response:
        sent = ExportMetricsServiceRequest.FromString(await _body(request))
        self.metrics += [
            metric.name
            for one in sent.resource_metrics
            for scope in one.scope_metrics
            for metric in scope.metrics
        ]
        return Response(b"", media_type="application/x-protobuf")


@dataclass
class Ingestion:
    """Takes what Application Insights takes; `authorizations` are what senders showed."""

    items: list[dict[str, Any]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The data of the items of a kind: RequestData, MessageData, MetricData …"""
        return [each["data"]["baseData"] for each in self.items if each["data"]["baseType"] == kind]

    @property
    def application(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}/track", self._track, methods=["POST"])])

    async def _track(self, request: Request) -> Response:
        text = (await _body(request)).decode()
        items = json.loads(text) if text.startswith("[") else [json.loads(one) for one in text.splitlines()]
        self.items += items
        self.authorizations.append(request.headers.get("authorization", ""))
        taken = len(items)
        return JSONResponse({"itemsReceived": taken, "itemsAccepted": taken, "errors": []})


async def _body(request: Request) -> bytes:
    body = await request.body()
    return gzip.decompress(body) if request.headers.get("content-encoding") == "gzip" else body
