"""`ingest` on a real Valkey, from real files."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from anomalyctl.errors import InvalidInput, NotFound
from anomalyctl.operations.ingest import Ingestion
from anomalyctl.operations.recordings.recording import Layout, open_recordings
from anomalyctl.operations.tag_files import read_tag_file
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.registry import built_in_registry, parse_registry

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LOOP = parse_registry({"cadence_s": 1.0, "tags": {"FLOW": {}, "PRESSURE": {}}})
EXAMPLE = Path(__file__).parents[1] / "examples" / "water-loop-tags.toml"


def ingest(
    store: ReadingStore, *files: Path | str, registry: Any = LOOP, stdin: bytes = b"", **layout: Any
) -> Ingestion:
    recordings = open_recordings([str(file) for file in files], Layout(**layout), io.BytesIO(stdin))
    ingestion = Ingestion(store, recordings, source="loop", registry=registry, clock=lambda: NOW)
    ingestion.run()
    return ingestion


def queued(redis_client: Any) -> list[dict[str, Any]]:
    return [orjson.loads(fields[b"payload"]) for _, fields in redis_client.xrange("telemetry:readings")]


def written(folder: Path, text: str, name: str = "loop.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_recording_of_2020_keeps_its_own_times_and_is_marked_as_recorded(
    tmp_path: Path, reading_store: ReadingStore, redis_client: Any
) -> None:
    file = written(
        tmp_path,
        "datetime;FLOW;PRESSURE;label\n2020-03-09 10:34:33;32.0;0.05;0.0\n2020-03-09 10:34:34;;0.38;1.0\n",
    )
    summary = ingest(reading_store, file, ignore=("label",)).summary()
    assert summary.readings == 2 and summary.refused == 0 and summary.registry_saved
    assert queued(redis_client) == [
        {"timestamp": "2020-03-09T10:34:33.000000Z", "FLOW": 32.0, "PRESSURE": 0.05},
        {"timestamp": "2020-03-09T10:34:34.000000Z", "PRESSURE": 0.38},
    ]
    _, entry = redis_client.xrange("telemetry:readings")[0]
    assert entry[b"origin"] == b"recorded" and entry[b"source"] == b"loop"
    assert reading_store.newest_ms("loop") == 1583750074000
    assert reading_store.load_registry("loop") == LOOP


def test_refused_rows_are_told_by_line_and_field_and_the_others_are_sent(
    tmp_path: Path, reading_store: ReadingStore, redis_client: Any
) -> None:
    file = written(
        tmp_path,
        "time,FLOW,PRESSURE\n"
        "2020-01-01T00:00:00,1,2\n"
        "2020-01-01T00:00:01,NaN,2\n"
        "2020-01-01T00:00:02,1\n"
        "2020-01-01T00:00:03,1,3_0\n"
        "\n"
        ",1,2\n"
        "2030-01-01T00:00:00,1,2\n"
        "2020-01-01T00:00:04,1e999,2\n"
        "2020-01-01T00:00:05,,\n"
        "2020-01-01T00:00:06,5,6\n",
    )
    summary = ingest(reading_store, file).summary()
    assert summary.readings == 2 == len(queued(redis_client))
    assert [(r.line, r.field) for r in summary.refusals] == [
        (3, "FLOW"),
        (4, "row"),
        (5, "PRESSURE"),
        (7, "timestamp"),
        (8, "timestamp"),
        (9, "FLOW"),
        (10, "payload"),
    ]
    assert summary.refused == 7


@pytest.mark.parametrize(
    ("text", "layout", "field"),
    [
        ("", {}, "header"),
        ("\n1,2\n", {}, "header"),
        ("time,FLOW,FLOW\n", {}, "header"),
        ("time,FLOW,\n", {}, "header"),
        ("when,FLOW\n", {}, "time"),
        ("when,FLOW\n", {"time": "whem"}, "time"),
        ("time,FLOW\n", {"ignore": ("label",)}, "ignore"),
        ("time,FLOW\n", {"ignore": ("FLOW",)}, "header"),
        ("time,FLOW\n", {"separator": "ab"}, "separator"),
        ('time,"FLOW\n', {}, "header"),
    ],
)
def test_a_bad_header_stops_everything_before_anything_is_sent(
    tmp_path: Path,
    reading_store: ReadingStore,
    redis_client: Any,
    text: str,
    layout: dict[str, Any],
    field: str,
) -> None:
    good = written(tmp_path, "time,FLOW,label\n2020-01-01T00:00:00,1,2\n", "good.csv")
    with pytest.raises(InvalidInput) as refused:
        ingest(reading_store, good, written(tmp_path, text), **layout)
    assert refused.value.field == field
    assert queued(redis_client) == []
    assert not reading_store.has_own_registry("loop")


def test_a_column_that_is_nearly_right_is_suggested(tmp_path: Path, reading_store: ReadingStore) -> None:
    with pytest.raises(InvalidInput) as refused:
        ingest(reading_store, written(tmp_path, "datetime,FLOW\n"), time="datetim")
    assert "'datetime'" in refused.value.hint


def test_without_a_good_row_nothing_changes_and_the_first_reason_is_told(
    tmp_path: Path, reading_store: ReadingStore, redis_client: Any
) -> None:
    with pytest.raises(InvalidInput) as refused:
        ingest(reading_store, written(tmp_path, "time,FLOW\nyesterday,1\n"))
    assert refused.value.field == "timestamp" and "line 2" in refused.value.message
    assert not reading_store.has_own_registry("loop")
    with pytest.raises(InvalidInput):
        ingest(reading_store, written(tmp_path, "time,FLOW\n"))


def test_a_plant_with_other_tags_is_told_to_give_its_own(tmp_path: Path, reading_store: ReadingStore) -> None:
    with pytest.raises(InvalidInput) as refused:
        ingest(reading_store, written(tmp_path, "time,FLOW\n2020-01-01T00:00:00,1\n"), registry=None)
    assert refused.value.field == "CO2_FLOW_RATE" and "--tags" in refused.value.hint


def test_json_lines_go_through_the_rules_of_the_wire(
    tmp_path: Path, reading_store: ReadingStore, redis_client: Any
) -> None:
    file = written(
        tmp_path,
        '{"timestamp": "2020-01-01T00:00:00Z", "FLOW": 1}\n'
        '{"timestamp": "2020-01-01T00:00:01Z", "FLOW": true}\n'
        '{"timestamp": "2020-01-01T00:00:02Z", "FLOW": 1, "FLOW": 2}\n'
        "[1, 2]\n"
        "\n" + '{"timestamp": "2020-01-01T00:00:03Z", "FLOW": ' + "1" * 300_000 + "}\n"
        '{"timestamp": "2020-01-01T00:00:04Z", "FLOW": 5}',
        "loop.jsonl",
    )
    summary = ingest(reading_store, file).summary()
    assert [payload["FLOW"] for payload in queued(redis_client)] == [1.0, 5.0]
    assert [(r.line, r.field) for r in summary.refusals] == [
        (2, "FLOW"),
        (3, "FLOW"),
        (4, "payload"),
        (6, "payload"),
    ]


def test_json_lines_may_name_their_time_and_what_is_no_tag(
    tmp_path: Path, reading_store: ReadingStore, redis_client: Any
) -> None:
    file = written(tmp_path, '{"at": "2020-01-01T00:00:00Z", "FLOW": 1, "who": "me"}\n', "loop.ndjson")
    ingest(reading_store, file, time="at", ignore=("who",))
    assert queued(redis_client) == [{"timestamp": "2020-01-01T00:00:00.000000Z", "FLOW": 1.0}]


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbftime\tFLOW\r\n2020-01-01T00:00:00\t1\r\n2020-01-01T00:00:01+01:00\t2\r\n",
        b'{"timestamp": "2020-01-01T00:00:00Z", "FLOW": 1}\n'
        b'{"timestamp": "2019-12-31T23:00:01Z", "FLOW": 2}\n',
    ],
)
def test_standard_input_is_recognised_by_its_content(
    reading_store: ReadingStore, redis_client: Any, text: bytes
) -> None:
    summary = ingest(reading_store, "-", stdin=text).summary()
    assert summary.readings == 2
    assert [payload["timestamp"][:19] for payload in queued(redis_client)] == [
        "2020-01-01T00:00:00",
        "2019-12-31T23:00:01",
    ]
    assert summary.first is not None and summary.first.year == 2019


def test_parquet_is_read_in_batches_with_nulls_as_missing(
    tmp_path: Path, reading_store: ReadingStore, redis_client: Any
) -> None:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table(
        {
            "when": pyarrow.array([1_577_836_800, 1_577_923_200], pyarrow.timestamp("s")),
            "FLOW": pyarrow.array([1.5, None]),
            "PRESSURE": pyarrow.array([1, 2]),
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "loop.parquet")
    ingest(reading_store, tmp_path / "loop.parquet", time="when")
    assert queued(redis_client) == [
        {"timestamp": "2020-01-01T00:00:00.000000Z", "FLOW": 1.5, "PRESSURE": 1.0},
        {"timestamp": "2020-01-02T00:00:00.000000Z", "PRESSURE": 2.0},
    ]
    with pytest.raises(InvalidInput):
        ingest(reading_store, written(tmp_path, "no parquet", "bad.parquet"))


def test_many_rows_are_sent_in_batches(
    tmp_path: Path, reading_store: ReadingStore, redis_client: Any
) -> None:
    rows = "".join(f"2020-01-01T{i // 3600:02}:{i // 60 % 60:02}:{i % 60:02},{i}\n" for i in range(1_234))
    assert ingest(reading_store, written(tmp_path, "time,FLOW\n" + rows)).summary().readings == 1_234
    assert [payload["FLOW"] for payload in queued(redis_client)] == [float(i) for i in range(1_234)]


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path, reading_store: ReadingStore) -> None:
    with pytest.raises(NotFound):
        ingest(reading_store, tmp_path / "nothing.csv")
    with pytest.raises(InvalidInput):
        ingest(reading_store, tmp_path)


def test_the_example_registry_is_read_and_json_is_as_good(tmp_path: Path) -> None:
    registry = read_tag_file(EXAMPLE)
    assert len(registry.tags) == 8 and registry.core == () and registry.cadence_s == 1.0
    as_json = written(tmp_path, '{"tags": {"FLOW": {}}}', "tags.json")
    assert list(read_tag_file(as_json).tags) == ["FLOW"]
    for text in ("tags = ", '{"tags": ', "[1]"):
        with pytest.raises(InvalidInput):
            read_tag_file(written(tmp_path, text, "bad.toml"))
    with pytest.raises(NotFound):
        read_tag_file(tmp_path / "none.toml")


class Listener:
    """Remembers what it is warned of."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def step(self, text: str) -> None: ...
    def done(self, text: str) -> None: ...
    def advance(self, done: int, total: int, text: str) -> None: ...
    def warn(self, text: str) -> None:
        self.warnings.append(text)


