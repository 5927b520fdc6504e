"""The README says what is so."""

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from anomalyctl import errors
from tests.docs.readme_commands import README, current_block, leaves, with_reference

ROOT = README.parent
TEXT = README.read_text()


def between(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", TEXT, re.DOTALL)
    assert found, name
    return found.group(1)


def test_the_command_reference_is_current():
    assert current_block(TEXT) == current_block(with_reference(TEXT)), "run `make docs`"


def test_every_command_and_every_option_has_help():
    for path, command in leaves():
        assert command.help, path
        without = [parameter.name for parameter in command.params if not parameter.help]
        assert not without, f"{path}: {without}"


def test_the_tree_names_what_is_there_and_leaves_no_package_out():
    named: dict[int, str] = {}
    paths = []
    for line in between("tree").strip().strip("`").splitlines():
        if not line.strip():
            continue
        depth = (len(line) - len(line.lstrip())) // 2
        named[depth] = line.split()[0]
        paths.append("".join(named[level] for level in range(depth + 1)))
    assert [path for path in paths if not (ROOT / path).exists()] == []
    packages = {f"anomalyctl/{folder.parent.name}/" for folder in (ROOT / "anomalyctl").glob("*/__init__.py")}
    assert packages - set(paths) == set()


def test_every_exit_code_of_an_error_is_in_the_table():
    def below(error: type[errors.AnomalyctlError]) -> set[int]:
        return {error.exit_code}.union(*(below(child) for child in error.__subclasses__()))

    documented = {int(code) for code in re.findall(r"^\| (\d+)", TEXT, re.MULTILINE)}
    assert below(errors.AnomalyctlError) - documented == set()


def test_every_make_target_that_the_readme_names_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)\b", TEXT)) - targets == set()


def test_links_to_files_lead_somewhere():
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", TEXT) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_fabric_notebook_writes_what_the_pipeline_reads(valkey):
    from anomalyctl.stores.readings import ReadingStore
    from anomalyctl.telemetry.registry import built_in_registry
    from anomalyctl.telemetry.simulator import simulate
    from anomalyctl.telemetry.validation import parse_reading

    code = between("fabric").strip().removeprefix("```python\n").removesuffix("```")
    assert len(code.splitlines()) < 30
    notebook: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), notebook)  # noqa: S102 - the document is the thing under test

    at = datetime(2026, 3, 1, 12, 0, 0, 652_999, tzinfo=UTC)
    day = simulate(built_in_registry(), seed=1, start=at, count=1, source="well-9")
    simulated = next(iter(day.readings()))
    notebook["send"](valkey.client(), "well-9", dict(simulated.values), at)

    store = ReadingStore(valkey.client())
    [(milliseconds, payload)] = store.window("well-9", 0, 2**53, limit=10)
    reading = parse_reading(
        payload, source="well-9", registry=built_in_registry(), now=at + timedelta(seconds=1)
    )
    assert reading.id == f"well-9:{milliseconds}"
    assert reading.values == simulated.values
    assert store.backlog().queued == 1


def test_the_detectors_snippet_runs_and_does_what_its_comments_say():
    noise = np.random.default_rng(7).normal(size=(500, 4))
    rows = np.cumsum(noise, axis=0) * 0.01 + noise[:, ::-1]
    rows[450:, 2] += 12.0
    names: dict[str, object] = {"rows": rows}
    code = between("detector").strip().removeprefix("```python\n").removesuffix("```")
    exec(compile(code, "README.md", "exec"), names)  # noqa: S102 - the document is the thing under test
    whole, first = names["whole"], names["first"]
    assert (first.score, first.alarm) == (whole.score[0], whole.alarm[0])
    assert whole.score.shape == whole.alarm.shape == (100,)
    assert not whole.alarm[:50].any() and whole.alarm[50:].all()


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md"])
def test_documents_name_no_path_of_a_machine(name):
    assert not re.search(r"(/home/|/root/|/tmp/|/Users/)", (ROOT / name).read_text())


def test_what_git_ignores_holds_our_state_and_secrets():
    done = subprocess.run(
        ["git", "check-ignore", ".anomalyctl/local/secrets.json", "terraform.tfvars", "terraform/x.tfstate"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert len(done.stdout.splitlines()) == 3


def test_paths_named_by_the_house_exist():
    for path in ("terraform/environments/environments.toml", "LICENSE", ".ci/run", ".github/workflows"):
        assert Path(ROOT / path).exists()
