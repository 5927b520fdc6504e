"""The runbooks: every step is a command that can be typed, and every disaster is rehearsed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from anomalyctl.operations.drills.model import DRILLS
from tests.support.typed_commands import complaint

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
