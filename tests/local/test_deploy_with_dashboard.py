"""The dashboard among the parts: built while the others start, joining them, changing and failing alone."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from anomalyctl.errors import NotDeployed
from anomalyctl.local import control
from anomalyctl.local.environment import DEPLOY
from anomalyctl.local.folder import LocalFolder
from anomalyctl.operations.dashboard.finding import _local_dashboard
from anomalyctl.operations.dashboard.opening import has_display, open_in_browser
from anomalyctl.operations.deploy import Blueprint, Deployment, bring_up_telling
from anomalyctl.operations.deploy_dashboard import DashboardWork
from anomalyctl.operations.destroy import destroy_local
from anomalyctl.operations.progress import Silence
from anomalyctl.operations.status import read_status
from anomalyctl.project import Project
from tests.support.tiny_dashboard import TinyDashboard

BASE = ("valkey", "cosmos", "detectors")


class Plant:
    """Dummy parts by the names of the real ones, and a dashboard of a few files."""

    def __init__(self, root: Path, folder: LocalFolder, dummies: Any) -> None:
        self.tiny = TinyDashboard(root)
        self.folder = folder
        self.dummies = dummies
        self.dummies.names = BASE
        self.project = Project(root=root, state=folder.root.parent)
        self.environ = {**os.environ, "ANOMALYCTL_OPERATOR": "Kari"}
        self.works: list[DashboardWork] = []

    def deploy(self, progress: Any = None) -> tuple[Deployment, Any]:
        progress = progress or Silence()
        work = DashboardWork.look_for(self.project, self.folder, self.environ, progress)
        late = work if isinstance(work, DashboardWork) else None
        blueprint = Blueprint((*BASE, "dashboard"), self.dummies.build, {}, late)
        deployment = bring_up_telling(self.folder, blueprint, work, progress)
        return deployment, deployment.dashboard

    def said(self) -> Any:
        return httpx.get(_local_dashboard(self.folder).address + "/api/health").json()


@pytest.fixture
def plant(tmp_path: Path, folder: LocalFolder, dummies: Any) -> Plant:
    return Plant(tmp_path, folder, dummies)


def test_a_deploy_ends_when_the_dashboard_answers(plant: Plant) -> None:
    deployment, dashboard = plant.deploy()
    assert deployment.outcome == "started"
    assert [part.name for part in deployment.parts] == [*BASE, "dashboard"]
    assert dashboard.state == "running"
    assert plant.said() == {"word": "one", "operator": "Kari"}
    assert dashboard.address == _local_dashboard(plant.folder).address
    status = read_status(plant.folder)
    assert [part.health for part in status.parts if part.name == "dashboard"] == ["healthy"]
    assert "listening" in plant.folder.log_of("dashboard").read_text()


def test_a_second_deploy_changes_nothing(plant: Plant) -> None:
    plant.deploy()
    before = plant.dummies.running()
    assert plant.deploy()[0].outcome == "unchanged"
    assert plant.dummies.running() == before


def test_a_change_of_the_dashboard_starts_it_alone_again(plant: Plant) -> None:
    plant.deploy()
    others = [plant.dummies.process_of(name) for name in BASE]
    plant.tiny.word("two")
    deployment, _ = plant.deploy()
    assert deployment.outcome == "updated"
    assert plant.said()["word"] == "two"
    assert [plant.dummies.process_of(name) for name in BASE] == others


def test_a_failed_build_leaves_the_rest_running_and_the_earlier_dashboard_too(plant: Plant) -> None:
    plant.tiny.write("broken.txt", "No.")
    told: list[str] = []

    class Listening(Silence):
        def warn(self, text: str) -> None:
            told.append(text)

    deployment, dashboard = plant.deploy(Listening())
    assert [part.name for part in deployment.parts] == list(BASE)
    assert dashboard.state == "failed"
    assert "Type error: No" in dashboard.reason
    assert str(plant.folder.log_of("dashboard-build")) in dashboard.hint
    assert any("Going on without the dashboard" in text and "\n" not in text for text in told)
    with pytest.raises(NotDeployed, match="could not be built"):
        _local_dashboard(plant.folder)
    (plant.tiny.source / "broken.txt").unlink()
    plant.deploy()
    plant.tiny.write("broken.txt", "Never.")
    assert plant.deploy()[1].state == "failed"
    assert plant.said()["word"] == "one"


def test_a_machine_without_node_is_told_and_goes_on(plant: Plant) -> None:
    plant.environ["PATH"] = "/nowhere"
    deployment, dashboard = plant.deploy()
    assert deployment.outcome == "started"
    assert (dashboard.state, dashboard.address) == ("left out", None)
    assert "needs Node" in dashboard.reason
    assert "needs Node" in read_status(plant.folder).without_dashboard
    with pytest.raises(NotDeployed, match="needs Node") as told:
        _local_dashboard(plant.folder)
    assert "Install Node" in (told.value.hint or "")


def test_status_tells_of_no_absence_where_the_dashboard_runs_again(plant: Plant) -> None:
    path = plant.environ["PATH"]
    plant.environ["PATH"] = "/nowhere"
    plant.deploy()
    plant.environ["PATH"] = path
    plant.deploy()
    assert read_status(plant.folder).without_dashboard == ""


def test_a_project_without_a_dashboard_goes_on_in_silence(plant: Plant) -> None:
    (plant.tiny.source / "package.json").unlink()
    assert plant.deploy()[1].state == "left out"


def test_a_dashboard_that_does_not_start_is_told_and_the_rest_runs(plant: Plant) -> None:
    plant.tiny.write("server.txt", "console.error('no such thing as a start'); process.exit(1);")
    deployment, dashboard = plant.deploy()
    assert dashboard.state == "failed"
    assert "Dashboard does not start" in dashboard.reason
    assert {part.name for part in deployment.parts} >= set(BASE)
    assert read_status(plant.folder).health == "degraded"


class BrokenOff(Silence):
    """Presses Ctrl-C when it hears of something; keeps what it was told to mind."""

    def __init__(self, at: str) -> None:
        self.at = at
        self.warned: list[str] = []

    def step(self, text: str) -> None:
        if self.at in text:
            raise KeyboardInterrupt

    done = step

    def warn(self, text: str) -> None:
        self.warned.append(text)


def test_an_interrupted_build_leaves_what_is_well_running_and_nothing_half(plant: Plant) -> None:
    plant.tiny.write("slow.txt", "x")
    progress = BrokenOff("compiling")
    with pytest.raises(KeyboardInterrupt):
        plant.deploy(progress)
    assert plant.tiny.left_behind() == []
    assert {part.name for part in plant.dummies.running().parts} == set(BASE)
    assert "without its dashboard" in progress.warned[-1]
    assert read_status(plant.folder).without_dashboard == "Its build was broken off."
    assert not [thread for thread in threading.enumerate() if thread.name == "dashboard-build"]
    processes = [plant.dummies.process_of(name) for name in BASE]
    (plant.tiny.source / "slow.txt").unlink()
    assert plant.deploy()[1].state == "running"
    assert [plant.dummies.process_of(name) for name in BASE] == processes


@pytest.mark.parametrize("at", ["compiling", "starting all parts again", "First is well"])
def test_an_interruption_leaves_an_environment_and_its_dashboard_running_also_where_all_changed(
    plant: Plant, at: str
) -> None:
    plant.deploy()
    plant.dummies.version = "2"
    plant.tiny.word("two")
    plant.tiny.write("slow.txt", "x")
    progress = BrokenOff(at.replace("First", "Valkey"))
    with pytest.raises(KeyboardInterrupt):
        plant.deploy(progress)
    assert plant.dummies.within(20, lambda: all(plant.dummies.is_well(name) for name in (*BASE, "dashboard")))
    assert plant.said()["word"] == "one"
    assert progress.warned == ["Broken off; the environment local goes on. To finish: " + DEPLOY]


def test_an_interruption_between_the_older_parts_and_the_new_starts_the_new(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant.deploy()
    plant.dummies.version = "2"
    start, tries = control.start_supervisor, iter((True,))

    def interrupted(*given: Any) -> Any:
        if next(tries, False):
            raise KeyboardInterrupt
        return start(*given)

    monkeypatch.setattr(control, "start_supervisor", interrupted)
    with pytest.raises(KeyboardInterrupt):
        plant.deploy()
    assert plant.dummies.within(20, lambda: all(plant.dummies.is_well(name) for name in (*BASE, "dashboard")))
    assert plant.deploy()[0].outcome == "unchanged"


def test_an_interruption_before_a_first_start_is_well_leaves_nothing(plant: Plant) -> None:
    plant.tiny.write("slow.txt", "x")
    with pytest.raises(KeyboardInterrupt):
        plant.deploy(BrokenOff("Valkey is well"))
    assert plant.tiny.left_behind() == []
    assert not plant.folder.state.exists()


def test_ctrl_c_while_the_build_is_waited_for_ends_it_and_leaves_nothing_half(
    plant: Plant, heeding_ctrl_c: None
) -> None:
    plant.tiny.write("slow.txt", "x")
    work = DashboardWork.look_for(plant.project, plant.folder, plant.environ, Silence())
    assert isinstance(work, DashboardWork)
    log = plant.folder.log_of("dashboard-build")

    def press() -> None:
        while "slow" not in (log.read_text() if log.exists() else ""):
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    work.begin()
    threading.Thread(target=press).start()
    with pytest.raises(KeyboardInterrupt):
        work.wait(Silence())
    work.cancel()
    assert plant.tiny.left_behind() == []


def test_destroy_stops_the_dashboard_and_keeps_its_build_for_the_next_time(plant: Plant) -> None:
    plant.deploy()
    process = plant.dummies.process_of("dashboard")
    destroy_local(plant.folder, keep_data=False)
    assert not process.alive()
    assert plant.tiny.builder().kept() is not None


def test_a_window_is_opened_only_where_one_can_appear(plant: Plant) -> None:
    plant.deploy()
    found = _local_dashboard(plant.folder)
    opened: list[str] = []

    def browse(address: str) -> bool:
        opened.append(address)
        return True

    if os.name == "posix" and has_display({"DISPLAY": ":0"}):
        assert open_in_browser(found, environ={"DISPLAY": ":0"}, browse=browse).opened
        assert opened == [found.address]
    assert not has_display({}, "linux")
    assert has_display({}, "darwin")
    assert not has_display({"SSH_CONNECTION": "10.0.0.1"}, "darwin")
