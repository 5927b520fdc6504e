"""Figures of Azure Monitor beside the thresholds that terraform/alerts.tf deployed for them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from anomalyctl.errors import AnomalyctlError
from anomalyctl.operations.deployed_state import AlertRule
from anomalyctl.operations.side_by_side import side_by_side

if TYPE_CHECKING:
    from anomalyctl.azure.rest import Rest

COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEqual": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqual": operator.le,
    "Equals": operator.eq,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure and its threshold."""

    name: str
    """The alert's, as in terraform/alerts.tf."""
    state: Literal["within", "beyond", "no value", "not told"]
    """`not told`: Azure Monitor could not be asked, and `detail` says why."""
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
    if value is None:
        return _told(rule, "no value", None)
    compare = COMPARE.get(rule.operator, COMPARE["GreaterThan"])
    beyond = compare(value, rule.threshold)
    return _told(rule, "beyond" if beyond else "within", value)


def _told(
    rule: AlertRule,
    state: Literal["within", "beyond", "no value", "not told"],
    value: float | None,
    detail: str = "",
) -> Figure:
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
