"""Where a drill takes place, alone, and how that goes away again, whatever happens to the drill."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from anomalyctl.errors import Locked
from anomalyctl.local.disk import make_private_folder
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.surroundings import ask_loopback_directly
from anomalyctl.operations.destroy import destroy_local
from anomalyctl.operations.drills.guarding import guarded
from anomalyctl.operations.drills.plant import DrillPlant
from anomalyctl.operations.infrastructure.room import room_in
from anomalyctl.operations.progress import Progress
from anomalyctl.project import Project
from anomalyctl.provisioning.exclusive import alone


@contextmanager
def drill_plant(project: Project, name: str, progress: Progress) -> Iterator[DrillPlant]:
    """A plant in a project folder of its own, taken down and deleted afterwards, whatever happened.

    What drills left behind that were killed together with their guards is taken away first. Raises Locked
    while the same drill is going on, PreconditionFailed where the disk is full.
    """
    ask_loopback_directly(os.environ)
    drills = project.state / "drills"
    with room_in(drills), claimed(drills / name):
        _clear_what_was_left(drills, name, progress)
        home = drills / name
        make_private_folder(home)
        for folder in (project.terraform, project.services):
            (home / folder.name).symlink_to(folder.resolve())
        with guarded(home, drills / f"{name}.log"):
            plant = DrillPlant(home, progress)
            try:
                plant.bring_up()
                yield plant
            finally:
                progress.step("Taking the drill's environment away")
                clear(home)


@contextmanager
def claimed(home: Path) -> Iterator[None]:
    """Nobody else is at this drill meanwhile. Raises Locked."""
    with alone(home.with_name(f"{home.name}.in-use"), environment=f"the drill {home.name}", command="drill"):
        yield


def clear(home: Path) -> None:
    """Take a drill's environment away, whatever is left of it. Raises what `destroy_local` raises."""
    destroy_local(LocalFolder(home / ".anomalyctl" / "local"), keep_data=False)
    shutil.rmtree(home, ignore_errors=True)


def _clear_what_was_left(drills: Path, mine: str, progress: Progress) -> None:
    """Of drills that were killed together with their guards: by a power cut, say."""
    for home in sorted(one for one in drills.iterdir() if one.is_dir()):
        told = f"Taking away what the drill {home.name} left behind"
        if home.name == mine:
            progress.step(told)
            clear(home)
            continue
        with suppress(Locked), claimed(home):  # one that is going on is left alone
            progress.step(told)
            clear(home)
