"""The run ledger: its schema, and that it outlives the folders of its runs, which are bounded."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from anomalyctl.provisioning.ledger import SCHEMA, Ledger
from anomalyctl.provisioning.run_folders import KEPT, prune
from anomalyctl.provisioning.run_ids import new_run_id

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def folders(ledger: Ledger) -> list[str]:
    return sorted(path.name for path in ledger.folder.iterdir() if path.is_dir())


def test_the_newest_folders_stay_and_the_ledger_keeps_every_run(ledger):
    made = []
    for _ in range(KEPT + 5):
        with ledger.run("plan", "dev") as run:
            (run.folder / "01-plan.jsonl").write_text("{}")
            made.append(run.id)
    assert folders(ledger) == made[-KEPT:]
    assert [run.id for run in ledger.runs()] == made
    assert ledger.path.is_file()


def test_a_folder_in_which_terraform_still_runs_stays(tmp_path):
    old, dead, *new = (new_run_id(NOW + timedelta(days=day)) for day in range(5))
    for name in (old, dead, *new, "not-a-run"):
        (tmp_path / name).mkdir()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as living:
        for name, pid in ((old, living.pid), (dead, 2147483646)):
            (tmp_path / name / "01-apply.status.json").write_text(f'{{"pid": {pid}, "exit_code": null}}')
        prune(tmp_path, kept=2)
        living.communicate(b"\n")
    assert {path.name for path in tmp_path.iterdir()} == {old, *new[-2:], "not-a-run"}


def test_each_run_names_its_schema_and_lines_of_a_newer_one_are_left_alone(ledger):
    with ledger.run("plan", "dev"):
        pass
    first = json.loads(ledger.path.read_text().splitlines()[0])
    assert (first["type"], first["schema"]) == ("started", SCHEMA)
    newer = {**first, "run": "X" * 26, "schema": SCHEMA + 1}
    with ledger.path.open("a") as file:
        file.write(json.dumps(newer) + "\n")
    assert [run.id for run in ledger.runs()] == [first["run"]]
    assert "X" * 26 in ledger.path.read_text()


def test_what_things_usually_take_is_read_from_the_end_alone(ledger):
    with ledger.run("apply", "dev") as run:
        run.note("resource", resource_type="a", filler="x" * 5_000_000)
    with ledger.run("apply", "dev") as run:
        run.note("resource", resource_type="b")
    assert [found.id for found in ledger.recent()] == [run.id]
    assert len(ledger.runs()) == 2
