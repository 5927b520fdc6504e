"""One action on one or several anomalies, with a result for each."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from anomalyctl.errors import AnomalyctlError, InvalidInput, PartlyDone, error_with_code
from anomalyctl.operations.anomalies.listing import AnomalyRow
from anomalyctl.operations.anomalies.selecting import select
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.triage.performing import Outcome


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one anomaly."""

    anomaly_id: str
    ok: bool
    changed: bool
    """False also where the same had been done already."""
    status: str
    assigned_to: str
    revision: int | None
    code: str = ""
    """Of the failure; empty when it went well."""
    message: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ActionReport:
    """What became of all of them."""

    action: str
    by: str
    done: int
    failed: int
    results: tuple[ItemResult, ...]
    dry_run: bool = False
    """Nothing was done; the results are the anomalies that were meant."""

    def raise_for_failures(self) -> None:
        """Raise `PartlyDone` when some failed; when all did, their own error where it is one and the same."""
        if not self.failed:
            return
        first = next(result for result in self.results if not result.ok)
        names = [result.anomaly_id for result in self.results if not result.ok]
        codes = {result.code for result in self.results if not result.ok}
        error = PartlyDone if self.done else error_with_code(codes.pop() if len(codes) == 1 else "")
        raise error(
            f"{self.action}: {self.done} done, {self.failed} not: {first.message}",
            hint=first.hint,
            details={"failed": names},
        )


def act(
    store: AnomalyStore,
    selectors: Sequence[str],
    action: str,
    *,
    by: str,
    one: Callable[[str], Outcome],
) -> ActionReport:
    """Do it to each. A single anomaly's failure is raised; of several, each has its own result.

    Raises what `select` raises before anything is done.
    """
    return act_on(select(store, selectors), action, by=by, one=one)


def act_on(ids: Sequence[str], action: str, *, by: str, one: Callable[[str], Outcome]) -> ActionReport:
    """The same, for whole ids."""
    if len(ids) == 1:
        return _report(action, by, [_done(one(ids[0]))])
    return _report(action, by, [_attempt(anomaly_id, one) for anomaly_id in ids])


def meant(rows: Sequence[AnomalyRow], action: str, *, by: str) -> ActionReport:
    """What a dry run tells: on which anomalies the action would be tried."""
    results = tuple(
        ItemResult(
            anomaly_id=row.anomaly_id,
            ok=True,
            changed=False,
            status=row.status,
            assigned_to=row.assigned_to,
            revision=row.revision,
        )
        for row in rows
    )
    return ActionReport(action, by, 0, 0, results, dry_run=True)


def operator_name(environment: Mapping[str, str]) -> str:
    """Who acts: `ANOMALYCTL_OPERATOR`, else the name of the operating system's user."""
    named = environment.get("ANOMALYCTL_OPERATOR", "").strip()
    if named:
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise InvalidInput(
            "Nobody knows who you are.",
            field="ANOMALYCTL_OPERATOR",
            hint="Set ANOMALYCTL_OPERATOR to your name.",
        ) from error


def _attempt(anomaly_id: str, one: Callable[[str], Outcome]) -> ItemResult:
    try:
        return _done(one(anomaly_id))
    except AnomalyctlError as error:
        return ItemResult(
            anomaly_id=anomaly_id,
            ok=False,
            changed=False,
            status="",
            assigned_to="",
            revision=None,
            code=error.code,
            message=error.message,
            hint=error.hint,
        )


def _done(outcome: Outcome) -> ItemResult:
    return ItemResult(
        anomaly_id=outcome.anomaly_id,
        ok=True,
        changed=outcome.changed,
        status=outcome.status,
        assigned_to=outcome.assigned_to,
        revision=outcome.revision,
    )


def _report(action: str, by: str, results: list[ItemResult]) -> ActionReport:
    done = sum(result.ok for result in results)
    return ActionReport(action, by, done, len(results) - done, tuple(results))
