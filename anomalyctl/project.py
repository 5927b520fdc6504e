"""Where the project is, and where everything that we write for it lives."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from anomalyctl.errors import PreconditionFailed

_BUNDLED = Path(__file__).parent / "_bundled"
_MARK = Path("terraform") / "environments"


@dataclass(frozen=True, slots=True)
class Project:
    """The folders that commands work on.

    `root` holds `terraform/` and `services/`; `state` is ours to write (git-ignored).
    `bundled` is true where no checkout was found and the wheel's own copy is used.
    """

    root: Path
    state: Path
    bundled: bool = False

    @property
    def terraform(self) -> Path:
        """The Terraform root module."""
        return self.root / "terraform"

    @property
    def services(self) -> Path:
        """The deployables: detectors, functions, dashboard."""
        return self.root / "services"

    @property
    def local(self) -> Path:
        """Everything of the environment `local`: data, secrets, logs."""
        return self.state / "local"


def find_project(environ: Mapping[str, str] | None = None, start: Path | None = None) -> Project:
    """ANOMALYCTL_PROJECT, else the nearest parent with `terraform/environments/`, else the wheel's copy.

    Raises PreconditionFailed when ANOMALYCTL_PROJECT names a folder that is no project.
    """
    environ = os.environ if environ is None else environ
    named = environ.get("ANOMALYCTL_PROJECT", "")
    if named:
        root = Path(named).expanduser().resolve()
        if not (root / _MARK).is_dir():
            raise PreconditionFailed(
                f"ANOMALYCTL_PROJECT names {root}, which has no {_MARK} folder.",
                hint="Point it at a checkout of anomalyctl, or unset it.",
            )
        return Project(root=root, state=root / ".anomalyctl")
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / _MARK).is_dir():
            return Project(root=folder, state=folder / ".anomalyctl")
    if (_BUNDLED / _MARK).is_dir():
        return Project(root=_BUNDLED, state=_state_home(environ) / _folder_name(_BUNDLED), bundled=True)
    checkout = Path(__file__).resolve().parent.parent
    if (checkout / _MARK).is_dir():  # an editable install, called from elsewhere
        return Project(root=checkout, state=checkout / ".anomalyctl")
    raise PreconditionFailed(
        "No project found: no parent folder holds terraform/environments.",
        hint="Change into a checkout of anomalyctl, or set ANOMALYCTL_PROJECT.",
    )


def _state_home(environ: Mapping[str, str]) -> Path:
    base = environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "anomalyctl"


def _folder_name(root: Path) -> str:
    """Two installations on one machine keep apart."""
    return hashlib.sha256(str(root).encode()).hexdigest()[:12]
