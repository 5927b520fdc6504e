"""What the Terraform commands did, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from anomalyctl.cli.invocation import current
from anomalyctl.cli.run_progress import spoken
from anomalyctl.cli.views.plan import question_view, review_view
from anomalyctl.cli.views.publish import publishing_view

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anomalyctl.operations.infrastructure.applying import Applied
    from anomalyctl.operations.infrastructure.deploying import InfrastructureDeployment
    from anomalyctl.operations.infrastructure.destroying import DestructionReview, InfrastructureDestruction
    from anomalyctl.operations.infrastructure.importing import Imported
    from anomalyctl.operations.infrastructure.initialising import Initialised, Validation
    from anomalyctl.operations.infrastructure.outputs import Output


def applied_view(applied: Applied) -> RenderableType:
    """Outputs, then one line."""
    return Group(
        outputs_table(applied.outputs),
        _done(
            f"{len(applied.resources)} changes applied to {applied.environment} in {spoken(applied.took_s)}."
        ),
    )


def deployment_view(deployed: InfrastructureDeployment) -> RenderableType:
    """What was done, the outputs, the addresses and what comes next."""
    if deployed.outcome == "planned":
        return review_view(deployed.review)
    parts: list[RenderableType] = [outputs_table(deployed.outputs)]
    if deployed.health:
        table = Table("address", "", "", box=None, pad_edge=False)
        for one in deployed.health:
            table.add_row(escape(one.address), one.answer, f"[hint]{escape(one.detail)}[/hint]")
        parts.append(table)
    if deployed.outcome == "unchanged":
        parts.append(_done(f"{deployed.environment} is as the files say; nothing was to be done."))
    elif deployed.applied is not None:
        count = len(deployed.applied.resources)
        parts.append(
            _done(
                f"{deployed.environment} is deployed: {count} changes in {spoken(deployed.applied.took_s)}."
            )
        )
    if deployed.published is not None:
        parts.append(publishing_view(deployed.published))
    elif current.root is None:  # other people's roots have no code of ours
        command = f"anomalyctl publish --env {deployed.environment}"
        parts.append(Text(f"(-) Skipped: the code was not published. Next: {command}", style="hint"))
    return Group(*parts)


def destruction_review_view(review: DestructionReview) -> RenderableType:
    """The destroy plan, what is lost or stays reserved, and what stays."""
    parts: list[RenderableType] = [question_view(review.review)]
    if review.staying:
        parts.append(
            Text(f"{len(review.staying)} resources stay (--include-stateful takes them too):", style="hint")
        )
        parts.append(Text("  " + ", ".join(review.staying), style="hint"))
    return Group(*parts)


def destruction_view(destroyed: InfrastructureDestruction) -> RenderableType:
    """One line, and what is left."""
    if not destroyed.destroyed:
        what = f"{len(destroyed.staying)} resources stay" if destroyed.staying else "it is not deployed"
        return Text(f"Nothing was destroyed in {destroyed.environment}: {what}.")
    count = len(destroyed.applied.resources) if destroyed.applied else 0
    parts: list[RenderableType] = [_done(f"{count} resources of {destroyed.environment} are destroyed.")]
    if destroyed.staying:
        parts.append(Text(f"{len(destroyed.staying)} resources stay: {', '.join(destroyed.staying)}"))
    for address in destroyed.left_over:
        parts.append(Text.from_markup(f"[warning](!) Warning[/warning] still there: {escape(address)}"))
    for one in destroyed.left_in_azure:
        parts.append(
            Text.from_markup(f"[warning](!) Warning[/warning] not in the state, but in Azure: {escape(one)}")
        )
    if destroyed.not_looked_at:
        parts.append(
            Text(f"Only the state was looked at, not Azure: {destroyed.not_looked_at}", style="hint")
        )
    parts += [Text(f"  {sentence}", style="hint") for sentence in destroyed.consequences]
    return Group(*parts)


def outputs_table(outputs: tuple[Output, ...]) -> RenderableType:
    """Names and values."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(2):
        table.add_column(overflow="fold")
    for output in outputs:
        value = output.value if isinstance(output.value, str) else _json(output.value)
        table.add_row(escape(output.name), escape(value))
    return table


def initialised_view(initialised: Initialised) -> RenderableType:
    """One line."""
    return _done(
        f"{initialised.environment}: workspace {initialised.workspace}, backend {initialised.backend}, "
        f"Terraform {initialised.terraform_version}."
    )


def validation_view(validation: Validation) -> RenderableType:
    """Each finding, then the verdict."""
    parts: list[RenderableType] = []
    for one in validation.findings:
        style = "bad" if one.severity == "error" else "warning"
        parts.append(Text.assemble((one.severity, style), f" {one.place} {one.text}"))
    parts.append(
        _done("The configuration is valid.")
        if validation.valid
        else Text.from_markup("[bad](x) Failed[/bad] The configuration is not valid.")
    )
    return Group(*parts)


def imported_view(imported: Imported) -> RenderableType:
    """One line, and the next step."""
    return Group(
        _done(f"{imported.address} is in the state of {imported.environment}."),
        Text(f"Next: anomalyctl plan {current.place(imported.environment)}", style="hint"),
    )


def _done(text: str) -> Text:
    return Text.from_markup(f"[good](✓) Done[/good] {escape(text)}")


def _json(value: object) -> str:
    import orjson

    return orjson.dumps(value).decode()
