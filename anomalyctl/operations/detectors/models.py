"""The models of each source: which is in use, which came before, fitting a new one, going back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from anomalyctl.errors import LostRace, NotFound, PreconditionFailed
from anomalyctl.operations.progress import SILENCE, Progress

if TYPE_CHECKING:
    from anomalyctl.stores.readings import ReadingStore
    from anomalyctl.stores.readings.models import StoredModel


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One fitted model."""

    version: str
    in_use: bool
    fitted_at: datetime
    rows: int
    """Clean readings that there were when it was fitted."""


@dataclass(frozen=True, slots=True)
class SourceModels:
    """The models of one source, the one in use first, then newest first."""

    source: str
    versions: tuple[ModelVersion, ...]
    refused: str
    """Why the last fit was refused; empty when it was not."""


@dataclass(frozen=True, slots=True)
class ModelChange:
    """A source's model before and after."""

    source: str
    before: str | None
    after: str | None


def _utc_now() -> datetime:
    return datetime.now(UTC)


def status(store: ReadingStore, source: str | None = None) -> list[SourceModels]:
    """Models of one source or of all that sent something within 24 h. Raises NotFound for no source."""
    sources = [source] if source else store.sources()
    found = []
    for name in sources:
        versions = [version for version in (store.load_model_version(name),) if version]
        versions += store.models.previous(name)
        stored = [(version, store.load_model(name, version)) for version in versions]
        kept = [model for _, model in stored if model is not None]
        told = tuple(_version(model, in_use=model.version == versions[0]) for model in kept)
        found.append(SourceModels(name, told, store.models.refusal(name)))
    if source and not found[0].versions and source not in store.sources():
        raise NotFound(f"Nothing is known of {source}.", hint="See the sources with `anomalyctl status`.")
    return found


def fit(
    store: ReadingStore,
    *,
    source: str | None = None,
    last: timedelta | None = None,
    train_on_simulated: bool,
    clock: Callable[[], datetime] = _utc_now,
    progress: Progress = SILENCE,
) -> list[ModelChange]:
    """Fit on what was judged and is clean, and put the models into use.

    Raises PreconditionFailed where the fit of the one source asked for is refused (its model stays in use),
    and NotFound where nothing was judged yet. Of several sources a refused one is told and passed over.
    """
    from anomalyctl.pipeline.fitting import Fitter

    fitter = Fitter(store, train_on_simulated=train_on_simulated, clock=clock)
    changes = []
    for name in [source] if source else store.sources():
        newest_ms = store.newest_judged_ms(name)
        if newest_ms is None:
            if source:
                raise NotFound(f"No reading of {name} was judged yet.", hint="Send readings first.")
            continue
        progress.step(f"Fitting a model of {name}")
        before = store.load_model_version(name)
        span_ms = int(last.total_seconds() * 1000) if last else None
        fitted = fitter.fit(name, newest_ms, span_ms=span_ms)
        if fitted.version is None:
            if source:
                raise PreconditionFailed(
                    f"No new model of {name}: {fitted.reason}",
                    hint=f"{before or 'No model'} stays in use."
                    if before
                    else "Limits alone alarm until then.",
                )
            progress.warn(f"{name}: {fitted.reason}")
        changes.append(ModelChange(name, before, fitted.version or before))
    return changes


def promote(store: ReadingStore, source: str, version: str) -> ModelChange:
    """Put a kept version into use. Raises NotFound with the versions that there are."""
    before = store.load_model_version(source)
    if version == before:
        return ModelChange(source, before, before)
    if not store.models.promote(source, version):
        kept = ", ".join(store.models.previous(source)) or "none"
        raise NotFound(f"{source} has no model {version}.", hint=f"Kept before the one in use: {kept}.")
    after = store.load_model_version(source)
    if after != version:
        raise LostRace(
            f"Another model of {source} was put into use meanwhile: {after}.",
            hint="Look at `anomalyctl detectors status`, then decide again.",
        )
    return ModelChange(source, before, after)


def rollback(store: ReadingStore, source: str) -> ModelChange:
    """Put the version before the one in use into use. Raises PreconditionFailed where there is none.

    "Before" goes by when they were fitted, so that two roll-backs go two versions back.
    """
    current = store.load_model(source)
    if current is None:
        raise PreconditionFailed(f"{source} has no model.", hint="`anomalyctl detectors fit` makes one.")
    earlier = [
        model
        for version in store.models.previous(source)
        if (model := store.load_model(source, version)) and model.fitted_at < current.fitted_at
    ]
    if not earlier:
        raise PreconditionFailed(
            f"No model of {source} older than {current.version} is kept.",
            hint="`anomalyctl detectors status` shows what there is.",
        )
    return promote(store, source, max(earlier, key=lambda model: model.fitted_at).version)


def _version(model: StoredModel, *, in_use: bool) -> ModelVersion:
    return ModelVersion(model.version, in_use, model.fitted_at, model.rows)
