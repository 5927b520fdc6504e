"""Tag registries: the built-in one, and reading and writing those of other plants."""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any, Final, Literal, cast

from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.tags import AlarmLimits, AlarmType, Identity, Tag, TagRegistry
from anomalyctl.telemetry.validation import LONGEST_KEY, MOST_KEYS

CAUSES: Final = (
    *(alarm.value for alarm in AlarmType if alarm is not AlarmType.OK),
    "rate",
    "silence",
    "identity",
    "model",
)
"""What a known cause may be given for."""

_LIMITS = ("low_low", "low", "high", "high_high")
_TEXTS = ("description", "unit", "group")
_FLAGS = ("core", "intermittent")
_NUMBERS = ("cadence_s", "dead_band", "on_delay_s", "off_delay_s")
_TAG_KEYS = (*_TEXTS, *_FLAGS, *_NUMBERS, "limits", "causes")


@cache
def built_in_registry() -> TagRegistry:
    """The 100 tags of an injection site, from `telemetry/tags.toml`."""
    text = resources.files("anomalyctl.telemetry").joinpath("tags.toml").read_text(encoding="utf-8")
    return parse_registry(tomllib.loads(text))


def parse_registry(mapping: Mapping[str, Any]) -> TagRegistry:
    """Read `{"cadence_s", "tags": {NAME: {…}}, "identities": [{…}]}`, as TOML or JSON give it.

    Raises InvalidInput whose `field` is the path of the offending key, such as `tags.PRESSURE.limits.high`.
    """
    top = _table(mapping, "registry")
    _known(top, ("cadence_s", "tags", "identities"), "")
    tags = _table(top.get("tags"), "tags")
    if not 0 < len(tags) < MOST_KEYS:
        raise _wrong("tags", f"a registry holds 1 to {MOST_KEYS - 1} tags, this one {len(tags)}")
    cadence_s = _positive(top.get("cadence_s", 10.0), "cadence_s")
    parsed = {name: _tag(name, table, cadence_s) for name, table in tags.items()}
    identities = top.get("identities", [])
    if not isinstance(identities, list):
        raise _wrong("identities", "must be a list of tables")
    return TagRegistry(
        tags=parsed,
        identities=tuple(_identity(entry, f"identities.{i}", parsed) for i, entry in enumerate(identities)),
        cadence_s=cadence_s,
    )


def registry_to_mapping(registry: TagRegistry) -> dict[str, Any]:
    """The inverse of `parse_registry`, of JSON types only; what has its default value is left out."""
    return {
        "cadence_s": registry.cadence_s,
        "tags": {tag.name: _tag_to_mapping(tag, registry.cadence_s) for tag in registry.tags.values()},
        "identities": [
            {"tag": law.tag, "kind": law.kind, "operands": list(law.operands), "tolerance": law.tolerance}
            for law in registry.identities
        ],
    }


def nearest_name(name: str, names: Mapping[str, object] | tuple[str, ...]) -> str | None:
    """The name that was probably meant, or None."""
    by_upper = {known.upper(): known for known in names}
    found = difflib.get_close_matches(name.upper(), list(by_upper), n=1, cutoff=0.5)
    beginning = [known for upper, known in by_upper.items() if upper.startswith(name.upper())]
    return by_upper[found[0]] if found else next(iter(beginning), None)


def _tag(name: object, table: object, cadence_s: float) -> Tag:
    if not isinstance(name, str) or not name or len(name) > LONGEST_KEY or not name.isprintable():
        raise _wrong("tags", f"{ascii(name)[:60]} is not a tag's name")
    if name == "timestamp":
        raise _wrong("tags.timestamp", "`timestamp` is the reading's time, it cannot be a tag")
    path = f"tags.{name}"
    given = _table(table, path)
    _known(given, _TAG_KEYS, path)
    for key in (key for key in _TEXTS if not isinstance(given.get(key, ""), str)):
        raise _wrong(f"{path}.{key}", "must be a text")
    for key in (key for key in _FLAGS if not isinstance(given.get(key, False), bool)):
        raise _wrong(f"{path}.{key}", "must be true or false")
    limits = _limits(_table(given.get("limits", {}), f"{path}.limits"), f"{path}.limits")
    dead_band = _not_negative(given.get("dead_band", 0.0), f"{path}.dead_band")
    if limits.low is not None and limits.high is not None and 2 * dead_band >= limits.high - limits.low:
        raise _wrong(f"{path}.dead_band", "leaves nothing between the low and the high limit")
    return Tag(
        name=name,
        description=given.get("description", ""),
        unit=given.get("unit", ""),
        group=given.get("group", ""),
        core=given.get("core", False),
        intermittent=given.get("intermittent", False),
        cadence_s=_positive(given.get("cadence_s", cadence_s), f"{path}.cadence_s"),
        limits=limits,
        dead_band=dead_band,
        on_delay_s=_not_negative(given.get("on_delay_s", 0.0), f"{path}.on_delay_s"),
        off_delay_s=_not_negative(given.get("off_delay_s", 0.0), f"{path}.off_delay_s"),
        causes=_causes(_table(given.get("causes", {}), f"{path}.causes"), f"{path}.causes"),
    )


