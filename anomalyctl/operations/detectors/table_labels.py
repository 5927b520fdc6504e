"""Which column of a recording holds the truth, and what its words and numbers mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.errors import InvalidInput

USUAL_LABELS: Final = ("anomaly", "label", "is_anomaly")
"""Columns that hold the truth where nobody says which one does."""
_TRUE: Final = frozenset({"true", "yes", "anomaly", "anomalous", "attack", "fault", "abnormal"})
_FALSE: Final = frozenset({"false", "no", "normal", "ok", ""})


def label_of(name: str, label: str | None, tags: Iterable[str]) -> str | None:
    """The column asked for, or a usual one; None where there is none. Raises InvalidInput."""
    columns = [*tags]
    if label is None:
        by_lower = {tag.lower(): tag for tag in reversed(columns)}
        return next((by_lower[usual] for usual in USUAL_LABELS if usual in by_lower), None)
    if label not in columns:
        raise InvalidInput(
            f"{name} has no column {label!r}.", field="label", hint=f"Columns: {', '.join(columns[:20])}."
        )
    return label


def truth_of(name: str, cells: Sequence[object]) -> NDArray[np.bool_]:
    """`[rows]`: 0, an empty cell and words such as normal are no anomaly, other numbers are one.

    Where there are 1 and -1 alone, -1 is the anomaly, as scikit-learn and several plants' sets have it.
    Raises InvalidInput for a word that is neither.
    """
    numbers = {cell for cell in cells if isinstance(cell, int | float) and not isinstance(cell, bool)}
    if -1 in numbers and numbers <= {1, -1}:
        return np.array([cell == -1 for cell in cells], dtype=bool)
    return np.array([_is_anomalous(name, cell) for cell in cells], dtype=bool)


def _is_anomalous(name: str, cell: object) -> bool:
    if cell is None or (isinstance(cell, float) and cell != cell):
        return False
    if isinstance(cell, bool | int | float):
        return bool(cell)
    word = "".join(str(cell).split()).lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise InvalidInput(
        f"{name}: the label {str(cell)[:40]!r} is neither true nor false.",
        field="label",
        hint="Write 0 for normal rows, 1 for anomalous ones.",
    )
