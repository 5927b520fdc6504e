"""Each disaster, rehearsed on real parts beside an environment that is not to be disturbed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from anomalyctl.cli.app import COMMANDS
from anomalyctl.errors import InvalidInput
from anomalyctl.operations.drills.drilling import drill
from anomalyctl.operations.drills.model import DRILLS, DrillBalance
from anomalyctl.project import Project, find_project

ROOT = Path(__file__).parents[3]
GOOD = DrillBalance(720, 719, 1, 0, 0, 1, 1)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    yield Project(find_project(start=ROOT).root, tmp_path / "state")


@pytest.mark.parametrize("name", sorted(DRILLS))
def test_nothing_is_lost_and_nothing_stays_behind(project: Project, name: str):
    done = drill(project, name)
    assert done.passed, done
    assert (done.balance.accepted, done.balance.lost, done.balance.twice) == (720, 0, 0)
    assert done.balance.episodes_before == 1
    assert done.recovered_after_s > 0
    assert len(done.steps) >= 3
    assert list(project.state.rglob("*.sqlite3")) == []
    assert not (project.state / "local").exists()
    assert (ROOT / done.runbook).is_file()


def test_a_name_that_is_no_drill_is_refused_with_those_that_are(project: Project):
    with pytest.raises(InvalidInput, match="no drill flood") as refused:
        drill(project, "flood")
    assert "regional-outage" in refused.value.hint


@pytest.mark.parametrize("spoilt", [{"lost": 1}, {"twice": 1}, {"verdicts": 718}, {"episodes_after": 0}])
def test_a_balance_that_misses_anything_does_not_hold(spoilt: dict[str, int]):
    assert GOOD.holds
    assert not dataclasses.replace(GOOD, **spoilt).holds


def test_the_command_offers_the_drills_that_there_are():
    from anomalyctl.cli.commands.drill import _NAMES

    assert set(_NAMES) == set(DRILLS)
    assert "drill" in COMMANDS
