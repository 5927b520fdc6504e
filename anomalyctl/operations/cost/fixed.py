"""What is paid for as long as it exists: so much an hour, a day or a month, by its size."""

from __future__ import annotations

from typing import Final

from anomalyctl.operations.cost.lines import CostLine, Unpriced
from anomalyctl.operations.cost.price_table import FixedPrice, Prices
from anomalyctl.operations.cost.resources import Resource

_DAYS_A_MONTH: Final = 365 / 12


def fixed_line(
    resource: Resource, rule: FixedPrice, prices: Prices, *, at_least: int = 1
) -> CostLine | Unpriced:
    """Price × instances × time; without a count of its own, `at_least` instances.

    Unpriced where the table has no such size, or the plan does not know it.
    """
    size = ""
    price = rule.price
    if price is None:
        known = [resource.at(path) for path in rule.by]
        if any(value is None for value in known):
            return Unpriced(resource.address, f"{' and '.join(rule.by)} known only after the apply")
        size = "/".join(str(value) for value in known)
        if size not in rule.prices:
            return Unpriced(resource.address, f"no price for {size}")
        price = rule.prices[size]
    instances = _instances(resource, rule, at_least)
    times = {"hour": prices.hours, "day": _DAYS_A_MONTH, "month": 1.0}[rule.per]
    monthly = price * instances * times
    share = prices.reservation.get(resource.type)
    return CostLine(
        address=resource.address,
        what=f"{rule.what} {size}".strip(),
        basis=f"{instances} × {price:g} an hour" if rule.per == "hour" else f"{price:g} a {rule.per}",
        monthly=monthly,
        by_use=False,
        reserved=monthly * (1 - share) if share and monthly else None,
    )


def _instances(resource: Resource, rule: FixedPrice, at_least: int) -> int:
    count = resource.at(rule.times) if rule.times else None
    instances = int(count) if isinstance(count, int | float) and count > 0 else at_least
    return instances * 2 if rule.double and resource.at(rule.double) else instances
