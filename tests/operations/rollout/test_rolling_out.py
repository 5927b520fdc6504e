"""A rollout over real detectors: a good one takes all, a bad one goes back, and nothing is left divided."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable
from datetime import timedelta

import pytest

from anomalyctl.azure.container_apps import RevisionFailed
from anomalyctl.errors import NotFound, PreconditionFailed, Transient, Unreachable
from anomalyctl.operations.progress import Silence
from anomalyctl.operations.rollout.environment_rollout import _is_whole, _to_take_back
from anomalyctl.operations.rollout.returning import return_to_old
from anomalyctl.operations.rollout.rolling_out import Plan, WentBack
from tests.operations.rollout.conftest import BAD, BLIND, NEW, OLD, SHORT, UNBORN, Plant
from tests.support.azure_stand_in.paper import Trouble
from tests.support.azure_stand_in.publishing import APP
from tests.support.azure_stand_in.running import AzureStandIn

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
    another = plant.rolling("R2")
    with pytest.raises(PreconditionFailed, match="is unfinished") as refused:
        another.roll_out(Plan(BLIND, watch=WATCH))
    assert not another.is_engaged, "its guard leaves alone what is somebody else's to end"
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
    plant.rolling().roll_out(Plan(NEW, canary=0))
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


def test_a_short_watch_asks_enough_all_the_same(plant: Plant):
    done = plant.rolling().roll_out(Plan(NEW, watch=timedelta(seconds=1)))
    assert done.outcome == "rolled out"
    assert done.weighed is not None
    assert done.weighed.requests >= 20


def test_after_a_broken_publish_the_way_back_is_to_what_serves(plant: Plant):
    """The app was told of an image of which no revision came up: the one before it serves."""
    plant.traffic.app.run_image(UNBORN)
    assert plant.traffic.division().image == UNBORN
    with pytest.raises(WentBack):
        plant.rolling().roll_out(Plan(BAD, watch=WATCH))
    assert plant.revisions.taking == {OLD: 100}
    assert plant.revisions.as_terraform_has_it
    assert plant.kept == ["old"]


def test_where_nothing_is_published_there_is_nothing_to_compare_with(plant: Plant):
    plant.revisions.addresses["mcr.example/quickstart:latest"] = "nowhere.example"
    plant.revisions.install("mcr.example/quickstart:latest")
    with pytest.raises(PreconditionFailed, match="nothing of ours") as refused:
        plant.rolling().roll_out(Plan(NEW, watch=WATCH))
    assert "anomalyctl publish detectors --env dev" in refused.value.hint
    assert plant.journal.read() is None


def take_back(plant: Plant, *, only_unfinished: bool = False) -> None:
    kept = _to_take_back(plant.traffic, APP, plant.journal, "dev", only_unfinished=only_unfinished)
    return_to_old(plant.traffic, plant.journal, kept, plant.kept.append)


def test_another_machine_sees_the_rollout_and_can_take_it_back(plant: Plant, monkeypatch: pytest.MonkeyPatch):
    killed_at(plant, SPLIT, monkeypatch)
    plant.journal.path.unlink()  # it died with its machine
    for image in (NEW, BLIND):
        with pytest.raises(PreconditionFailed, match=f"of {NEW} that was not begun from here") as refused:
            plant.rolling("R2").roll_out(Plan(image, watch=WATCH))
    assert "anomalyctl rollback --env dev" in refused.value.hint
    assert plant.revisions.taking == {OLD: 90, NEW: 10}
    take_back(plant)
    assert plant.revisions.taking == {OLD: 100}
    assert plant.revisions.as_terraform_has_it


def test_what_was_ended_elsewhere_is_over_here_too(plant: Plant, monkeypatch: pytest.MonkeyPatch):
    killed_at(plant, SPLIT, monkeypatch)
    here = plant.journal.path.read_bytes()
    take_back(plant)  # elsewhere
    plant.journal.path.write_bytes(here)
    done = plant.rolling("R2").roll_out(Plan(NEW, canary=0))
    assert (done.outcome, done.replaced) == ("rolled out", OLD)


def test_a_rollback_does_not_take_back_what_was_published_since(plant: Plant):
    plant.rolling().roll_out(Plan(NEW, canary=0))
    plant.traffic.app.run_image(BLIND)
    with pytest.raises(PreconditionFailed, match="which came after the last rollout") as refused:
        take_back(plant)
    assert "--image old" in refused.value.hint
    assert plant.revisions.taking == {BLIND: 100}


def test_the_guard_takes_no_finished_rollout_back(plant: Plant):
    plant.rolling().roll_out(Plan(NEW, canary=0))
    with pytest.raises(NotFound):
        take_back(plant, only_unfinished=True)
    take_back(plant)
    with pytest.raises(NotFound):
        take_back(plant)


def test_a_rollout_killed_before_its_last_note_is_done_when_it_is_run_again(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
):
    rolling = plant.rolling()
    monkeypatch.setattr(rolling, "_return", lambda rollout: None)

    def killed(tag: str) -> None:
        raise Killed

    rolling.keep_tag = killed
    with pytest.raises(Killed):
        rolling.roll_out(Plan(NEW, canary=0))
    assert plant.rolling("R2").roll_out(Plan(NEW, canary=0)).outcome == "rolled out"
    assert plant.revisions.taking == {NEW: 100}
    assert plant.kept == ["new"]


def test_a_disk_that_is_full_at_the_last_note_takes_no_good_revision_back(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
):
    rolling = plant.rolling()
    rolling.progress = told = Told()

    def full_from_now_on(tag: str) -> None:
        monkeypatch.setattr(tempfile, "mkstemp", no_room)
        plant.kept.append(tag)

    rolling.keep_tag = full_from_now_on
    assert rolling.roll_out(Plan(NEW, canary=0)).outcome == "rolled out"
    assert plant.revisions.taking == {NEW: 100} and plant.revisions.as_terraform_has_it
    assert not rolling.is_engaged, "nothing is left to its guard"
    assert "could not be noted: The disk of" in told.warnings[0]
    monkeypatch.undo()
    assert plant.rolling("R2").roll_out(Plan(NEW, canary=0)).outcome == "rolled out"
    assert _is_whole(plant.journal)


def test_a_disk_that_fills_during_the_watch_leaves_the_traffic_whole(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
):
    plant.time.when_asleep = lambda: monkeypatch.setattr(tempfile, "mkstemp", no_room)
    rolling = plant.rolling()
    rolling.progress = told = Told()
    with pytest.raises(PreconditionFailed, match="is full"):
        rolling.roll_out(Plan(NEW, watch=WATCH))
    assert plant.revisions.taking == {OLD: 100} and plant.revisions.as_terraform_has_it
    assert f"{OLD} serves, and that could not be noted" in told.warnings[0]
    assert not _is_whole(plant.journal), "its guard goes on until there is room"
    monkeypatch.undo()
    with pytest.raises(NotFound):
        take_back(plant, only_unfinished=True)
    assert _is_whole(plant.journal)


@pytest.mark.parametrize("lost", [0, 1])
def test_a_network_that_is_cut_at_the_last_steps_is_ended_by_whoever_comes_next(
    plant: Plant, azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch, lost: int
):
    """Neither the step nor the way back gets through: before all was given to the new one, or after."""
    change = plant.traffic.app.change
    seen: list[object] = []

    def cut(body: dict[str, object]) -> object:
        if plant.journal.read().phase == "good":  # type: ignore[union-attr]
            seen.append(body)
            if len(seen) > lost:
                raise Unreachable("The network is away.")
        return change(body)

    monkeypatch.setattr(plant.traffic.app, "change", cut)
    with pytest.raises(Unreachable) as gone:
        plant.rolling().roll_out(Plan(NEW, watch=WATCH))
    assert "anomalyctl rollback --env dev" in gone.value.hint
    assert not _is_whole(plant.journal)
    monkeypatch.undo()
    take_back(plant, only_unfinished=True)  # as its guard does
    assert plant.revisions.taking == {OLD: 100} and plant.revisions.as_terraform_has_it
    assert _is_whole(plant.journal)


class Told(Silence):
    """Keeps the warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def no_room(**_: object) -> tuple[int, str]:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_an_old_revision_that_may_not_serve_any_more_is_replaced_by_a_copy(
    plant: Plant, azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch
):
    killed_at(plant, SPLIT, monkeypatch)
    azure.paper.troubles.append(
        Trouble(f"PATCH {APP}", 400, "ContainerAppInvalidTraffic", message="The revision is not active.")
    )
    take_back(plant)
    assert plant.revisions.taking == {OLD: 100}
    assert plant.revisions.as_terraform_has_it


