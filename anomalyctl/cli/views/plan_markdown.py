"""A review as Markdown: what a pull request shows of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from anomalyctl.cli.views.markdown import code, plain
from anomalyctl.cli.views.plan import MEANINGS, SIGNS
from anomalyctl.provisioning.plans.changes import Change, Verdict

if TYPE_CHECKING:
    from anomalyctl.errors import AnomalyctlError
    from anomalyctl.operations.infrastructure.planning import Review

MOST_CHARACTERS: Final = 60_000
"""GitHub refuses a comment of more than 65,536."""
_OPEN: Final = frozenset(Verdict) - {Verdict.SAFE}
"""What is shown unfolded."""
_ATTRIBUTES: Final = 6


def review_markdown(review: Review) -> str:
    """The plan under its verdicts, the gravest first; drift apart. At most MOST_CHARACTERS."""
    lines = [f"### Plan for `{code(review.environment)}`", ""]
    if not review.has_changes:
        lines.append(f"Nothing to change: {plain(review.environment)} is as the files say.")
    else:
        counts = ", ".join(f"{count} to {action}" for action, count in review.counts.items())
        lines.append(f"**{counts or 'outputs only'}**")
    if review.data_loss:
        lines += ["", "> **Data would be lost.** An apply refuses it unless each address is allowed by name."]
    for verdict, changes in review.plan.by_verdict.items():
        lines += ["", *_group(verdict, changes)]
    if review.plan.outputs:
        lines += ["", "**Outputs**", ""]
        lines += [f"- `{code(one.name)}` {one.action}" for one in review.plan.outputs]
    if review.plan.drift:
        lines += ["", "**Already changed outside of Terraform (not part of this plan)**", ""]
        lines += [line for change in review.plan.drift for line in _change(change)]
    return _bounded("\n".join(lines) + "\n")


def failure_markdown(environment: str, error: AnomalyctlError) -> str:
    """What stands where the review would, when there could be no plan."""
    lines = [f"### Plan for `{code(environment)}`", "", f"**Not planned.** {plain(error.message)}"]
    if error.hint:
        lines += ["", f"{plain(error.hint)}"]
    return _bounded("\n".join(lines) + "\n")


def _group(verdict: Verdict, changes: tuple[Change, ...]) -> Iterator[str]:
    title = f"{verdict.upper()}: {MEANINGS[verdict]} ({len(changes)})"
    lines = [line for change in changes for line in _change(change)]
    if verdict in _OPEN:
        yield from [f"**{title}**", "", *lines]
    else:
        yield from [f"<details><summary>{title}</summary>", "", *lines, "", "</details>"]


def _change(change: Change) -> Iterator[str]:
    also = "".join(f", {one}" for one in change.verdicts[1:] if one is not Verdict.SAFE)
    yield f"- `{SIGNS.get(change.action, ' ')} {code(change.address)}` {change.action}{also}"
    if change.forced_by:
        yield f"  - forced by {', '.join(f'`{code(one)}`' for one in change.forced_by)}"
    if change.consequence:
        yield f"  - {plain(change.consequence)}"
    shown = sorted(change.attributes, key=lambda one: not one.forces_replacement)[:_ATTRIBUTES]
    if change.verdict is not Verdict.SAFE:
        for one in shown:
            yield f"  - `{code(one.path)}`: `{code(one.before)}` → `{code(one.after)}`"


def _bounded(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    end = "\n\nThe rest did not fit: run `anomalyctl plan` for all of it.\n"
    close = "\n\n</details>"
    kept = text[: MOST_CHARACTERS - len(close) - len(end)].rpartition("\n")[0]
    return kept + close * (kept.count("<details>") - kept.count("</details>")) + end
