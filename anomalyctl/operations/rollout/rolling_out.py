"""`rollout detectors`: a new revision takes a share, is watched beside the old one, and takes all or none."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta

from anomalyctl.azure.traffic import Traffic
from anomalyctl.errors import AnomalyctlError
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.rollout.beginning import begun_before, start
from anomalyctl.operations.rollout.comparing import MakeProbe, MakeRealTraffic, NoRealTraffic, compare
from anomalyctl.operations.rollout.journal import Journal, Rollout, note_end
from anomalyctl.operations.rollout.returning import return_to_old
from anomalyctl.operations.rollout.weighing import DIFFERENT, Weighed


class WentBack(AnomalyctlError):
    """The new revision was not as good as the old one, which serves alone again."""

    code = "went_back"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be rolled out, and how carefully."""

    image: str
    canary: int = 10
    """Percent of the traffic, 1 to 99; 0 gives the new revision everything at once."""
    watch: timedelta = timedelta(minutes=15)
    different: float = DIFFERENT


@dataclass(frozen=True, slots=True)
class RolledOut:
    """A rollout that ended well."""

    environment: str
    run: str
    image: str
    replaced: str
    """The image before."""
    revision: str
    outcome: str
    """`rolled out`, or `unchanged`."""
    weighed: Weighed | None


@dataclass
class RollingOut:
    """One rollout, with all that it stands on. `keep_tag` tells Terraform's next plan which image runs."""

    environment: str
    traffic: Traffic
    app_id: str
    journal: Journal
    run: str
    keep_tag: Callable[[str], None]
    make_probe: MakeProbe
    make_real_traffic: MakeRealTraffic = NoRealTraffic
    progress: Progress = SILENCE
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    is_engaged: bool = False
    """Whether one is under way that it began or went on with: what was refused is somebody else's to end."""

    def roll_out(self, plan: Plan) -> RolledOut:
        """Roll the image out, or go on with the rollout of it that was cut off.

        Raises PreconditionFailed while a rollout of another image is unfinished, or one that was begun on
        another machine, and where nothing was published yet; WentBack with the figures where the new one was
        not good enough, RevisionFailed where it does not start. Whatever is raised, the traffic is whole
        again.
        """
        division = self.traffic.division()
        begun = begun_before(self.journal, division, plan.image, self.environment)
        if begun is not None:
            self.progress.step(f"Going on with the rollout that was cut off ({begun.phase})")
        elif (
            division.image == plan.image
            and not division.is_split
            and division.newest_ready == division.newest
        ):
            return RolledOut(
                self.environment, self.run, plan.image, plan.image, division.newest, "unchanged", None
            )
        else:
            begun = start(self.traffic, division, self.journal, self._rollout(plan), self.environment)
        self.is_engaged = True
        try:
            return self._go_on(begun, plan)
        except BaseException:
            self._return(self.journal.read() or begun)
            raise

    def _rollout(self, plan: Plan) -> Rollout:
        """Not begun yet; `start` finds what serves."""
        return Rollout(
            run=self.run,
            app_id=self.app_id,
            old_revision="",
            old_image="",
            new_image=plan.image,
            canary=plan.canary,
        )

    def _go_on(self, rollout: Rollout, plan: Plan) -> RolledOut:
        if rollout.phase == "begun":
            rollout = self._bring_up(rollout, plan)
        weighed = None
        if rollout.phase in ("ready", "split") and plan.canary:
            rollout, weighed = self._watch(rollout, plan)
        if rollout.phase != "good":
            rollout = self.journal.write(rollout, "good")
        self.progress.step("All traffic to the new revision")
        if self.traffic.division().many:  # else that was done, and the old one may be out of service
            self.traffic.divide(
                {rollout.new_revision: 100, rollout.old_revision: 0}, before=rollout.old_revision
            )
            self.traffic.settle()
        note_end(self.journal, rollout, "done", self.keep_tag, self.progress)
        self.is_engaged = False  # whatever could be noted: nothing is left to bring back
        return RolledOut(
            self.environment,
            self.run,
            rollout.new_image,
            rollout.old_image,
            rollout.new_revision,
            "rolled out",
            weighed,
        )

    def _bring_up(self, rollout: Rollout, plan: Plan) -> Rollout:
        """The new revision beside the old one, without traffic."""
        division = self.traffic.division()
        self.traffic.divide({rollout.old_revision: 100}, before=rollout.old_revision)
        if division.image != plan.image:
            self.progress.step(f"Starting a revision with {plan.image}")
            self.traffic.app.run_image(plan.image)
        self.traffic.app.wait_until_ready(plan.image)
        return self.journal.write(rollout, "ready", new_revision=self.traffic.division().newest)

    def _watch(self, rollout: Rollout, plan: Plan) -> tuple[Rollout, Weighed]:
        old, new = (self.traffic.address(one) for one in (rollout.old_revision, rollout.new_revision))
        probe = self.make_probe(old, new)
        shares = {rollout.old_revision: 100 - plan.canary, rollout.new_revision: plan.canary}
        self.traffic.divide(shares, before=rollout.old_revision)
        rollout = self.journal.write(rollout, "split")
        real = self.make_real_traffic(rollout.old_revision, rollout.new_revision)
        self.progress.step(f"{plan.canary} % to the new revision, watched for {plan.watch}")
        weighed = compare(
            probe,
            real,
            length_s=plan.watch.total_seconds(),
            different=plan.different,
            progress=self.progress,
            sleep=self.sleep,
            clock=self.clock,
        )
        if not weighed.good:
            raise WentBack(
                f"The new revision went back: {'; '.join(weighed.against)}.",
                hint=f"The old one serves alone. Look at: anomalyctl logs detectors --env {self.environment}",
                details={
                    "image": rollout.new_image,
                    "serving": rollout.old_image,
                    "examples": weighed.examples,
                    "weighed": asdict(weighed),
                },
            )
        return rollout, weighed

    def _return(self, rollout: Rollout) -> None:
        self.progress.step("Going back to the old revision")
        try:
            return_to_old(self.traffic, self.journal, rollout, self.keep_tag, self.progress)
        except AnomalyctlError as error:
            error.hint = f"The traffic may still be divided: anomalyctl rollback --env {self.environment}"
            raise