def test_a_misspelt_ignore_is_pointed_out_for_json_lines(tmp_path: Path, reading_store: ReadingStore) -> None:
    file = written(tmp_path, '{"time": "2020-01-01T00:00:00Z", "FLOW": 1, "label": 0}\n', "loop.jsonl")
    listener = Listener()
    recordings = open_recordings([str(file)], Layout(time="time", ignore=("lable", "label")))
    Ingestion(
        reading_store, recordings, source="loop", registry=LOOP, clock=lambda: NOW, progress=listener
    ).run()
    assert listener.warnings == [f"{file}: no row has lable, which --ignore names."]


def test_other_tags_for_a_source_that_has_readings_are_pointed_out(
    tmp_path: Path, reading_store: ReadingStore
) -> None:
    file = written(tmp_path, "time,FLOW\n2020-01-01T00:00:00,1\n")
    ingest(reading_store, file)
    listener = Listener()
    recordings = open_recordings([str(file)], Layout())
    for registry in (LOOP, built_in_registry()):
        ingestion = Ingestion(
            reading_store,
            recordings,
            source="loop",
            registry=registry,
            clock=lambda: NOW,
            progress=listener,
        )
        if registry is LOOP:
            ingestion.run()
            assert not listener.warnings
    with pytest.raises(InvalidInput):
        ingestion.run()
    assert "other tags" in listener.warnings[0]
