"""The table of prices: read, checked, and asked."""

from __future__ import annotations

import datetime
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from anomalyctl.errors import InvalidInput

BUILT_IN: Final = Path(__file__).with_name("prices.toml")
_OLD_AFTER_DAYS: Final = 365


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Amount = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]


class Usage(_Table):
    """What the system is assumed to do in a day, where use is what is paid for."""

    sources: int = Field(ge=1)
    interval_s: float = Field(gt=0)
    request_units_a_reading: float = Field(ge=0)
    stored_kilobytes_a_reading: float = Field(ge=0)
    retention_days: int = Field(ge=1)
    logged_kilobytes_a_reading: float = Field(ge=0)
    logged_gigabytes_a_month: float = Field(ge=0)
    busy_share: float = Field(ge=0, le=1)
    contexts_a_day: float = Field(ge=0)
    tokens_in_a_context: float = Field(ge=0)
    tokens_out_a_context: float = Field(ge=0)
    outbound_gigabytes: float = Field(ge=0)

    @property
    def readings_a_day(self) -> float:
        """Of all sources together."""
        return self.sources * 86_400 / self.interval_s


class FixedPrice(_Table):
    """What a resource costs as long as it exists: one price, or one by the values of attributes."""

    type: str
    what: str
    per: str = Field(pattern="^(hour|day|month)$")
    by: tuple[str, ...] = ()
    times: str | None = None
    """An attribute that counts instances."""
    double: str | None = None
    """An attribute that, when true, means a second node."""
    price: float | None = Field(default=None, ge=0)
    prices: dict[str, Amount] = {}

    @model_validator(mode="after")
    def _has_a_price(self) -> FixedPrice:
        if (self.price is None) == (not self.prices):
            raise ValueError("give either `price` or `prices`")
        return self


class ContainerApps(_Table):
    """The consumption plan, by the second of one core and one gigabyte."""

    busy_cpu_second: Amount
    idle_cpu_second: Amount
    gigabyte_second: Amount
    free_cpu_seconds: Amount
    free_gigabyte_seconds: Amount


class FlexFunctions(_Table):
    """The flex consumption plan: memory while a function runs, and each run."""

    gigabyte_second: Amount
    ready_gigabyte_second: Amount
    """An instance that is always ready, running or not…"""
    ready_running_gigabyte_second: Amount
    """…and what comes on top while it runs."""
    free_gigabyte_seconds: Amount
    million_executions: Amount
    free_executions: Amount
    executions_a_day: Amount
    seconds_an_execution: Amount


class CosmosDB(_Table):
    """Serverless: request units and gigabytes."""

    million_request_units: Amount
    gigabyte_month: Amount
    zone_redundant_factor: Amount
    backup_gigabyte_month: dict[str, Amount]


class LogAnalytics(_Table):
    """Paid by the gigabyte taken in, and kept longer than is free."""

    gigabyte: Amount
    free_gigabytes: Amount
    retention_gigabyte_month: Amount
    free_retention_days: int = Field(ge=0)


class Storage(_Table):
    """Blobs, by how they are replicated."""

    gigabytes: Amount
    gigabyte_month: dict[str, Amount]


class Tokens(_Table):
    """A million tokens, coming in and going out."""

    into: Amount = Field(alias="in")
    out: Amount


class OpenAI(_Table):
    """By model."""

    million_tokens: dict[str, Tokens]


class Nat(_Table):
    """Data through the gateway."""

    gigabyte: Amount


class Free(_Table):
    """Types that cost nothing, or are counted with another."""

    types: frozenset[str]


class Prices(_Table):
    """The whole table."""

    date: datetime.date
    currency: str = Field(min_length=1)
    region: str
    hours: float = Field(gt=0)
    usage: Usage
    reservation: dict[str, Share] = {}
    """Of the price, what a year's commitment saves."""
    fixed: tuple[FixedPrice, ...]
    container_apps: ContainerApps
    flex_functions: FlexFunctions
    cosmos_db: CosmosDB
    log_analytics: LogAnalytics
    storage: Storage
    openai: OpenAI
    nat: Nat
    free: Free

    def is_old(self, today: datetime.date) -> bool:
        """Say whether the table was written more than a year ago."""
        return (today - self.date).days > _OLD_AFTER_DAYS


@dataclass(frozen=True, slots=True)
class Change:
    """An assumption about use that the operator makes instead of the table's."""

    sources: int | None = None
    interval_s: float | None = None

    def over(self, prices: Prices) -> Prices:
        """The table under these assumptions."""
        given = {"sources": self.sources, "interval_s": self.interval_s}
        usage = prices.usage.model_copy(update={name: value for name, value in given.items() if value})
        return prices.model_copy(update={"usage": usage})


def read_prices(path: Path | None = None) -> Prices:
    """The project's table, or the operator's own. Raises InvalidInput with the field named."""
    chosen = path or BUILT_IN
    try:
        document: dict[str, Any] = tomllib.loads(chosen.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"{chosen} cannot be read: {error.strerror}.", field="--prices") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{chosen} is no TOML: {error}.", field="--prices") from None
    try:
        return Prices.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(
            f"{chosen}: {where or 'the table'}: {first['msg'].lower()}.",
            field=where or "--prices",
            hint="Take the project's own anomalyctl/operations/cost/prices.toml as the pattern.",
        ) from None
