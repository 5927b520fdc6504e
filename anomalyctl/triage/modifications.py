"""New values for a reading that was judged: which may be set, and what they replace."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping

from anomalyctl.errors import InvalidInput
from anomalyctl.triage.counting import Document


def parse_assignments(texts: list[str]) -> dict[str, float]:
    """`TAG=VALUE` texts as numbers by tag; the last `=` divides. Raises `InvalidInput` naming the tag."""
    values: dict[str, float] = {}
    for text in texts:
        tag, separator, number = text.rpartition("=")
        if not separator or not tag:
            raise InvalidInput(f"{text!r} is not TAG=VALUE.", field="set", hint="For example: --set PH=6.5")
        try:
            value = float(number)
        except ValueError as error:
            raise InvalidInput(f"{tag}: {number!r} is not a number.", field=tag) from error
        if tag in values and values[tag] != value:
            raise InvalidInput(f"{tag} is given twice.", field=tag)
        values[tag] = value
    return values


def changes_to(document: Document, values: Mapping[str, float]) -> dict[str, dict[str, float | None]]:
    """For each tag: the value as it was judged, the one that held until now, and the new one.

    Raises `InvalidInput`, with the tag as its field, for a tag that the reading does not have and for
    what is not a finite number; for no values at all, and where all of them hold already.
    """
    judged: Mapping[str, object] = document["reading"]["values"]
    holding: Mapping[str, float] = document.get("modified_values") or {}
    known = {tag: value for tag, value in judged.items() if _is_number(value)}
    if not values:
        raise InvalidInput("No value is given.", field="set", hint="Use --set TAG=VALUE, once for each tag.")
    changes: dict[str, dict[str, float | None]] = {}
    for tag, value in values.items():
        if tag not in known:
            near = difflib.get_close_matches(tag, known, n=1, cutoff=0.5)
            raise InvalidInput(
                f"The reading {document['reading']['id']} has no tag {tag}.",
                field=tag,
                hint=f"Did you mean {near[0]}?"
                if near
                else "Run `anomalyctl anomalies show` to see its tags.",
            )
        if not _is_number(value) or not math.isfinite(value):
            raise InvalidInput(f"{tag}: {value} is not a finite number.", field=tag)
        original = float(known[tag])  # type: ignore[arg-type]
        changes[tag] = {
            "original": original,
            "previous": holding.get(tag, original),
            "modified": float(value),
        }
    if all(change["previous"] == change["modified"] for change in changes.values()):
        raise InvalidInput("Every one of these values holds already; nothing would change.", field="set")
    return changes


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
