"""What a rollout has begun, on disk before it is done: whoever comes next knows how to end it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Literal

from anomalyctl.errors import PreconditionFailed
from anomalyctl.local.disk import make_private_folder, write_json
from anomalyctl.operations.progress import Progress

Phase = Literal["begun", "ready", "split", "good", "done", "returned"]
"""begun: nothing is changed for users; ready: the new revision is up; split: it takes its share; good: it
takes all; done: it is what Terraform knows; returned: the old image is back."""

_UNFINISHED: Final = ("begun", "ready", "split", "good")


@dataclass(frozen=True, slots=True)
class Rollout:
    """One rollout, as far as it came."""

    run: str
    app_id: str
    old_revision: str
    old_image: str
    new_image: str
    canary: int
    phase: Phase = "begun"
    new_revision: str = ""

    @property
    def unfinished(self) -> bool:
        """Whether the app may still be divided."""
        return self.phase in _UNFINISHED


@dataclass(frozen=True, slots=True)
class Journal:
    """The file of one environment; the last rollout stays in it."""

    path: Path

    def read(self) -> Rollout | None:
        """The last rollout, None before the first. Raises PreconditionFailed for a file that is not ours."""
        try:
            return Rollout(**json.loads(self.path.read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise PreconditionFailed(
                f"{self.path} cannot be read as a rollout.",
                hint="Look at it, and remove it when it is spoilt.",
            ) from None

    def write(self, rollout: Rollout, phase: Phase | None = None, **changes: str) -> Rollout:
        """Keep how far it came, before the next step is taken."""
        now = replace(rollout, **changes, **({"phase": phase} if phase else {}))  # type: ignore[arg-type]
        make_private_folder(self.path.parent)
        write_json(self.path, asdict(now))
        return now


def note_end(
    journal: Journal, rollout: Rollout, phase: Phase, keep_tag: Callable[[str], None], progress: Progress
) -> Rollout:
    """Note what serves now, for Terraform's next plan and for whoever comes next.

    The traffic is whole by then: a disk that takes no note is told, and undoes nothing.
    """
    image = rollout.new_image if phase == "done" else rollout.old_image
    try:
        keep_tag(tag_of(image))
        return journal.write(rollout, phase)
    except PreconditionFailed as error:
        progress.warn(
            f"{image} serves, and that could not be noted: {error.message} The next plan finds the image in "
            "Azure; where a command says that a rollout is not ended, run this one again once there is room"
        )
        return replace(rollout, phase=phase)


def tag_of(image: str) -> str:
    """The tag of an image's full name; empty where it has none."""
    name, _, tag = image.rpartition(":")
    return tag if name and "/" not in tag else ""
