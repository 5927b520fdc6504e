"""The runbooks' steps as a drill types them: the same lines in the same order, and why one is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from anomalyctl.operations.drills.model import DrillName

_AZURE: Final = "it is for Azure"


@dataclass(frozen=True, slots=True)
class RunbookStep:
    """One line of a runbook, with ENV for the environment's name."""

    line: str
    here: str = ""
    """How it is typed on this machine; "" for the line itself."""
    exits: tuple[int, ...] = (0,)
    """How it may end: in a disaster `status` says that something is unwell."""
    not_here: str = ""
    """Why it is not typed on this machine; "" where it is."""

    @property
    def typed(self) -> str:
        """The command as a drill types it; "" where it does not."""
        return "" if self.not_here else (self.here or self.line).replace("ENV", "local")


_STATUS: Final = RunbookStep("anomalyctl status --env ENV", exits=(0, 1, 6))
_DOCTOR: Final = RunbookStep("anomalyctl doctor --env ENV", exits=(0, 1))
_RUNS: Final = RunbookStep("anomalyctl runs list --env ENV")
_JUDGED: Final = RunbookStep("anomalyctl status --wait 15m --env ENV")
_REPLAY: Final = RunbookStep("anomalyctl replay --last 24h --write --env ENV")
_LISTED: Final = RunbookStep("anomalyctl anomalies list --status all --since 48h --env ENV")
_PLAN: Final = RunbookStep("anomalyctl plan --env ENV", not_here=_AZURE)

RUNBOOKS: Final[Mapping[DrillName, Mapping[int, tuple[RunbookStep, ...]]]] = {
    "database-failure": {
        1: (_STATUS, RunbookStep("anomalyctl logs functions --since 30m --errors --env ENV")),
        2: (_DOCTOR, RunbookStep("anomalyctl drift --env ENV", not_here=_AZURE), _RUNS),
        3: (RunbookStep("anomalyctl deploy --env ENV"),),
        4: (
            _STATUS,
            RunbookStep(
                "anomalyctl plan --env ENV --var managed_redis_sku_name=Balanced_B10", not_here=_AZURE
            ),
        ),
        5: (
            _JUDGED,
            RunbookStep("anomalyctl dead-letters list --since 24h --env ENV"),
            RunbookStep("anomalyctl dead-letters retry --all --since 24h --env ENV --confirm ENV"),
        ),
    },
    "regional-outage": {
        1: (_DOCTOR, _STATUS),
        3: (
            RunbookStep("anomalyctl plan --env ENV --var location=westeurope", not_here=_AZURE),
            RunbookStep("anomalyctl cost --env ENV", not_here=_AZURE),
            RunbookStep(
                "anomalyctl deploy --env ENV --var location=westeurope", here="anomalyctl deploy --env ENV"
            ),
        ),
        4: (
            RunbookStep("anomalyctl output redis_host --env ENV", not_here=_AZURE),
            RunbookStep(
                "anomalyctl ingest kept-readings.jsonl --source well-1 --env ENV --confirm ENV",
                here="anomalyctl ingest kept-readings.jsonl --source drill --env ENV --confirm ENV",
            ),
        ),
        5: (
            _JUDGED,
            RunbookStep(
                "anomalyctl detectors fit --last 24h --env ENV --confirm ENV",
                not_here="two hours of readings are too few to fit a model",
            ),
            RunbookStep("anomalyctl anomalies list --env ENV"),
        ),
        6: (
            RunbookStep(
                "anomalyctl destroy --env ENV --confirm ENV",
                not_here="the drill's environment is taken away at its end",
            ),
        ),
    },
    "data-corruption": {
        1: (_LISTED, _RUNS, RunbookStep("anomalyctl logs functions --since 24h --errors --env ENV")),
        2: (_REPLAY,),
        3: (
            RunbookStep(
                "anomalyctl detectors rollback --source well-1 --env ENV --confirm ENV",
                not_here="no model is at fault",
            ),
            RunbookStep(_REPLAY.line, not_here="no model is at fault"),
        ),
        4: (
            RunbookStep(
                "anomalyctl restore cosmos --at 2026-11-20T09:30:00Z --env ENV --confirm ENV",
                not_here="it is for Azure: here a copy of the database from before is put in its place",
            ),
            _REPLAY,
            _PLAN,
            RunbookStep("anomalyctl restore cosmos --back --env ENV --confirm ENV", not_here=_AZURE),
            RunbookStep("anomalyctl restore cosmos --finish --env ENV --confirm ENV", not_here=_AZURE),
        ),
        5: (RunbookStep("anomalyctl state restore @latest --env ENV", not_here=_AZURE), _PLAN),
        6: (
            _LISTED,
            RunbookStep(
                "anomalyctl report --day yesterday --env ENV", here="anomalyctl report --day today --env ENV"
            ),
        ),
    },
}
"""By drill and by the number of the runbook's paragraph; a test compares them with docs/runbooks."""
