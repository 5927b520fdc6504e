"""Values that Azure would have computed: well-formed, told from a resource's attributes, always the same."""

from __future__ import annotations

import hashlib
import tomllib
import uuid
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.azurerm.schema import Block, attributes, elements, nested
from tests.support.azurerm.values import UNKNOWN

TENANT = "72f988bf-0000-4000-8000-2d7cd011db47"
_NAMESPACE = uuid.UUID("b7a3c4de-5f60-4718-92a3-b4c5d6e7f809")
_GUIDS = (
    "principal_id",
    "client_id",
    "object_id",
    "app_id",
    "_guid",
    "unique_id",
    "workspace_id",
    "app_role_id",
)
_SECRETS = ("_key", "_connection_string", "_password", "_token", "_secret", "_verification_id")


def fill(
    type_name: str,
    block: Block,
    state: dict[str, Any],
    subscription: str,
    given: dict[str, dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Give every computed attribute that is unknown or null a value; the rest stays as it is.

    `given` goes before what is known of each type, in the same form.
    """
    facts = knowledge().get(type_name, {}) | (given or {}).get(type_name, {})
    answers = _Answers(type_name, state, subscription, facts)
    filled = dict(state)
    identity = filled.get("id")
    if identity is None or identity is UNKNOWN:
        answers.known["id"] = answers.tell(
            facts.get("id", "{group}/providers/Microsoft.Unknown/{type}/{name}")
        )
    return _fill_block(block, filled, answers, "")


@cache
def knowledge() -> dict[str, dict[str, Any]]:
    """What is known of each type, from knowledge.toml."""
    return tomllib.loads(Path(__file__).with_name("knowledge.toml").read_text())


def guid(*parts: str) -> str:
    """A GUID that these parts always give."""
    return str(uuid.uuid5(_NAMESPACE, "|".join(parts)))


def short_hash(*parts: str) -> str:
    """Thirty-two hex digits that these parts always give."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


class _Answers:
    """Looks a value up: the type's own facts first, then what an attribute's name suggests."""

    def __init__(
        self, type_name: str, state: dict[str, Any], subscription: str, facts: dict[str, Any]
    ) -> None:
        self._type = type_name
        self._facts = facts
        self.known = {key: value for key, value in state.items() if value not in (None, UNKNOWN)}
        seed = [self._type] + [
            str(self.known[key]) for key in sorted(self.known) if isinstance(self.known[key], str)
        ]
        self.known |= {
            "type": type_name,
            "subscription": subscription,
            "tenant": TENANT,
            "guid": guid(*seed),
            "hash": short_hash(*seed),
        }
        group = self.known.get("resource_group_name", "rg-unnamed")
        self.known["group"] = f"/subscriptions/{subscription}/resourceGroups/{group}"
        self.known.setdefault("name", self.known["guid"])

    def tell(self, template: Any) -> Any:
        """Fill a template of knowledge.toml; what it names may have a template of its own."""
        if isinstance(template, list):
            return [self.tell(item) for item in template]
        return template.format_map(_Known(self)) if isinstance(template, str) else template

    def named(self, name: str) -> Any:
        """The value of an attribute of this resource, given or invented."""
        if name in self.known:
            return self.known[name]
        self.known[name] = ""  # two templates may name each other: the one asked second goes without
        if name in self._facts:
            self.known[name] = self.tell(self._facts[name])
        return self.known[name]

    def invent(self, path: str, attribute: dict[str, Any]) -> Any:
        """A value of the attribute's type."""
        if path == "id":
            return self.known["id"]
        if path in self._facts:
            return self.named(path) if "." not in path else self.tell(self._facts[path])
        return self._of_type(path, attribute["type"], given=bool(attribute.get("optional")))

    def _of_type(self, path: str, kind: Any, *, given: bool) -> Any:
        if kind == "bool":
            return False
        if kind == "number":
            return 443 if path.endswith("port") else 0
        if kind == "string":
            return self._string(path, given=given)
        if kind[0] == "map":
            return {}
        if kind[0] == "object":
            return {key: self._of_type(f"{path}.{key}", item, given=given) for key, item in kind[1].items()}
        # What users could have set and did not is empty; what Azure alone tells has one element.
        return [] if given else [self._of_type(path, kind[1], given=given)]

    def _string(self, path: str, *, given: bool) -> str:
        name = path.rpartition(".")[2]
        own = str(self.known["id"])
        if name == "tenant_id":
            return TENANT
        if name.endswith(_GUIDS):
            return guid(own, path)
        if given:
            return ""
        if "ip_address" in name:
            return f"20.50.{int(short_hash(own, path)[:2], 16)}.{int(short_hash(own, path)[2:4], 16)}"
        if name.endswith(_SECRETS):
            return short_hash(own, path)
        if name == "id" or name.endswith("_id"):
            return f"{own}/{name.removesuffix('_id')}/{short_hash(own, path)[:8]}"
        if name.endswith(("endpoint", "uri", "url")):
            return f"https://{self.known['name']}.{name.replace('_', '-')}.example.net/"
        if name.endswith(("host", "hostname", "host_name", "fqdn")):
            return f"{self.known['name']}.{name.replace('_', '-')}.example.net"
        return f"{name.replace('_', '-')}-{short_hash(own, path)[:8]}"


class _Known(dict[str, "_Part"]):
    """What a template's names stand for."""

    def __init__(self, answers: _Answers) -> None:
        super().__init__()
        self._answers = answers

    def __missing__(self, name: str) -> _Part:
        return _Part(self._answers.named(name))


class _Part(str):
    """A value with the shortenings that templates may ask for."""

    def __format__(self, spec: str) -> str:
        if spec == "last":
            return self.rstrip("/").rpartition("/")[2]
        if spec == "group":
            return "/".join(self.split("/")[:5])
        if spec == "region":
            return self.lower().replace(" ", "")
        if spec == "short":
            return self[:8]
        if spec == "guid":
            return guid("role", self)
        if spec == "domain":
            return f"{short_hash(self)[:8]}.azurecontainerapps.io"
        return str(self)


def _fill_block(block: Block, state: dict[str, Any], answers: _Answers, prefix: str) -> dict[str, Any]:
    filled = dict(state)
    for name, attribute in attributes(block).items():
        value = state.get(name)
        if attribute.get("write_only"):
            filled[name] = None
        elif value is UNKNOWN or (value is None and attribute.get("computed")):
            filled[name] = answers.invent(prefix + name, attribute)
        elif isinstance(value, list | dict):
            filled[name] = _without_unknown(value)
    for name, kind in nested(block).items():
        value = state.get(name)
        if value is UNKNOWN:
            filled[name] = [] if kind["nesting_mode"] in ("list", "set") else None
        elif isinstance(value, dict):
            filled[name] = _fill_block(kind["block"], value, answers, f"{prefix}{name}.")
        elif isinstance(value, list):
            filled[name] = [
                _fill_block(kind["block"], item, answers, f"{prefix}{name}.") for item in elements(value)
            ]
    return filled


def _without_unknown(value: Any) -> Any:
    if value is UNKNOWN:
        return ""
    if isinstance(value, dict):
        return {key: _without_unknown(item) for key, item in value.items()}
    return [_without_unknown(item) for item in value] if isinstance(value, list) else value
