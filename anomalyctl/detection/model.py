"""What was learnt of one source, as plain arrays; kept as npz, never as a pickle."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import orjson

from anomalyctl.detection.calibration import Calibration
from anomalyctl.detection.habits import Habits
from anomalyctl.detection.residuals import ResidualModel
from anomalyctl.detection.vectors import VectorModel
from anomalyctl.detection.window import Vector
from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.times import format_time, parse_time

FORMAT: Final = 2
"""Raised whenever the arrays change their meaning; other formats are refused."""

_PARTS: Final[dict[str, type[Any]]] = {
    "habits": Habits,
    "residuals": ResidualModel,
    "residual_limits": Calibration,
    "vectors": VectorModel,
    "vector_limits": Calibration,
}


@dataclass(frozen=True, slots=True)
class SourceModel:
    """The models of one source, fitted on one window."""

    version: str
    source: str
    fitted_at: datetime
    rows: int
    """Readings that it was fitted and calibrated on."""
    cadence_s: float
    """Median time between readings."""
    last_ms: int
    """The newest reading that it has seen; the end states below are those after it."""
    habits: Habits
    residuals: ResidualModel
    residual_limits: Calibration
    vectors: VectorModel
    vector_limits: Calibration
    end: Mapping[str, Mapping[str, Vector]]
    """By tier: the scorer's state after the last reading, so that judging goes on without a cold start."""

    @property
    def tags(self) -> tuple[str, ...]:
        """Every tag that was seen in the window, scored or not."""
        return self.habits.tags

    def to_bytes(self) -> bytes:
        """An npz archive of arrays and one JSON text."""
        texts: dict[str, Any] = {
            "format": FORMAT,
            "version": self.version,
            "source": self.source,
            "fitted_at": format_time(self.fitted_at),
            "rows": self.rows,
            "cadence_s": self.cadence_s,
            "last_ms": self.last_ms,
        }
        arrays: dict[str, np.ndarray[Any, Any]] = {}
        for part in _PARTS:
            for field in dataclasses.fields(getattr(self, part)):
                value = getattr(getattr(self, part), field.name)
                if isinstance(value, tuple):
                    texts[f"{part}.{field.name}"] = value
                else:
                    arrays[f"{part}.{field.name}"] = value
        for tier, state in self.end.items():
            arrays |= {f"end.{tier}.{name}": vector for name, vector in state.items()}
        arrays["texts"] = np.frombuffer(orjson.dumps(texts), dtype=np.uint8)
        stream = io.BytesIO()
        np.savez_compressed(stream, allow_pickle=False, **arrays)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, payload: bytes) -> SourceModel:
        """The inverse of `to_bytes`. Raises InvalidInput for anything else, or another format."""
        try:
            with np.load(io.BytesIO(payload), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            texts = orjson.loads(arrays.pop("texts").tobytes())
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise _unreadable("the bytes are not a model of ours") from error
        if texts.get("format") != FORMAT:
            raise _unreadable(f"format {texts.get('format')} is unknown, this version reads {FORMAT}")
        try:
            return _assemble(cls, texts, arrays)
        except (KeyError, TypeError, ValueError) as error:
            raise _unreadable(f"{error} is missing or damaged") from error


def _assemble(
    cls: type[SourceModel], texts: dict[str, Any], arrays: dict[str, np.ndarray[Any, Any]]
) -> SourceModel:
    parts: dict[str, Any] = {}
    for part, kind in _PARTS.items():
        names = [field.name for field in dataclasses.fields(kind)]
        keys = {name: f"{part}.{name}" for name in names}
        parts[part] = kind(
            **{
                name: tuple(texts[key]) if key in texts else arrays[key].astype(np.float64)
                for name, key in keys.items()
            }
        )
    end: dict[str, dict[str, Vector]] = {"statistical": {}, "ml": {}}
    for key, array in arrays.items():
        if key.startswith("end."):
            _, tier, name = key.split(".")
            end[tier][name] = array.astype(np.float64)
    return cls(
        version=str(texts["version"]),
        source=str(texts["source"]),
        fitted_at=parse_time(texts["fitted_at"]),
        rows=int(texts["rows"]),
        cadence_s=float(texts["cadence_s"]),
        last_ms=int(texts["last_ms"]),
        end=end,
        **parts,
    )


def _unreadable(reason: str) -> InvalidInput:
    return InvalidInput(
        f"model: {reason}",
        field="model",
        hint="The next fit replaces it; until then limits alone alarm.",
    )
