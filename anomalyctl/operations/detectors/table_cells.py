"""What the cells of a recording's columns say: numbers, also as other countries write them, or nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.telemetry.validation import LARGEST_VALUE

_DECIMAL_COMMA: Final = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:[.\u00a0 ]\d{3})+),\d+(?:[eE][+-]?\d+)?", re.ASCII)
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+", re.ASCII)
_NOTHING: Final = frozenset({"", "nan", "null", "none", "na", "n/a", "-", "?"})


def numbers(cells: Sequence[object]) -> NDArray[np.float64]:
    """One column, `[rows]`; NaN where a cell is empty, holds no number, or one that no sensor sends.

    Text such as 50,12 counts as a number where all text of the column is written like that, and not where
    it may as well mean thousands (1,234 beside 999).
    """
    texts = {cell.strip() for cell in cells if isinstance(cell, str) and not _is_nothing(cell)}
    commas = bool(texts) and all(_DECIMAL_COMMA.fullmatch(text) for text in texts)
    if commas and all(_GROUPED.fullmatch(text) for text in texts):
        commas = not any(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells)
    return np.array([_number(cell, commas) for cell in cells], dtype=np.float64)


def unread(cells: Sequence[object], found: NDArray[np.float64]) -> int:
    """How many cells say something that is not in `found`."""
    said = np.array([not _is_nothing(cell) for cell in cells], dtype=bool)
    return int((said & np.isnan(found)).sum())


def _is_nothing(cell: object) -> bool:
    if isinstance(cell, str):
        return cell.strip().lower() in _NOTHING
    return cell is None or cell != cell


def _number(cell: object, commas: bool) -> float:
    if commas and isinstance(cell, str) and _DECIMAL_COMMA.fullmatch(cell.strip()):
        whole, _, fraction = cell.strip().rpartition(",")
        cell = float(re.sub(r"[.\u00a0 ]", "", whole) + "." + fraction)
    if not isinstance(cell, bool | int | float):
        return float("nan")
    try:
        number = float(cell)
    except OverflowError:
        return float("nan")
    return number if abs(number) <= LARGEST_VALUE else float("nan")
