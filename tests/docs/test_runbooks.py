"""The runbooks: every step is a command that can be typed, and every disaster is rehearsed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from anomalyctl.operations.drills.model import DRILLS
from anomalyctl.operations.drills.runbooks import RUNBOOKS as TYPED
from tests.support.typed_commands import complaint, usage_error

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
LINES = sorted(
    {
        (file.name, line.strip())
        for file in RUNBOOKS.glob("*.md")
        for line in re.findall(r"^ *(anomalyctl .+)$", file.read_text(), flags=re.MULTILINE)
    }
)


def test_there_is_a_runbook_for_each_drill_and_it_is_listed():
    listed = (RUNBOOKS / "README.md").read_text()
    assert len(LINES) > 25
    for name in DRILLS:
        assert (RUNBOOKS / f"{name}.md").is_file()
        assert f"`anomalyctl drill {name}`" in listed


@pytest.mark.parametrize(("file", "line"), LINES)
def test_each_step_can_be_typed(file: str, line: str):
    assert complaint(line) == "", f"{file}: {line}"
    assert usage_error(line.replace("ENV", "dev")) == "", f"{file}: {line}"


def paragraphs(text: str) -> dict[int, list[str]]:
    """The commands of a runbook by the number of their paragraph."""
    found: dict[int, list[str]] = {}
    for part in re.split(r"^(?=\d+\. )", text, flags=re.MULTILINE)[1:]:
        if lines := re.findall(r"^ *(anomalyctl .+)$", part, flags=re.MULTILINE):
            found[int(part.partition(".")[0])] = [line.strip() for line in lines]
    return found


@pytest.mark.parametrize("name", sorted(DRILLS))
def test_a_drill_types_its_runbooks_lines_in_order_or_says_why_not(name: str):
    written = paragraphs((RUNBOOKS / f"{name}.md").read_text())
    typed = TYPED[name]  # type: ignore[index]
    assert {number: [step.line for step in steps] for number, steps in typed.items()} == written
    steps = [step for part in typed.values() for step in part]
    assert sum(1 for step in steps if step.typed) >= 4
    for step in steps:
        if step.typed:
            assert usage_error(step.typed) == ""
            assert step.typed.split()[:2] == step.line.split()[:2], "the same command, with what fits here"
        else:
            assert step.not_here
