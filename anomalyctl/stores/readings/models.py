"""Fitted models, versioned: the one in use and up to five before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from anomalyctl.resilience.manner import once
from anomalyctl.stores.readings.keys import fitting_key, model_key
from anomalyctl.stores.redis_errors import redis_errors
from anomalyctl.telemetry.times import format_time, parse_time

if TYPE_CHECKING:
    import redis

KEPT_VERSIONS = 5


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model as it lies in Redis; `data` is what `SourceModel.from_bytes` reads."""

    version: str
    data: bytes
    fitted_at: datetime
    rows: int = 0
    """How many clean readings the window held when it was fitted."""


class ModelShelf:
    """Models by source."""

    def __init__(self, client: redis.Redis) -> None:
        self._client: Any = client

    @redis_errors()
    def version(self, source: str) -> str | None:
        """Version of the model in use; None before the first. Costs one small read."""
        version = self._client.hget(model_key(source), "version")
        return version.decode() if version is not None else None

    @redis_errors()
    def load(self, source: str, version: str | None = None) -> StoredModel | None:
        """The model in use, or the named version while it is kept."""
        for key in (model_key(source), model_key(source, version)) if version else (model_key(source),):
            fields = self._client.hgetall(key)
            if fields and (version is None or fields[b"version"].decode() == version):
                return StoredModel(
                    version=fields[b"version"].decode(),
                    data=fields[b"data"],
                    fitted_at=parse_time(fields[b"fitted_at"].decode()),
                    rows=int(fields.get(b"rows", 0)),
                )
        return None

    # Done twice, it would file the new model under the name of the old one, whose place it has taken.
    @once()
    @redis_errors()
    def save(self, source: str, *, version: str, data: bytes, fitted_at: datetime, rows: int = 0) -> None:
        """Put a model into use; the one before is kept under its version, the sixth before is dropped."""
        key = model_key(source)
        current, history = self._client.hmget(key, "version", "previous")
        previous = [name for name in (history or b"").decode().split() if name != version]
        pipe = self._client.pipeline(transaction=True)
        if current is not None and current.decode() != version:
            pipe.rename(key, model_key(source, current.decode()))
            previous.insert(0, current.decode())
        for dropped in previous[KEPT_VERSIONS:]:
            pipe.delete(model_key(source, dropped))
        # A version that comes back into use lies in one place only.
        pipe.delete(model_key(source, version))
        pipe.hset(
            key,
            mapping={
                "version": version,
                "data": data,
                "fitted_at": format_time(fitted_at),
                "rows": rows,
                "previous": " ".join(previous[:KEPT_VERSIONS]),
            },
        )
        pipe.delete(fitting_key(source))
        pipe.execute()

    def promote(self, source: str, version: str) -> bool:
        """Put an earlier version into use again, before all others; False where it is not kept."""
        stored = self.load(source, version)
        if stored is None:
            return False
        self.save(source, version=version, data=stored.data, fitted_at=stored.fitted_at, rows=stored.rows)
        return True

    @redis_errors()
    def refusal(self, source: str) -> str:
        """Why the last fit was refused; empty when it was not."""
        return (self._client.hget(fitting_key(source), "reason") or b"").decode()

    @redis_errors()
    def rows(self, source: str) -> int:
        """How many clean readings the model in use has seen; 0 before the first."""
        return int(self._client.hget(model_key(source), "rows") or 0)

    # Redis may be full, and judging, which alone makes room, must not wait for this.
    @once()
    @redis_errors()
    def refuse(self, source: str, *, rows: int, reason: str) -> None:
        """Remember that a fit with so many clean readings was refused, until the next one succeeds."""
        self._client.hset(fitting_key(source), mapping={"rows": rows, "reason": reason})

    @redis_errors()
    def refused_rows(self, source: str) -> int:
        """How many clean readings there were when a fit was last refused; 0 when it was not."""
        return int(self._client.hget(fitting_key(source), "rows") or 0)

    @redis_errors()
    def previous(self, source: str) -> list[str]:
        """Versions before the one in use, newest first."""
        history = self._client.hget(model_key(source), "previous")
        return (history or b"").decode().split()
