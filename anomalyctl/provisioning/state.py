"""The state as `terraform state pull` gives it: which resources there are and what depends on what."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from anomalyctl.errors import PreconditionFailed
from anomalyctl.provisioning.plans.verdicts import holds_data

_VERSION: Final = 4


@dataclass(frozen=True, slots=True)
class StateResource:
    """One resource of the configuration, with all its instances."""

    address: str
    """Of the resource, without an instance's key."""
    resource_type: str
    instances: tuple[str, ...]
    """Their addresses."""
    depends_on: frozenset[str]
    """Addresses of resources, those further away too."""
    tainted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """A state's managed resources, and where it stands."""

    serial: int
    lineage: str
    resources: tuple[StateResource, ...]

    @property
    def addresses(self) -> tuple[str, ...]:
        """Of every instance."""
        return tuple(address for resource in self.resources for address in resource.instances)

    @property
    def is_empty(self) -> bool:
        """True where nothing is deployed."""
        return not self.resources


def read_state(text: bytes) -> State:
    """The state of a `state pull`; nothing at all is an empty one. Raises PreconditionFailed for another
    version.
    """
    import orjson

    if not text.strip():
        return State(0, "", ())
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise PreconditionFailed(
            f"The state cannot be read: {error}.", hint="See: anomalyctl state backup"
        ) from None
    if body.get("version") != _VERSION:
        raise PreconditionFailed(f"The state has version {body.get('version')}; {_VERSION} is known.")
    return State(
        serial=int(body.get("serial", 0)),
        lineage=str(body.get("lineage", "")),
        resources=tuple(_resources(body.get("resources", ()))),
    )


def ids_in_state(text: bytes, resource_type: str = "") -> frozenset[str]:
    """The ids of the managed resources in a state as it was pulled, in lower case; of one type, or of all."""
    return frozenset(found for _, kind, found in _identified(text) if found and resource_type in ("", kind))


def ids_of(text: bytes, addresses: Collection[str]) -> frozenset[str]:
    """The ids of these instances in a state as it was pulled, in lower case."""
    return frozenset(found for address, _, found in _identified(text) if found and address in addresses)


def kept_with(state: State, protected: Collection[str]) -> frozenset[str]:
    """The resources that stay when stateful ones stay: themselves, and what they depend on.

    Stateful is what the configuration protects (`prevent_destroy`) and what loses data when it is destroyed.
    """
    stateful = [
        resource
        for resource in state.resources
        if _plain(resource.address) in protected or holds_data(resource.resource_type)
    ]
    return frozenset(address for resource in stateful for address in (resource.address, *resource.depends_on))


def _resources(entries: Any) -> Iterator[StateResource]:
    for entry in entries:
        if entry.get("mode") != "managed":
            continue
        address = ".".join(filter(None, (entry.get("module", ""), entry["type"], entry["name"])))
        instances = entry.get("instances", ())
        if not instances:
            continue
        yield StateResource(
            address=address,
            resource_type=str(entry["type"]),
            instances=tuple(_instance(address, instance) for instance in instances),
            depends_on=frozenset(
                str(other)
                for instance in instances
                for other in instance.get("dependencies", ())
                if not _is_data(str(other))
            ),
            tainted=tuple(
                _instance(address, instance) for instance in instances if instance.get("status") == "tainted"
            ),
        )


def _identified(text: bytes) -> Iterator[tuple[str, str, str]]:
    """Address, type and id of every managed instance; no id where it has none."""
    import orjson

    body = orjson.loads(text) if text.strip() else {}
    for entry in body.get("resources", ()):
        if entry.get("mode") != "managed":
            continue
        address = ".".join(filter(None, (entry.get("module", ""), entry["type"], entry["name"])))
        for instance in entry.get("instances", ()):
            found = (instance.get("attributes") or {}).get("id")
            yield _instance(address, instance), entry["type"], found.lower() if isinstance(found, str) else ""


def _instance(address: str, instance: Any) -> str:
    key = instance.get("index_key")
    if key is None:
        return address
    return f"{address}[{key}]" if isinstance(key, int) else f'{address}["{key}"]'


def _is_data(address: str) -> bool:
    return address.startswith("data.") or ".data." in address


def _plain(address: str) -> str:
    """Without its modules: the configuration's own file says no more."""
    return ".".join(address.split(".")[-2:])
