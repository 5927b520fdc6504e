"""From what Terraform wrote to an error of ours: the rules of rules.toml, applied. The original text
stays.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from anomalyctl.errors import (
    AnomalyctlError,
    InvalidInput,
    Locked,
    PreconditionFailed,
    Protected,
    SignInFailed,
    TimedOut,
    Transient,
)
from anomalyctl.provisioning.events import Diagnostic

_RULES: Final = Path(__file__).with_name("rules.toml")
_CLASSES: Final[dict[str, type[AnomalyctlError]]] = {
    "failed": AnomalyctlError,
    "sign_in": SignInFailed,
    "locked": Locked,
    "precondition": PreconditionFailed,
    "protected": Protected,
    "transient": Transient,
    "timed_out": TimedOut,
    "invalid": InvalidInput,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One known failure."""

    id: str
    patterns: tuple[re.Pattern[str], ...]
    says: str
    next: str
    link: str
    exit: str
    retries: int = 0
    wait_s: float = 0.0

    def matches(self, text: str) -> bool:
        """Say whether the text is of this kind."""
        return any(pattern.search(text) for pattern in self.patterns)


@cache
def rules() -> tuple[Rule, ...]:
    """The rules, in the order of the file."""
    table = tomllib.loads(_RULES.read_text(encoding="utf-8"))
    return tuple(_rule(entry) for entry in table["rule"])


def rule_for(text: str) -> Rule | None:
    """The first rule that knows a text."""
    folded = re.sub(r"\s+", " ", text)  # Terraform breaks lines where its terminal ends
    return next((rule for rule in rules() if rule.matches(folded)), None)


def failure(
    command: str, diagnostics: Sequence[Diagnostic], *, environment: str, exit_code: int = 1
) -> AnomalyctlError:
    """The error for a Terraform that failed. `details` has the original text, the rule's id and link."""
    errors = [one for one in diagnostics if one.severity == "error"]
    for one in errors:
        if (rule := rule_for(one.text)) is not None:
            address = one.address or "a resource"
            return _CLASSES[rule.exit](
                rule.says.format(address=address, env=environment),
                hint=rule.next.format(address=address, env=environment),
                details={"rule": rule.id, "link": rule.link, "original": [_told(each) for each in errors]},
            )
    if not errors:
        how = f"was ended by signal {-exit_code}" if exit_code < 0 else f"ended with {exit_code}"
        return AnomalyctlError(
            f"`terraform {command}` {how} and said nothing.", hint="See: anomalyctl runs show @latest"
        )
    first, more = errors[0], len(errors) - 1
    where = f" ({first.address or first.place})" if first.address or first.place else ""
    return AnomalyctlError(
        f"{first.summary.rstrip('.')}{where}{f', and {more} more' if more else ''}.",
        hint="The original text says more; see also: anomalyctl runs show @latest",
        details={"original": [_told(each) for each in errors]},
    )


def retry_of(error: AnomalyctlError) -> tuple[int, float]:
    """How often a fresh plan may follow this failure, and the wait before it in seconds."""
    found = next((rule for rule in rules() if rule.id == error.details.get("rule")), None)
    return (found.retries, found.wait_s) if found else (0, 0.0)


def _told(one: Diagnostic) -> str:
    head = " ".join(filter(None, (one.address, one.place)))
    return "\n".join(filter(None, (f"{one.summary}{f' [{head}]' if head else ''}", one.detail)))


def _rule(entry: dict[str, Any]) -> Rule:
    retry = entry.get("retry", {})
    return Rule(
        id=entry["id"],
        patterns=tuple(re.compile(text, re.IGNORECASE) for text in entry["match"]),
        says=entry["says"],
        next=entry["next"],
        link=entry["link"],
        exit=entry["exit"],
        retries=int(retry.get("times", 0)),
        wait_s=float(retry.get("wait_s", 0.0)),
    )
