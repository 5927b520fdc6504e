"""What the alerts watch, beside the thresholds that were deployed for it: figures of Azure Monitor
(terraform/alerts.tf), and what queries of the logs measure (terraform/alerts-queries.tf).
"""

from __future__ import annotations

import math
import operator
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from anomalyctl.errors import AnomalyctlError
from anomalyctl.operations.deployed_state import AlertRule, QueryRule
from anomalyctl.operations.side_by_side import side_by_side

if TYPE_CHECKING:
    from anomalyctl.azure.log_analytics import Table
    from anomalyctl.azure.rest import Rest

State = Literal["within", "beyond", "notice", "no value", "not told"]
"""`notice`: beyond what is no alarm, such as the letter of the day; `not told`: Azure could not be asked, and
the detail says why.
"""

COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEqual": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqual": operator.le,
    "Equals": operator.eq,
}
_AGGREGATE: Final[dict[str, Callable[[list[float]], float]]] = {
    "Maximum": max,
    "Minimum": min,
    "Total": sum,
    "Average": statistics.fmean,
}
_NO_ALARM: Final = 4
"""The severity of what is only told."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure and its threshold."""

    name: str
    """The alert's, as in terraform/alerts.tf and terraform/alerts-queries.tf."""
    state: State
    value: float | None
    operator: str
    threshold: float
    aggregation: str
    window: str
    severity: int
    """0 or 1 calls somebody, 2 and above sends a mail."""
    enabled: bool
    description: str
    detail: str = ""


def read_figures(rest: Rest, rules: tuple[AlertRule, ...], now: datetime) -> tuple[Figure, ...]:
    """Ask for each figure, side by side. What cannot be told says why: status must always answer."""
    return tuple(side_by_side(lambda rule: _figure(rest, rule, now), rules))


def read_query_figures(
    ask: Callable[[str, datetime, datetime], Table], rules: tuple[QueryRule, ...], now: datetime
) -> tuple[Figure, ...]:
    """Run each alert's query over its window, side by side, and compare as the alert does. `ask` runs a query
    from a time to a time. What cannot be told says why.
    """
    return tuple(side_by_side(lambda rule: _query_figure(ask, rule, now), rules))


def _figure(rest: Rest, rule: AlertRule, now: datetime) -> Figure:
    from anomalyctl.azure.metrics import latest

    try:
        value = latest(
            rest,
            rule.scope,
            namespace=rule.namespace,
            metric=rule.metric,
            aggregation=rule.aggregation,
            window=rule.window,
            now=now,
        )
    except AnomalyctlError as error:
        # Our own figures exist only once the functions have run: Azure then knows no such metric.
        unknown = "Failed to find metric configuration" in error.message
        return _told(rule, "no value" if unknown else "not told", None, "" if unknown else error.message)
    return _compared(rule, value)


def _query_figure(ask: Callable[[str, datetime, datetime], Table], rule: QueryRule, now: datetime) -> Figure:
    from anomalyctl.azure.metrics import duration

    try:
        table = ask(rule.query, now - duration(rule.window), now)
    except AnomalyctlError as error:
        return _told(rule, "not told", None, error.message)
    if table.missing:
        return _told(rule, "no value", None, f"nothing was ever written to {table.missing}")
    if rule.measure and table.rows and rule.measure not in table.columns:
        return _told(rule, "not told", None, f"the query gives no column {rule.measure}")
    return _compared(rule, _aggregated(rule, table), table.partial)


def _aggregated(rule: QueryRule, table: Table) -> float | None:
    """One number of an answer's rows, as an alert makes it; None where there is nothing to make it of."""
    if not rule.measure or rule.aggregation == "Count":
        return float(len(table.rows))
    found = [float(one) for one in (record[rule.measure] for record in table.records()) if _is_number(one)]
    return _AGGREGATE.get(rule.aggregation, max)(found) if found else None


def _is_number(value: Any) -> bool:
    """Kusto's JSON writes what is no number, such as nothing by nothing, as the text NaN."""
    try:
        return value is not None and math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def _compared(rule: AlertRule | QueryRule, value: float | None, detail: str = "") -> Figure:
    if value is None:
        return _told(rule, "no value", None, detail)
    if not COMPARE.get(rule.operator, COMPARE["GreaterThan"])(value, rule.threshold):
        return _told(rule, "within", value, detail)
    return _told(rule, "beyond" if rule.severity < _NO_ALARM else "notice", value, detail)


def _told(rule: AlertRule | QueryRule, state: State, value: float | None, detail: str = "") -> Figure:
    return Figure(
        name=rule.name,
        state=state,
        value=value,
        operator=rule.operator,
        threshold=rule.threshold,
        aggregation=rule.aggregation,
        window=rule.window,
        severity=rule.severity,
        enabled=rule.enabled,
        description=rule.description,
        detail=detail,
    )
