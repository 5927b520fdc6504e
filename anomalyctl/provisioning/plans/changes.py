"""What a plan holds, in the words of a review."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a change means for the people who depend on the system; the gravest first."""

    DATA_LOSS = "data loss"
    NETWORK = "network exposure"
    IDENTITY = "identity"
    REPLACE = "replace"
    REMOVE = "remove"
    RESTART = "restart"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """One attribute before and after, as text; a secret's text is never here."""

    path: str
    before: str
    after: str
    forces_replacement: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One resource that the plan changes, or that changed outside of Terraform."""

    address: str
    resource_type: str
    action: str
    """create, update, delete, replace, forget, import, move."""
    verdicts: tuple[Verdict, ...]
    """All that hold, the gravest first; never empty."""
    attributes: tuple[AttributeChange, ...] = ()
    forced_by: tuple[str, ...] = ()
    """The attributes that force a replacement."""
    reason: str = ""
    """Why Terraform wants it, where it is not the configuration alone."""
    consequence: str = ""
    """What stays behind, or is lost, after it."""
    refused_by: tuple[str, ...] = ()
    """Protection flags that are on now: the service would refuse the deletion."""

    @property
    def verdict(self) -> Verdict:
        """The gravest."""
        return self.verdicts[0]


@dataclass(frozen=True, slots=True)
class OutputChange:
    """One output of the root module."""

    name: str
    action: str
    value: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as a person reviews it. Drift is what happened already; changes are what will."""

    changes: tuple[Change, ...]
    drift: tuple[Change, ...]
    outputs: tuple[OutputChange, ...]
    terraform_version: str
    complete: bool = True
    published: tuple[Change, ...] = ()
    """What `publish` changed beside Terraform since the last apply; the plan was given it, so no drift."""

    @property
    def is_empty(self) -> bool:
        """True where applying it would change neither a resource nor an output."""
        return not self.changes and not self.outputs

    @property
    def counts(self) -> dict[str, int]:
        """Actions and how many of each; a replacement is one."""
        return dict(Counter(change.action for change in self.changes))

    @property
    def by_verdict(self) -> dict[Verdict, tuple[Change, ...]]:
        """The changes under their gravest verdict, the gravest first."""
        return {
            verdict: found
            for verdict in Verdict
            if (found := tuple(change for change in self.changes if change.verdict is verdict))
        }

    @property
    def data_loss(self) -> tuple[str, ...]:
        """The addresses whose data would be lost."""
        return tuple(change.address for change in self.changes if change.verdict is Verdict.DATA_LOSS)
