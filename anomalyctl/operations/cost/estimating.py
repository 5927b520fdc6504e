"""An estimate over resources, and the difference between two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from anomalyctl.operations.cost.by_use import BY_USE
from anomalyctl.operations.cost.fixed import fixed_line
from anomalyctl.operations.cost.lines import CostLine, Unpriced
from anomalyctl.operations.cost.price_table import Prices
from anomalyctl.operations.cost.resources import Resource


@dataclass(frozen=True, slots=True)
class Estimate:
    """What resources cost a month. An estimate from list prices, not an invoice."""

    currency: str
    priced_on: date
    table_is_old: bool
    """True where the table was written more than a year ago."""
    region: str
    assumed: dict[str, float]
    """The use that the by-use part rests on, by the names of the table."""
    lines: tuple[CostLine, ...]
    """The dearest first; what costs nothing is left out."""
    unpriced: tuple[Unpriced, ...]
    monthly: float
    monthly_by_use: float
    """The part of it that rests on assumptions about use."""
    saved_by_reservation: float
    """What a year's reservation of everything that can be reserved would save a month."""
    other_regions: tuple[str, ...]
    """Where resources stand for which the prices of another region were taken."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How the monthly cost of one resource changes."""

    address: str
    before: float
    after: float


def estimate(resources: Sequence[Resource], prices: Prices, today: date) -> Estimate:
    """Each resource by its rule. What the table does not know is named, never taken as free."""
    at_least = _scaled_to_at_least(resources)
    found = [_line(one, prices, at_least) for one in resources if one.type not in prices.free.types]
    lines = sorted(
        (one for one in found if isinstance(one, CostLine)), key=lambda one: (-one.monthly, one.address)
    )
    located = {_plain(str(one.at("location"))) for one in resources if one.at("location")}
    return Estimate(
        currency=prices.currency,
        priced_on=prices.date,
        table_is_old=prices.is_old(today),
        region=prices.region,
        assumed=prices.usage.model_dump(),
        lines=tuple(one for one in lines if one.monthly > 0),
        unpriced=tuple(one for one in found if isinstance(one, Unpriced)),
        monthly=_sum(one.monthly for one in lines),
        monthly_by_use=_sum(one.monthly for one in lines if one.by_use),
        saved_by_reservation=_sum(one.monthly - one.reserved for one in lines if one.reserved is not None),
        other_regions=tuple(sorted(located - {_plain(prices.region), "global"})),
    )


def differences(before: Estimate, after: Estimate) -> tuple[Difference, ...]:
    """Every resource whose cost changes, the largest change first."""
    old = {line.address: line.monthly for line in before.lines}
    new = {line.address: line.monthly for line in after.lines}
    changed = [
        Difference(address, old.get(address, 0.0), new.get(address, 0.0))
        for address in old.keys() | new.keys()
        if abs(new.get(address, 0.0) - old.get(address, 0.0)) >= 0.005
    ]
    return tuple(sorted(changed, key=lambda one: (-abs(one.after - one.before), one.address)))


def _line(resource: Resource, prices: Prices, scaled: Mapping[str, int]) -> CostLine | Unpriced:
    by_use = BY_USE.get(resource.type)
    if by_use is not None:
        return by_use(resource, prices)
    rule = next((one for one in prices.fixed if one.type == resource.type), None)
    if rule is None:
        return Unpriced(resource.address, f"the table does not know {resource.type}")
    return fixed_line(resource, rule, prices, at_least=scaled.get(resource.type, 1))


def _scaled_to_at_least(resources: Sequence[Resource]) -> dict[str, int]:
    """Instances that autoscale keeps of an App Service plan: the plan has no count of its own then."""
    least = [
        int(one.at("profile.0.capacity.0.minimum") or 1)
        for one in resources
        if one.type == "azurerm_monitor_autoscale_setting"
    ]
    return {"azurerm_service_plan": max(least)} if least else {}


def _plain(region: str) -> str:
    """`East US` and `eastus` are one region."""
    return region.replace(" ", "").lower()


def _sum(amounts: Iterable[float]) -> float:
    return round(sum(amounts), 2)
