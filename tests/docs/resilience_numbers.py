"""The table of docs/resilience.md, from the policies themselves.

`python -m tests.docs.resilience_numbers` writes it; a test fails where it is out of date.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from anomalyctl.azure.transfer import UPLOADS
from anomalyctl.resilience.policies import POLICIES, Policy
from anomalyctl.resilience.settings import variable_of

DOCUMENT = Path(__file__).parents[2] / "docs" / "resilience.md"
_BEGIN, _END = "<!-- policies -->\n", "<!-- /policies -->"
_HEAD = "| kind: variables | a try | tries, pauses | too many requests | in all | breaker | places, waiting |"


def with_numbers(document: str) -> str:
    """The document with its table written anew."""
    table = "\n".join([_HEAD, "|---|---|---|---|---|---|---|", *rows()])
    begin, end = document.index(_BEGIN) + len(_BEGIN), document.index(_END)
    return f"{document[:begin]}{table}\n{document[end:]}"


def rows() -> Iterator[str]:
    """One for each kind of call."""
    for policy in (*POLICIES.values(), UPLOADS):
        yield (
            f"| {policy.name}: `{variable_of(policy, '…')}` | {policy.timeout_s:g} "
            f"| {policy.attempts}, {policy.wait_min_s:g} to {policy.wait_max_s:g} "
            f"| {policy.rate_limit_attempts}, {policy.rate_limit_wait_min_s:g} "
            f"to {policy.rate_limit_wait_max_s:g} "
            f"| {_total(policy)} | {policy.breaker_failures} failures, {policy.breaker_rest_s:g} "
            f"| {policy.concurrent}, {policy.queued}; behind {policy.background_concurrent}, "
            f"{policy.background_queued} |"
        )


def _total(policy: Policy) -> str:
    return "unbounded" if policy.total_s == float("inf") else f"{policy.total_s:g}"


if __name__ == "__main__":
    DOCUMENT.write_text(with_numbers(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
