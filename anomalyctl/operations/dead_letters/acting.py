"""`dead-letters retry` and `purge`: one action on named or filtered letters, with a result for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from anomalyctl.errors import AnomalyctlError, InvalidInput, NotFound, PartlyDone
from anomalyctl.operations.dead_letters.listing import LetterFilter, list_letters
from anomalyctl.pipeline.retrying import retry_letter
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.anomalies.dead_letters import day_of_letter
from anomalyctl.stores.readings import ReadingStore


@dataclass(frozen=True, slots=True)
class LetterResult:
    """What became of one letter."""

    id: str
    ok: bool
    code: str = ""
    """Of the failure; empty when it went well."""
    message: str = ""


@dataclass(frozen=True, slots=True)
class LetterReport:
    """What became of all of them."""

    action: str
    dry_run: bool
    done: int
    failed: int
    results: tuple[LetterResult, ...]

    def raise_for_failures(self) -> None:
        """Raise `PartlyDone` when some failed; when all did, what the first failed with."""
        bad = [result for result in self.results if not result.ok]
        if not bad:
            return
        if len(self.results) == 1 and bad[0].code == NotFound.code:
            raise NotFound(bad[0].message, hint="See them with `anomalyctl dead-letters list`.")
        error = PartlyDone if self.done else AnomalyctlError
        raise error(
            f"{self.action}: {self.done} done, {len(bad)} not: {bad[0].message}",
            details={"failed": [result.id for result in bad]},
        )


def select_letters(
    store: AnomalyStore, ids: Sequence[str], chosen: LetterFilter, *, everything: bool
) -> list[str]:
    """Ids of the letters meant: those named, or with `everything` those that the filter takes.

    Raises InvalidInput for neither or both, and for what is no id.
    """
    if bool(ids) == everything:
        raise InvalidInput(
            "Name ids, or say --all (with filters where only some are meant), not both.", field="ID"
        )
    if everything:
        return [row.id for row in list_letters(store, chosen)]
    for letter_id in ids:
        day_of_letter(letter_id)
    return list(dict.fromkeys(ids))


def retry_letters(
    readings: ReadingStore,
    store: AnomalyStore,
    ids: Sequence[str],
    *,
    by: str,
    now: datetime,
    dry_run: bool = False,
) -> LetterReport:
    """Put letters back into the queue; a letter leaves the list once its verdict is stored."""

    def one(letter_id: str) -> None:
        retry_letter(readings, store, letter_id, by=by, now=now)

    return _each("retry", ids, one, dry_run=dry_run)


def purge_letters(
    readings: ReadingStore, store: AnomalyStore, ids: Sequence[str], *, dry_run: bool = False
) -> LetterReport:
    """Delete letters for good, payload and history."""

    def one(letter_id: str) -> None:
        if not store.forget_dead_letter(letter_id):
            raise NotFound(f"There is no dead letter {letter_id}.")
        readings.dead_letters.remove(letter_id)

    return _each("purge", ids, one, dry_run=dry_run)


def _each(action: str, ids: Sequence[str], one: Callable[[str], None], *, dry_run: bool) -> LetterReport:
    results = []
    for letter_id in ids:
        try:
            if not dry_run:
                one(letter_id)
            results.append(LetterResult(letter_id, ok=True))
        except AnomalyctlError as error:
            results.append(LetterResult(letter_id, ok=False, code=error.code, message=error.message))
    failed = sum(not result.ok for result in results)
    done = 0 if dry_run else len(results) - failed
    return LetterReport(action, dry_run, done, failed, tuple(results))
