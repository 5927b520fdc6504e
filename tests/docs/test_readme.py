"""The README and the documents say what is so."""

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from anomalyctl import errors
from tests.docs.readme_commands import README, REFERENCE, leaves, with_commands, with_reference
from tests.support.typed_commands import complaint, usage_error

ROOT = README.parent
TEXT = README.read_text()
DOCUMENTS = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
TYPED = sorted(
    {
        (str(file.relative_to(ROOT)), line.partition("  #")[0].strip())
        for file in DOCUMENTS
        for block in re.findall(r"^```sh\n(.*?)^```", file.read_text(), re.DOTALL | re.MULTILINE)
        for line in block.replace("\\\n", " ").splitlines()
        if line.startswith("anomalyctl ")
    }
)


def between(name: str, text: str = TEXT) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
    assert found, name
    return found.group(1)


def test_the_list_of_commands_and_their_reference_are_current():
    assert with_commands(TEXT) == TEXT, "run `make docs`"
    reference = REFERENCE.read_text()
    assert with_reference(reference) == reference, "run `make docs`"


@pytest.mark.parametrize(("file", "line"), TYPED)
def test_what_a_document_says_to_type_can_be_typed(file: str, line: str):
    assert complaint(line) == "", f"{file}: {line}"


def test_every_document_is_reached_from_the_readme():
    named = {link for file in DOCUMENTS for link in re.findall(r"\]\(([^)#:]+)\)", file.read_text())}
    names = {Path(link).name for link in named}
    assert [file.name for file in DOCUMENTS[2:] if file.name not in names] == []


def test_every_command_and_every_option_has_help():
    for path, command in leaves():
        assert command.help, path
        without = [parameter.name for parameter in command.params if not parameter.help]
        assert not without, f"{path}: {without}"


EXAMPLES = sorted(
    {
        " ".join(one.split()).rstrip(".")
        for _, command in leaves()
        for part in re.findall(r"Examples?:(.*?)(?:\n\n|\Z)", command.help, re.DOTALL)
        for one in re.split(r";|(?=anomalyctl )", part)
        if one.strip().startswith("anomalyctl ")
    }
)


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_of_a_help_text_can_be_run_as_it_stands(line: str):
    assert usage_error(line) == ""


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
    for file in DOCUMENTS:
        assert set(re.findall(r"[`$] ?make ([a-z-]+)", file.read_text())) - targets == set(), file.name


def test_links_to_files_lead_somewhere():
    for file in DOCUMENTS:
        links = [link for link in re.findall(r"\]\(([^)#]+)\)", file.read_text()) if "://" not in link]
        assert [link for link in links if not (file.parent / link).exists()] == [], file.name


def test_the_fabric_notebook_writes_what_the_pipeline_reads(valkey):
    from anomalyctl.stores.readings import ReadingStore
    from anomalyctl.telemetry.registry import built_in_registry
    from anomalyctl.telemetry.simulator import simulate
    from anomalyctl.telemetry.validation import parse_reading

    code = (
        between("fabric", (ROOT / "docs" / "readings.md").read_text())
        .strip()
        .removeprefix("```python\n")
        .removesuffix("```")
    )
    assert len(code.splitlines()) < 30
    notebook: dict[str, object] = {}
    exec(compile(code, "the document", "exec"), notebook)  # noqa: S102 - the document is the thing under test

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
    code = (
        between("detector", (ROOT / "docs" / "detection.md").read_text())
        .strip()
        .removeprefix("```python\n")
        .removesuffix("```")
    )
    exec(compile(code, "the document", "exec"), names)  # noqa: S102 - the document is the thing under test
    whole, first = names["whole"], names["first"]
    assert (first.score, first.alarm) == (whole.score[0], whole.alarm[0])
    assert whole.score.shape == whole.alarm.shape == (100,)
    assert not whole.alarm[:50].any() and whole.alarm[50:].all()


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_documents_name_no_path_of_a_machine(file: Path):
    assert not re.search(r"(/home/|/root/|/tmp/|/Users/)", file.read_text())


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
