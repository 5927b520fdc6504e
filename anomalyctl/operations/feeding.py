"""What every command that writes readings respects: the environment's protection, and what Redis may do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from anomalyctl.environments import Environment
from anomalyctl.errors import InvalidInput, Protected
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import CACHE
from anomalyctl.resilience.settings import in_force

if TYPE_CHECKING:
    from anomalyctl.stores.readings import Origin, ReadingStore


def check_protection(environment: Environment, confirm: str | None) -> None:
    """Raises Protected for a protected environment that was not confirmed by its own name."""
    if confirm is not None and confirm != environment.name:
        raise InvalidInput(
            f"--confirm names {confirm}, and the environment is {environment.name}.",
            field="confirm",
            hint="Nothing was sent. Name the environment that you mean in both places.",
        )
    if environment.protected and confirm is None:
        raise Protected(
            f"{environment.name} is protected: readings of ours would mix with those of the wells.",
            hint=f"Nothing was sent. Pass --confirm {environment.name} if you mean it.",
        )


class Sender:
    """Appends readings of one source and counts them; what may heal is tried again for some 15 s."""

    def __init__(
        self, store: ReadingStore, source: str, origin: Origin, *, sleep: Callable[[float], None]
    ) -> None:
        self.sent = 0
        self._source, self._origin = source, origin
        self._store = store.guarded_by(Guard(in_force(CACHE), sleep=sleep))

    def send(self, payloads: Sequence[tuple[int, bytes]]) -> None:
        """Queue the payloads, with their own times in ms. Raises Transient when Redis does not recover."""
        if payloads:
            # Sending a reading again is harmless: it counts as a repeat.
            self._store.append(self._source, payloads, origin=self._origin)
            self.sent += len(payloads)
