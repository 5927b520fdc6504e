"""A trace holds every step of a reading; a share of all is kept, and every one with an anomaly."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any

import orjson
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from anomalyctl.errors import Transient
from anomalyctl.observability.recording import SAMPLE_RATE, KeepWorthwhile, RecordAll
from anomalyctl.observability.redaction import HIDDEN, Redactor
from anomalyctl.observability.settings import ObservabilitySettings
from anomalyctl.observability.starting import start_telling, stop_telling
from anomalyctl.observability.trace_files import FileExporter
from anomalyctl.observability.traces import KEEP, Trace, continued, headers, record_with, span


class Recorder:
    """A tracer that keeps `share` of all, and what it handed on."""

    def __init__(self, share: float) -> None:
        self.exporter = InMemorySpanExporter()
        sampler = RecordAll(share)
        self.provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        self.keeping = KeepWorthwhile([SimpleSpanProcessor(self.exporter)], sampler.rate)
        self.provider.add_span_processor(self.keeping)
        record_with(self.provider.get_tracer("tests"))

    @property
    def names(self) -> list[str]:
        return sorted(each.name for each in self.exporter.get_finished_spans())


@pytest.fixture
def recorder() -> Iterator[type[Recorder]]:
    yield Recorder
    record_with(None)


def test_steps_in_other_threads_belong_to_the_trace(recorder: type[Recorder]) -> None:
    found = recorder(1.0)
    trace = Trace("readings", source="well-1")
    with ThreadPoolExecutor(2) as pool, trace.active():
        for name in ("a", "b"):
            pool.submit(copy_context().run, _step, name).result()
    trace.end()
    assert found.names == ["a", "b", "readings"]
    spans = found.exporter.get_finished_spans()
    assert {f"{each.context.trace_id:032x}" for each in spans} == {trace.id}
    root = next(each for each in spans if each.parent is None)
    assert root.context is not None
    assert {each.parent.span_id for each in spans if each.parent} == {root.context.span_id}


def test_unsampled_traces_go_unless_they_are_worth_keeping(recorder: type[Recorder]) -> None:
    found = recorder(0.0)
    Trace("quiet").end()
    anomalous = Trace("anomalous")
    anomalous.keep("anomaly")
    assert anomalous.is_kept
    anomalous.end()
    Trace("failed").end(Transient("down"))
    with (deep := Trace("deep")).active(), span("step") as step:
        step.tell(**{KEEP: "anomaly"})
    deep.end()
    assert found.names == ["anomalous", "deep", "failed", "step"]
    assert all(each.context.trace_flags.sampled for each in found.exporter.get_finished_spans())


def test_the_share_is_about_what_was_asked_for_and_says_what_it_stands_for(recorder: type[Recorder]) -> None:
    found = recorder(0.25)
    for _ in range(1_000):
        Trace("readings").end()
    spans = found.exporter.get_finished_spans()
    assert 170 < len(spans) < 330
    assert {(each.attributes or {})[SAMPLE_RATE] for each in spans} == {25.0}


def test_parts_of_one_trace_do_not_take_each_others_spans(recorder: type[Recorder]) -> None:
    found = recorder(0.0)
    with (trace := Trace("readings")).active():
        carried = headers()
    first = continued(carried, "heuristic")
    second = continued(carried, "ml")
    with first:
        with span("judge heuristic") as step:
            step.tell(**{KEEP: "anomaly"})
        with second, span("judge ml"):
            pass
    trace.end()
    assert found.names == ["heuristic", "judge heuristic"]


def test_what_never_ends_is_forgotten(recorder: type[Recorder]) -> None:
    found = recorder(1.0)
    left = [Trace(f"left {n}") for n in range(600)]
    assert len(found.keeping._open) == 512
    assert len(found.keeping._part_of) == 512
    for each in left:
        each.end()
    assert len(found.exporter.get_finished_spans()) == 512
    assert not found.keeping._open
    assert not found.keeping._part_of


def test_a_call_carries_trace_and_decision(recorder: type[Recorder]) -> None:
    recorder(0.0)
    trace = Trace("readings")
    with trace.active(), span("call"):
        version, trace_id, _, flags = headers()["traceparent"].split("-")
    assert (version, trace_id) == ("00", trace.id)
    assert not int(flags, 16) & 1


@pytest.mark.parametrize(
    "nonsense", ["", "00-zz-1-01", "x" * 5_000, "00-" + "0" * 32 + "-" + "0" * 16 + "-01"]
)
def test_a_traceparent_that_makes_no_sense_begins_a_new_trace(
    recorder: type[Recorder], nonsense: str
) -> None:
    found = recorder(1.0)
    with continued({"traceparent": nonsense, "x-run-id": "a b\n"}, "POST /detect/ml"):
        pass
    [only] = found.exporter.get_finished_spans()
    assert only.parent is None


def test_nothing_is_recorded_where_nobody_listens() -> None:
    trace = Trace("readings")
    with trace.active(), span("step") as step:
        step.tell(n=1)
        assert headers() == {}
    assert len(trace.id) == 32
    assert not trace.is_kept


def test_the_file_is_bounded_private_and_without_secrets(tmp_path: Path, recorder: type[Recorder]) -> None:
    found = recorder(1.0)
    secret = "pl4nted-s3cret"  # pragma: allowlist secret
    with (trace := Trace("readings", note=f"key {secret}")).active(), span("step"):
        pass
    trace.end()
    spans = found.exporter.get_finished_spans()
    path = tmp_path / "functions.traces.jsonl"
    exporter = FileExporter(path, Redactor({"DETECTOR_TOKEN": secret}), largest=4_000)
    for _ in range(50):
        exporter.export(spans)
    kept = sorted(tmp_path.iterdir())
    assert [each.name for each in kept] == [path.name, f"{path.name}.1"]
    assert all(each.stat().st_size <= 4_000 and each.stat().st_mode & 0o777 == 0o600 for each in kept)
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    assert secret not in path.read_text()
    assert {line["trace_id"] for line in lines} == {trace.id}
    assert any(HIDDEN in str(line["attributes"]) for line in lines)


def test_a_disk_that_takes_nothing_costs_only_the_spans(tmp_path: Path, recorder: type[Recorder]) -> None:
    found = recorder(1.0)
    Trace("readings").end()
    exporter = FileExporter(tmp_path / "nowhere" / "traces.jsonl", Redactor({}))
    assert exporter.export(found.exporter.get_finished_spans()).name == "FAILURE"


def test_a_service_told_of_a_file_writes_to_it(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    try:
        start_telling("functions", {"ANOMALYCTL_TRACES_FILE": str(path), "OTEL_TRACES_SAMPLER_ARG": "1"})
        Trace("readings").end()
    finally:
        stop_telling()
    [line] = [orjson.loads(text) for text in path.read_bytes().splitlines()]
    assert (line["service"], line["name"], line["parent_id"]) == ("functions", "readings", None)


def test_the_settings_do_not_show_the_connection_string() -> None:
    shown: Any = repr(ObservabilitySettings("f", "prod", insights="InstrumentationKey=abc"))
    assert "abc" not in shown


def _step(name: str) -> None:
    with span(name):
        pass
