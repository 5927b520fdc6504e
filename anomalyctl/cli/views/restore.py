"""What a restore did, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anomalyctl.operations.restoring.model import RestoredCosmos

_OLD: Final = "verdicts and dead letters older than 90 days go now."


def restored_view(done: RestoredCosmos) -> RenderableType:
    """What serves, what is kept, and the commands that come next."""
    what = {
        "restored": f"{done.environment} reads {escape(done.serving)}, as it was at {done.at}.",
        "went back": f"{done.environment} reads {escape(done.serving)} again.",
        "finished": f"{done.environment} has {escape(done.serving)} alone.",
    }[done.outcome]
    lines: list[RenderableType] = [Text.from_markup(f"[good](✓) Done[/good] {what}")]
    for part in done.parts:
        said = f"[good]{part.said}[/good]" if part.healthy else f"[warning]{escape(part.said)}[/warning]"
        lines.append(Text.from_markup(f"  {part.name}: {said}"))
    if done.kept:
        lines.append(Text(f"Kept, and paid for: {done.kept}"))
    if done.deleted:
        lines.append(Text(f"Deleted: {done.deleted}; Azure can restore it within its backup's days."))
    if done.only_there:
        lines.append(Text(f"{done.only_there}."))
    if done.ttl_on:
        lines.append(Text(f"Documents expire again in {', '.join(done.ttl_on)}: {_OLD}"))
    elif done.outcome == "restored":
        lines.append(Text("Nothing expires in it until --finish: TTL is off."))
    if done.backup:
        lines.append(Text(f"Copy of Terraform's state from before: {done.backup}"))
    lines += [Text(f"Next: {command}", style="hint") for command in done.next_steps]
    return Group(*lines)
