"""What a restore has begun, on disk before it is done: whoever comes next goes on with it, or back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from anomalyctl.errors import PreconditionFailed
from anomalyctl.local.disk import make_private_folder, write_json
from anomalyctl.operations.restoring.names import door_of

Phase = Literal["begun", "made", "wired", "switched", "known", "returning", "returned", "finished"]
"""begun: the new account has a name; made: it holds the data; wired: the services may and can reach it;
switched: they read it; known: Terraform has it; returning, returned: the services read the old one again;
finished: only one account is left."""

_ON_THE_WAY: Final = ("begun", "made", "wired", "switched")


@dataclass(frozen=True, slots=True)
class Restore:
    """One restore, as far as it came. Ids are Azure's; times are ISO 8601 in UTC."""

    run: str
    at: str
    source: str
    """Id of the restorable account."""
    old_id: str
    new_id: str
    phase: Phase = "begun"
    attempt: int = 0
    """How many names were taken."""
    old_door: str = ""
    """The private endpoint of the old account; "" where it has none."""
    switched_at: str = ""
    returned_at: str = ""
    addresses: dict[str, str] = field(default_factory=dict)
    """Terraform's addresses of what belongs to the account, with the old one's ids."""

    @property
    def on_the_way(self) -> bool:
        """Whether going on with it is the next step."""
        return self.phase in _ON_THE_WAY

    @property
    def is_half_switched(self) -> bool:
        """Whether the services read, or are about to read, what Terraform does not have in its state."""
        return self.phase in ("switched", "returning") or (self.phase == "wired" and bool(self.switched_at))

    @property
    def new_door(self) -> str:
        """The private endpoint of the new account."""
        return door_of(self.old_door, self.new_name)

    @property
    def old_name(self) -> str:
        """The account that served before."""
        return self.old_id.rpartition("/")[2]

    @property
    def new_name(self) -> str:
        """The account that was restored."""
        return self.new_id.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Journal:
    """The file of one environment; the last restore stays in it."""

    path: Path

    def read(self) -> Restore | None:
        """The last restore, None before the first. Raises PreconditionFailed for a file that is not ours."""
        try:
            return Restore(**json.loads(self.path.read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise PreconditionFailed(
                f"{self.path} cannot be read as a restore.",
                hint="Look at it, and remove it when it is spoilt.",
            ) from None

    def write(self, restore: Restore, phase: Phase | None = None, **changes: Any) -> Restore:
        """Keep how far it came, before the next step is taken."""
        changed: dict[str, Any] = {**changes, "phase": phase} if phase else changes
        now = replace(restore, **changed)
        make_private_folder(self.path.parent)
        write_json(self.path, asdict(now))
        return now
