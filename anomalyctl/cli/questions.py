"""The questions of the commands that run Terraform: shown first, then asked, with the live display out of
the way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from anomalyctl.cli.console import talk
from anomalyctl.cli.invocation import current
from anomalyctl.cli.prompts import confirm, confirm_name

if TYPE_CHECKING:
    from anomalyctl.cli.run_progress import Screen
    from anomalyctl.operations.infrastructure.destroying import DestructionReview
    from anomalyctl.operations.infrastructure.planning import Review
    from anomalyctl.provisioning.locks import HeldLock


def approving(screen: Screen, *, yes: bool) -> Callable[[Review], None]:
    """Shows a plan and asks whether it is to be applied."""

    def approve(review: Review) -> None:
        from anomalyctl.cli.views.plan import question_view

        with screen.pause():
            if not current.quiet or not yes:
                talk().print(question_view(review))
            confirm(f"Apply this to {review.environment}?", yes=yes)

    return approve


def confirming(screen: Screen, *, given: str | None, plan_only: bool) -> Callable[[DestructionReview], None]:
    """Shows a destruction and has the environment's name typed."""

    def ask(review: DestructionReview) -> None:
        from anomalyctl.cli.views.infrastructure import destruction_review_view

        with screen.pause():
            talk().print(destruction_review_view(review))
            if not plan_only:
                name = review.review.environment
                confirm_name(f"This destroys what the plan lists in {name}.", name, given=given)

    return ask


def asking(screen: Screen, *, yes: bool) -> Callable[[str], None]:
    """Asks a question of yes or no."""

    def ask(question: str) -> None:
        with screen.pause():
            confirm(question, yes=yes)

    return ask


def unlocking_question(screen: Screen, *, yes: bool, given: str | None) -> Callable[[HeldLock, str], None]:
    """Shows a lock; a stale one asks for yes, any other for the environment's name."""

    def ask(held: HeldLock, environment: str) -> None:
        from anomalyctl.cli.views.state import lock_view

        with screen.pause():
            talk().print(lock_view(held))
            if held.liveness == "stale" and not held.lock.metadata_missing:
                confirm("Release it?", yes=yes)
            else:
                confirm_name(f"Release a lock that is {held.liveness}?", environment, given=given)

    return ask