def _limits(table: Mapping[str, Any], path: str) -> AlarmLimits:
    _known(table, _LIMITS, path)
    values = {key: _number(table[key], f"{path}.{key}") for key in _LIMITS if table.get(key) is not None}
    present = list(values.items())
    for (lower, at), (upper, to) in pairwise(present):
        if at >= to:
            raise _wrong(f"{path}.{upper}", f"{to:g} must be above {lower}, which is {at:g}")
    return AlarmLimits(**values)


def _causes(table: Mapping[str, Any], path: str) -> dict[str, str]:
    _known(table, CAUSES, path)
    for key, text in table.items():
        if not isinstance(text, str) or not text.strip():
            raise _wrong(f"{path}.{key}", "must be a sentence")
    return dict(table)


def _identity(entry: object, path: str, tags: Mapping[str, Tag]) -> Identity:
    table = _table(entry, path)
    _known(table, ("tag", "kind", "operands", "tolerance"), path)
    tag, kind, operands = table.get("tag"), table.get("kind"), table.get("operands")
    if kind not in ("ratio", "sum"):
        raise _wrong(f"{path}.kind", "must be `ratio` or `sum`")
    if (
        not isinstance(operands, list | tuple)
        or len(operands) < 2
        or (kind == "ratio" and len(operands) != 2)
    ):
        raise _wrong(
            f"{path}.operands", "must be a list of two tags" + ("" if kind == "ratio" else " or more")
        )
    for key, name in (("tag", tag), *(("operands", operand) for operand in operands)):
        if not isinstance(name, str) or name not in tags:
            near = nearest_name(str(name), tags)
            raise _wrong(
                f"{path}.{key}", f"{str(name)[:60]!r} is not a tag", f"Did you mean {near}?" if near else ""
            )
    if tag in operands:
        raise _wrong(f"{path}.operands", f"{tag} cannot be defined by itself")
    tolerance = _not_negative(table.get("tolerance", 0.01), f"{path}.tolerance")
    return Identity(str(tag), cast(Literal["ratio", "sum"], kind), tuple(operands), tolerance)


def _tag_to_mapping(tag: Tag, cadence_s: float) -> dict[str, Any]:
    limits = {key: getattr(tag.limits, key) for key in _LIMITS if getattr(tag.limits, key) is not None}
    mapping: dict[str, Any] = {key: getattr(tag, key) for key in (*_TEXTS, *_FLAGS) if getattr(tag, key)}
    if tag.cadence_s != cadence_s:
        mapping["cadence_s"] = tag.cadence_s
    mapping |= {"limits": limits} if limits else {}
    mapping |= {key: getattr(tag, key) for key in _NUMBERS[1:] if getattr(tag, key)}
    return mapping | ({"causes": dict(tag.causes)} if tag.causes else {})


def _table(value: object, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(path, "must be a table")
    return value


def _known(table: Mapping[str, Any], keys: tuple[str, ...], path: str) -> None:
    for key in table:
        if key not in keys:
            near = nearest_name(str(key), keys)
            field = f"{path}.{key}" if path else str(key)
            raise _wrong(
                field, "is not known", f"Did you mean {near}?" if near else f"Known: {', '.join(keys)}."
            )


def _number(value: object, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(path, "must be a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _wrong(path, "must be finite")
    return number


def _not_negative(value: object, path: str) -> float:
    number = _number(value, path)
    if number < 0:
        raise _wrong(path, "must not be negative")
    return number


def _positive(value: object, path: str) -> float:
    number = _number(value, path)
    if number <= 0:
        raise _wrong(path, "must be greater than zero")
    return number


def _wrong(field: str, rule: str, hint: str = "") -> InvalidInput:
    return InvalidInput(
        f"{field}: {rule}", field=field, hint=hint or "Correct the tag registry and try again."
    )
