"""The allow-list of environments: nothing is ever deployed under a name that is not in it."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from typing import Any

from anomalyctl.errors import InvalidInput, PreconditionFailed, UnknownEnvironment
from anomalyctl.project import Project

LOCAL = "local"
_KINDS = ("local", "azure")


@dataclass(frozen=True, slots=True)
class Environment:
    """One place where the system runs."""

    name: str
    kind: str
    protected: bool
    summary: str

    @property
    def is_local(self) -> bool:
        """True for the environment that needs no Azure."""
        return self.kind == "local"


def load_environments(project: Project) -> dict[str, Environment]:
    """All environments of the project, by name. Raises PreconditionFailed for an unreadable list."""
    path = project.terraform / "environments" / "environments.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PreconditionFailed(
            f"The list of environments is missing: {path}.", hint="Restore it from version control."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PreconditionFailed(f"{path} cannot be read: {error}.", hint="Mend the file.") from None
    return {name: _environment(name, entry) for name, entry in table.get("environments", {}).items()}


def environment_named(project: Project, name: str) -> Environment:
    """The environment of that name; an unknown one is refused with the nearest name."""
    environments = load_environments(project)
    if name in environments:
        return environments[name]
    near = difflib.get_close_matches(name, environments, n=1, cutoff=0.4)
    hint = f"Did you mean --env {near[0]}?" if near else f"Known: {', '.join(environments)}."
    raise UnknownEnvironment(
        f"There is no environment “{name}”.", hint=hint, details={"known": list(environments)}
    )


def _environment(name: str, entry: Any) -> Environment:
    where = f"environments.{name}"
    if not isinstance(entry, dict):
        raise InvalidInput(f"{where} must be a table.", field=where)
    kind = entry.get("kind")
    if kind not in _KINDS:
        raise InvalidInput(f"{where}.kind must be one of {', '.join(_KINDS)}.", field=f"{where}.kind")
    protected = entry.get("protected", True)  # forgetting the line must not unprotect
    if not isinstance(protected, bool):
        raise InvalidInput(f"{where}.protected must be true or false.", field=f"{where}.protected")
    return Environment(name=name, kind=kind, protected=protected, summary=str(entry.get("summary", "")))
