"""The kept queries over tables as Microsoft documents them, with rows that our own services send."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from anomalyctl.azure.queries import Query, part_queries, queries, trace_query
from anomalyctl.observability import figures as process_figures
from anomalyctl.observability import names
from anomalyctl.observability.figures import Figure, offer
from anomalyctl.observability.starting import start_telling, stop_telling
from anomalyctl.observability.traces import Trace, span
from anomalyctl.operations.logs_azure import _ENDING
from tests.support.certificates import Certificates, serving_https
from tests.support.collectors import Ingestion
from tests.support.kql import Refused, Workspace
from tests.support.kql.telemetry import rows_of

COLUMNS = ["TimeGenerated", "Arrived", "Level", "Function", "Message", "Trace", "Fields"]
BOUND = "let arrived_after = datetime(2000-01-01T00:00:00Z);\nlet errors_only = {};\nlet most_lines = 50;\n"
AT = datetime(2026, 11, 21, 11, tzinfo=UTC)
JUDGED = "judged %d readings in %.1f s: %d anomalous, %d late, %d repeated, %d refused, %d models"
"""As anomalyctl/pipeline/drain.py says it."""
HALF = "%s: judged without the %s tier: %s"
"""As anomalyctl/pipeline/judging.py says it."""


def _text(query: Query, *, errors: bool = False) -> str:
    if query in part_queries():
        return BOUND.format(str(errors).lower()) + query.text + _ENDING
    if query == trace_query():
        return f'let trace = "{32 * "a"}";\nlet most_lines = 50;\n{query.text}'
    return query.text


EVERY = (*queries(), *part_queries(), trace_query())


@pytest.mark.parametrize("query", EVERY, ids=lambda query: query.name)
def test_each_names_tables_columns_and_functions_that_there_are(query: Query) -> None:
    answer = Workspace(whole=True).run(_text(query))
    assert answer.columns
    if query in part_queries():
        assert list(answer.columns) == COLUMNS


@pytest.mark.parametrize("query", EVERY, ids=lambda query: query.name)
def test_a_workspace_that_nothing_was_written_to_refuses_it_by_the_tables_name(query: Query) -> None:
    with pytest.raises(Refused, match=r"SEM0100.*Failed to resolve table or column expression named '\w+'"):
        Workspace().run(_text(query))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ContainerAppConsoleLogs_CL | take 1", "SEM0100"),
        ("AppTraces | where Log has x)", "SYN0002"),
        ('AppTraces | where Log has "x"', "SEM0100"),
        ("AppTraces | project Message | where SeverityLevel > 1", "SEM0100"),
        ("AppTraces | extend a = lower(Message)", "SEM0260"),
        ("AppTraces | summarize sample = count()", "SYN0002"),
    ],
)
def test_the_stand_in_refuses_what_kusto_would(text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        Workspace(whole=True).run(text)
    assert refused.value.code == code


def test_the_messages_that_queries_read_are_those_that_the_pipeline_writes() -> None:
    from pathlib import Path

    import anomalyctl.pipeline

    folder = Path(anomalyctl.pipeline.__file__).parent
    written = "".join(path.read_text() for path in sorted(folder.glob("*.py")))
    assert JUDGED in written
    assert HALF in written


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, list[dict[str, Any]]], str]]:
    """Rows that the real exporter makes of a drain, and the id of its trace."""
    certificates = Certificates.made_in(tmp_path_factory.mktemp("certificates"))
    ingestion = Ingestion()
    log = logging.getLogger("anomalyctl.pipeline.kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", str(certificates.bundle))
        patch.setattr(process_figures, "_offers", [])
        patch.setattr(logging.getLogger("anomalyctl"), "level", logging.INFO)
        lag = [Figure(names.QUEUE_LAG_SECONDS, [({}, 412.5)]), Figure(names.QUEUE_LAG_READINGS, [({}, 41.0)])]
        offer(lambda: lag)
        with serving_https(ingestion.application, certificates) as address:
            key = "InstrumentationKey=00000000-0000-0000-0000-000000000001"
            telling = start_telling(
                "functions",
                {
                    "APPLICATIONINSIGHTS_CONNECTION_STRING": f"{key};IngestionEndpoint={address}/",
                    "OTEL_TRACES_SAMPLER_ARG": "1",
                },
            )
            trace = Trace("readings", source="well-1")
            with trace.active(), span("judge"):
                log.info(JUDGED, 12, 0.4, 1, 0, 0, 3, 1, extra={"source": "well-1"})
                log.error(HALF, "well-1", "statistical", "no answer in 30 s", extra={"source": "well-1"})
                try:
                    with span("POST /detect/ml", kind="client"):
                        raise RuntimeError("it broke")
                except RuntimeError:
                    log.exception("the drain failed")
            trace.end()
            telling.flush()
            stop_telling()
    yield rows_of(ingestion.items), trace.id


def test_figures_and_lines_of_our_own_services_answer_the_queries(sent: Any) -> None:
    workspace = Workspace(rows=sent[0])
    told = {query.name: query for query in queries()}
    [lag] = workspace.run(told["lag"].text).rows
    assert (lag["seconds"], lag["readings"]) == (412.5, 41.0)
    [letters] = workspace.run(told["dead-letters"].text).rows
    assert (letters["judged"], letters["refused"]) == (12, 3)
    [tier] = workspace.run(told["tiers-missing"].text).rows
    assert (tier["tier"], tier["example"]) == ("statistical", "no answer in 30 s")
    assert {row["message"] for row in workspace.run(told["worker-errors"].text).rows} == {
        "the drain failed",
        "well-1: judged without the statistical tier: no answer in 30 s",
    }
    assert [row["name"] for row in workspace.run(told["failed-requests"].text).rows] == ["POST /detect/ml"]
    [functions] = [query for query in part_queries() if query.name == "functions"]
    lines = workspace.run(_text(functions, errors=True)).rows
    assert {line["Level"] for line in lines} == {"error"}
    assert "RuntimeError: it broke" in "".join(line["Trace"] for line in lines)
    assert {line["Fields"]["source"] for line in lines if "source" in line["Fields"]} == {"well-1"}


def test_a_trace_has_its_steps_and_lines(sent: Any) -> None:
    rows, trace_id = sent
    text = f'let trace = "{trace_id}";\nlet most_lines = 50;\n{trace_query().text}'
    answer = Workspace(rows=rows).run(text)
    kinds = [(row["Kind"], row["Name"] or row["Message"]) for row in answer.rows]
    assert {name for kind, name in kinds if kind == "step"} == {"readings", "judge", "POST /detect/ml"}
    assert ("line", "the drain failed") in kinds
    assert not Workspace(rows=rows).run(text.replace(trace_id, 32 * "0")).rows


def test_figures_are_read_where_a_sender_gives_no_largest_value() -> None:
    row = {"TimeGenerated": AT, "Name": "queue_lag_seconds", "Sum": 30.0, "ItemCount": 1, "Max": None}
    [lag] = Workspace(rows={"AppMetrics": [row]}).run(_named("lag").text).rows
    assert lag["seconds"] == 30.0


def test_throttling_is_told_also_before_a_row_of_cosmos_has_made_its_columns() -> None:
    other = {"TimeGenerated": AT, "Category": "AuditEvent"}
    workspace = Workspace(rows={"AzureDiagnostics": [other]})
    assert workspace.run(_named("throttling").text).rows == []
    [cosmos] = [query for query in part_queries() if query.name == "cosmos"]
    assert workspace.run(_text(cosmos)).rows == []
    throttled = {
        "TimeGenerated": AT,
        "Category": "DataPlaneRequests",
        "OperationName": "Upsert",
        "statusCode_s": "429",
        "collectionName_s": "anomaly_results",
        "requestCharge_s": "12.5",
    }
    workspace.rows["AzureDiagnostics"].append(throttled)
    [row] = workspace.run(_named("throttling").text).rows
    assert (row["container"], row["times"], row["request_units"]) == ("anomaly_results", 1, 12.5)
    [line] = workspace.run(_text(cosmos)).rows
    assert line["Message"] == "429 in anomaly_results, 12.5 request units"


def test_the_jobs_lines_are_not_the_detectors() -> None:
    of_job = {"TimeGenerated": AT, "JobName": "caj-dev", "Log": '{"level": "ERROR", "message": "no report"}'}
    of_app = {"TimeGenerated": AT, "ContainerAppName": "ca-dev", "Log": "ready"}
    event = {"TimeGenerated": AT, "Reason": "BackOff", "Type": "Warning", "Log": "again", "RevisionName": "r"}
    workspace = Workspace(
        rows={"ContainerAppConsoleLogs": [of_job, of_app], "ContainerAppSystemLogs": [event]}
    )
    by_part = {
        query.name: [row["Message"] for row in workspace.run(_text(query)).rows]
        for query in part_queries()
        if query.name in ("detectors", "job")
    }
    assert sorted(by_part["detectors"]) == ["again", "ready"]
    assert by_part["job"] == [of_job["Log"]]
    [restart] = workspace.run(_named("restarts").text).rows
    assert (restart["reason"], restart["times"]) == ("BackOff", 1)


@pytest.mark.parametrize("status", ["Success", "Succeeded", "Failure", "Failed"])
def test_changes_are_told_by_either_of_azures_spellings(status: str) -> None:
    row = {
        "TimeGenerated": AT,
        "CategoryValue": "Administrative",
        "ActivityStatusValue": status,
        "OperationNameValue": "Microsoft.Cache/redisEnterprise/write",
        "Caller": "someone@example.com",
    }
    [told] = Workspace(rows={"AzureActivity": [row]}).run(_named("who-changed-what").text).rows
    assert told["status"] == status


def test_rows_outside_of_the_time_that_was_asked_for_are_not_told() -> None:
    row = {"TimeGenerated": AT - timedelta(hours=2), "Message": HALF % ("w", "ml", "x")}
    span_of_an_hour = "2026-11-21T10:00:00.000000Z/2026-11-21T11:00:00.000000Z"
    assert Workspace(rows={"AppTraces": [row]}).run(_named("tiers-missing").text, span_of_an_hour).rows == []


def test_each_says_what_it_shows_and_is_one_statement() -> None:
    assert {query.name for query in queries()} >= {"worker-errors", "lag", "slow-verdicts", "dead-letters"}
    for query in EVERY:
        assert query.about.endswith("."), query.name
        assert query.text and ";" not in query.text and "//" not in query.text, query.name
        assert not re.search(r"\w+_CL\b", query.text), query.name


def _named(name: str) -> Query:
    [query] = [query for query in queries() if query.name == name]
    return query