def test_redis_that_is_away_for_a_moment_ends_no_watch(plant: Plant, monkeypatch: pytest.MonkeyPatch):
    rounds = iter([True, True, False])
    real = plant.store.sources

    def sources() -> list[str]:
        if next(rounds, False):
            raise Transient("Redis is away.")
        return real()

    monkeypatch.setattr(plant.store, "sources", sources)
    assert plant.rolling().roll_out(Plan(NEW, watch=WATCH)).outcome == "rolled out"


def test_a_revision_that_answers_for_fewer_readings_is_told_apart(plant: Plant):
    with pytest.raises(WentBack, match="it concludes otherwise on"):
        plant.rolling().roll_out(Plan(SHORT, watch=WATCH))
    assert plant.revisions.taking == {OLD: 100}


def test_ctrl_c_twice_leaves_a_rollout_that_says_it_is_not_ended(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
):
    def interrupted() -> None:
        raise KeyboardInterrupt

    plant.time.when_asleep = interrupted
    monkeypatch.setattr(plant.traffic.app, "run_image", _interrupted_on_the_way_back(plant))
    with pytest.raises(KeyboardInterrupt):
        plant.rolling().roll_out(Plan(NEW, watch=WATCH))
    assert not _is_whole(plant.journal)
    monkeypatch.undo()
    take_back(plant, only_unfinished=True)
    assert plant.revisions.taking == {OLD: 100}
    assert _is_whole(plant.journal)


def _interrupted_on_the_way_back(plant: Plant) -> Callable[..., str]:
    run_image = plant.traffic.app.run_image

    def run(image: str) -> str:
        if image == OLD:
            raise KeyboardInterrupt
        return run_image(image)

    return run
