"""Reads `terraform show -json` of a plan into the words of a review."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from anomalyctl.errors import PreconditionFailed
from anomalyctl.provisioning.events import Planned
from anomalyctl.provisioning.plans.changes import AttributeChange, Change, OutputChange, Plan
from anomalyctl.provisioning.plans.published import is_published
from anomalyctl.provisioning.plans.redaction import as_text, secrets_in
from anomalyctl.provisioning.plans.verdicts import Judged, judge, refusing_flags

_REASONS: Final = {
    "replace_because_tainted": "an earlier apply did not finish it (it is tainted)",
    "replace_because_cannot_update": "Azure cannot change it in place",
    "replace_by_request": "it was asked for",
    "replace_by_triggers": "another resource that it follows is replaced",
    "delete_because_no_resource_config": "the configuration no longer has it",
    "delete_because_no_module": "the configuration no longer has its module",
    "delete_because_wrong_repetition": "its count or for_each was added or removed",
    "delete_because_count_index": "the configuration's count no longer reaches it",
    "delete_because_each_key": "the configuration's for_each no longer has its key",
    "delete_because_no_move_target": "what it moved to is not in the configuration",
}
_UNSEEN: Final = ("no-op", "noop", "read")
_QUIET: Final = ({"no-op"}, {"read"})


def read_plan(document: Mapping[str, Any]) -> Plan:
    """The plan of a `show -json` document. Raises PreconditionFailed for a format of another major
    version.
    """
    version = str(document.get("format_version", "1"))
    if version.partition(".")[0] != "1":
        raise PreconditionFailed(
            f"This Terraform writes plans in format {version}; this anomalyctl reads 1.x.",
            hint="Use a newer anomalyctl.",
        )
    secrets = frozenset(_secrets(document))
    drift = document.get("resource_drift", ())
    return Plan(
        changes=tuple(_changes(document.get("resource_changes", ()), secrets)),
        drift=tuple(_changes((one for one in drift if not is_published(one)), secrets)),
        outputs=tuple(_outputs(document.get("output_changes", {}), secrets)),
        terraform_version=str(document.get("terraform_version", "")),
        complete=bool(document.get("complete", True)),
        published=tuple(_changes((one for one in drift if is_published(one)), secrets)),
    )


def agrees(plan: Plan, announced: Iterable[Planned]) -> bool:
    """Say whether a plan holds exactly the changes and the drift that Terraform announced as it planned."""
    changes = {(one.address, one.action) for one in announced if not one.drift and one.action not in _UNSEEN}
    drift = {one.address for one in announced if one.drift}
    found = {(one.address, one.action) for one in plan.changes}
    return found == changes and {one.address for one in (*plan.drift, *plan.published)} == drift


def _secrets(document: Mapping[str, Any]) -> Iterator[str]:
    """Every text that is a secret somewhere in the plan: variables, attributes, outputs."""
    declared = document.get("configuration", {}).get("root_module", {}).get("variables", {})
    for name, body in document.get("variables", {}).items():
        if declared.get(name, {}).get("sensitive"):
            yield from secrets_in(body.get("value"), True)
    changes = [
        entry.get("change", {})
        for key in ("resource_changes", "resource_drift")
        for entry in document.get(key, ())
    ]
    for change in (*changes, *document.get("output_changes", {}).values()):
        for side in ("before", "after"):
            yield from secrets_in(change.get(side), change.get(f"{side}_sensitive"))


def _changes(entries: Any, secrets: Collection[str]) -> Iterator[Change]:
    for entry in entries:
        change = entry.get("change", {})
        action = _action(entry, change)
        if action is None:
            continue
        replaces = tuple(_path(path) for path in change.get("replace_paths", ()))
        attributes = tuple(_attributes(change, replaces, secrets)) if action in ("update", "replace") else ()
        judged = judge(
            Judged(
                resource_type=str(entry.get("type", "")),
                action=action,
                before=change.get("before") or {},
                after=change.get("after") or {},
                changed=tuple(attribute.path for attribute in attributes),
            )
        )
        yield Change(
            address=str(entry.get("address", "")),
            resource_type=str(entry.get("type", "")),
            action=action,
            verdicts=judged.verdicts,
            attributes=attributes,
            forced_by=replaces,
            reason=_REASONS.get(str(entry.get("action_reason", "")), ""),
            consequence=judged.consequence,
            refused_by=refusing_flags(change.get("before") or {}) if action in ("delete", "replace") else (),
        )


def _action(entry: Mapping[str, Any], change: Mapping[str, Any]) -> str | None:
    actions = set(change.get("actions", ()))
    if entry.get("mode") == "data" and actions <= {"read", "no-op"}:
        return None
    if actions == {"no-op"} and change.get("importing"):
        return "import"
    if actions == {"no-op"} and entry.get("previous_address"):
        return "move"
    if actions in _QUIET or not actions:
        return None
    return "replace" if {"create", "delete"} <= actions else next(iter(actions - {"no-op"}))


def _attributes(
    change: Mapping[str, Any], replaces: tuple[str, ...], secrets: Collection[str]
) -> Iterator[AttributeChange]:
    before, after = change.get("before") or {}, change.get("after") or {}
    unknown = change.get("after_unknown") or {}
    for name in sorted(set(before) | set(after) | set(unknown)):
        becomes_unknown = unknown.get(name, False) if isinstance(unknown, dict) else False
        hidden = _mark(change.get("before_sensitive"), name), _mark(change.get("after_sensitive"), name)
        same = before.get(name) == after.get(name) and not _any(becomes_unknown)
        if same and (hidden[0] == hidden[1] or before.get(name) is None):
            continue
        forces = any(path == name or path.startswith((f"{name}.", f"{name}[")) for path in replaces)
        if becomes_unknown is True and not forces and change.get("actions") != ["update"]:
            continue  # every computed attribute of a replacement
        secret = hidden[0] is True or hidden[1] is True
        yield AttributeChange(
            path=name,
            before=as_text(before.get(name), sensitive=secret or hidden[0], name=name, secrets=secrets),
            after=as_text(
                after.get(name),
                sensitive=secret or hidden[1],
                unknown=becomes_unknown,
                name=name,
                secrets=secrets,
            ),
            forces_replacement=forces,
        )


def _outputs(changes: Mapping[str, Any], secrets: Collection[str]) -> Iterator[OutputChange]:
    for name, change in changes.items():
        actions = set(change.get("actions", ()))
        if actions <= {"no-op"}:
            continue
        action = "replace" if len(actions) > 1 else next(iter(actions))
        secret = change.get("after_sensitive") is True or change.get("before_sensitive") is True
        value = as_text(
            change.get("after"),
            sensitive=secret,
            unknown=change.get("after_unknown", False),
            name=name,
            secrets=secrets,
        )
        yield OutputChange(name, action, "" if action == "delete" else value)


def _mark(marks: Any, name: str) -> Any:
    return marks if isinstance(marks, bool) else (marks or {}).get(name, False)


def _any(marks: Any) -> bool:
    if isinstance(marks, dict):
        return any(map(_any, marks.values()))
    return any(map(_any, marks)) if isinstance(marks, list) else bool(marks)


def _path(steps: Any) -> str:
    """`["sku", 0, "name"]` as `sku[0].name`."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
