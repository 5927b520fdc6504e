"""The allow-list of environments: nothing is ever deployed under a name that is not in it."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, field
from typing import Any, Final

from anomalyctl.errors import InvalidInput, PreconditionFailed, UnknownEnvironment
from anomalyctl.project import Project

LOCAL = "local"
_KINDS = ("local", "azure")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SETTINGS: Final = {"kind", "protected", "summary", "subscription_id", "tenant_id", "state"}


@dataclass(frozen=True, slots=True)
class StateSettings:
    """Where an Azure environment's state lives; what is empty is worked out from the subscription."""

    account: str = ""
    resource_group: str = ""
    container: str = "tfstate"
    key: str = "anomaly-detection.tfstate"
    location: str = "eastus"
    sku: str = "Standard_ZRS"
    own_account: bool = False
    """True where the state shares its storage account with no other environment."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One place where the system runs."""

    name: str
    kind: str
    protected: bool
    summary: str
    subscription_id: str = ""
    """The only subscription that it may be deployed to, in lower case; empty where any may be."""
    tenant_id: str = ""
    state: StateSettings = field(default_factory=StateSettings)

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
    if unknown := sorted(set(entry) - _SETTINGS):
        raise InvalidInput(
            f"{where}.{unknown[0]} is no setting that is known.", field=f"{where}.{unknown[0]}"
        )
    return Environment(
        name=name,
        kind=kind,
        protected=protected,
        summary=str(entry.get("summary", "")),
        subscription_id=_identifier(entry, "subscription_id", where),
        tenant_id=_identifier(entry, "tenant_id", where),
        state=_state(entry.get("state", {}), f"{where}.state"),
    )


def _identifier(entry: dict[str, Any], key: str, where: str) -> str:
    value = str(entry.get(key, "")).lower()
    if value and not _UUID.fullmatch(value):
        raise InvalidInput(f"{where}.{key} must be a UUID.", field=f"{where}.{key}")
    return value


_STATE_RULES: Final = {
    "account": (r"[a-z0-9]{3,24}", "3 to 24 lower-case letters and digits"),
    "resource_group": (r"[\w().-]{0,89}[\w()-]", "the name of a resource group"),
    "container": (r"[a-z0-9](-?[a-z0-9]){2,62}", "3 to 63 lower-case letters, digits and single hyphens"),
    "key": (r"[\w./-]{1,200}", "the name of a blob"),
    "sku": (r"Standard_(LRS|ZRS|GRS|GZRS|RAGRS|RAGZRS)", "Standard_ZRS, Standard_LRS or a geo-redundant one"),
    "location": (r"[a-z][a-z0-9]{2,40}", "a region such as norwayeast"),
}


def _state(entry: Any, where: str) -> StateSettings:
    if not isinstance(entry, dict):
        raise InvalidInput(f"{where} must be a table.", field=where)
    for key, value in entry.items():
        if key == "own_account":
            if not isinstance(value, bool):
                raise InvalidInput(
                    f"{where}.own_account must be true or false.", field=f"{where}.own_account"
                )
        elif key not in _STATE_RULES:
            raise InvalidInput(f"{where}.{key} is no setting that is known.", field=f"{where}.{key}")
        elif not isinstance(value, str) or not re.fullmatch(_STATE_RULES[key][0], value):
            raise InvalidInput(f"{where}.{key} must be {_STATE_RULES[key][1]}.", field=f"{where}.{key}")
    return StateSettings(**entry)
