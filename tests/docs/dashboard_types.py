"""Write what the dashboard takes from Python: types, the transition table, the tags, vectors of triage.

`python -m tests.docs.dashboard_types` writes `services/dashboard/lib/generated/`; a test holds it current.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, NotRequired, get_args, get_origin, get_type_hints

from anomalyctl.detection.baseline import LARGEST_STEP, SETTLED, TIME_CONSTANT_S
from anomalyctl.detection.model import FORMAT
from anomalyctl.stores.anomalies import schema
from anomalyctl.telemetry import verdicts
from anomalyctl.telemetry.registry import built_in_registry, registry_to_mapping
from anomalyctl.telemetry.tags import AlarmType
from anomalyctl.triage.actions import TEXT_LIMIT
from anomalyctl.triage.counting import GAP_MS
from anomalyctl.triage.finishing import CLOSING_TTL_S
from anomalyctl.triage.occurrences import SEVERITIES
from anomalyctl.triage.performing import HISTORY_LIMIT, ROUNDS
from anomalyctl.triage.transitions import TRANSITIONS, Action, Actor, State
from tests.docs.triage_vectors import triage_vectors

GENERATED: Final = Path(__file__).parents[2] / "services" / "dashboard" / "lib" / "generated"

_HEAD: Final = "// Written by `python -m tests.docs.dashboard_types` from the Python side. Do not edit.\n"
_TYPED_DICTS: Final = (
    verdicts.TagResult,
    verdicts.Finding,
    verdicts.Explanation,
    verdicts.TagVerdict,
    verdicts.MlResults,
    verdicts.MlVerdict,
)
# What the pipeline and triage write as plain dictionaries; the vectors hold real ones, so the tests on the
# other side would not compile if a key changed its type.
_DOCUMENTS: Final = """
export interface VerdictExplanation {
  state: string;
  model_version: string | null;
  late: boolean;
  tiers_missing: Tier[];
  severity: Severity | null;
  tags: string[];
  shares: Record<string, number>;
  trace_id?: string | null;
}

export interface VerdictDocument {
  id: string;
  timestamp: string;
  heuristic: TagVerdict | null;
  statistical: TagVerdict | null;
  ml: MlVerdict | null;
  final_status: "normal" | "anomaly";
  overall_confidence: number;
  source: string;
  explanation?: VerdictExplanation;
}

export interface HistoryEntry {
  operation: string;
  action: Action;
  by: string;
  at: string;
  why: string;
  revision: number;
  from: State;
  to: State;
  assigned_to?: string;
  values?: Record<string, ValueChange>;
}

export interface ValueChange {
  original: number;
  previous: number;
  modified: number;
}

export interface EpisodeDocument {
  id: string;
  anomaly_id: string;
  detected_at: string;
  severity_level: Severity;
  assigned_to: string;
  status: State;
  source: string;
  revision: number;
  tags: string[];
  shares: Record<string, number>;
  confidence: number;
  occurrences: number;
  first_ms: number;
  last_ms: number;
  last_seen: string;
  contexts: Record<string, string>;
  reading: { id: string; timestamp: string; values: Record<string, unknown> };
  history?: HistoryEntry[];
  acted_ms?: number;
  resolved_at?: string;
  resolved_by?: string;
  resolution_notes?: string;
  modified_values?: Record<string, number>;
  ttl?: number;
  _etag?: string;
  [key: string]: unknown;
}
"""


@cache
def generated_files() -> dict[str, str]:
    """Text of each file, by its name."""
    return {
        "types.ts": _types(),
        "transitions.json": _json(
            [
                {
                    "action": str(each.action),
                    "before": str(each.before),
                    "after": str(each.after),
                    "actor": str(each.actor),
                    "raises_revision": each.raises_revision,
                    "needs": list(each.needs),
                }
                for each in TRANSITIONS
            ]
        ),
        "tags.json": _json(_tags()),
        "vectors.json": _lines(triage_vectors()),
    }


def write() -> None:
    """Write them all."""
    GENERATED.mkdir(parents=True, exist_ok=True)
    for name, text in generated_files().items():
        (GENERATED / name).write_text(text, encoding="utf-8")


def _types() -> str:
    unions: dict[str, Iterable[str]] = {
        "AlarmType": [alarm.value for alarm in AlarmType],
        "Severity": SEVERITIES,
        "State": [state.value for state in State],
        "Action": [action.value for action in Action],
        "Actor": [actor.value for actor in Actor],
        "Tier": verdicts.TIERS,
        "Status": get_args(verdicts.Status),
    }
    constants = {
        "SEVERITIES": json.dumps(list(SEVERITIES)) + " as const",
        "GAP_MS": GAP_MS,
        "TEXT_LIMIT": TEXT_LIMIT,
        "HISTORY_LIMIT": HISTORY_LIMIT,
        "ROUNDS": ROUNDS,
        "CLOSING_TTL_S": CLOSING_TTL_S,
        "BASELINE_TIME_CONSTANT_S": TIME_CONSTANT_S,
        "BASELINE_LARGEST_STEP": LARGEST_STEP,
        "BASELINE_SETTLED": SETTLED,
        "MODEL_FORMAT": FORMAT,
        "UNRESOLVED": json.dumps(schema.UNRESOLVED),
        "RESOLVED": json.dumps(schema.RESOLVED),
        "EVENTS": json.dumps(schema.EVENTS),
        "MODIFIED_VALUES": json.dumps(schema.MODIFIED_VALUES),
        "ANOMALY_RESULTS": json.dumps(schema.ANOMALY_RESULTS),
    }
    lines = [_HEAD]
    lines += [f"export const {name} = {value};" for name, value in constants.items()]
    lines.append("")
    lines += [f"export type {name} = {_union(values)};" for name, values in unions.items()]
    lines += [_interface(each) for each in _TYPED_DICTS]
    return "\n".join(lines) + "\n" + _DOCUMENTS


def _interface(typed_dict: type) -> str:
    hints = get_type_hints(typed_dict, include_extras=True)
    keys = []
    for key, hint in hints.items():
        optional = get_origin(hint) is NotRequired
        keys.append(
            f"  {key}{'?' if optional else ''}: {_typescript(get_args(hint)[0] if optional else hint)};"
        )
    return f"\nexport interface {typed_dict.__name__} {{\n" + "\n".join(keys) + "\n}"


def _typescript(hint: Any) -> str:
    simple = {str: "string", float: "number", int: "number", bool: "boolean", type(None): "null"}
    if hint in simple:
        return simple[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return _union(arguments)
    if origin is list:
        return f"{_typescript(arguments[0])}[]"
    if origin is dict:
        return f"Record<{_typescript(arguments[0])}, {_typescript(arguments[1])}>"
    if origin in (types.UnionType, typing.Union):
        return " | ".join(map(_typescript, arguments))
    assert isinstance(hint, type), f"{hint!r} has no counterpart in TypeScript"
    return hint.__name__


def _union(values: Iterable[str]) -> str:
    return " | ".join(json.dumps(value) for value in values)


def _tags() -> dict[str, Any]:
    """The built-in registry without causes and delays, which only the detectors need."""
    registry = registry_to_mapping(built_in_registry())
    shown = ("description", "unit", "group", "core", "cadence_s", "limits")
    return {
        "cadence_s": registry["cadence_s"],
        "tags": {
            tag: {key: facts[key] for key in shown if key in facts} for tag, facts in registry["tags"].items()
        },
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _lines(rows: Iterable[Any]) -> str:
    """A list with one row a line: a change shows as the rows that it changes."""
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


if __name__ == "__main__":
    write()
