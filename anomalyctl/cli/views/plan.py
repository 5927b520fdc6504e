"""A plan for review: what it means first, and drift apart from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from anomalyctl.cli.invocation import current
from anomalyctl.provisioning.plans.changes import Change, Plan, Verdict

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anomalyctl.operations.infrastructure.drift import Drift
    from anomalyctl.operations.infrastructure.planning import Review

_STYLES: Final = {
    Verdict.DATA_LOSS: "severity.critical",
    Verdict.NETWORK: "severity.high",
    Verdict.IDENTITY: "severity.high",
    Verdict.REPLACE: "severity.medium",
    Verdict.REMOVE: "severity.medium",
    Verdict.RESTART: "severity.medium",
    Verdict.SAFE: "severity.low",
}
MEANINGS: Final = {
    Verdict.DATA_LOSS: "data is lost",
    Verdict.NETWORK: "who can reach it changes",
    Verdict.IDENTITY: "who may do what changes",
    Verdict.REPLACE: "destroyed and made anew",
    Verdict.REMOVE: "destroyed; it holds no data",
    Verdict.RESTART: "changed in place, and started again",
    Verdict.SAFE: "changed in place, or new",
}
SIGNS: Final = {
    "create": "+",
    "update": "~",
    "delete": "-",
    "replace": "±",
    "import": "←",
    "move": "→",
    "forget": "×",
}
_ATTRIBUTES: Final = 6


def review_view(review: Review) -> RenderableType:
    """The plan, where it is kept, and the next step."""
    parts: list[RenderableType] = [plan_view(review.plan)]
    if not review.has_changes:
        parts.append(Text.from_markup(f"[good](✓) Done[/good] {review.environment} is as the files say."))
        return Group(*parts)
    counts = (
        ", ".join(f"{count} to {action}" for action, count in review.plan.counts.items()) or "outputs only"
    )
    parts.append(Text(f"Plan {review.plan_id} for {_where(review)}: {counts}."))
    if review.kind != "refresh-only":
        parts.append(
            Text(f"Next: anomalyctl {_next(review)} {current.place(review.environment)}", style="hint")
        )
    return Group(*parts)


def _next(review: Review) -> str:
    return f"destroy --plan {review.plan_id}" if review.kind == "destroy" else f"apply {review.plan_id}"


def question_view(review: Review) -> RenderableType:
    """The plan as it is shown before a question."""
    return Group(plan_view(review.plan), Text(f"For {_where(review)}."))


def plan_view(plan: Plan) -> RenderableType:
    """Changes under their gravest verdict, then outputs, then drift in a table of its own."""
    parts: list[RenderableType] = []
    for verdict, changes in plan.by_verdict.items():
        title = Text.assemble((f" {verdict.upper()} ", _STYLES[verdict]), f" {MEANINGS[verdict]}")
        parts += [title, _table(changes)]
    if plan.outputs:
        outputs = Table("output", "", "becomes", box=None, pad_edge=False)
        for one in plan.outputs:
            outputs.add_row(escape(one.name), one.action, escape(one.value))
        parts.append(outputs)
    if plan.drift:
        parts += [
            Text("Already changed outside of Terraform (not part of this plan):", style="warning"),
            _table(plan.drift),
        ]
    return Group(*parts) if parts else Text("No changes.")


def drift_view(drift: Drift) -> RenderableType:
    """What is no longer as the last apply left it."""
    if not drift.drifted:
        return Text.from_markup(f"[good](✓) Done[/good] {drift.environment} is as the last apply left it.")
    return Group(
        Text(f"Changed outside of Terraform since the last apply to {drift.environment}:", style="warning"),
        _table(drift.resources),
        Text(
            f"Next: anomalyctl plan {current.place(drift.environment)} shows what an apply would set back.",
            style="hint",
        ),
    )


def _table(changes: tuple[Change, ...]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(width=2)
    table.add_column(overflow="fold")
    for change in changes:
        also = [verdict for verdict in change.verdicts[1:] if verdict is not Verdict.SAFE]
        head = f"{escape(change.address)} [hint]{change.action}{''.join(f', {one}' for one in also)}[/hint]"
        table.add_row(SIGNS.get(change.action, " "), head)
        for line in _lines(change):
            table.add_row("", line)
    return table


def _lines(change: Change) -> list[str]:
    lines = []
    if change.forced_by:
        lines.append(f"  forced by [bold]{escape(', '.join(change.forced_by))}[/bold]")
    if change.reason:
        lines.append(f"  because {escape(change.reason)}")
    if change.consequence:
        lines.append(f"  [warning]{escape(change.consequence)}[/warning]")
    shown = sorted(change.attributes, key=lambda one: not one.forces_replacement)[:_ATTRIBUTES]
    for one in shown:
        lines.append(f"  [hint]{escape(one.path)}: {escape(one.before)} → {escape(one.after)}[/hint]")
    if len(change.attributes) > len(shown):
        lines.append(f"  [hint]and {len(change.attributes) - len(shown)} more attributes[/hint]")
    return lines


def _where(review: Review) -> str:
    place = review.environment
    if review.workspace != review.environment:
        place += f", workspace {review.workspace}"
    return f"{place}, subscription {review.subscription_id}" if review.subscription_id else place
