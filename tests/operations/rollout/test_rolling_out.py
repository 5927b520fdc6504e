"""A rollout over real detectors: a good one takes all, a bad one goes back, and nothing is left divided."""

from __future__ import annotations

from datetime import timedelta

import pytest

from anomalyctl.azure.container_apps import RevisionFailed
from anomalyctl.errors import PreconditionFailed
from anomalyctl.operations.rollout.returning import return_to_old
from anomalyctl.operations.rollout.rolling_out import Plan, WentBack
from tests.operations.rollout.conftest import BAD, BLIND, NEW, OLD, UNBORN, Plant

WATCH = timedelta(minutes=3)


def test_a_good_revision_takes_a_share_then_all_and_is_what_terraform_knows(plant: Plant):
    done = plant.rolling().roll_out(Plan(NEW, canary=10, watch=WATCH))
    assert (done.outcome, done.image, done.replaced) == ("rolled out", NEW, OLD)
    assert done.weighed is not None
    assert done.weighed.good
    assert done.weighed.compared > 100
    assert done.weighed.difference == 0
    assert {"ca-wells-dev--1": 90, "ca-wells-dev--2": 10} in plant.revisions.divided
    assert plant.revisions.taking == {NEW: 100}
    assert plant.revisions.as_terraform_has_it
    assert plant.kept == ["new"]
    assert sum(plant.time.slept) >= WATCH.total_seconds()
    again = plant.rolling("R2").roll_out(Plan(NEW, watch=WATCH))
    assert again.outcome == "unchanged"


@pytest.mark.parametrize(
    ("image", "said"), [(BAD, "of its requests fail"), (BLIND, "it concludes otherwise on")]
)
def test_a_worse_revision_goes_back_by_itself(plant: Plant, image: str, said: str):
    with pytest.raises(WentBack, match=said) as gone:
        plant.rolling().roll_out(Plan(image, watch=WATCH))
    assert gone.value.exit_code == 1
    assert gone.value.details["serving"] == OLD
    assert plant.revisions.taking == {OLD: 100}
    assert plant.revisions.as_terraform_has_it
    assert plant.kept == ["old"]


def test_one_that_mostly_fails_is_not_watched_to_the_end(plant: Plant):
    with pytest.raises(WentBack):
        plant.rolling().roll_out(Plan(BAD, watch=timedelta(hours=1)))
    assert plant.time.now < 600


def test_one_that_does_not_start_never_takes_traffic(plant: Plant):
    with pytest.raises(RevisionFailed, match="ImagePullBackOff"):
        plant.rolling().roll_out(Plan(UNBORN, watch=WATCH))
    assert not [one for one in plant.revisions.divided if one.get("ca-wells-dev--2")]
    assert plant.revisions.taking == {OLD: 100}
    assert plant.revisions.as_terraform_has_it


def test_ctrl_c_while_it_is_watched_leaves_the_traffic_whole(plant: Plant):
    def interrupted() -> None:
        if plant.revisions.divided[-1] == {"ca-wells-dev--1": 90, "ca-wells-dev--2": 10}:
            plant.time.when_asleep = lambda: None
            raise KeyboardInterrupt

    plant.time.when_asleep = interrupted
    with pytest.raises(KeyboardInterrupt):
        plant.rolling().roll_out(Plan(NEW, watch=WATCH))
    assert plant.revisions.taking == {OLD: 100}
    assert plant.revisions.as_terraform_has_it


class Killed(BaseException):
    """SIGKILL, as far as a test can have it: nothing runs after it."""


def killed_at(plant: Plant, divided: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    def kill() -> None:
        if plant.revisions.divided[-1] == divided:
            plant.time.when_asleep = lambda: None
            raise Killed

    rolling = plant.rolling()
    monkeypatch.setattr(rolling, "_return", lambda rollout: None)
    plant.time.when_asleep = kill
    with pytest.raises(Killed):
        rolling.roll_out(Plan(NEW, watch=WATCH))
    assert plant.revisions.taking == {OLD: 90, NEW: 10}


SPLIT = {"ca-wells-dev--1": 90, "ca-wells-dev--2": 10}


def test_a_killed_rollout_goes_on_when_it_is_run_again(plant: Plant, monkeypatch: pytest.MonkeyPatch):
    killed_at(plant, SPLIT, monkeypatch)
    with pytest.raises(PreconditionFailed, match="is unfinished") as refused:
        plant.rolling("R2").roll_out(Plan(BLIND, watch=WATCH))
    assert "anomalyctl rollback --env dev" in refused.value.hint
    done = plant.rolling("R3").roll_out(Plan(NEW, watch=WATCH))
    assert done.outcome == "rolled out"
    assert plant.revisions.taking == {NEW: 100}
    assert plant.revisions.as_terraform_has_it


def test_a_killed_rollout_is_taken_back_and_taking_it_back_twice_is_once(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
):
    killed_at(plant, SPLIT, monkeypatch)
    kept = plant.journal.read()
    assert kept is not None
    assert kept.unfinished
    for _ in range(2):
        assert return_to_old(plant.traffic, plant.journal, kept, plant.kept.append).phase == "returned"
        assert plant.revisions.taking == {OLD: 100}
        assert plant.revisions.as_terraform_has_it


def test_a_finished_rollout_can_be_taken_back(plant: Plant):
    plant.rolling().roll_out(Plan(NEW, watch=WATCH))
    kept = plant.journal.read()
    assert kept is not None
    assert kept.phase == "done"
    return_to_old(plant.traffic, plant.journal, kept, plant.kept.append)
    assert plant.revisions.taking == {OLD: 100}
    assert plant.revisions.as_terraform_has_it
    assert plant.kept == ["new", "old"]


def test_without_a_canary_the_new_revision_takes_all_once_it_is_ready(plant: Plant):
    done = plant.rolling().roll_out(Plan(NEW, canary=0))
    assert done.weighed is None
    assert plant.revisions.taking == {NEW: 100}
    assert plant.revisions.as_terraform_has_it
