"""What a restore tells: where it stands, what serves, what is kept, and what is left to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["restored", "went back", "finished"]


@dataclass(frozen=True, slots=True)
class PartAfter:
    """A service after the switch. `healthy` is None where there is no way in from here to ask."""

    name: str
    healthy: bool | None
    said: str


@dataclass(frozen=True, slots=True)
class RestoredCosmos:
    """One step of a restore that ended well."""

    environment: str
    run: str
    outcome: Outcome
    at: str
    """To which second, ISO 8601 in UTC."""
    serving: str
    """The account that the services read and write."""
    kept: str = ""
    """The other one, which still stands and costs; "" where it was deleted."""
    deleted: str = ""
    only_there: str = ""
    """What the kept or deleted account alone holds, in a sentence; "" where nothing."""
    parts: tuple[PartAfter, ...] = ()
    ttl_on: tuple[str, ...] = ()
    """Containers whose documents expire again."""
    backup: str = ""
    """The copy of Terraform's state from before."""
    next_steps: tuple[str, ...] = ()
    """Commands of ours."""
