"""Sentences for the operator, from the registry's known causes; the language model may rewrite them later."""

from __future__ import annotations

from anomalyctl.telemetry.tags import AlarmType, Tag


def context_of(tag: Tag, rule: str, alarm: AlarmType, value: float | None, expected: float | None) -> str:
    """What was seen, then the known cause where the registry has one. `rule` as in `Finding.rule`."""
    causes = tag.causes
    if rule == "limit":
        cause = causes.get(alarm.value, "")
    elif rule in ("rate", "silence", "identity"):
        cause = causes.get(rule, "")
    else:
        cause = causes.get("model", "")
    return f"{_seen(tag, rule, alarm, value, expected)} {cause}".strip()


def _seen(tag: Tag, rule: str, alarm: AlarmType, value: float | None, expected: float | None) -> str:
    shown, usual = _with_unit(value, tag.unit), _with_unit(expected, tag.unit)
    match rule:
        case "limit":
            return f"{alarm.value} alarm: {shown}, the limit is {usual}."
        case "rate":
            return f"It moved faster than it ever does, from {usual} to {shown}."
        case "silence":
            return f"It no longer changes or is no longer sent; the last value is {shown}."
        case "identity" if expected is None:
            return f"It is {shown}, and a law that binds it to other tags does not hold."
        case "identity":
            return f"It is {shown} where the other tags say {usual}."
        case _:
            return f"It is {shown} where {usual} was expected."


def _with_unit(value: float | None, unit: str) -> str:
    return "unknown" if value is None else f"{value:.6g} {unit}".strip()
